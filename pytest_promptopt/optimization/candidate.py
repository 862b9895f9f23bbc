"""A version of the prompt within the search."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pytest_promptopt.prompts.answer_place import AnswerPlace
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.prompts.prompt import MessageTemplate, Prompt
from pytest_promptopt.prompts.template import Template, as_text

GIVEN = "given"
"""The origin of the prompt as it stands in its file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What the search may change about a prompt.

    ``texts`` are new texts of messages by their position in the file; messages that are not in
    it stand as they are. ``demonstrations`` are ids of goldens shown as worked examples before
    the last user message. ``answer`` is another place for the answer, None where the file's
    stands. ``origin`` names the proposer (``given`` for the prompt as it stands),
    ``note`` is its reason in a sentence if it has one, ``parent`` the id of the candidate it was
    made from. ``id`` depends on the content alone: the same texts are the same candidate.
    """

    texts: Mapping[int, str] = field(default_factory=dict)
    demonstrations: tuple[str, ...] = ()
    answer: AnswerPlace | None = None
    origin: str = GIVEN
    parent: str | None = None
    note: str = ""
    id: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        answer = [] if self.answer is None else [self.answer.content]
        content = [sorted(self.texts.items()), list(self.demonstrations), *answer]
        digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()[:12]
        object.__setattr__(self, "id", digest)

    def text(self, prompt: Prompt, position: int) -> str:
        """The text of the message at ``position``, changed or not."""
        return self.texts.get(position, prompt.messages[position].template.text)

    def child(self, position: int, text: str, *, origin: str, note: str = "") -> "Candidate":
        """This candidate with another text at ``position``."""
        texts = {**self.texts, position: text}
        return replace(self, texts=texts, origin=origin, parent=self.id, note=note)

    def apply_to(self, prompt: Prompt, goldens: Sequence[Golden]) -> Prompt:
        """The prompt with the texts replaced and the demonstrations in front of its question.

        A demonstration is the last user message filled from its golden, and ``expected`` as the
        answer, where that is to stand; its golden must be among ``goldens``, with values for that
        message. What stands in a golden is never taken for a placeholder.
        """
        prompt = replace(prompt, answer=self.answer or prompt.answer)
        messages = [
            replace(message, template=Template(self.text(prompt, position)))
            for position, message in enumerate(prompt.messages)
        ]
        asked = [n for n, message in enumerate(messages) if message.role == "user"]
        if self.demonstrations and asked:
            by_id = {golden.id: golden for golden in goldens}
            question = messages[asked[-1]]
            messages[asked[-1] : asked[-1]] = [
                shown
                for golden_id in self.demonstrations
                for shown in _demonstration(question, by_id[golden_id], prompt.answer)
            ]
        return replace(prompt, messages=tuple(messages))


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
