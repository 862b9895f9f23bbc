"""Judges whose request is a prompt file of ours, with goldens of its own beside it."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.messages import Message
from pytest_promptopt.prompts.document import read_document
from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden
from pytest_promptopt.prompts.judge_file import choices_in
from pytest_promptopt.prompts.parser import parse_prompt
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.prompts.template import MissingValueError, as_text, fill_deep
from pytest_promptopt.providers.request import Model, Request
from pytest_promptopt.scoring.fencing import fenced
from pytest_promptopt.scoring.judge import ask, judge_model
from pytest_promptopt.scoring.kinds import ScoringContext

NOT_GIVEN = "(not given)"
"""Stands for a question that the entry does not name."""

FOLDER = Path(__file__).parent / "judges"


@functools.cache
def judge_prompt(name: str) -> Prompt:
    """The request of that name: ``judges/<name>.prompt.yml``."""
    path = FOLDER / f"{name}.prompt.yml"
    document = read_document(path, path.name)
    return replace(parse_prompt(document, path), choices=choices_in(document))


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeRequest:
    """A request of ours, to be filled with what is judged."""

    name: str
    model: Model
    context: ScoringContext
    spec: EvaluatorSpec

    @classmethod
    def of(
        cls, name: str, model: str | None, spec: EvaluatorSpec, context: ScoringContext
    ) -> "JudgeRequest":
        """That of ``name``, to the model that the options name or the default one."""
        return cls(name=name, model=judge_model(model, context), context=context, spec=spec)

    def flaw(self, options: Mapping[str, Any], golden: Golden) -> str:
        """Why ``options`` cannot be shown for this golden, empty where they can."""
        try:
            filled = fill_deep(options, golden.variables)
        except MissingValueError as error:
            return golden.lacks(error.args[0])
        empty = [name for name, value in filled.items() if not joined(value).strip()]
        return f"what is shown as `{empty[0]}` is empty" if empty else ""

    def filled(self, options: Mapping[str, Any], golden: Golden) -> dict[str, Any]:
        """``options`` with the golden's values; raises :class:`PromptFileError` for a flaw."""
        if flaw := self.flaw(options, golden):
            message = f"evaluator `{self.spec.name}`: {flaw} in golden {golden.id}"
            raise PromptFileError.at(self.spec.path, self.spec.line, message)
        return {name: fill_deep(option, golden.variables) for name, option in options.items()}

    def showing(self, shown: Mapping[str, Any]) -> Request:
        """The request with what it shows, of which nothing is expanded or can end its place."""
        prompt = judge_prompt(self.name)
        whole = "\n\n".join(message.template.text for message in prompt.messages)
        values = {name: fenced(joined(value), whole, tuple(shown)) for name, value in shown.items()}
        messages = tuple(
            Message(role=message.role, content=message.template.fill(values))
            for message in prompt.messages
        )
        return ask(self.model, messages, self.context, prompt.json_schema)


def joined(value: Any) -> str:
    """A text as it is, a list of texts as paragraphs."""
    is_list = isinstance(value, list | tuple)
    return "\n\n".join(map(as_text, value)) if is_list else as_text(value)
