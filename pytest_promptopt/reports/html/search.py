"""A search as the page draws it: its candidates as a tree, the best so far, and the verdict."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from types import MappingProxyType
from typing import Any

from pytest_promptopt.evaluation.record import CONFIDENCE
from pytest_promptopt.evaluation.search_record import SearchRecord
from pytest_promptopt.reports.whisker import Whisker
from pytest_promptopt.reports.words import Piece, compare_words
from pytest_promptopt.statistics.intervals import shown_interval

_MOST_CANDIDATES = 200
_MOST_TEXT = 6_000
_MOST_SCORE = 1e9
_DEEPEST = 8
_WIDTH, _HEIGHT = 480, 140

Line = Mapping[str, Any]
Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A candidate in its place in the tree.

    ``state`` is what became of it, ``reason`` why it was refused, ``changes`` the messages that it
    says otherwise than the one that it was made from, by their numbers.
    """

    id: str
    depth: int
    origin: str
    note: str
    state: str
    reason: str
    score: float | None
    whisker: Whisker | None
    goldens: int
    changes: Mapping[str, tuple[Piece, ...]]
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The best score on validation after so many calls, and where it lies."""

    calls: int
    best: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """The best so far against calls; each point holds until the next."""

    points: tuple[Point, ...]
    calls: int

    @property
    def label(self) -> str:
        """The same in words."""
        told = (f"{p.best:.3f} after {p.calls:,} calls" for p in self.points)
        return f"best score on validation: {', '.join(told)}"

    @property
    def line(self) -> str:
        """The path of the best."""
        steps = [f"{self._x(calls)},{_y(p.best)}" for p, calls in self._ends()]
        return f"M{' L'.join(steps)}"

    @property
    def band(self) -> str:
        """The path around its interval."""
        ends = [*self._ends()]
        above = [f"{self._x(calls)},{_y(p.high)}" for p, calls in ends]
        below = [f"{self._x(calls)},{_y(p.low)}" for p, calls in reversed(ends)]
        return f"M{' L'.join((*above, *below))}Z"

    def _ends(self) -> Iterator[tuple[Point, int]]:
        until = [*(point.calls for point in self.points[1:]), self.calls]
        for point, end in zip(self.points, until, strict=True):
            yield point, point.calls
            yield point, end

    def _x(self, calls: int) -> float:
        return round(_WIDTH * calls / max(self.calls, 1), 1)


def _y(score: float) -> float:
    return round(_HEIGHT * (1 - score), 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A search with all that there is to show of it; ``record`` is None where none is known.

    ``anchor`` is where it stands in the page.
    """

    anchor: str
    title: str
    about: str
    headroom: str
    verdict: str
    ended: str
    nodes: tuple[Node, ...]
    left_out: int
    curve: Curve | None
    refused: Mapping[str, int]
    record: SearchRecord | None

    @property
    def patch(self) -> tuple[tuple[str, str], ...]:
        """The lines of the diff, each with what it does."""
        signs = {"+": "added", "-": "removed", "@": "place"}
        lines = self.record.patch.splitlines() if self.record else ()
        return tuple(
            (line, "head" if line[:3] in {"+++", "---"} else signs.get(line[:1], "same"))
            for line in lines
        )


def drawn_search(
    anchor: str,
    lines: Sequence[Line],
    record: SearchRecord | None,
    given: Texts = MappingProxyType({}),
) -> Drawn:
    """The search from the lines of its journal; ``given`` are the texts of the prompt's messages.

    Without lines, what the ``record`` alone says.
    """
    reading = _Reading.of(lines)
    first = lines[0] if lines else {}
    nodes = [*_nodes(reading, given)]
    return Drawn(
        anchor=anchor,
        title=record.key if record else str(first.get("prompt", "a prompt")),
        about=_about(first, reading, record),
        headroom=reading.told.get("headroom", ""),
        verdict=record.sentence if record else reading.told.get("verdict", ""),
        ended=reading.told.get("ended", "" if record else "not finished"),
        nodes=tuple(nodes[:_MOST_CANDIDATES]),
        left_out=max(len(nodes) - _MOST_CANDIDATES, 0),
        curve=reading.curve,
        refused=Counter(str(line["reason"]) for line in reading.refused if "reason" in line),
        record=record,
    )


def _about(first: Line, reading: "_Reading", record: SearchRecord | None) -> str:
    parts = [str(first[key]) for key in ("method", "model") if key in first]
    optimizer = first.get("optimizer_model") or (record.optimizer_model if record else "")
    parts += [f"optimizing with {optimizer}"] if optimizer else []
    calls = sum(reading.roles.values()) or (record.calls if record else 0)
    parts += [f"{calls:,} calls"]
    parts += [f"{reading.roles['optimizer']:,} of the optimizer model"] if reading.roles else []
    return " · ".join(parts)


