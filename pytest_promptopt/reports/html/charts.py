"""Drawings of a prompt: its parts with intervals, its labels, and how numbers spread."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from statistics import median

from pytest_promptopt.evaluation.evaluation import Evaluation, ScoredGolden, mean_score
from pytest_promptopt.evaluation.record import PromptRecord, interval_over
from pytest_promptopt.reports.summary import parts_of
from pytest_promptopt.reports.whisker import Whisker

_MOST_PARTS = 12
_MOST_LABELS = 12
_BINS = 24
_SHADES = 5
_OTHERS, _NONE = "others", "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The goldens of a tag, or what one evaluator gave."""

    name: str
    goldens: int
    whisker: Whisker


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The parts of one kind, the largest first; ``left_out`` are those for which is no room."""

    kind: str
    parts: tuple[Part, ...]
    left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """How often a label was named where another one is right; ``shade`` is from 0 to 5."""

    count: int
    shade: int
    is_right: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """Labels that were right, a line each, against those that were named, a column each."""

    evaluator: str
    named: tuple[str, ...]
    lines: tuple[tuple[str, tuple[Cell, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """How values spread: the share of the fullest bin that each holds, from the least value on."""

    title: str
    bars: tuple[float, ...]
    low: str
    middle: str
    high: str
    count: int

    @property
    def label(self) -> str:
        """The same in words."""
        return (
            f"{self.title} of {self.count:,} goldens: "
            f"{self.low} to {self.high}, half of them up to {self.middle}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Charts:
    """All that is drawn of a prompt."""

    groups: tuple[Group, ...]
    matrices: tuple[Matrix, ...]
    histograms: tuple[Histogram, ...]


def charts_of(summary: PromptRecord, *, has_parts: bool = True) -> Charts:
    """What there is to draw; the intervals of parts, which take longest, where ``has_parts``."""
    return Charts(
        groups=tuple(_groups(summary.evaluation)) if has_parts else (),
        matrices=tuple(_matrices(summary.evaluation)),
        histograms=tuple(_histograms(summary)),
    )


def _groups(evaluation: Evaluation) -> Iterator[Group]:
    for kind, parts in parts_of(evaluation).items():
        shown = [
            Part(
                name=name,
                goldens=len(goldens),
                whisker=_whisker(goldens, evaluation.left(name if kind == "tag" else "")),
            )
            for name, goldens in list(parts.items())[:_MOST_PARTS]
        ]
        yield Group(kind=kind, parts=tuple(shown), left_out=len(parts) - len(shown))


def _whisker(goldens: Sequence[ScoredGolden], left: Sequence[float]) -> Whisker:
    interval = interval_over(goldens, left)
    return Whisker(
        score=mean_score(goldens) or 0.0,
        low=interval.low,
        high=interval.high,
    )


def _matrices(evaluation: Evaluation) -> Iterator[Matrix]:
    """One for each evaluator that tells labels apart."""
    pairs: dict[str, Counter[tuple[str, str]]] = {}
    for result in evaluation.results:
        for mark in result.evaluators:
            if mark.wanted and mark.score is not None:
                counts = pairs.setdefault(mark.name, Counter())
                counts[mark.wanted, mark.named or _NONE] += 1
    for name, counts in pairs.items():
        yield _matrix(name, counts)


def _matrix(evaluator: str, counts: Counter[tuple[str, str]]) -> Matrix:
    """The labels by how often they are right; rare ones as one."""
    rights: Counter[str] = Counter()
    for (wanted, _), count in counts.items():
        rights[wanted] += count
    labels = [label for label, _ in rights.most_common(_MOST_LABELS)]
    shown: Counter[tuple[str, str]] = Counter()
    for (wanted, named), count in counts.items():
        row = wanted if wanted in labels else _OTHERS
        column = named if named in labels or named == _NONE else _OTHERS
        shown[row, column] += count
    rows = [*labels, *({_OTHERS} & {row for row, _ in shown})]
    columns = [*labels, *(c for c in (_OTHERS, _NONE) if any(c == named for _, named in shown))]
    return Matrix(
        evaluator=evaluator,
        named=tuple(columns),
        lines=tuple((row, tuple(_cells(row, columns, shown))) for row in rows),
    )


def _cells(row: str, columns: Sequence[str], counts: Counter[tuple[str, str]]) -> Iterator[Cell]:
    total = sum(counts[row, column] for column in columns)
    for column in columns:
        count = counts[row, column]
        shade = ceil(_SHADES * count / total) if total else 0
        yield Cell(count=count, shade=shade, is_right=row == column != _OTHERS)


def _histograms(summary: PromptRecord) -> Iterator[Histogram]:
    asked = [result for result in summary.results if result.answers]
    costs = [result.cost_usd for result in asked if result.cost_usd is not None]
    tokens = [float(result.input_tokens + result.output_tokens) for result in asked]
    latencies = [result.latency_seconds for result in asked]
    yield from _histogram("time of an answer", latencies, "{:.2f} s".format)
    yield from _histogram("cost of a golden", costs, _dollars)
    yield from _histogram("tokens of a golden", tokens, "{:,.0f}".format)


def _dollars(cost_usd: float) -> str:
    """Two digits that say something, none of them as a power."""
    digits = max(2, 1 - floor(log10(cost_usd)))
    shown = f"{cost_usd:.{digits}f}"
    return f"${shown.rstrip('0')}" if digits > 2 else f"${shown}"


def _histogram(
    title: str, values: Iterable[float], text: Callable[[float], str]
) -> Iterator[Histogram]:
    """None where there is nothing, or nothing to tell apart."""
    found = sorted(value for value in values if value > 0)
    if not found or text(found[0]) == text(found[-1]):
        return
    low, high = found[0], found[-1]
    bins = Counter(min(int(_BINS * (v - low) / (high - low)), _BINS - 1) for v in found)
    fullest = max(bins.values())
    yield Histogram(
        title=title,
        bars=tuple(round(bins[n] / fullest, 3) for n in range(_BINS)),
        low=text(low),
        middle=text(median(found)),
        high=text(high),
        count=len(found),
    )
