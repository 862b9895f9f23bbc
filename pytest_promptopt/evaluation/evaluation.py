"""What came out: per golden, and per prompt."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean
from typing import Any

from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.evaluation.trial import Trial
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.providers.request import FinishReason
from pytest_promptopt.scoring.score import Evaluator, Score, Scorer


class Outcome(StrEnum):
    """What became of a golden."""

    PASSED = "passed"
    MISSED = "missed"
    UNSCORED = "not scored"
    ERROR = "error"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What one evaluator gave a golden, over all samples. ``value`` is None if not scored."""

    evaluator: str
    value: float | None
    passed: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenResult:
    """A golden's outcome with what it took to get there.

    ``score`` is in [0, 1], the mean over evaluators of their means over samples, and None unless
    the golden was scored. ``cost_usd`` is None where a price is unknown. ``reason`` says why there
    is no score.
    """

    golden_id: str
    outcome: Outcome
    score: float | None = None
    marks: tuple[Mark, ...] = ()
    required: bool = False
    weight: float = 1.0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = 0.0
    latency_seconds: float = 0.0
    saved: bool = False
    notes: tuple[str, ...] = ()
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        """The result as plain JSON, for reports and other processes."""
        return {
            "golden_id": self.golden_id,
            "outcome": self.outcome.value,
            "score": self.score,
            "marks": [[m.evaluator, m.value, m.passed, m.reason] for m in self.marks],
            "required": self.required,
            "weight": self.weight,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "cost_usd": self.cost_usd,
            "latency_seconds": self.latency_seconds,
            "saved": self.saved,
            "notes": list(self.notes),
            "reason": self.reason,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "GoldenResult":
        """The inverse of :meth:`to_json`."""
        marks = tuple(
            Mark(evaluator=evaluator, value=value, passed=passed, reason=reason)
            for evaluator, value, passed, reason in data["marks"]
        )
        outcome = Outcome(data["outcome"])
        return cls(**{**data, "outcome": outcome, "marks": marks, "notes": tuple(data["notes"])})


def score_golden(subject: Subject, golden: Golden, trials: Sequence[Trial]) -> GoldenResult:
    """The result of a golden whose answers are all there.

    Missed if an evaluator misses, whatever the others say; else not scored if one could not
    score. Raises :class:`~pytest_promptopt.errors.ScorerError` where the project's own code raises.
    """
    evaluators = subject.evaluators_for(golden)
    marks = tuple(
        _mark(evaluator, position, golden, trials) for position, evaluator in enumerate(evaluators)
    )
    values = [mark.value for mark in marks if mark.value is not None]
    unscored = [mark for mark in marks if mark.value is None]
    missed = any(mark.value is not None and not mark.passed for mark in marks)
    if missed:
        outcome = Outcome.MISSED
    elif unscored or not marks:
        outcome = Outcome.UNSCORED
    else:
        outcome = Outcome.PASSED
    reason = "; ".join(f"{mark.evaluator}: {mark.reason}" for mark in unscored)
    return GoldenResult(
        golden_id=golden.id,
        outcome=outcome,
        score=fmean(values) if values and outcome is not Outcome.UNSCORED else None,
        marks=marks,
        required=golden.required,
        weight=golden.weight,
        reason=reason if marks else "no evaluator that is understood, and no `expected`",
        **_totals(trials),
    )


def _mark(evaluator: Evaluator, position: int, golden: Golden, trials: Sequence[Trial]) -> Mark:
    scores = [_score(evaluator, position, golden, trial) for trial in trials]
    values = [score.value for score in scores if score.value is not None]
    value = fmean(values) if len(values) == len(scores) else None
    passed = value is not None and evaluator.passes(value)
    reasons = dict.fromkeys(score.reason for score in scores if score.reason)
    return Mark(evaluator=evaluator.name, value=value, passed=passed, reason="; ".join(reasons))


def _score(evaluator: Evaluator, position: int, golden: Golden, trial: Trial) -> Score:
    scorer = evaluator.scorer
    if isinstance(scorer, Scorer):
        return scorer.score(golden, trial.completion)
    return scorer.read(trial.judgements[position])


def _totals(trials: Sequence[Trial]) -> dict[str, Any]:
    answers = [trial.completion for trial in trials]
    calls = answers + [answer for trial in trials for answer in trial.judgements.values()]
    costs = [call.cost_usd for call in calls]
    known = [cost for cost in costs if cost is not None]
    return {
        "input_tokens": sum(call.usage.input_tokens for call in calls),
        "output_tokens": sum(call.usage.output_tokens for call in calls),
        "cost_usd": sum(known) if len(known) == len(costs) else None,
        "latency_seconds": sum(answer.latency_seconds for answer in answers),
        "saved": all(call.saved for call in calls),
        "notes": tuple(dict.fromkeys(_notes(trials))),
    }


def _notes(trials: Sequence[Trial]) -> list[str]:
    notes = [note for trial in trials for note in trial.completion.notes]
    for trial in trials:
        if trial.completion.finish_reason is FinishReason.LENGTH:
            notes.append("the answer was cut off at the token limit (maxTokens)")
        elif trial.completion.finish_reason is FinishReason.REFUSAL:
            notes.append("the model refused to answer")
        if not trial.completion.text.strip():
            notes.append("the answer is empty")
    return notes


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The results of one prompt, in the order of its goldens."""

    location: str
    results: tuple[GoldenResult, ...]

    def having(self, outcome: Outcome) -> tuple[GoldenResult, ...]:
        """Results with this outcome."""
        return tuple(result for result in self.results if result.outcome is outcome)

    @property
    def score(self) -> float | None:
        """Mean of the goldens' scores by their weights; None if none was scored."""
        scored = [(r.score, r.weight) for r in self.results if r.score is not None]
        total = sum(weight for _, weight in scored)
        return sum(score * weight for score, weight in scored) / total if total else None
