"""Numbers that are reckoned from those in the input."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod

from pytest_promptopt.optimization.diagnosis.pairs import Pair
from pytest_promptopt.text.tags import quoted

_MOST_NUMBERS = 100
_LONGEST_UNIT = 20

_DIGITS = r"\d{1,15}(?:,\d{3})*(?:\.\d{1,12})?"
# A sign after a word or a figure joins or reckons.
_NUMBER = re.compile(rf"(?<![\w.])[-+−]?{_DIGITS}(?!\d)")
_WRITTEN = re.compile(
    rf"(?P<before>[^\d]{{0,{_LONGEST_UNIT}}}?)(?P<number>[-+−]?{_DIGITS})"
    rf"(?P<after>[^\d]{{0,{_LONGEST_UNIT}}})"
)

Numbers = Sequence[Fraction]


def _over(over: Fraction, under: Fraction) -> Fraction | None:
    return over / under if under else None


_OF_TWO: Mapping[str, Callable[[Fraction, Fraction], Fraction | None]] = {
    "the first number in {} minus the second": lambda a, b: a - b,
    "the second number in {} minus the first": lambda a, b: b - a,
    "the sum of the two numbers in {}": lambda a, b: a + b,
    "the product of the two numbers in {}": lambda a, b: a * b,
    "the first number in {} divided by the second": _over,
    "the second number in {} divided by the first": lambda a, b: _over(b, a),
    "the difference of the two numbers in {} without a sign": lambda a, b: abs(a - b),
    "the rest of the first number in {} divided by the second": lambda a, b: a % b if b else None,
    "the mean of the two numbers in {}": lambda a, b: (a + b) / 2,
    "the larger of the two numbers in {}": max,
    "the smaller of the two numbers in {}": min,
}
_OF_MANY: Mapping[str, Callable[[Numbers], Fraction]] = {
    "the sum of the numbers in {}": lambda numbers: sum(numbers, Fraction(0)),
    "the product of the numbers in {}": lambda numbers: prod(numbers, start=Fraction(1)),
    "the mean of the numbers in {}": lambda numbers: sum(numbers, Fraction(0)) / len(numbers),
    "the largest of the numbers in {}": max,
    "the smallest of the numbers in {}": min,
    "the largest of the numbers in {} minus the smallest": lambda numbers: (
        max(numbers) - min(numbers)
    ),
    "the last of the numbers in {}": lambda numbers: numbers[-1],
    "the count of the numbers in {}": lambda numbers: Fraction(len(numbers)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """A number as it is expected, with what stands around it."""

    value: Fraction
    decimals: int
    before: str
    after: str


def numbers_reckoned(pairs: Sequence[Pair], name: str) -> Iterator[str]:
    """What gives all expected numbers, with how they are rounded and their unit."""
    written = [_written(pair.expected) for pair in pairs]
    expected = [number for number in written if number is not None]
    given = [_numbers_in(pair.given) for pair in pairs]
    around = {(number.before, number.after) for number in expected}
    if len(expected) < len(pairs) or len(around) > 1 or not all(given):
        return
    for says, found in _reckoned(given, expected):
        rounding = _rounding(found, expected)
        if rounding is not None:
            yield f"{says.format(name)}{rounding}{_unit(*around)}"


def _reckoned(
    given: Sequence[Numbers], expected: Sequence[_Written]
) -> Iterator[tuple[str, Sequence[Fraction | None]]]:
    counts = {len(numbers) for numbers in given}
    if counts == {1}:
        yield from _from_one([numbers[0] for numbers in given], expected)
    elif counts == {2}:
        for says, of_two in _OF_TWO.items():
            yield says, [of_two(first, second) for first, second in given]
    else:
        for says, of_many in _OF_MANY.items():
            yield says, [of_many(numbers) for numbers in given]


def _from_one(
    given: Numbers, expected: Sequence[_Written]
) -> Iterator[tuple[str, Sequence[Fraction | None]]]:
    """One number and another that is always the same."""
    first = next((n for n, number in enumerate(given) if number), 0)
    more = expected[first].value - given[first]
    times = _over(expected[first].value, given[first])
    yield "the number in {}", given
    yield f"the number in {{}} plus {_shown(more)}", [number + more for number in given]
    if times is not None:
        yield f"{_shown(times)} times the number in {{}}", [number * times for number in given]
    yield "the square of the number in {}", [number * number for number in given]


def _rounding(found: Sequence[Fraction | None], expected: Sequence[_Written]) -> str | None:
    """How numbers become those expected; None where they do not."""
    decimals = {number.decimals for number in expected}
    is_exact = True
    for value, number in zip(found, expected, strict=True):
        if value is None or abs(value - number.value) > Fraction(1, 2 * 10**number.decimals):
            return None
        is_exact = is_exact and value == number.value
    if is_exact and (len(decimals) > 1 or decimals == {0}):
        return ""
    if len(decimals) > 1:
        return None
    [places] = decimals
    return f", rounded to {places} decimals" if places else ", rounded to a whole number"


def _unit(around: tuple[str, str]) -> str:
    before, after = around
    places = ((" with {} before it", before), (" with {} after it", after))
    return "".join(f",{where.format(quoted(text.strip()))}" for where, text in places if text)


def _shown(number: Fraction) -> str:
    whole = number.denominator == 1
    return str(number.numerator) if whole else f"{float(number):.6g}"


def _numbers_in(text: str) -> Numbers:
    found = [_value(match[0]) for match in _NUMBER.finditer(text)]
    return found if len(found) <= _MOST_NUMBERS else ()


def _written(text: str) -> _Written | None:
    match = _WRITTEN.fullmatch(text)
    if match is None:
        return None
    return _Written(
        value=_value(match["number"]),
        decimals=len(match["number"].partition(".")[2]),
        before=match["before"],
        after=match["after"],
    )


def _value(written: str) -> Fraction:
    return Fraction(written.replace(",", "").replace("−", "-"))
