"""``not: true``: what is good for an evaluator is bad, and the other way round."""

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.providers.request import Completion, Request
from pytest_promptopt.scoring.score import (
    AnyScorer,
    AskingScorer,
    Comparing,
    Demanding,
    Inquiry,
    JudgeScorer,
    Score,
    Scorer,
)
from pytest_promptopt.text.excerpt import excerpt


def negated(scorer: AnyScorer) -> AnyScorer:
    """Scores 1 − what ``scorer`` gives; what that cannot score stays so."""
    if isinstance(scorer, Scorer):
        return _NegatedScorer(scorer=scorer)
    if isinstance(scorer, AskingScorer):
        return _NegatedAsking(scorer=scorer)
    return _NegatedJudge(judge=scorer)


@dataclass(frozen=True, slots=True, kw_only=True)
class _NegatedScorer:
    scorer: Scorer

    def score(self, golden: Golden, completion: Completion) -> Score:
        found = self.scorer.score(golden, completion)
        if not found.value:
            return found if found.value is None else Score(value=1.0)
        by = "" if found.value == 1 else f" by {found.value:.2f}"
        reason = f"must not be so, and is{by}: got {excerpt(completion.text.strip())}"
        return Score(value=1 - found.value, reason=reason)

    def flaw(self, golden: Golden) -> str:
        return self.scorer.flaw(golden) if isinstance(self.scorer, Demanding) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _NegatedJudge:
    judge: JudgeScorer

    def question(self, golden: Golden, completion: Completion) -> Request:
        return self.judge.question(golden, completion)

    def read(self, answer: Completion) -> Score:
        return _unwanted(self.judge.read(answer))

    def flaw(self, golden: Golden) -> str:
        return self.judge.flaw(golden) if isinstance(self.judge, Demanding) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _NegatedAsking:
    scorer: AskingScorer

    def calls(self, golden: Golden) -> int:
        return self.scorer.calls(golden)

    @property
    def wants_base(self) -> bool:
        return isinstance(self.scorer, Comparing) and self.scorer.wants_base

    def questions(self, inquiry: Inquiry) -> Sequence[Request] | Score:
        found = self.scorer.questions(inquiry)
        return _unwanted(found) if isinstance(found, Score) else found

    def read_all(self, golden: Golden, answers: Sequence[Completion]) -> Score:
        return _unwanted(self.scorer.read_all(golden, answers))

    def flaw(self, golden: Golden) -> str:
        return self.scorer.flaw(golden) if isinstance(self.scorer, Demanding) else ""


def _unwanted(found: Score) -> Score:
    if found.value is None:
        return found
    return Score(value=1 - found.value, reason=f"{found.reason}, which is not wanted")
