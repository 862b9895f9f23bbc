"""The contrast of what was expected and what was answered, told by where they differ."""

import json
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from pytest_promptopt.evaluation.evaluation import GoldenResult, Mark
from pytest_promptopt.reports.words import Piece, changed_lines, compare_words
from pytest_promptopt.scoring.json_value import NotJsonError, differences, join_few, read_json
from pytest_promptopt.text.blocks import excerpt
from pytest_promptopt.text.terminal import printable

_EXCERPT = 60
_BEFORE_THE_DIFFERENCE = 20
_MOST_DIFFERENCES = 20
_LONGEST_RUN = 80
_SIGNS = {"removed": ("[-", "-]"), "added": ("{+", "+}"), "same": ("", "")}


def sentence(result: GoldenResult) -> str:
    """Why a golden missed, on one line: JSON by path, text by the place where it differs.

    An evaluator that missed for another reason than what was expected tells its own.
    """
    answer = result.shown
    text = answer.text if answer else ""
    mark = next(filter(_is_missed, result.evaluators), None)
    is_own = mark is not None and ("expected" not in mark.reason.partition('"')[0] or mark.wanted)
    is_other = mark is not None and mark.reason and is_own
    if result.expected is not None and text.strip() != result.expected.strip() and not is_other:
        said = _apart(result.expected, text)
    else:
        said = f"got {excerpt(text)}" if mark is None else _reason(mark)
    several = f" ({result.missed} of {len(result.answers)} answers missed)"
    return said + several if len(result.answers) > 1 and result.missed else said


def differences_of(expected: str, answer: str) -> Sequence[str]:
    """Lines that show every place where the two differ; none where they have little in common."""
    values = _json_values(expected, answer)
    if values is not None:
        return [printable(d) for d in islice(differences(*values), _MOST_DIFFERENCES)]
    pieces = compare_words(expected.strip(), answer.strip())
    same = sum(len(piece.text.strip()) for piece in pieces if piece.change == "same")
    if 2 * same < min(len(expected), len(answer)) or all(p.change == "same" for p in pieces):
        return []
    lines = changed_lines(pieces, context=0)
    return ["…" if line is None else "".join(map(_signed, line)) for line in lines]


def _is_missed(mark: Mark) -> bool:
    return mark.score is not None and not mark.passed and not mark.optional


def _reason(mark: Mark) -> str:
    reason = f": {mark.reason}" if mark.reason else ""
    return " ".join(printable(f"{mark.name} {mark.score or 0.0:.2f}{reason}").split())


def _apart(expected: str, answer: str) -> str:
    values = _json_values(expected, answer)
    if values is not None:
        found = join_few(differences(*values))
        if found:
            return printable(found)
    start = _start(expected, answer)
    return f"expected {_from(expected, start)}, got {_from(answer, start)}"


def _start(first: str, second: str) -> int:
    """Where to begin so that the first difference is in sight."""
    pairs = enumerate(zip(first, second, strict=False))
    shorter = min(len(first), len(second))
    same = next((n for n, (one, other) in pairs if one != other), shorter)
    is_in_sight = same + _BEFORE_THE_DIFFERENCE <= _EXCERPT
    return 0 if is_in_sight else same - _BEFORE_THE_DIFFERENCE


def _from(text: str, start: int) -> str:
    return excerpt(f"…{text[start:]}" if start else text, _EXCERPT)


def _json_values(expected: str, answer: str) -> tuple[Any, Any] | None:
    """Both as JSON, where that is what was wanted."""
    try:
        wanted = json.loads(expected)
        found = read_json(answer)
    except (ValueError, RecursionError, NotJsonError):
        return None
    return (wanted, found) if isinstance(wanted, Mapping | list) else None


def _signed(piece: Piece) -> str:
    before, after = _SIGNS[piece.change]
    text = piece.text
    if piece.change == "same" and len(text) > _LONGEST_RUN:
        half = _LONGEST_RUN // 2
        text = f"{text[:half]} … {text[-half:]}"
    return f"{before}{printable(text)}{after}"
