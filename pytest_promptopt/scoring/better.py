"""The evaluator ``better``: whether an answer is better than another, asked in both orders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden
from pytest_promptopt.providers.request import Completion, Request
from pytest_promptopt.scoring.findings import Finding, NoFindingsError, read_findings
from pytest_promptopt.scoring.folding import folded
from pytest_promptopt.scoring.kinds import ScoringContext, declared_kind
from pytest_promptopt.scoring.options import Options
from pytest_promptopt.scoring.prompted import NOT_GIVEN, JudgeRequest
from pytest_promptopt.scoring.score import Inquiry, Score, Threshold
from pytest_promptopt.suggestion import misspelt
from pytest_promptopt.text.excerpt import excerpt

_BASE = "base"
_TIE = 0.5
_PLACES = {"first": 1.0, "second": 0.0, "tie": _TIE}
_ON_THE_WHOLE = (
    "What was asked for, given rightly, completely and clearly, at no more length than that needs."
)
_Text = Annotated[str, msgspec.Meta(min_length=1)]


class BetterOptions(Options, frozen=True, kw_only=True):
    """The other answer: that of the prompt at the base, or a text such as a reference."""

    bare = "than"

    than: _Text
    criterion: _Text = _ON_THE_WHOLE
    question: _Text = NOT_GIVEN
    model: str | None = None

    def __post_init__(self) -> None:
        """Refuse a slip, which would be a text to compare with."""
        if misspelt(self.than, (_BASE,)):
            raise ValueError(f"`than` is the text {excerpt(self.than)}; did you mean `base`?")


@dataclass(frozen=True, slots=True, kw_only=True)
class BetterJudge:
    """1 where the answer is the better one, 0 where the other is, 0.5 for a tie.

    A judge that decides otherwise in the other order prefers a place, not an answer: a tie, as in
    Zheng et al. (2023), arXiv 2306.05685, section 3.4.
    """

    options: BetterOptions
    request: JudgeRequest

    @property
    def wants_base(self) -> bool:
        """Whether the other answer is that of the base."""
        return self.options.than == _BASE

    def calls(self, golden: Golden) -> int:  # noqa: ARG002
        """One an order; the base is asked for itself."""
        return 2

    def questions(self, inquiry: Inquiry) -> Sequence[Request] | Score:
        """The question in both orders; the same text is a tie, without asking."""
        shown = self.request.filled(self._shown, inquiry.golden)
        other = shown.pop("than", inquiry.base)
        if isinstance(other, Completion):
            other = other.text
        elif self.wants_base:
            return Score.unscored(f"nothing to compare with: {other}")
        answer = inquiry.answer.text
        if answer.strip() == str(other).strip():
            return Score(value=_TIE, reason="a tie: both answers are the same")
        orders = ({"first": answer, "second": other}, {"first": other, "second": answer})
        return [self.request.showing({**shown, **order}) for order in orders]

    def read_all(self, golden: Golden, answers: Sequence[Completion]) -> Score:  # noqa: ARG002
        """The verdict that both orders give; not scored where one gives none."""
        try:
            one, other = map(_finding, answers)
        except NoFindingsError as error:
            return Score.unscored(str(error))
        if one.value != 1 - other.value:
            reason = f"a tie: the judge decides otherwise in the other order: {one}; {other}"
            return Score(value=_TIE, reason=reason)
        word = {1.0: "better", 0.0: "worse"}.get(one.value, "neither better nor worse")
        return Score(value=one.value, reason=f"the judge says {word}: {one}")

    def flaw(self, golden: Golden) -> str:
        """That there is nothing to show of ``golden``, or nothing."""
        return self.request.flaw(self._shown, golden)

    @property
    def _shown(self) -> Mapping[str, Any]:
        shown = {"criterion": self.options.criterion, "question": self.options.question}
        return shown if self.wants_base else {**shown, "than": self.options.than}


def _finding(answer: Completion) -> Finding:
    found = read_findings(answer, "verdicts", _place_of)
    if len(found) != 1:
        raise NoFindingsError(f"the judge must give one verdict, and gave {len(found)}")
    return found[0]


def _place_of(entry: Mapping[str, Any]) -> float | None:
    """1 where the first is better, 0 where the second is."""
    said = entry.get("verdict")
    return _PLACES.get(folded(said).strip(".!")) if isinstance(said, str) else None


def _better_judge(
    options: BetterOptions, spec: EvaluatorSpec, context: ScoringContext
) -> BetterJudge:
    request = JudgeRequest.of("better", options.model, spec, context)
    return BetterJudge(options=options, request=request)


BETTER = declared_kind(BetterOptions, _better_judge, threshold=Threshold(_TIE), is_judge=True)
