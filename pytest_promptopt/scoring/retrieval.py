"""The evaluators of answers from retrieved passages: ``grounded``, ``answers`` and ``context``."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import msgspec

from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden
from pytest_promptopt.prompts.template import as_text
from pytest_promptopt.providers.request import Completion, Request
from pytest_promptopt.scoring.findings import (
    NoFindingsError,
    numbered,
    read_findings,
    share,
    verdict_of,
)
from pytest_promptopt.scoring.kinds import ScoringContext, declared_kind
from pytest_promptopt.scoring.options import Options
from pytest_promptopt.scoring.prompted import JudgeRequest
from pytest_promptopt.scoring.score import Inquiry, Score

_TEXTS = {"type": ["string", "array"], "minLength": 1, "minItems": 1}
_Texts = Annotated[Any, msgspec.Meta(extra_json_schema=_TEXTS)]
_BLANK_LINES = re.compile(r"\n\s*\n")


class GroundedOptions(Options, frozen=True, kw_only=True):
    """The context, a text or a list of passages, that must bear out what the answer claims."""

    bare = "context"

    context: _Texts
    model: str | None = None


class AnswersOptions(Options, frozen=True, kw_only=True):
    """The question whose every part must be answered, be it rightly or not."""

    bare = "question"

    question: Annotated[str, msgspec.Meta(min_length=1)]
    model: str | None = None


class ContextOptions(Options, frozen=True, kw_only=True):
    """What was retrieved: the share of the passages that help, or of what they should hold."""

    measure: Literal["precision", "recall"]
    passages: _Texts
    question: str = ""
    expected: Any = "{{expected}}"
    model: str | None = None

    def __post_init__(self) -> None:
        """Refuse passages that are to help with nothing."""
        if self.measure == "precision" and not self.question:
            raise ValueError('`precision` needs a `question`, such as `question: "{{question}}"`')


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareJudge:
    """The share of the things in the list ``key`` of which the judge says yes.

    ``shown`` is what the request shows beside the answer, to be filled from the golden; it may
    hold what stands in the answer's place. Without a single thing the score is ``without_any``.
    """

    request: JudgeRequest
    shown: Mapping[str, Any]
    key: str
    things: str
    without_any: float | None = None

    def question(self, golden: Golden, completion: Completion) -> Request:
        """What to ask; raises :class:`PromptFileError` where the golden lacks what is shown."""
        return self.request.showing(
            {"answer": completion.text, **self.request.filled(self.shown, golden)}
        )

    def read(self, answer: Completion) -> Score:
        """The share; not scored where the judge leaves a thing open."""
        try:
            findings = read_findings(answer, self.key, verdict_of)
        except NoFindingsError as error:
            return Score.unscored(str(error))
        if not findings:
            return Score(value=self.without_any, reason=f"the judge found no {self.key}")
        return share(findings, self.things)

    def flaw(self, golden: Golden) -> str:
        """That there is nothing to show of ``golden``, or nothing."""
        return self.request.flaw(self.shown, golden)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrecisionJudge:
    """The share of the passages that help to answer the question."""

    request: JudgeRequest
    options: ContextOptions

    def calls(self, golden: Golden) -> int:  # noqa: ARG002
        """One, of all passages."""
        return 1

    def questions(self, inquiry: Inquiry) -> Sequence[Request]:
        """About the passages by their numbers, whatever the answer."""
        shown = self.request.filled(self._shown, inquiry.golden)
        passages = enumerate(_passages(shown["passages"]), 1)
        numbered = [f"[{number}] {text}" for number, text in passages]
        return (self.request.showing({**shown, "passages": numbered}),)

    def read_all(self, golden: Golden, answers: Sequence[Completion]) -> Score:
        """The share; not scored unless the judge tells of each passage once."""
        count = len(_passages(self.request.filled(self._shown, golden)["passages"]))
        try:
            findings = numbered(read_findings(answers[0], "passages", verdict_of), count)
        except NoFindingsError as error:
            return Score.unscored(str(error))
        named = [replace(finding, about=f"passage {finding.number}") for finding in findings]
        return share(named, "passages help")

    def flaw(self, golden: Golden) -> str:
        """That there is nothing to show of ``golden``, or nothing."""
        return self.request.flaw(self._shown, golden)

    @property
    def _shown(self) -> Mapping[str, Any]:
        return {"passages": self.options.passages, "question": self.options.question}


def _passages(value: Any) -> Sequence[str]:
    """The entries of a list, or the paragraphs of a text."""
    if isinstance(value, list | tuple):
        return [as_text(entry).strip() for entry in value if as_text(entry).strip()]
    return [text.strip() for text in _BLANK_LINES.split(as_text(value)) if text.strip()]


def _grounded_judge(
    options: GroundedOptions, spec: EvaluatorSpec, context: ScoringContext
) -> ShareJudge:
    return ShareJudge(
        request=JudgeRequest.of("claims", options.model, spec, context),
        shown={"context": options.context},
        key="claims",
        things="claims are in the context",
        without_any=1.0,
    )


def _answers_judge(
    options: AnswersOptions, spec: EvaluatorSpec, context: ScoringContext
) -> ShareJudge:
    return ShareJudge(
        request=JudgeRequest.of("answers", options.model, spec, context),
        shown={"question": options.question},
        key="parts",
        things="parts are answered",
    )


def _context_judge(
    options: ContextOptions, spec: EvaluatorSpec, context: ScoringContext
) -> ShareJudge | PrecisionJudge:
    if options.measure == "precision":
        request = JudgeRequest.of("passages", options.model, spec, context)
        return PrecisionJudge(request=request, options=options)
    return ShareJudge(
        request=JudgeRequest.of("claims", options.model, spec, context),
        shown={"context": options.passages, "answer": options.expected},
        key="claims",
        things="claims are in the context",
    )


GROUNDED = declared_kind(GroundedOptions, _grounded_judge, is_judge=True)
ANSWERS = declared_kind(AnswersOptions, _answers_judge, is_judge=True)
CONTEXT = declared_kind(ContextOptions, _context_judge, needs_threshold=True, is_judge=True)
