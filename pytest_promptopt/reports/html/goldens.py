"""The goldens of a run as data for the page's script, in bounds.

Keys are short, since each stands there thousands of times, and what is not there is left out.
All texts are made printable here, so that the script only has to set them as text.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType
from typing import Any

from pytest_promptopt.evaluation.evaluation import Answer, GoldenResult, Mark, Outcome
from pytest_promptopt.evaluation.listing import counted
from pytest_promptopt.evaluation.record import PromptRecord
from pytest_promptopt.evaluation.reduction import input_of
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.reports.contrast import sentence
from pytest_promptopt.reports.words import compare_words
from pytest_promptopt.text.terminal import printable

MOST_BYTES = 8_000_000
"""Of the data in all, so that the page stays under 10 MB."""

_LIMITS = (20_000, 12_000, 8_000, 5_000, 3_000, 2_000, 1_200, 800, 500, 300, 200, 120, 80)
_MOST_COMPARED = 400_000_000
_SIGNS = {"same": "=", "removed": "-", "added": "+"}
_NEED = (
    Outcome.ERROR,
    Outcome.MISSED,
    Outcome.UNSCORED,
    Outcome.NOT_RUN,
    Outcome.PASSED,
    Outcome.NOT_NEEDED,
)

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Goldens:
    """The goldens as JSON that can stand in a script element, and what was left out of them.

    ``texts`` are those parts of their messages that many of them share.
    """

    rows: str
    texts: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def goldens_of(
    records: Sequence[PromptRecord],
    prompts: Mapping[str, Prompt] = MappingProxyType({}),
    most: int = MOST_BYTES,
) -> Goldens:
    """The goldens of all ``records``, those that need a person first.

    With their messages where ``prompts`` has the prompt by the record's key.
    Of texts the first characters, as many of each as there is room for; where there is no room
    for all goldens even so, those that need a person.
    """
    rows = [
        row
        for number, record in enumerate(records)
        for row in _rows(number, record, prompts.get(record.key))
    ]
    rows.sort(key=lambda row: _NEED.index(row.result.outcome))
    lengths = [*chain.from_iterable(_lengths(row.result) for row in rows)]
    for limit in _LIMITS:
        if limit > _LIMITS[-1] and sum(min(length, limit) for length in lengths) > most:
            continue
        teller = _Teller(limit)
        made = _made(rows, teller, most)
        if len(made) == len(rows):
            break
    remarks = []
    if max(lengths, default=0) > limit:
        remarks.append(f"texts are cut to their first {limit:,} characters")
    if len(made) < len(rows):
        left = counted(len(rows) - len(made), "golden")
        remarks.append(f"{left} left out for want of room, those that passed first")
    return Goldens(rows=f"[{','.join(made)}]", texts=tuple(teller.texts), remarks=tuple(remarks))


def in_script(value: Any) -> str:
    """The value as JSON in which nothing ends the element around it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")


@dataclass(frozen=True, slots=True)
class _Row:
    """A golden's result, the number of its prompt, whether it changed side, what it was asked."""

    prompt: int
    result: GoldenResult
    moved: str
    messages: Sequence[tuple[str, Sequence[tuple[str, bool]]]]


def _rows(number: int, record: PromptRecord, prompt: Prompt | None) -> Iterator[_Row]:
    change = record.change
    moved: dict[str, str] = {}
    if change is not None:
        moved = dict.fromkeys(change.fixed, "fixed") | dict.fromkeys(change.broken, "broken")
    goldens = {golden.id: golden for golden in prompt.goldens} if prompt else {}
    for result in record.results:
        golden = goldens.get(result.id)
        is_same = prompt and golden and input_of(golden) == result.input
        messages = [*_messages(prompt, golden)] if is_same and prompt and golden else []
        yield _Row(number, result, moved.get(result.id, ""), messages)


def _messages(prompt: Prompt, golden: Golden) -> Iterator[tuple[str, Sequence[tuple[str, bool]]]]:
    """The role of each message, and its text in runs, each with whether it is a value."""
    for message in prompt.messages:
        if message.template.missing(golden.variables):
            return
        yield message.role, [*message.template.pieces(golden.variables)]


