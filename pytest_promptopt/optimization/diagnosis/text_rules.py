"""Texts that are made of the input's letters, words, items or fields by a fixed rule."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from pytest_promptopt.optimization.diagnosis.pairs import Pair
from pytest_promptopt.optimization.diagnosis.profile import plain_number
from pytest_promptopt.optimization.diagnosis.traits import shared_end, shared_start
from pytest_promptopt.prompts.template import as_text
from pytest_promptopt.scoring.json_value import NotJsonError, read_json
from pytest_promptopt.text.tags import quoted

Parts = Sequence[str]
Function = Callable[[Parts], str | None]

_WORD = re.compile(r"[^\W_]+(?:['’&-][^\W_]+)*")
_ITEM_ENDS = re.compile(r"[,;|\n]")
_MOST_FIELDS = 50
_LONGEST_AROUND = 60
# No word, so that no golden has it.
_SAMPLE = "plim"


def words_of(text: str) -> list[str]:
    """The words, with the apostrophes and hyphens within them."""
    return _WORD.findall(text)


def items_of(text: str) -> list[str]:
    """What commas, semicolons, bars or line ends part, without the marks of a list."""
    return [item for part in _ITEM_ENDS.split(text) if (item := part.strip().lstrip("-*•").strip())]


_PARTS: Mapping[tuple[str, str], Callable[[str], Parts]] = {
    ("letter", "letters"): lambda text: [char for char in text if char.isalnum()],
    ("character", "characters"): list,
    ("word", "words"): words_of,
    ("item", "items"): items_of,
    ("first letter of the word", "first letters of the words"): lambda text: [
        word[0] for word in words_of(text)
    ],
}
_PLACES = {
    "first": 0,
    "second": 1,
    "third": 2,
    "fourth": 3,
    "fifth": 4,
    "last": -1,
    "last but one": -2,
}
_ORDERS: Mapping[str, Callable[[Parts], Parts]] = {
    "": lambda parts: parts,
    " in reverse order": lambda parts: parts[::-1],
    " in alphabetical order": lambda parts: sorted(parts, key=str.casefold),
    " in reverse alphabetical order": lambda parts: sorted(parts, key=str.casefold)[::-1],
    " from the smallest to the largest": lambda parts: _by_size(parts),
    " from the largest to the smallest": lambda parts: _by_size(parts)[::-1],
    " without those that came before": lambda parts: [*dict.fromkeys(parts)],
}
_SEPARATORS = {
    " ": "separated by single spaces",
    "-": "separated by hyphens",
    ", ": "separated by a comma and a space",
    ",": "separated by commas without spaces",
    "": "with nothing between them",
    "\n": "each on a line of its own",
    ".": "separated by full stops",
    " - ": "separated by a hyphen between spaces",
    "_": "separated by underscores",
    "; ": "separated by a semicolon and a space",
}
_CASINGS: Mapping[str, Callable[[str], str]] = {
    "": str,
    ", in lower case": str.lower,
    ", in upper case": str.upper,
    ", with a capital at the beginning of every word": str.title,
    ", with a capital at the beginning": str.capitalize,
    ", with capitals for small letters and the other way round": str.swapcase,
}


def text_rearranged(pairs: Sequence[Pair], name: str) -> Iterator[str]:
    """The functions of the given text that give what is expected."""
    found = [*_given(pairs, name), *_fields(pairs, name)] or [*_made(pairs, name)]
    yield from found
    expected = [pair.expected for pair in pairs]
    start, end = shared_start(expected), shared_end(expected)
    if not found and (start.strip() or end.strip()):
        inner = [Pair(p.given, p.expected[len(start) : len(p.expected) - len(end)]) for p in pairs]
        yield from (f"{says}{_around(start, end)}" for says in _made(inner, name))


def _given(pairs: Sequence[Pair], name: str) -> Iterator[str]:
    """The given text itself, or with always the same around it."""
    casing = _casing([pair.given for pair in pairs], pairs)
    if casing is not None:
        yield f"{name} as it stands{casing}"
        return
    around = {_parted(pair) for pair in pairs}
    if len(around) == 1 and (found := around.pop()) and len("".join(found)) <= _LONGEST_AROUND:
        yield f"{name} as it stands{_around(*found)}"


def _parted(pair: Pair) -> tuple[str, str] | None:
    """What stands before and after the given text; None where that does not stand there."""
    if not pair.given or pair.given not in pair.expected:
        return None
    start, _, end = pair.expected.partition(pair.given)
    return start, end


def _around(start: str, end: str) -> str:
    places = ((" with {} before it", start), (" with {} after it", end))
    return "".join(f",{where.format(quoted(text))}" for where, text in places if text.strip())


def _fields(pairs: Sequence[Pair], name: str) -> Iterator[str]:
    """A field of the given text, which is a JSON object."""
    try:
        objects = [read_json(pair.given, strict=True) for pair in pairs]
    except NotJsonError:
        return
    if not all(isinstance(value, Mapping) for value in objects):
        return
    for key in list(objects[0])[:_MOST_FIELDS]:
        values = [as_text(value[key]).strip() for value in objects if key in value]
        if len(values) == len(pairs) and (casing := _casing(values, pairs)) is not None:
            yield f"the field {quoted(key)} of {name}{casing}"


def _made(pairs: Sequence[Pair], name: str) -> Iterator[str]:
    """Parts of the given text, picked, counted or put together anew."""
    for (one, more), of in _PARTS.items():
        given = [of(pair.given) for pair in pairs]
        for says, made in (*_picks(one, more), *_lists(more)) if all(given) else ():
            if (casing := _casing(map(made, given), pairs)) is not None:
                yield f"{says.format(name)}{casing}"


def _picks(one: str, more: str) -> Iterator[tuple[str, Function]]:
    for which, place in _PLACES.items():
        yield f"the {which} {one} of {{}}", partial(_at, place=place)
    yield f"the longest {one} of {{}}", lambda parts: max(parts, key=len)
    yield f"the shortest {one} of {{}}", lambda parts: min(parts, key=len)
    yield f"the number of {more} in {{}}", lambda parts: str(len(parts))


def _at(parts: Parts, *, place: int) -> str | None:
    return parts[place] if -len(parts) <= place < len(parts) else None


def _lists(more: str) -> Iterator[tuple[str, Function]]:
    for order, ordered in _ORDERS.items():
        for separator, separated in _SEPARATORS.items():
            made = partial(_joined, ordered=ordered, separator=separator)
            shown = f", as in {quoted(made(_SAMPLE))} for {_SAMPLE}" if more == "letters" else ""
            yield f"the {more} of {{}}{order}, {separated}{shown}", made
    for word, count in (("two", 2), ("three", 3), ("four", 4)):
        for separator in ("", " ", ", "):
            first = partial(_cut, part=slice(count), separator=separator)
            last = partial(_cut, part=slice(-count, None), separator=separator)
            yield f"the first {word} {more} of {{}}", first
            yield f"the last {word} {more} of {{}}", last


def _joined(parts: Parts, *, ordered: Callable[[Parts], Parts], separator: str) -> str | None:
    return separator.join(ordered(parts)) or None


def _cut(parts: Parts, *, part: slice, separator: str) -> str:
    return separator.join(parts[part])


def _by_size(parts: Parts) -> Parts:
    """Numbers in order; nothing where a part is none."""
    numbers = {part: plain_number(part) for part in parts}
    sizes = {part: number for part, number in numbers.items() if number is not None}
    return sorted(parts, key=sizes.__getitem__) if len(sizes) == len(numbers) else ()


def _casing(made: Iterable[str | None], pairs: Sequence[Pair]) -> str | None:
    """In which casing all that was made is what is expected; None if in none."""
    left = dict(_CASINGS)
    for text, pair in zip(made, pairs, strict=True):
        left = {
            says: cased
            for says, cased in left.items()
            if text is not None and cased(text) == pair.expected
        }
        if not left:
            return None
    return next(iter(left))
