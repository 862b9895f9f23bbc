"""The profile of good answers to a prompt: what they have in common, computed from its goldens."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from statistics import median_high
from typing import Any

from pytest_promptopt.optimization.diagnosis.traits import (
    LEAST_FOR_A_PATTERN,
    casing_of,
    common_end,
    common_form,
    common_start,
    parts_of,
    scripts_of,
    shown_form,
)
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.prompts.template import as_text
from pytest_promptopt.scoring.json_value import NotJsonError, read_json
from pytest_promptopt.text.tags import quoted

_MOST_LABELS = 20
_MOST_NUMBERS_AS_LABELS = 7
_LONGEST_LABEL = 40
_SHOWN = 20

_PLAIN_NUMBER = re.compile(r"[-+]?\d{1,30}(?:\.\d{1,30})?")


class AnswerKind(StrEnum):
    """What every expected answer is."""

    LABEL = "one of a set of labels"
    OBJECT = "a JSON object"
    LIST = "a JSON list"
    NUMBER = "a number"
    TEXT = "text"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key of the expected JSON objects, the JSON types of its values, and their common form."""

    name: str
    types: tuple[str, ...]
    is_always_there: bool
    form: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The least, the middle and the greatest of some counts."""

    least: int
    median: int
    most: int

    @classmethod
    def of(cls, values: Sequence[int]) -> "Spread":
        """The spread of ``values``, of which there is at least one."""
        return cls(least=min(values), median=int(median_high(values)), most=max(values))


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What expected answers have in common.

    ``count`` goldens say what they expect, ``silent`` ones do not. ``labels`` go from label to
    count, in the order of first appearance, for labels only; ``keys`` are there for objects,
    ``item_types`` for lists, ``numbers`` (least, greatest) and ``is_whole`` for numbers.
    ``casing`` is "lower", "upper", "capitalised" or empty. ``form`` writes 9 for a digit, A and a
    for letters and holds for at least half of the answers. ``parts`` are what all are made of.
    ``frequent`` are answers that come back although the answers form no closed set. ``scripts``
    are those of the letters.
    """

    kind: AnswerKind = AnswerKind.UNKNOWN
    count: int = 0
    silent: int = 0
    labels: Mapping[str, int] = field(default_factory=dict)
    keys: tuple[Key, ...] = ()
    item_types: tuple[str, ...] = ()
    numbers: tuple[Decimal, Decimal] | None = None
    is_whole: bool = False
    characters: Spread | None = None
    words: Spread | None = None
    has_lines: bool = False
    casing: str = ""
    prefix: str = ""
    suffix: str = ""
    form: str = ""
    parts: str = ""
    frequent: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()

    def sentences(self) -> tuple[str, ...]:
        """The profile for a reader; what comes from goldens stands in it as quoted JSON."""
        if self.kind is AnswerKind.UNKNOWN:
            return ("No golden says what it expects: the form of a good answer is not known.",)
        return (" ".join([self._headline(), *self._traits()]),)

    def _headline(self) -> str:
        which = f"All {self.count} expected answers are"
        match self.kind:
            case AnswerKind.LABEL:
                labels = ", ".join(f"{quoted(x)} ({n})" for x, n in self.labels.items())
                return f"{which} one of {len(self.labels)} labels: {labels}."
            case AnswerKind.OBJECT:
                return f"{which} JSON objects with the keys {_listed_keys(self.keys)}."
            case AnswerKind.LIST:
                return f"{which} JSON lists of {' or '.join(self.item_types) or 'nothing'}."
            case AnswerKind.NUMBER if self.numbers:
                what = "whole numbers" if self.is_whole else "numbers"
                return f"{which} {what} from {self.numbers[0]} to {self.numbers[1]}."
            case _:
                return f"{which} texts{_lengths(self.words, self.characters)}."

    def _traits(self) -> Iterator[str]:
        if self.kind not in {AnswerKind.LABEL, AnswerKind.TEXT}:
            return
        if self.casing:
            yield f"They are {_CASINGS[self.casing]}."
        if self.prefix:
            yield f"They all begin with {quoted(self.prefix)}."
        if self.suffix:
            yield f"They all end with {quoted(self.suffix)}."
        if self.form:
            yield f"Most have the form {shown_form(self.form)}."
        if self.parts:
            yield f"They are {self.parts}."
        if self.frequent:
            yield f"Answers that come back: {', '.join(map(quoted, self.frequent))}."
        if self.scripts and self.scripts != ("LATIN",):
            yield f"Their letters are {' and '.join(s.capitalize() for s in self.scripts)}."


_CASINGS = {
    "lower": "in lower case",
    "upper": "in upper case",
    "capitalised": "capitalised",
}


