"""What came out: per golden, and per prompt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """What became of a golden."""

    PASSED = "passed"
    MISSED = "missed"
    UNSCORED = "not scored"
    ERROR = "error"
    NOT_RUN = "not run"

    def counted(self, count: int) -> str:
        """So many goldens of this outcome, in words."""
        is_plural = self is Outcome.ERROR and count != 1
        return f"{count:,} {self.value}{'s' if is_plural else ''}"


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

    ``score`` is in [0, 1], its samples reduced to one, and None unless the golden was scored.
    ``agreement`` is the share of the samples that bear the reduced result out, None for a single
    sample. ``cost_usd`` is None where a price is unknown. ``reason`` says why there is no score.
    ``passes`` tells of each sample whether it passes, None where it could not be scored.
    """

    golden_id: str
    outcome: Outcome
    score: float | None = None
    marks: tuple[Mark, ...] = ()
    agreement: float | None = None
    tags: tuple[str, ...] = ()
    required: bool = False
    weight: float = 1.0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = 0.0
    latency_seconds: float = 0.0
    saved: bool = False
    notes: tuple[str, ...] = ()
    reason: str = ""
    passes: tuple[bool | None, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The result as plain JSON, for reports and other processes."""
        return {
            "golden_id": self.golden_id,
            "outcome": self.outcome.value,
            "score": self.score,
            "marks": [[m.evaluator, m.value, m.passed, m.reason] for m in self.marks],
            "agreement": self.agreement,
            "tags": list(self.tags),
            "required": self.required,
            "weight": self.weight,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "cost_usd": self.cost_usd,
            "latency_seconds": self.latency_seconds,
            "saved": self.saved,
            "notes": list(self.notes),
            "reason": self.reason,
            "passes": list(self.passes),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "GoldenResult":
        """The inverse of :meth:`to_json`."""
        marks = tuple(
            Mark(evaluator=evaluator, value=value, passed=passed, reason=reason)
            for evaluator, value, passed, reason in data["marks"]
        )
        return cls(
            **{
                **data,
                "outcome": Outcome(data["outcome"]),
                "marks": marks,
                "tags": tuple(data["tags"]),
                "notes": tuple(data["notes"]),
                "passes": tuple(data["passes"]),
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredGolden:
    """What statistics need to know of a golden: its score in [0, 1], and how much it counts."""

    golden_id: str
    score: float
    passed: bool
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The results of one prompt, in the order of its goldens."""

    location: str
    results: tuple[GoldenResult, ...]

    def having(self, outcome: Outcome) -> tuple[GoldenResult, ...]:
        """Results with this outcome."""
        return tuple(result for result in self.results if result.outcome is outcome)

    @property
    def scored(self) -> tuple[ScoredGolden, ...]:
        """The goldens that have a score, in their order."""
        return tuple(
            ScoredGolden(
                golden_id=result.golden_id,
                score=result.score,
                passed=result.outcome is Outcome.PASSED,
                weight=result.weight,
            )
            for result in self.results
            if result.score is not None
        )

    @property
    def score(self) -> float | None:
        """Mean of the goldens' scores by their weights; None if none was scored."""
        return mean_score(self.scored)

    @property
    def pass_rate(self) -> float | None:
        """Share of the scored goldens that passed, weights aside; None if none was scored."""
        scored = self.scored
        return sum(golden.passed for golden in scored) / len(scored) if scored else None

    @property
    def agreement(self) -> float | None:
        """Mean agreement of the goldens' samples; None if there was one sample each."""
        known = [result.agreement for result in self.results if result.agreement is not None]
        return sum(known) / len(known) if known else None

    def with_tag(self, tag: str) -> tuple[ScoredGolden, ...]:
        """The scored goldens that have ``tag``."""
        tagged = {result.golden_id for result in self.results if tag in result.tags}
        return tuple(golden for golden in self.scored if golden.golden_id in tagged)

    def by_evaluator(self, name: str) -> tuple[ScoredGolden, ...]:
        """What the evaluators of that name alone gave the goldens."""
        return tuple(
            ScoredGolden(
                golden_id=result.golden_id,
                score=sum(values) / len(values),
                passed=all(mark.passed for mark in marks),
                weight=result.weight,
            )
            for result in self.results
            if (marks := [mark for mark in result.marks if mark.evaluator == name])
            and (values := [mark.value for mark in marks if mark.value is not None])
        )

    @property
    def by_tag(self) -> Mapping[str, tuple[ScoredGolden, ...]]:
        """The scored goldens of each tag, in the order in which tags first appear."""
        tags = dict.fromkeys(tag for result in self.results for tag in result.tags)
        return {tag: self.with_tag(tag) for tag in tags}

    @property
    def evaluators(self) -> tuple[str, ...]:
        """Names of the evaluators that were heard, in their order."""
        return tuple(dict.fromkeys(m.evaluator for r in self.results for m in r.marks))


def mean_score(goldens: Sequence[ScoredGolden]) -> float | None:
    """Mean of the scores by weight; None without goldens or where all weigh nothing."""
    total = sum(golden.weight for golden in goldens)
    return sum(g.score * g.weight for g in goldens) / total if total else None