@dataclass(slots=True)
class _Reading:
    """What the lines tell so far."""

    validation: frozenset[str] = frozenset()
    clusters: Texts = field(default_factory=dict)
    scores: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    raced: dict[str, float] = field(default_factory=dict)
    joined: set[str] = field(default_factory=set)
    proposed: dict[str, Line] = field(default_factory=dict)
    refused: list[Line] = field(default_factory=list)
    chosen: str | None = None
    roles: Counter[str] = field(default_factory=Counter)
    told: dict[str, str] = field(default_factory=dict)
    points: list[Point] = field(default_factory=list)
    _seen: dict[str, list[float]] = field(default_factory=dict)

    @classmethod
    def of(cls, lines: Sequence[Line]) -> "_Reading":
        """What they tell in all."""
        reading = cls()
        for line in lines:
            reading._take(line)
        return reading

    @property
    def curve(self) -> Curve | None:
        """None where nothing was scored on validation."""
        if not self.points:
            return None
        return Curve(points=tuple(self.points), calls=sum(self.roles.values()))

    def goldens(self, candidate: str) -> list[float]:
        """What the candidate scored on each golden of validation."""
        return [fmean(scores) for scores in self.scores.get(candidate, {}).values()]

    def whisker(self, candidate: str) -> Whisker:
        """The mean of these, of which there is one at least, and where it lies."""
        scores = self.goldens(candidate)
        clusters = [self.clusters.get(golden, "") for golden in self.scores[candidate]]
        interval = shown_interval(scores, clusters=clusters, confidence=CONFIDENCE)
        return Whisker(score=fmean(scores), low=interval.low, high=interval.high)

    def _take(self, line: Line) -> None:
        match line:
            case {"event": "call", "role": role}:
                self.roles[str(role)] += not line.get("saved")
            case {"event": "splits", "validation": validation}:
                self.validation = frozenset(validation)
                self.clusters = _texts(line, "clusters")
            case {
                "event": "scored",
                "candidate": str(candidate),
                "golden": str(golden),
                "score": int(score) | float(score),
            }:
                if golden in self.validation and abs(score) <= _MOST_SCORE:
                    self.scores.setdefault(candidate, {}).setdefault(golden, []).append(score)
            case {"event": "proposed", "candidate": candidate}:
                self.proposed[candidate] = line
            case {"event": "refused"}:
                self.refused.append(line)
            case {"event": "raced", "scores": scores, "joined": joined}:
                self.raced |= {name: s for name, s in scores.items() if s is not None}
                self.joined |= set(joined)
                self._mark_best()
            case {"event": "chosen", "candidate": candidate}:
                self.chosen = candidate
                self._mark_best()
            case {"event": "round"}:
                self._mark_best()
            case {"event": "headroom" | "verdict" as event, "sentence": sentence}:
                self.told[event] = sentence
            case {"event": "ended", "reason": reason}:
                self.told["ended"] = reason

    def _mark_best(self) -> None:
        """Take note of the best of those that were scored on about as much as any."""
        scored = {name: self.goldens(name) for name in self.scores}
        most = max(map(len, scored.values()), default=0)
        enough = {name: scores for name, scores in scored.items() if 2 * len(scores) >= most}
        if not enough or enough == self._seen:
            return
        self._seen = enough
        best = self.whisker(max(enough, key=lambda name: fmean(enough[name])))
        calls = sum(self.roles.values())
        self.points.append(Point(calls=calls, best=best.score, low=best.low, high=best.high))


def _nodes(reading: _Reading, given: Texts) -> Iterator[Node]:
    """All candidates, each right after what it was made from."""
    made: dict[str | None, list[Line]] = {}
    for line in (*reading.proposed.values(), *reading.refused):
        made.setdefault(_parent(line), []).append(line)
    roots = [parent for parent in made if parent not in reading.proposed]
    told: set[str | None] = set()
    pending: list[tuple[Line, int]] = [
        ({"candidate": root, "origin": "as it stands"}, 0) for root in reversed(roots)
    ]
    while pending:
        line, depth = pending.pop()
        yield _node(line, depth, reading, given)
        name = line["candidate"]
        if line.get("event") != "refused" and name not in told:
            told.add(name)
            pending += [(child, depth + 1) for child in reversed(made.get(name, []))]


def _node(line: Line, depth: int, reading: _Reading, given: Texts) -> Node:
    name = str(line["candidate"] or "")
    is_refused = line.get("event") == "refused"
    scores = [] if is_refused else reading.goldens(name)
    return Node(
        id=name,
        depth=min(depth, _DEEPEST),
        origin=str(line["origin"]),
        note=str(line.get("note") or ""),
        state="refused" if is_refused else _state(name, line, reading),
        reason=str(line.get("reason", "")) if is_refused else "",
        score=None if is_refused else fmean(scores) if scores else reading.raced.get(name),
        whisker=reading.whisker(name) if scores else None,
        goldens=len(scores),
        changes=_changes(line, reading, given),
        examples=tuple(map(str, line.get("demonstrations") or ())),
    )


def _state(name: str, line: Line, reading: _Reading) -> str:
    if name == reading.chosen:
        return "chosen"
    if "event" not in line:
        return "given"
    return "kept" if name in reading.joined else "left behind"


def _changes(line: Line, reading: _Reading, given: Texts) -> Mapping[str, tuple[Piece, ...]]:
    parent = reading.proposed.get(_parent(line) or "", {})
    before = {**given, **_texts(parent, "texts")}
    return {
        position: compare_words(before.get(position, "")[:_MOST_TEXT], text[:_MOST_TEXT])
        for position, text in _texts(line, "texts").items()
        if text != before.get(position)
    }


def _parent(line: Line) -> str | None:
    parent = line.get("parent")
    return parent if isinstance(parent, str) else None


def _texts(line: Line, name: str) -> Texts:
    """Those that stand under the ``name``."""
    texts = line.get(name)
    known = texts.items() if isinstance(texts, Mapping) else ()
    return {str(key): str(text) for key, text in known if text is not None}