def profile_of(goldens: Sequence[Golden]) -> Profile:
    """What the ``expected`` of ``goldens`` have in common."""
    values = [meant(golden.expected) for golden in goldens if golden.has_expected]
    silent = len(goldens) - len(values)
    if not values:
        return Profile(silent=silent)
    if all(isinstance(value, Mapping) for value in values):
        return Profile(
            kind=AnswerKind.OBJECT, count=len(values), silent=silent, keys=_keys_of(values)
        )
    if all(isinstance(value, list) for value in values):
        types = dict.fromkeys(json_type(item) for value in values for item in value)
        return Profile(
            kind=AnswerKind.LIST, count=len(values), silent=silent, item_types=tuple(types)
        )
    return _profile_of_texts([as_text(value).strip() for value in values], silent)


def _profile_of_texts(texts: Sequence[str], silent: int) -> Profile:
    numbers = [plain_number(text) for text in texts]
    known = [number for number in numbers if number is not None]
    are_numbers = len(known) == len(texts)
    labels = closed_set(texts, most=_MOST_NUMBERS_AS_LABELS if are_numbers else _MOST_LABELS)
    if are_numbers and not labels:
        return Profile(
            kind=AnswerKind.NUMBER,
            count=len(texts),
            silent=silent,
            numbers=(min(known), max(known)),
            is_whole=all(number == number.to_integral_value() for number in known),
        )
    return Profile(
        kind=AnswerKind.LABEL if labels else AnswerKind.TEXT,
        count=len(texts),
        silent=silent,
        labels=labels,
        characters=Spread.of([len(text) for text in texts]),
        words=Spread.of([len(text.split()) for text in texts]),
        has_lines=any("\n" in text for text in texts),
        casing=casing_of(texts),
        prefix="" if labels else common_start(texts),
        suffix="" if labels else common_end(texts),
        form="" if labels else common_form(texts, share=0.5),
        parts=parts_of(texts) if len(set(texts)) >= LEAST_FOR_A_PATTERN and not labels else "",
        frequent=() if labels else _frequent(texts),
        scripts=scripts_of(texts),
    )


def meant(expected: Any) -> Any:
    """What ``expected`` says: text that is a JSON object or list stands for it, as in a CSV."""
    if isinstance(expected, str) and expected.lstrip().startswith(("{", "[")):
        try:
            return read_json(expected, strict=True)
        except NotJsonError:
            return expected
    return expected


def plain_number(text: str) -> Decimal | None:
    """The number that ``text`` is, written in digits with a decimal point at most."""
    return Decimal(text) if _PLAIN_NUMBER.fullmatch(text) else None


def closed_set(texts: Sequence[str], *, most: int) -> Mapping[str, int]:
    """The labels with their counts if ``texts`` seem to be drawn from a closed set, else nothing.

    There are 2 to ``most`` short ones, each seen twice on average, and Chao's estimate of how
    many were not seen, f1 (f1 - 1) / 2 (f2 + 1) with f1 seen once and f2 twice, is less than one
    (Chao 1984, the bias-corrected form).
    """
    counts = Counter(texts)
    seen = Counter(counts.values())
    unseen = seen[1] * (seen[1] - 1) / (2 * (seen[2] + 1))
    is_closed = (
        2 <= len(counts) <= most
        and 2 * len(counts) <= len(texts)
        and unseen < 1
        and all(_can_be_a_label(text) for text in counts)
    )
    return dict(counts) if is_closed else {}


def _can_be_a_label(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_LABEL and text.isprintable()


def json_type(value: Any) -> str:
    """The JSON type of ``value`` as people call it."""
    match value:
        case bool():
            return "true or false"
        case int() | float():
            return "number"
        case None:
            return "null"
        case str():
            return "text"
        case Mapping():
            return "object"
        case _:
            return "list"


def _keys_of(values: Sequence[Mapping[str, Any]]) -> tuple[Key, ...]:
    names = dict.fromkeys(name for value in values for name in value)
    return tuple(_key(name, values) for name in names)


def _key(name: Any, objects: Sequence[Mapping[str, Any]]) -> Key:
    found = [value[name] for value in objects if name in value]
    texts = [value for value in found if isinstance(value, str)]
    return Key(
        name=str(name),
        types=tuple(dict.fromkeys(json_type(value) for value in found)),
        is_always_there=len(found) == len(objects),
        form=common_form(texts, share=1.0),
    )


def _frequent(texts: Sequence[str]) -> tuple[str, ...]:
    least = max(LEAST_FOR_A_PATTERN, len(texts) // 10)
    common = Counter(text for text in texts if _can_be_a_label(text)).most_common(3)
    return tuple(text for text, count in common if count >= least)


def _listed_keys(keys: Sequence[Key]) -> str:
    return ", ".join(_described(key) for key in keys[:_SHOWN])


def _described(key: Key) -> str:
    form = f", {shown_form(key.form)}" if key.form else ""
    sometimes = "" if key.is_always_there else ", not always there"
    return f"{quoted(key.name)} ({' or '.join(key.types)}{form}{sometimes})"


def _lengths(words: Spread | None, characters: Spread | None) -> str:
    if words is None or characters is None:
        return ""
    if words.most == 1:
        return f" of one word, {characters.least} to {characters.most} characters"
    return (
        f" of {words.least} to {words.most} words (median {words.median}), "
        f"{characters.least} to {characters.most} characters"
    )
