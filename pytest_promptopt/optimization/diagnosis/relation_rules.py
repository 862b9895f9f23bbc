"""Answers that are made of the input's words, though no fixed rule says which."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pytest_promptopt.optimization.diagnosis.pairs import Pair
from pytest_promptopt.optimization.diagnosis.text_rules import items_of, words_of
from pytest_promptopt.text.tags import quoted

_MOST_OPTIONS = 20
_LEAST_KEPT = 0.6
_LEAST_WORDS = 2
_FEW_WORDS = 3

_MARK = r"(?P<mark>[A-Za-z]|\d{1,2})"
_MARKED = re.compile(rf"(?:(?<=[\s(\[])|^){_MARK}(?:[.:](?=\s)|[)\]])")
_CHOSEN = re.compile(rf"\(?{_MARK}[.)]?")
_OR = re.compile(r"\s(?:or|vs\.?)\s", re.IGNORECASE)
_AROUND_AN_OPTION = " \t?!.:()[]\"'"
_NEGATIONS = (
    *("not", "no", "never", "none", "nobody", "nothing", "cannot", "neither", "nor", "without"),
    *("nicht", "kein", "keine", "keinen", "nie", "pas", "jamais", "non", "niet", "geen"),
    *("não", "nunca"),
)


def option_chosen(pairs: Sequence[Pair], name: str) -> Iterator[str]:
    """One of the options that the given text names, by its mark or by its text."""
    if all(_is_mark(pair) for pair in pairs):
        yield f"the mark of the right option in {name}, written as in {quoted(pairs[0].expected)}"
    elif all(pair.expected in _options_in(pair.given) for pair in pairs):
        yield f"one of the options in {name}, copied exactly as it stands there"


def words_kept(pairs: Sequence[Pair], name: str) -> Iterator[str]:
    """Items or words of the given text, or all of it with a few words changed."""
    if all(_selects(pair) for pair in pairs):
        yield f"those items of {name} that fit, separated by commas, and no others"
    elif all(_stands_in(pair.expected, pair.given) for pair in pairs):
        one = all(len(pair.expected.split()) == 1 for pair in pairs)
        what = "one word" if one else "words"
        yield f"{what} of {name}, copied exactly as {'it stands' if one else 'they stand'} there"
    else:
        edits = [_Edit.of(pair) for pair in pairs]
        if all(edit.is_small for edit in edits) and (changed := _changed(edits)):
            yield f"{changed.format(name)}"


def _is_mark(pair: Pair) -> bool:
    chosen = _CHOSEN.fullmatch(pair.expected)
    return chosen is not None and chosen["mark"] in {
        match["mark"] for match in _MARKED.finditer(pair.given)
    }


def _options_in(text: str) -> Sequence[str]:
    named = (part for item in items_of(text) for part in _OR.split(item))
    options = [_MARKED.sub("", part, count=1).strip(_AROUND_AN_OPTION) for part in named]
    return options if 1 < len(options) <= _MOST_OPTIONS else ()


def _selects(pair: Pair) -> bool:
    given, chosen = items_of(pair.given), items_of(pair.expected)
    return bool(chosen) and len(given) > 1 and set(chosen) <= set(given)


def _stands_in(part: str, text: str) -> bool:
    """Whether ``part`` stands in the text and neither begins nor ends within a word."""
    start = text.find(part) if part else -1
    while start >= 0:
        around = text[max(start - 1, 0) : start], text[start + len(part) : start + len(part) + 1]
        if not any(char.isalnum() for char in around):
            return True
        start = text.find(part, start + len(part))
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edit:
    """The words that are more and those that are fewer than in the text of ``given`` words."""

    given: int
    added: tuple[str, ...]
    removed: tuple[str, ...]

    @classmethod
    def of(cls, pair: Pair) -> "_Edit":
        old, new = (Counter(words_of(text.casefold())) for text in (pair.given, pair.expected))
        return cls(
            given=old.total(),
            added=tuple((new - old).elements()),
            removed=tuple((old - new).elements()),
        )

    @property
    def is_small(self) -> bool:
        """Whether most words stay, of enough to tell."""
        most = max(_FEW_WORDS, (1 - _LEAST_KEPT) * self.given)
        kept = self.given - len(self.removed)
        return (
            self.given >= _LEAST_WORDS
            and kept >= _LEAST_KEPT * self.given
            and (len(self.added) <= most)
        )

    @property
    def negates(self) -> bool:
        return abs(_negations(self.added) - _negations(self.removed)) == 1


def _negations(words: Sequence[str]) -> int:
    return sum(word in _NEGATIONS or word.endswith(("n't", "n’t")) for word in words)


def _changed(edits: Sequence[_Edit]) -> str:
    """What all edits do to the text, with ``{}`` for it."""
    added, removed = {edit.added for edit in edits}, {edit.removed for edit in edits}
    only = "and nothing else changed"
    if all(edit.negates for edit in edits):
        return (
            'the negation of {}: the same words with "not" put in where it belongs, or taken out, '
            f"{only}"
        )
    if added == removed == {()}:
        return "the words of {} in another order"
    if removed == {()}:
        return f"{{}} with {_named(added)} put in where needed {only}"
    if added == {()}:
        return f"{{}} with {_named(removed)} left out {only}"
    if all(len(edit.added) <= 1 >= len(edit.removed) for edit in edits):
        return f"{{}} with {_named(removed)} replaced by {_named(added)} {only}"
    return "{} changed as little as possible, with most of its words as they stand"


def _named(words: set[tuple[str, ...]]) -> str:
    if len(words) == 1:
        return quoted(" ".join(*words)).replace("{", "{{").replace("}", "}}")
    return "one word" if all(len(found) <= 1 for found in words) else "some words"
