"""A score with its interval on a line from 0 to 1, and how a terminal draws it."""

from dataclasses import dataclass

from pytest_promptopt.evaluation.record import PromptRecord

HEADING = "0  ┊ min  ○ base   1"
_CELLS = len(HEADING)
_TRACK, _BAND, _BASE, _MINIMUM, _SCORE = "·━○┊●"


@dataclass(frozen=True, slots=True, kw_only=True)
class Whisker:
    """A score on a line from 0 to 1, with what it is held against."""

    score: float
    low: float
    high: float
    minimum: float | None = None
    base: float | None = None

    @property
    def label(self) -> str:
        """The same in words."""
        parts = [f"{self.score:.3f}, 95 % interval {self.low:.3f} to {self.high:.3f}"]
        parts += [f"gate at {self.minimum:.3f}"] if self.minimum is not None else []
        parts += [f"base {self.base:.3f}"] if self.base is not None else []
        return ", ".join(parts)


def whisker_of(summary: PromptRecord) -> Whisker | None:
    """The prompt's; None where nothing was scored."""
    score, interval, change = summary.evaluation.score, summary.interval, summary.change
    if score is None or interval is None:
        return None
    return Whisker(
        score=score,
        low=interval.low,
        high=interval.high,
        minimum=summary.verdict.minimum if summary.verdict else None,
        base=change.before if change else None,
    )


def drawn(summary: PromptRecord) -> str:
    """The prompt's in characters; empty where there is none. In one place the score is seen."""
    whisker = whisker_of(summary)
    if whisker is None:
        return ""
    cells = [_TRACK] * _CELLS
    low, high = _cell(whisker.low), _cell(whisker.high)
    cells[low : high + 1] = _BAND * (high + 1 - low)
    signs = ((whisker.base, _BASE), (whisker.minimum, _MINIMUM), (whisker.score, _SCORE))
    for value, sign in signs:
        if value is not None:
            cells[_cell(value)] = sign
    return "".join(cells)


def _cell(value: float) -> int:
    return min(int(value * _CELLS), _CELLS - 1)
