"""The sheet that rules look at: a prompt, and where its words stand in the file."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from pytest_promptopt.linting.rule import Finding, Fix
from pytest_promptopt.optimization.diagnosis.profile import AnswerKind, profile_of
from pytest_promptopt.prompts.document import Document
from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.prompts.template import as_text
from pytest_promptopt.text.terminal import one_line

_LOOKED_FOR = 8
# What a prompt quotes, shows or has been given to work on is not said to the model.
_QUOTED = re.compile(
    r"```.*?(?:```|\Z)|`[^`\n]+`|\"[^\"\n]+\"|“[^”\n]+”|(?<!\w)'[^'\n]+'(?!\w)"
    r"|<(?P<tag>\w{0,20}(?:example|sample)\w{0,20})>.{0,4000}?</(?P=tag)>|^>[^\n]*$",
    re.DOTALL | re.IGNORECASE | re.MULTILINE,
)
_MASK = "·"
_EXACT = frozenset({"equals", "choice", "contains", "string"})
"""Kinds of evaluators that look for the expected label itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """What a message of the prompt says to the model; ``line`` is that of its content.

    In ``plain``, which is as long, what is quoted or shown as an example is struck out.
    """

    index: int
    text: str
    line: int
    plain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A prompt as rules see it.

    ``passages`` are the messages but the model's own, ``labels`` the closed set that an answer is
    one of, empty where there is none.
    """

    prompt: Prompt
    document: Document
    passages: tuple[Passage, ...]
    labels: tuple[str, ...]

    @classmethod
    def of(cls, prompt: Prompt, document: Document) -> "Sheet":
        """That of a prompt which was read from ``document``."""
        passages = (
            Passage(index=index, text=text, line=message.line, plain=_without_quotes(text))
            for index, message in enumerate(prompt.messages)
            for text in [message.template.text]
            if message.role != "assistant"
        )
        return cls(
            prompt=prompt,
            document=document,
            passages=tuple(passages),
            labels=tuple(_labels(prompt)),
        )

    @property
    def goldens(self) -> Sequence[Golden]:
        """All goldens, also those that the messages show."""
        return (*self.prompt.goldens, *self.prompt.shown)

    @property
    def evaluators(self) -> Sequence[EvaluatorSpec]:
        """Those that count, of the prompt and of single goldens."""
        specs = [*self.prompt.evaluators]
        specs += [spec for golden in self.prompt.goldens for spec in golden.evaluators]
        return [spec for spec in specs if not spec.optional]

    @property
    def said(self) -> str:
        """Everything that the prompt shows the model but values, its answers and schema too."""
        texts = [message.template.text for message in self.prompt.messages]
        schema = self.prompt.json_schema
        return "\n".join([*texts, json.dumps(schema, ensure_ascii=False) if schema else ""])

    def in_passage(
        self, passage: Passage, found: re.Match[str], message: str, *, fix: str | None = None
    ) -> Finding:
        """A finding on the words ``found`` in a passage; ``fix`` is what could stand there."""
        start, end = found.span()
        mended = None if fix is None else Fix(message=passage.index, start=start, end=end, text=fix)
        line = self.line_of(passage, start, end)
        return Finding(path=self.prompt.location, line=line, message=one_line(message), fix=mended)

    def at(self, line: int, message: str) -> Finding:
        """A finding on a line of the prompt file."""
        return Finding(path=self.prompt.location, line=line, message=one_line(message))

    @staticmethod
    def of_golden(golden: Golden, message: str) -> Finding:
        """A finding on a golden, where it stands."""
        return Finding(path=golden.path, line=golden.line, message=one_line(message))

    @staticmethod
    def of_evaluator(spec: EvaluatorSpec, message: str) -> Finding:
        """A finding on an evaluator, where it stands."""
        return Finding(path=spec.path, line=spec.line, message=one_line(message))

    def line_of(self, passage: Passage, start: int, end: int) -> int:
        """The line on which the characters begin; that of the message where they are escaped."""
        place = place_in(self.document.text, passage.line, passage.text, start, end)
        return self.document.text.count("\n", 0, place[0]) + 1 if place else passage.line


def words_of(found: re.Match[str]) -> str:
    """What was found, on one line."""
    return " ".join(found[0].split())


def _without_quotes(text: str) -> str:
    return _QUOTED.sub(lambda found: re.sub(r"\S", _MASK, found[0]), text)


def place_in(source: str, line: int, text: str, start: int, end: int) -> tuple[int, int] | None:
    """Where words of a message stand in its file; of many words, where the first ones do.

    ``text`` is the message, whose content begins on ``line`` of ``source``. None where they are
    written otherwise there, as with escapes.
    """
    words = text[start:end].split()[:_LOOKED_FOR]
    pattern = re.compile(r"\s+".join(map(re.escape, words)))
    before = sum(found.start() < start for found in pattern.finditer(text, 0, end))
    offset = sum(map(len, source.splitlines(keepends=True)[: line - 1]))
    place = next(islice(pattern.finditer(source, offset), before, None), None)
    return place.span() if place else None


def _labels(prompt: Prompt) -> Iterator[str]:
    """The labels of a ``choice``, else those that goldens expect, where they form a closed set."""
    for spec in prompt.evaluators:
        options = spec.options.get("labels") if isinstance(spec.options, dict) else spec.options
        if spec.kind == "choice" and isinstance(options, list):
            texts = [as_text(label) for label in options]
            if not any("{{" in text for text in texts):
                yield from dict.fromkeys(texts)
                return
    kinds = {spec.kind for spec in prompt.evaluators if not spec.optional}
    if not kinds.isdisjoint(_EXACT):
        profile = profile_of([*prompt.goldens, *prompt.shown])
        yield from profile.labels if profile.kind is AnswerKind.LABEL else ()
