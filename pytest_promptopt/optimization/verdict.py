"""The chosen prompt against the current one, on goldens that the search never saw."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist, fmean, variance

from pytest_promptopt.evaluation.listing import in_clusters
from pytest_promptopt.optimization.answer_cost import NO_COST, AnswerCost
from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.case import Case
from pytest_promptopt.optimization.scoreboard import Scoreboard
from pytest_promptopt.optimization.splits import LEAST_TEST_GOLDENS
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.statistics.clusters import looks, members
from pytest_promptopt.statistics.comparison import Comparison, Pair, compare, differences_of
from pytest_promptopt.statistics.evidence import lowest_gain
from pytest_promptopt.statistics.intervals import Interval
from pytest_promptopt.statistics.watched import EARLY, compare_anytime

FRESH_SAMPLES_FROM = 1000
"""Sample numbers of the first opening of the test split; the next has the next thousand."""

_MOST_GOLDENS = 100_000
_LOOKS = 10
_PLAUSIBLE = 0.2


class VerdictKind(StrEnum):
    """What the test split says."""

    IMPROVED = "improved"
    NO_PROVEN_CHANGE = "no proven change"
    WORSE = "worse"
    NOT_INFERIOR = "not inferior"
    INFERIOR = "inferior"
    UNPROVEN = "unproven"


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchVerdict:
    """The verdict with its numbers.

    ``comparison`` is None where there was nothing to compare, and so are ``before`` and ``after``,
    the mean scores of both on the goldens compared, by weight. ``openings`` counts how often the
    test split was opened, this time included; a split that is opened often is no longer sealed.
    ``needed`` is how many test goldens would show the observed difference, None where it is
    shown or there is none. ``margin`` is how much worse it may be. ``is_final`` is False while more
    answers could change it. The costs are those of an answer on the test goldens that were asked.
    ``gate`` says whether the prompt's gate holds by these.
    """

    kind: VerdictKind
    sentence: str
    comparison: Comparison | None = None
    before: float | None = None
    after: float | None = None
    fixed: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    openings: int = 1
    needed: int | None = None
    is_final: bool = True
    margin: float = 0.0
    cost_before: AnswerCost = NO_COST
    cost_after: AnswerCost = NO_COST
    gate: str = ""

    @property
    def cost(self) -> str:
        """What an answer takes, and took before; empty where that is not known."""
        return f"{self.cost_after}; before {self.cost_before}" if self.cost_after.tokens else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A candidate and the board that asks it."""

    board: Scoreboard
    candidate: Candidate

    @property
    def cases(self) -> Mapping[str, Case]:
        """What it scored so far, by the golden's id."""
        return self.board.known(self.candidate)


