"""Copies in a text: from the goldens it will be judged by, or from the request for it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import regex

from pytest_promptopt.optimization.diagnosis.profile import profile_of
from pytest_promptopt.prompts.golden import RESERVED_KEYS, Golden
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.prompts.shown import inputs_of
from pytest_promptopt.prompts.template import as_text

Words = tuple[str, ...]

_LEAST_WORDS = 4
_SHORTEST_INPUT = 3
_WORDS_BETWEEN = 6

# Scripts written without spaces: every sign counts as a word.
_WORD = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
    r"|[^\W_]+(?:['’][^\W_]+)*"
)


class Copies:
    """Finds in a text what stands in one of the ``sources`` and in none of the ``originals``.

    ``length`` words in a row count, or all of a source that has fewer, but at least four.
    """

    def __init__(self, originals: Iterable[str], sources: Iterable[str], length: int) -> None:
        self._length = length
        self._originals = [words_of(text) for text in originals]
        texts = dict.fromkeys(words_of(text) for text in sources)
        self._texts = [words for words in texts if len(words) >= min(length, _LEAST_WORDS)]

    def found_in(self, text: str) -> str:
        """The first words in a row that are copied, empty if there are none."""
        words = words_of(text)
        runs: dict[int, frozenset[Words]] = {}
        for source in self._texts:
            size = min(self._length, len(source))
            if size not in runs:
                runs[size] = self._new_runs(words, size)
            for run in _runs(source, size) if runs[size] else ():
                if run in runs[size]:
                    return " ".join(run)
        return ""

    def _new_runs(self, words: Words, size: int) -> frozenset[Words]:
        old = {run for original in self._originals for run in _runs(original, size)}
        return frozenset(_runs(words, size)) - old


class CopiedCases:
    """Finds in a text the goldens that it shows: what is asked, and soon after what is expected.

    One alone may be chance, or an example that explains a label.
    """

    def __init__(self, prompt: Prompt, goldens: Iterable[Golden]) -> None:
        self._cases: dict[str, list[tuple[Words, Words]]] = {}
        for golden in goldens:
            given = words_of(" ".join(map(as_text, inputs_of(prompt, golden).values())))
            expected = words_of(as_text(golden.expected)) if golden.has_expected else ()
            if given and expected and len("".join(given)) >= _SHORTEST_INPUT:
                self._cases.setdefault(given[0], []).append((given, expected))

    def count_in(self, text: str) -> int:
        """How many there are."""
        words = words_of(text)
        found = {
            case
            for place, word in enumerate(words)
            for case in self._cases.get(word, ())
            if _shows(words[place : place + len(case[0]) + len(case[1]) + _WORDS_BETWEEN], case)
        }
        return len(found)


def _shows(words: Words, case: tuple[Words, Words]) -> bool:
    given, expected = case
    rest = words[len(given) :]
    return words[: len(given)] == given and expected in _runs(rest, len(expected))


def words_of(text: str) -> Words:
    """The words of ``text`` without regard to case and punctuation."""
    return tuple(_WORD.findall(text.casefold()))


def _runs(words: Words, size: int) -> Iterator[Words]:
    return (words[i : i + size] for i in range(len(words) - size + 1))


def private_texts(goldens: Sequence[Golden]) -> list[str]:
    """Texts of the goldens that no prompt may hold: all but the labels they expect."""
    labels = {words_of(label) for label in profile_of(goldens).labels}
    texts = (text for golden in goldens for text in texts_of(golden))
    return [text for text in texts if words_of(text) not in labels]


def texts_of(golden: Golden) -> Iterator[str]:
    """The texts that make the golden: its inputs and what it expects."""
    inputs = [value for key, value in golden.variables.items() if key not in RESERVED_KEYS]
    pending: list[Any] = [golden.expected, *inputs]
    while pending:
        match pending.pop():
            case str() as text:
                yield text
            case Mapping() as mapping:
                pending.extend(mapping.values())
            case list() | tuple() as items:
                pending.extend(items)
