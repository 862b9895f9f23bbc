"""A score with its interval, drawn in a line of characters from 0 to 1."""

from pytest_promptopt.evaluation.record import PromptRecord

HEADING = "0  ┊ min  ○ base   1"
_CELLS = len(HEADING)
_TRACK, _BAND, _BASE, _MINIMUM, _SCORE = "·━○┊●"


def whisker(summary: PromptRecord) -> str:
    """The drawing; empty where nothing was scored. Of signs in one place the score is seen."""
    score, interval = summary.evaluation.score, summary.interval
    if score is None or interval is None:
        return ""
    cells = [_TRACK] * _CELLS
    low, high = _cell(interval.low), _cell(interval.high)
    cells[low : high + 1] = _BAND * (high + 1 - low)
    minimum = summary.verdict.minimum if summary.verdict else None
    before = summary.change.before if summary.change else None
    for value, sign in ((before, _BASE), (minimum, _MINIMUM), (score, _SCORE)):
        if value is not None:
            cells[_cell(value)] = sign
    return "".join(cells)


def _cell(value: float) -> int:
    return min(int(value * _CELLS), _CELLS - 1)
