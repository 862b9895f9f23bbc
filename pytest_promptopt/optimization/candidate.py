"""A version of the prompt within the search."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pytest_promptopt.prompts.answer_place import AnswerPlace
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.prompts.prompt import MessageTemplate, Prompt
from pytest_promptopt.prompts.shown import inputs_of
from pytest_promptopt.prompts.template import Template, as_text

GIVEN = "given"
"""The origin of the prompt as it stands in its file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What the search may change about a prompt.

    ``texts`` are new texts of messages by their position in the file; messages that are not in
    it stand as they are. ``demonstrations`` are ids of goldens shown as worked examples: as turns
    before the last user message, or as text at the end of the message ``shown_in``. ``answer`` is
    another place for the answer, None where the file's stands. ``origin`` names the proposer
    (``given`` for the prompt as it stands),
    ``note`` is its reason in a sentence if it has one, ``parent`` the id of the candidate it was
    made from. ``id`` depends on the content alone: the same texts are the same candidate.
    """

    texts: Mapping[int, str] = field(default_factory=dict)
    demonstrations: tuple[str, ...] = ()
    shown_in: int | None = None
    answer: AnswerPlace | None = None
    origin: str = GIVEN
    parent: str | None = None
    note: str = ""
    id: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        others: list[object] = [] if self.answer is None else [self.answer.content]
        if self.demonstrations and self.shown_in is not None:
            others.append({"shown_in": self.shown_in})
        content = [sorted(self.texts.items()), list(self.demonstrations), *others]
        digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()[:12]
        object.__setattr__(self, "id", digest)

    def text(self, prompt: Prompt, position: int) -> str:
        """The text of the message at ``position``, changed or not."""
        return self.texts.get(position, prompt.messages[position].template.text)

    def child(self, position: int, text: str, *, origin: str, note: str = "") -> "Candidate":
        """This candidate with another text at ``position``."""
        texts = {**self.texts, position: text}
        return replace(self, texts=texts, origin=origin, parent=self.id, note=note)

    def changed_texts(self, prompt: Prompt, goldens: Sequence[Golden]) -> Mapping[int, str]:
        """The texts of the messages that differ from the file's, with examples shown as text."""
        texts = dict(self.texts)
        if self.demonstrations and self.shown_in is not None:
            shown = examples_text(prompt, self._shown(goldens))
            texts[self.shown_in] = f"{self.text(prompt, self.shown_in).rstrip()}\n\n{shown}"
        return {n: t for n, t in texts.items() if t != prompt.messages[n].template.text}

    def apply_to(self, prompt: Prompt, goldens: Sequence[Golden]) -> Prompt:
        """The prompt with the texts replaced and the demonstrations where they are to be shown.

        As turns, a demonstration is the last user message filled from its golden, and ``expected``
        as the answer, where that is to stand; its golden must be among ``goldens``, with values
        for that message. What stands in a golden is never taken for a placeholder.
        """
        texts = self.changed_texts(prompt, goldens)
        prompt = replace(prompt, answer=self.answer or prompt.answer)
        messages = [
            replace(message, template=Template(texts.get(position, message.template.text)))
            for position, message in enumerate(prompt.messages)
        ]
        asked = [n for n, message in enumerate(messages) if message.role == "user"]
        if self.demonstrations and self.shown_in is None and asked:
            question = messages[asked[-1]]
            messages[asked[-1] : asked[-1]] = [
                turn
                for golden in self._shown(goldens)
                for turn in _demonstration(question, golden, prompt.answer)
            ]
        return replace(prompt, messages=tuple(messages))

    def _shown(self, goldens: Sequence[Golden]) -> list[Golden]:
        by_id = {golden.id: golden for golden in goldens}
        return [by_id[golden_id] for golden_id in self.demonstrations]


def examples_text(prompt: Prompt, goldens: Sequence[Golden]) -> str:
    """The goldens' inputs with their answers, for a message to end with."""
    blocks = ["Examples:"]
    for golden in goldens:
        inputs = inputs_of(prompt, golden)
        is_single = len(inputs) == 1
        lines = [
            f"{'Input' if is_single else name}: {as_text(value).strip()}"
            for name, value in inputs.items()
        ]
        blocks.append("\n".join([*lines, f"Answer: {as_text(golden.expected).strip()}"]))
    return _literal("\n\n".join(blocks))


def _demonstration(
    question: MessageTemplate, golden: Golden, place: AnswerPlace
) -> tuple[MessageTemplate, ...]:
    asked = _literal(question.template.fill(golden.variables))
    answered = _literal(place.holding(as_text(golden.expected)))
    return (
        MessageTemplate(role="user", template=Template(asked), line=question.line),
        MessageTemplate(role="assistant", template=Template(answered), line=question.line),
    )


def _literal(text: str) -> str:
    """A template that fills to ``text`` itself."""
    return text.replace("{{", "{{{{")
