"""The parts that a gate looks at, and what it finds of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial

from pytest_promptopt.evaluation.evaluation import (
    Evaluation,
    ScoredGolden,
    clusters_of,
    mean_score,
)
from pytest_promptopt.evaluation.listing import in_clusters
from pytest_promptopt.prompts.prompt import GateSettings
from pytest_promptopt.statistics.intervals import Interval, one_sided, verdict_interval
from pytest_promptopt.statistics.prediction_powered import Correction
from pytest_promptopt.statistics.watched import watched_interval

MIN, MAX_DROP = "min", "maxDrop"


class Decision(StrEnum):
    """What can be said of a prompt."""

    PASS = "PASS"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a verdict says; it stands against the prompt if it ``blocks``.

    ``limit`` is what was tested where that failed, ``softer`` what is said where the failure does
    not count among all that a run tests. One that ``is_open`` could change with the goldens that
    are still to come.
    """

    decision: Decision
    text: str
    blocks: bool
    short: str = ""
    limit: str = ""
    softer: "Finding | None" = None
    is_open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a gate looks at: everything, the goldens of a tag, or one evaluator's scores.

    A FAIL on ``min`` is tested at the level over ``minimum_divisor``, one on ``maxDrop`` at that
    over ``drop_divisor``, so that all parts together err no more often than one. ``correct`` gives
    the score that labels come to, if there are some. One that ``is_watched`` is looked at while
    goldens are still to come; ``tag`` says which of them are its own, empty where all may be.
    """

    name: str
    settings: GateSettings
    select: Callable[[Evaluation], Sequence[ScoredGolden]]
    minimum_divisor: int = 1
    drop_divisor: int = 1
    correct: Callable[[Evaluation, float], Correction | None] = lambda *_: None
    is_watched: bool = False
    tag: str = ""

    def left(self, evaluation: Evaluation) -> Sequence[float]:
        """The weights of its goldens that were not asked, those of a cluster as one."""
        return evaluation.left(self.tag)

    def scored(self, evaluation: Evaluation) -> str:
        """How many of its goldens were scored, and how many not asked."""
        goldens = self.select(evaluation)
        count = f"{in_clusters(len(goldens), 'golden', clusters_of(goldens))} scored"
        return f"{count}{self.and_left(evaluation)}"

    def and_left(self, evaluation: Evaluation) -> str:
        """How many were not asked, after those that were; empty where all were."""
        left = len(evaluation.not_needed(self.tag))
        return f", {left:,} not needed" if left else ""

    def interval(
        self, evaluation: Evaluation, confidence: float, rest: float | None = None
    ) -> Interval:
        """Where the score lies, with one-sided ``confidence`` in each bound.

        With ``rest`` where it would lie, had all that were not asked that score.
        """
        two_sided = one_sided(confidence)
        found = self.correct(evaluation, two_sided)
        if found is not None:
            return found.interval
        goldens, left = self.select(evaluation), self.left(evaluation)
        if rest is not None:
            goldens, left = [*goldens, *_scoring(rest, left)], ()
        interval = partial(watched_interval, left=left) if self.is_watched else verdict_interval
        return interval(
            [golden.score for golden in goldens],
            weights=[golden.weight for golden in goldens],
            clusters=[golden.cluster for golden in goldens],
            confidence=two_sided,
        )

    def mean(self, evaluation: Evaluation, rest: float) -> float:
        """The score, had all that were not asked the score ``rest``."""
        goldens = [*self.select(evaluation), *_scoring(rest, self.left(evaluation))]
        return mean_score(goldens) or 0.0

    def finding(self, decision: Decision, text: str, short: str = "") -> Finding:
        """A finding on this part; an inconclusive one blocks unless the file lets it through."""
        lets_through = decision is Decision.INCONCLUSIVE and self.settings.inconclusive_passes
        start = f"{self.name}: " if self.name else ""
        return Finding(
            decision=decision,
            text=f"{start}{text}",
            blocks=decision is not Decision.PASS and not lets_through,
            short=f"{start}{short or text}",
        )

    def failed_test(self, limit: str, text: str, short: str) -> Finding:
        """The finding of a test that failed."""
        decision = Decision.INCONCLUSIVE if limit == MIN else Decision.PASS
        was = "was FAIL by itself"
        return replace(
            self.finding(Decision.FAIL, text, short),
            limit=limit,
            softer=self.finding(decision, f"{was}: {text}", f"inconclusive, {was}: {short}"),
        )


def _scoring(score: float, left: Sequence[float]) -> Sequence[ScoredGolden]:
    """Goldens of these weights that all scored that."""
    return [
        ScoredGolden(golden_id="", score=score, passed=score == 1, weight=weight) for weight in left
    ]