async def give_verdict(
    before: Side,
    after: Side,
    test: Sequence[Golden],
    *,
    openings: int,
    confidence: float = 0.95,
    margin: float | None = None,
) -> SearchVerdict:
    """Ask both for fresh answers on ``test``, in its order, and compare them golden by golden.

    The samples of the boards must never have been used: a prompt that was chosen because it
    scored high (or low) scores nearer to its mean the next time. It stops where the answers so
    far settle it, or where the rest could hardly show what is to be shown: that the second is
    better, or with ``margin`` that it is no more than that worse. It looks where clusters end,
    whose goldens should come one after another. Raises what the boards raise.
    """
    clusters = [golden.cluster for golden in test]
    if len(members(clusters)) < LEAST_TEST_GOLDENS:
        return _unproven(clusters, openings)
    for count in looks(clusters, max(LEAST_TEST_GOLDENS, len(test) // _LOOKS)):
        for side in (before, after):
            await side.board.ask([(side.candidate, test[:count])])
        verdict = verdict_on(
            before.cases,
            after.cases,
            openings=openings,
            confidence=confidence,
            left=len(test) - count,
            margin=margin,
        )
        if verdict.is_final:
            break
    return verdict


def verdict_on(
    before: Mapping[str, Case],
    after: Mapping[str, Case],
    *,
    openings: int = 1,
    confidence: float = 0.95,
    left: int = 0,
    margin: float | None = None,
) -> SearchVerdict:
    """The verdict on cases by golden; only goldens that both answered count.

    Improved where the interval of the paired difference is above 0, worse where it is under 0;
    with ``margin`` not inferior where it is above the margin below 0, inferior where under. A
    fifth of the error is kept for looks while ``left`` goldens are still to come, at which the
    interval is one that holds at every look; the rest is spent when none is.
    """
    shared = [golden_id for golden_id in before if golden_id in after]
    clusters = [after[golden_id].golden.cluster for golden_id in shared]
    if len(members(clusters)) < LEAST_TEST_GOLDENS:
        return _unproven(clusters, openings, is_final=not left)
    pairs = [_pair(before[golden_id], after[golden_id]) for golden_id in shared]
    error = 1 - confidence
    if left:
        comparison = compare_anytime(pairs, error=EARLY * error)
    else:
        comparison = compare(pairs, confidence=1 - (1 - EARLY) * error)
    kind = _kind(comparison.interval, margin)
    is_open = kind is VerdictKind.NO_PROVEN_CHANGE
    last_error = (1 - EARLY) * error / 2
    is_final = (
        not left or not is_open or _is_futile(pairs, left, above=-(margin or 0.0), error=last_error)
    )
    needed = _needed(pairs, margin or 0.0) if is_open else None
    return SearchVerdict(
        kind=kind,
        sentence=_sentence(kind, comparison, openings, needed, left, margin),
        comparison=comparison,
        before=_mean([pair.before for pair in pairs], pairs),
        after=_mean([pair.after for pair in pairs], pairs),
        fixed=tuple(p.golden_id for p in pairs if p.passed_after and not p.passed_before),
        broken=tuple(p.golden_id for p in pairs if p.passed_before and not p.passed_after),
        openings=openings,
        needed=needed,
        is_final=is_final,
        margin=margin or 0.0,
        cost_before=AnswerCost.of([before[golden_id] for golden_id in shared]),
        cost_after=AnswerCost.of([after[golden_id] for golden_id in shared]),
    )


def _kind(interval: Interval, margin: float | None) -> VerdictKind:
    least = -(margin or 0.0)
    if interval.low > least:
        return VerdictKind.IMPROVED if margin is None else VerdictKind.NOT_INFERIOR
    if interval.high < least:
        return VerdictKind.WORSE if margin is None else VerdictKind.INFERIOR
    return VerdictKind.NO_PROVEN_CHANGE


def _is_futile(pairs: Sequence[Pair], left: int, *, above: float, error: float) -> bool:
    """Whether not even all that is plausible of the rest would show a mean ``above`` that."""
    gains, _ = differences_of(pairs)
    differences = [gain - above for gain in gains]
    hoped = -lowest_gain([-gain for gain in gains], error=_PLAUSIBLE) - above
    if hoped <= 0:
        return True
    to_come = left * len(gains) / len(pairs)
    squares = [difference**2 for difference in differences]
    spread = sum(squares) + to_come * max(hoped, fmean(squares))
    total = sum(differences) + to_come * hoped
    return total < -NormalDist().inv_cdf(error) * math.sqrt(spread)


def _pair(before: Case, after: Case) -> Pair:
    return Pair(
        golden_id=before.golden.id,
        before=before.score or 0.0,
        after=after.score or 0.0,
        passed_before=before.passed,
        passed_after=after.passed,
        weight=before.golden.weight,
        cluster=before.golden.cluster,
    )


def _mean(scores: Sequence[float], pairs: Sequence[Pair]) -> float:
    weighted = (score * pair.weight for score, pair in zip(scores, pairs, strict=True))
    return sum(weighted) / sum(pair.weight for pair in pairs)


def _unproven(clusters: Sequence[str], openings: int, *, is_final: bool = True) -> SearchVerdict:
    count = len(members(clusters))
    what = f"{LEAST_TEST_GOLDENS} clusters" if count < len(clusters) else str(LEAST_TEST_GOLDENS)
    return SearchVerdict(
        is_final=is_final,
        kind=VerdictKind.UNPROVEN,
        sentence=(
            f"Unproven: {in_clusters(len(clusters), 'test golden', count)}, and at least "
            f"{what} are needed (six fixed and none broken are the least that shows anything at "
            "5 %)."
        ),
        openings=openings,
        needed=LEAST_TEST_GOLDENS,
    )


def _needed(pairs: Sequence[Pair], margin: float) -> int | None:
    """By the normal approximation to the paired difference, were it what was observed."""
    differences, _ = differences_of(pairs)
    size = len(pairs) / len(differences)
    mean = fmean(differences) + margin
    if abs(mean) < 1e-9:
        return None
    # Equal answers vary too: with a margin a gain and a loss are added, as in the interval.
    spread = variance([*differences, 1.0, -1.0] if margin else differences)
    count = math.ceil(1.96**2 * spread / mean**2 * size)
    return count if len(pairs) < count <= _MOST_GOLDENS else None


def _name(kind: VerdictKind, margin: float | None) -> str:
    if margin is None:
        return kind.value.capitalize()
    if kind is VerdictKind.NO_PROVEN_CHANGE:
        return f"Not shown to be at most {margin:g} worse"
    return f"{kind.value.capitalize()} at a margin of {margin:g}"


def _sentence(
    kind: VerdictKind,
    comparison: Comparison,
    openings: int,
    needed: int | None,
    left: int,
    margin: float | None,
) -> str:
    interval = comparison.interval
    text = (
        f"{_name(kind, margin)}: {comparison.difference:+.3f} on "
        f"{in_clusters(comparison.pairs, 'test golden', comparison.clusters)} "
        f"[{interval.low:+.3f}, {interval.high:+.3f}], {comparison.fixed} fixed and "
        f"{comparison.broken} broken, p = {comparison.p_value:.2g}."
    )
    if left:
        is_open = kind is VerdictKind.NO_PROVEN_CHANGE
        hopeless = f" The other {left} were not asked: they could hardly have shown more."
        text += hopeless if is_open else f" It was settled with {left} more unasked."
    if needed is not None:
        text += f" About {needed} test goldens would show such a difference."
    if openings > 1:
        text += f" The test split was opened {openings} times: it is less and less unseen."
    return text