def _made(rows: Sequence[_Row], teller: "_Teller", most: int) -> list[str]:
    """The rows as JSON, as many as ``most`` bytes hold."""
    made: list[str] = []
    for row in rows:
        text = in_script(teller.golden(row))
        most -= len(text.encode())
        if most < 0:
            break
        made.append(text)
    return made


def _lengths(result: GoldenResult) -> Iterator[int]:
    yield from (len(result.input), len(result.expected or ""))
    for answer in (*result.answers, *(result.before.answers if result.before else ())):
        yield from (len(answer.text), len(answer.reasoning), len(answer.whole or ""))


class _Teller:
    """Tells goldens with up to ``limit`` characters of each text.

    Words are compared until that took as long as anybody wants to wait.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._left = _MOST_COMPARED
        self.texts: dict[str, int] = {}

    def golden(self, row: _Row) -> Data:
        """All that is known of the golden."""
        result = row.result
        shown, before = result.shown, result.before
        then = before.shown if before else None
        expected = None if result.expected is None else self._cut(result.expected)
        answer = self._cut(shown.text) if shown else ""
        return _known(
            p=row.prompt,
            i=printable(result.id),
            o=result.outcome.value,
            s=_rounded(result.score),
            y=self._cut(_why(result)),
            m=row.moved,
            t=[printable(tag) for tag in result.tags],
            r=result.required,
            w=None if result.weight == 1 else result.weight,
            g=printable(result.cluster),
            n=[self._cut(note) for note in result.notes],
            at=printable(result.place),
            q=self._cut(result.input),
            x=expected,
            a=[self._answer(answer) for answer in result.answers],
            k=result.answers.index(shown) if shown else None,
            d=self._difference(expected, answer) if shown and result.score != 1 else "",
            e=[self._mark(mark) for mark in result.evaluators],
            b=before and _known(o=before.outcome.value, s=_rounded(before.score)),
            ba=self._answer(then) if then else None,
            bd=self._difference(self._cut(then.text), answer) if shown and then else "",
            u=[result.input_tokens, result.output_tokens],
            c=_rounded(result.cost_usd, 7),
            l=_rounded(result.latency_seconds, 3),
            v=result.saved,
            h=[
                [role, *map(self._piece, filter(_is_shown, pieces))]
                for role, pieces in row.messages
            ],
        )

    def _answer(self, answer: Answer) -> Data:
        return _known(
            t=self._cut(answer.text),
            p=None if answer.passed is None else int(answer.passed),
            r=self._cut(answer.reasoning),
            w=None if answer.whole is None else self._cut(answer.whole),
        )

    def _piece(self, piece: tuple[str, bool]) -> int | list[str]:
        """A value as it is; what the template says, by its number."""
        text, is_value = piece
        return (
            [self._cut(text)]
            if is_value
            else self.texts.setdefault(printable(text), len(self.texts))
        )

    def _mark(self, mark: Mark) -> Data:
        return _known(
            n=printable(mark.name),
            s=_rounded(mark.score),
            p=mark.passed,
            y=self._cut(mark.reason),
            f=mark.optional,
        )

    def _cut(self, text: str) -> str:
        rest = len(text) - self._limit
        shown = text if rest <= 0 else f"{text[: self._limit]}… ({rest:,} characters more)"
        return printable(shown)

    def _difference(self, old: str | None, new: str) -> str:
        """How to go from the one to the other, as runs: ``=12-3+4`` keeps, removes, adds."""
        if not old or not new or old == new or self._left < len(old) * len(new):
            return ""
        self._left -= len(old) * len(new)
        pieces = compare_words(old, new)
        return "".join(f"{_SIGNS[piece.change]}{len(piece.text)}" for piece in pieces)


def _known(**facts: Any) -> dict[str, Any]:
    """Without what says nothing."""
    return {
        name: fact
        for name, fact in facts.items()
        if fact is not None and fact is not False and fact not in ("", [])
    }


def _rounded(number: float | None, digits: int = 4) -> float | None:
    return None if number is None else round(number, digits)


def _why(result: GoldenResult) -> str:
    """What is worth a look at first: why it missed, or why there is no score."""
    said = sentence(result) if result.outcome is Outcome.MISSED else result.reason
    return " ".join(said.split())


def _is_shown(piece: tuple[str, bool]) -> bool:
    return bool(piece[0])
