"""Two evaluations of the same goldens, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_promptopt.evaluation.evaluation import (
    Evaluation,
    ScoredGolden,
    cluster_weights,
    mean_score,
)
from pytest_promptopt.statistics.comparison import Comparison, Pair, compare
from pytest_promptopt.statistics.watched import compare_watched


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What changed from one evaluation to the other on the goldens that both scored.

    ``before`` and ``after`` are the mean scores over these alone. ``fixed`` and ``broken`` are the
    ids of goldens that changed side; ``unpaired`` those that one of the two did not score.
    """

    before: float
    after: float
    comparison: Comparison
    fixed: tuple[str, ...]
    broken: tuple[str, ...]
    unpaired: tuple[str, ...] = ()


def difference(before: Evaluation, after: Evaluation, *, confidence: float) -> Difference | None:
    """The difference on all goldens; None where there is nothing to compare.

    Where a side was asked only until its verdict was decided, it holds for all times of stopping.
    """
    stopped = {result.id: result for side in (before, after) for result in side.not_needed()}
    left = cluster_weights([*stopped.values()]) if stopped else None
    return difference_of(before.scored, after.scored, confidence=confidence, left=left)


def difference_of(
    before: Sequence[ScoredGolden],
    after: Sequence[ScoredGolden],
    *,
    confidence: float,
    left: Sequence[float] | None = None,
) -> Difference | None:
    """The paired difference between scored goldens, matched by id; weights are those of ``after``.

    ``confidence`` is that of the two-sided interval. Where goldens are asked until something is
    decided, ``left`` are the weights of those, or their clusters, that were not. None where no
    golden has a score on both sides or all that have weigh nothing.
    """
    if not is_comparable(before, after):
        return None
    pairs = paired(before, after)
    if left is None:
        comparison = compare(pairs, confidence=confidence)
    else:
        comparison = compare_watched(pairs, left=left, confidence=confidence)
    total = sum(pair.weight for pair in pairs)
    return Difference(
        before=sum(pair.before * pair.weight for pair in pairs) / total,
        after=sum(pair.after * pair.weight for pair in pairs) / total,
        comparison=comparison,
        fixed=tuple(p.golden_id for p in pairs if p.passed_after and not p.passed_before),
        broken=tuple(p.golden_id for p in pairs if p.passed_before and not p.passed_after),
        unpaired=_unpaired(before, after),
    )


def is_comparable(before: Sequence[ScoredGolden], after: Sequence[ScoredGolden]) -> bool:
    """Whether goldens that weigh something have a score on both sides."""
    earlier = {golden.golden_id for golden in before}
    return mean_score([golden for golden in after if golden.golden_id in earlier]) is not None


def paired(before: Sequence[ScoredGolden], after: Sequence[ScoredGolden]) -> Sequence[Pair]:
    """The goldens that have a score on both sides."""
    earlier = {golden.golden_id: golden for golden in before}
    return [
        _pair(earlier[golden.golden_id], golden) for golden in after if golden.golden_id in earlier
    ]


def _pair(before: ScoredGolden, after: ScoredGolden) -> Pair:
    return Pair(
        golden_id=after.golden_id,
        before=before.score,
        after=after.score,
        passed_before=before.passed,
        passed_after=after.passed,
        weight=after.weight,
        cluster=after.cluster,
    )


def _unpaired(before: Sequence[ScoredGolden], after: Sequence[ScoredGolden]) -> tuple[str, ...]:
    earlier, later = ([golden.golden_id for golden in side] for side in (before, after))
    alone = set(earlier) ^ set(later)
    return tuple(golden_id for golden_id in dict.fromkeys(earlier + later) if golden_id in alone)
