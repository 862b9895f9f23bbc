"""Draw the pictures of ``believe.md``: ``python docs/believe.py`` writes ``docs/believe/*.svg``.

Each on a ground of its own, so that it is the same on light pages and dark ones, and as wide as a
phone.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from xml.sax.saxutils import escape

from pytest_promptopt.statistics.comparison import smallest_drop
from pytest_promptopt.statistics.intervals import one_sided, verdict_interval

TARGET = Path(__file__).with_suffix("")

CONFIDENCE = 0.95
MINIMUM = 0.85
PASSED = {20: 18, 40: 36, 100: 90, 500: 450}
"""Of so many goldens, how many passed."""

COUNTS = (10, 20, 40, 100, 500)
"""Goldens for which the smallest drop that would show is drawn."""

GOOD_BY_JUDGE = (24, 0)
BAD_BY_JUDGE = (7, 9)
"""Answers that people say are good, and bad: how many the judge takes for good, and for bad."""

WIDTH = 400
INK, PALE, LINE = "#24292f", "#57606a", "#c8ccd2"
GREEN, AMBER, RED, BLUE = "#1a7f37", "#9a6700", "#cf222e", "#0969da"


def pictures() -> Mapping[Path, str]:
    """Every picture, by the file that it stands in."""
    drawn = {"score": _scores(), "drop": _drops(), "judge": _judge(), "luck": _luck()}
    return {TARGET / f"{name}.svg": text for name, text in drawn.items()}


def _scores() -> str:
    """The same score on more and more goldens, against ``min``."""
    height, low, high = 40 * len(PASSED) + 70, 88, 288

    def across(value: float) -> float:
        return low + (value - 0.6) / 0.4 * (high - low)

    parts = [
        *(
            _text(across(n / 10), height - 12, f"{n / 10:.1f}", anchor="middle")
            for n in range(6, 11)
        ),
        f'<path d="M{across(MINIMUM):g} 32V{height - 32}" stroke="{INK}" stroke-dasharray="5 4"/>',
        _text(across(MINIMUM), 22, f"min: {MINIMUM:g}", anchor="middle", weight=600),
    ]
    for row, (goldens, passed) in enumerate(PASSED.items()):
        y = 40 * row + 56
        scores = [1.0] * passed + [0.0] * (goldens - passed)
        range_ = verdict_interval(scores, confidence=one_sided(CONFIDENCE))
        verdict, colour = ("PASS", GREEN) if range_.low >= MINIMUM else ("INCONCLUSIVE", AMBER)
        ends = f"M{across(range_.low):.1f} {y}H{across(range_.high):.1f}"
        dot = f'cx="{across(passed / goldens):g}" cy="{y}" r="5"'
        parts += [
            _text(12, y + 5, f"{passed} of {goldens}"),
            f'<path d="{ends}" stroke="{colour}" stroke-width="8" stroke-linecap="round"/>',
            f'<circle {dot} fill="#fff" stroke="{colour}" stroke-width="3"/>',
            _text(WIDTH - 8, y + 5, verdict, anchor="end", colour=colour, weight=600, size=12),
        ]
    return _svg(height, "Nine of ten passed, of more and more goldens", parts)


def _drops() -> str:
    """The share of goldens that has to break before it shows, by how many there are."""
    low, width = 118, 220
    parts = []
    for row, goldens in enumerate(COUNTS):
        drop, y = smallest_drop(goldens, limit=0.0, confidence=CONFIDENCE) or 1.0, 34 * row + 14
        bar = f'x="{low}" y="{y}" width="{drop / 0.5 * width:.1f}" height="20" rx="3"'
        parts += [
            _text(low - 10, y + 15, f"{goldens} goldens", anchor="end"),
            f'<rect {bar} fill="{BLUE}"/>',
            _text(low + drop / 0.5 * width + 8, y + 15, f"{drop:.2f}", weight=600),
        ]
    return _svg(34 * len(COUNTS) + 20, "The smallest drop that would show", parts)


def _judge() -> str:
    """A square an answer: what people say, and what the judge takes for good."""
    parts: list[str] = []
    for y, said, (good, bad) in ((30, "good", GOOD_BY_JUDGE), (116, "bad", BAD_BY_JUDGE)):
        right, wrong = (good, bad) if said == "good" else (bad, good)
        of_judge = f"the judge takes {good} for good"
        parts += [
            _text(12, y, f"{right + wrong} that people call {said}: {of_judge}"),
            *_squares(y + 14, [GREEN] * right + [RED] * wrong),
        ]
    parts.append(_text(12, 166, "green: they agree · red: they do not", colour=PALE, size=13))
    return _svg(180, "40 answers that people have labelled", parts)


def _luck() -> str:
    """Twenty gates, of which chance fails one on average."""
    squares = _squares(14, [RED] + [GREEN] * 19)
    note = _text(
        12,
        54,
        "20 gates exactly at their limits: 1 fails by luck, on average",
        colour=PALE,
        size=13,
    )
    return _svg(68, "Twenty gates, one of which fails by luck alone", [*squares, note])


def _squares(y: int, colours: Iterable[str]) -> Iterator[str]:
    """In rows of twenty; those that are red are crossed out, for who cannot tell it from green."""
    for number, colour in enumerate(colours):
        left, top = 12 + number % 20 * 19, y + number // 20 * 19
        yield f'<rect x="{left}" y="{top}" width="15" height="15" rx="2" fill="{colour}"/>'
        if colour == RED:
            cross = f"M{left + 4} {top + 4}l7 7m0 -7l-7 7"
            yield f'<path d="{cross}" stroke="#fff" stroke-width="2"/>'


def _text(
    x: float,
    y: float,
    words: str,
    *,
    anchor: str = "start",
    colour: str = INK,
    weight: int = 400,
    size: int = 14,
) -> str:
    place = f'x="{x:g}" y="{y:g}" text-anchor="{anchor}"'
    look = f'fill="{colour}" font-weight="{weight}" font-size="{size}"'
    return f"<text {place} {look}>{escape(words)}</text>"


def _svg(height: int, title: str, parts: Iterable[str]) -> str:
    view = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    inside = "\n".join(f"  {part}" for part in parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {view} role="img" '
        'font-family="system-ui, sans-serif">\n'
        f"  <title>{escape(title)}</title>\n"
        f'  <rect width="{WIDTH}" height="{height}" rx="6" fill="#ffffff" stroke="{LINE}"/>\n'
        f"{inside}\n</svg>\n"
    )


if __name__ == "__main__":
    TARGET.mkdir(exist_ok=True)
    for path, text in pictures().items():
        path.write_text(text, encoding="utf-8")
