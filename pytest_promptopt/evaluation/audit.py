"""The goldens of a prompt by what they have told so far, in the results of several runs."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from pytest_promptopt.evaluation.evaluation import (
    Evaluation,
    GoldenResult,
    Outcome,
    cluster_weights,
)
from pytest_promptopt.evaluation.near import Near, Vectors, near_duplicates
from pytest_promptopt.evaluation.record import CONFIDENCE, PromptRecord, interval_of
from pytest_promptopt.statistics.clusters import members
from pytest_promptopt.statistics.comparison import goldens_to_show, smallest_drop
from pytest_promptopt.statistics.intervals import Interval

_LEAST_ANSWERS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsteady:
    """A golden that both passed and missed with the same prompt and model."""

    id: str
    passed: int
    asked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Twins:
    """Two evaluators that said the same of so many answers, good ones and bad ones."""

    first: str
    second: str
    answers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Goldens with a tag, all of them where it is empty, in so many ``clusters``.

    In the latest run so many were ``scored``. ``interval`` is that of their score there, ``drop``
    the smallest share of them whose loss would show as a drop; both None where there is none.
    """

    tag: str
    goldens: int
    clusters: int
    scored: int
    interval: Interval | None
    drop: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What is known of the goldens that the latest run of all of them had.

    ``conditions`` counts the prompts' versions and models with which they were asked. Goldens in
    ``passed`` and ``missed`` did so each time, in ``unsteady`` with nothing changed. ``needed`` are
    so many independent ones as would show the ``drop`` that is asked for.
    """

    runs: int
    conditions: int
    passed: tuple[str, ...]
    missed: tuple[GoldenResult, ...]
    unsteady: tuple[Unsteady, ...]
    twins: tuple[Twins, ...]
    near: tuple[Near, ...]
    groups: tuple[Group, ...]
    drop: float
    needed: int


def audit_of(
    records: Sequence[PromptRecord], *, drop: float = 0.05, vectors: Vectors | None = None
) -> Audit:
    """What ``records`` of one prompt, the latest first, tell about its goldens.

    A golden counts as the same while its input and what it expects stay as they are. ``drop`` is
    what should show; with ``vectors`` near duplicates are looked for by meaning too.
    """
    whole = (
        record
        for record in records
        if len(record.results) == record.goldens and not record.evaluation.left()
    )
    kept = {result.id: result for result in next(whole, records[0]).results}
    seen: dict[str, list[tuple[str, GoldenResult]]] = defaultdict(list)
    for record in records:
        for result in record.results:
            if _is_same(kept.get(result.id), result) and result.score is not None:
                seen[result.id].append((f"{record.version} {record.model}", result))
    outcomes = {i: {result.outcome for _, result in found} for i, found in seen.items()}
    unsteady = tuple(_unsteady(seen))
    moving = {golden.id for golden in unsteady}
    return Audit(
        runs=len(records),
        conditions=len({condition for found in seen.values() for condition, _ in found}),
        passed=tuple(i for i, o in outcomes.items() if o == {Outcome.PASSED} and i not in moving),
        missed=tuple(
            kept[i] for i, o in outcomes.items() if o == {Outcome.MISSED} and i not in moving
        ),
        unsteady=unsteady,
        twins=tuple(_twins(result for found in seen.values() for _, result in found)),
        near=near_duplicates([*kept.values()], vectors),
        groups=tuple(_groups([*kept.values()])),
        drop=drop,
        needed=goldens_to_show(drop, confidence=CONFIDENCE),
    )


def _is_same(golden: GoldenResult | None, other: GoldenResult) -> bool:
    return golden is not None and (golden.input, golden.expected) == (other.input, other.expected)


def _unsteady(seen: Mapping[str, Sequence[tuple[str, GoldenResult]]]) -> Iterable[Unsteady]:
    """By answers that were sent for: one from the cache is no second look."""
    for golden_id, found in seen.items():
        looks: dict[str, list[bool]] = defaultdict(list)
        for condition, result in found:
            if not (result.saved and looks[condition]):
                looks[condition] += [a.passed for a in result.answers if a.passed is not None]
        turning = [passed for passed in looks.values() if len(set(passed)) > 1]
        if turning:
            passed = [each for looked in turning for each in looked]
            yield Unsteady(id=golden_id, passed=sum(passed), asked=len(passed))


def _twins(results: Iterable[GoldenResult]) -> Iterable[Twins]:
    """Evaluators that passed and missed the same answers, of ten at least."""
    marks: dict[tuple[str, tuple[str, ...]], dict[str, bool]] = {}
    for result in results:
        texts = tuple(answer.text for answer in result.answers)
        scored = {m.name: m.passed for m in result.evaluators if m.score is not None}
        marks.setdefault((result.id, texts), scored)
    pairs: Counter[tuple[str, str, bool, bool]] = Counter(
        (a, b, scored[a], scored[b])
        for scored in marks.values()
        for a, b in combinations(scored, 2)
    )
    for a, b in dict.fromkeys((a, b) for a, b, _, _ in pairs):
        good, bad = pairs[a, b, True, True], pairs[a, b, False, False]
        is_parted = pairs[a, b, True, False] or pairs[a, b, False, True]
        if good and bad and good + bad >= _LEAST_ANSWERS and not is_parted:
            yield Twins(first=a, second=b, answers=good + bad)


def _groups(results: Sequence[GoldenResult]) -> Iterable[Group]:
    tags = sorted({tag for result in results for tag in result.tags})
    for tag in ("", *tags):
        part = [result for result in results if not tag or tag in result.tags]
        evaluation = Evaluation(location="", results=tuple(part))
        yield Group(
            tag=tag,
            goldens=len(part),
            clusters=len(members([result.cluster for result in part])),
            scored=len(evaluation.scored),
            interval=interval_of(evaluation),
            drop=smallest_drop(
                [*cluster_weights(evaluation.scored), *evaluation.left()],
                limit=0.0,
                confidence=CONFIDENCE,
            ),
        )
