"""Judges whose request is a prompt file of ours, with goldens of its own beside it."""

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_promptopt.errors import Problem, PromptFileError
from pytest_promptopt.messages import Message
from pytest_promptopt.prompts.document import read_document
from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden
from pytest_promptopt.prompts.parser import parse_prompt
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.prompts.template import MissingValueError, as_text, fill_deep
from pytest_promptopt.providers.request import Completion, Model, Request
from pytest_promptopt.scoring.fencing import fenced
from pytest_promptopt.scoring.judge import ask, judge_model
from pytest_promptopt.scoring.kinds import ScoringContext

FOLDER = Path(__file__).parent / "judges"


@functools.cache
def judge_prompt(name: str) -> Prompt:
    """The request of that name: ``judges/<name>.prompt.yml``."""
    path = FOLDER / f"{name}.prompt.yml"
    return parse_prompt(read_document(path, path.name), path)


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

    def about(self, completion: Completion, shown: Mapping[str, Any], golden: Golden) -> Request:
        """The request about ``completion``, which shows these values beside it.

        None of them is expanded, and none can end the place in which it is shown. Raises
        :class:`PromptFileError` where one is empty.
        """
        prompt = judge_prompt(self.name)
        whole = "\n\n".join(message.template.text for message in prompt.messages)
        texts = {name: joined(value) for name, value in shown.items()}
        for name, text in texts.items():
            if not text.strip():
                raise self._problem(f"`{name}` is empty in golden {golden.id}")
        texts["answer"] = completion.text
        values = {name: fenced(text, whole, tuple(texts)) for name, text in texts.items()}
        messages = tuple(
            Message(role=message.role, content=message.template.fill(values))
            for message in prompt.messages
        )
        return ask(self.model, messages, self.context, prompt.json_schema)

    def value(self, option: Any, golden: Golden) -> Any:
        """``option`` filled from the golden; raises :class:`PromptFileError`."""
        try:
            return fill_deep(option, golden.variables)
        except MissingValueError as error:
            raise self._problem(f"{golden.lacks(error.args[0])} in golden {golden.id}") from error

    def _problem(self, message: str) -> PromptFileError:
        message = f"evaluator `{self.spec.name}`: {message}"
        return PromptFileError([Problem(path=self.spec.path, line=self.spec.line, message=message)])


def joined(value: Any) -> str:
    """A text as it is, a list of texts as paragraphs."""
    return as_text(value) if isinstance(value, str) else "\n\n".join(map(as_text, listed(value)))


def listed(value: Any) -> Iterable[Any]:
    """The entries of a list, or the one thing that is there."""
    return value if isinstance(value, list | tuple) else [value]
