"""Draw the pictures of ``believe.md``: ``python docs/believe.py`` writes ``docs/believe/*.svg``.

Each on a ground of its own, so that it is the same on light pages and dark ones, and as wide as a
phone.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from xml.sax.saxutils import escape

from pytest_promptopt.evaluation.mutation_record import Cover
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

SENTENCES = {
    "You are a patient clerk of a lamp shop.": Cover.USELESS,
    "Route the ticket to one team, billing or shipping.": Cover.HELD,
    "Answer with the name in small letters.": Cover.UNTESTED,
    "If the ticket is written in French, answer translate.": Cover.UNTESTED,
    "Greet the customer first.": Cover.UNTESTED,
    "Tickets about parcels go to shipping.": Cover.HELD,
}
"""A prompt, and what mutants find of it."""

WIDTH = 360
INK, PALE, LINE = "#24292f", "#57606a", "#c8ccd2"
GREEN, AMBER, RED, BLUE = "#1a7f37", "#9a6700", "#cf222e", "#0969da"


def pictures() -> Mapping[Path, str]:
    """Every picture, by the file that it stands in."""
    drawn = {
        "score": _scores(),
        "drop": _drops(),
        "sentences": _sentences(),
        "judge": _judge(),
        "luck": _luck(),
    }
    return {TARGET / f"{name}.svg": text for name, text in drawn.items()}


def _scores() -> str:
    """The same score on more and more goldens, against ``min``."""
    height, low, high = 40 * len(PASSED) + 70, 84, 250

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
    low, width = 108, 196
    parts = []
    for row, goldens in enumerate(COUNTS):
        drop = smallest_drop([1.0] * goldens, limit=0.0, confidence=CONFIDENCE) or 1.0
        y = 34 * row + 14
        bar = f'x="{low}" y="{y}" width="{drop / 0.5 * width:.1f}" height="20" rx="3"'
        parts += [
            _text(low - 10, y + 15, f"{goldens} goldens", anchor="end"),
            f'<rect {bar} fill="{BLUE}"/>',
            _text(low + drop / 0.5 * width + 8, y + 15, f"{drop:.2f}", weight=600),
        ]
    return _svg(34 * len(COUNTS) + 20, "The smallest drop that would show", parts)


def _sentences() -> str:
    """A prompt with its sentences marked by what is known of them."""
    colours = {Cover.HELD: GREEN, Cover.UNTESTED: RED, Cover.USELESS: PALE}
    parts: list[str] = []
    for row, (sentence, cover) in enumerate(SENTENCES.items()):
        y, colour = 42 * row + 26, colours[cover]
        parts += [
            f'<rect x="12" y="{y - 14}" width="4" height="34" rx="2" fill="{colour}"/>',
            _text(24, y, sentence, size=13),
            _text(24, y + 17, cover.value, colour=colour, weight=600, size=12),
        ]
    return _svg(42 * len(SENTENCES) + 14, "Which sentences of a prompt goldens hold", parts)


def _judge() -> str:
    """A square an answer: what people say, and what the judge takes for good."""
    parts: list[str] = []
    for y, said, (good, bad) in ((30, "good", GOOD_BY_JUDGE), (108, "bad", BAD_BY_JUDGE)):
        right, wrong = (good, bad) if said == "good" else (bad, good)
        of_judge = f"the judge takes {good} for good"
        parts += [
            _text(12, y, f"{right + wrong} {said} answers: {of_judge}"),
            *_squares(y + 14, [GREEN] * right + [RED] * wrong),
        ]
    parts.append(
        _text(12, 158, "good and bad as people say; crossed: the judge errs", colour=PALE, size=13)
    )
    return _svg(172, "40 answers that people have labelled", parts)


def _luck() -> str:
    """Twenty gates, of which chance fails one on average."""
    squares = _squares(14, [RED] + [GREEN] * 19)
    note = _text(
        12,
        54,
        "20 gates at their limits: on average 1 fails by luck",
        colour=PALE,
        size=13,
    )
    return _svg(68, "Twenty gates, one of which fails by luck alone", [*squares, note])


def _squares(y: int, colours: Iterable[str]) -> Iterator[str]:
    """In rows of twenty; those that are red are crossed out, for who cannot tell it from green."""
    for number, colour in enumerate(colours):
        left, top = 12 + number % 20 * 17, y + number // 20 * 17
        yield f'<rect x="{left}" y="{top}" width="13" height="13" rx="2" fill="{colour}"/>'
        if colour == RED:
            cross = f"M{left + 3.5} {top + 3.5}l6 6m0 -6l-6 6"
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
