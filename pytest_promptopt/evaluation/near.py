"""Near duplicates among goldens: those that ask nearly the same and expect the same."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_promptopt.evaluation.evaluation import GoldenResult

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

Vectors = Callable[[Sequence[str]], "Numbers"]
"""Gives a row for each text, of length 1, of which those of like meaning point alike."""

MOST_COMPARED = 2_000
"""Goldens, each with all others."""

_MOST_CHARACTERS = 2_000
_LEAST_CHARACTERS = 20
"""Of shorter texts a letter may be all that matters."""
_BY_LETTERS = 0.9
_BY_MEANING = 0.8
"""Cosines by the universal sentence encoder: of the 60 tickets among this project's examples no two
reach .51, and a sentence in other words has about .8."""
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """Two goldens that are nearly the same, ``alike`` from 0 to 1, by their letters or meaning."""

    first: str
    second: str
    alike: float
    by_meaning: bool = False


def near_duplicates(
    results: Sequence[GoldenResult], vectors: Vectors | None = None
) -> tuple[Near, ...]:
    """The likest first, among the first ``MOST_COMPARED`` goldens that say enough.

    Compared is what each says that no other does, so that a document which many share makes none
    of them alike; all numbers must be the same, and what shares a cluster is known to be alike. By
    letters nine tenths are. With ``vectors`` those that say it in other words are found too.
    """
    owned = _owned(results)
    told = [(result, text) for result, text in owned if len(text) >= _LEAST_CHARACTERS]
    told = told[:MOST_COMPARED]
    if len(told) < 2:
        return ()
    texts = [text for _, text in told]
    found = {(a, b): (share, False) for a, b, share in _by_letters(texts)}
    if vectors is not None:
        by_meaning = {(a, b): (share, True) for a, b, share in _by_meaning(texts, vectors)}
        found = by_meaning | found
    near = (
        Near(first=told[a][0].id, second=told[b][0].id, alike=share, by_meaning=by_meaning)
        for (a, b), (share, by_meaning) in found.items()
        if _may_be_one(told[a], told[b])
    )
    return tuple(sorted(near, key=lambda one: -one.alike))


def _owned(results: Sequence[GoldenResult]) -> list[tuple[GoldenResult, str]]:
    """Each with the lines of its input that no other has."""
    lines = [list(dict.fromkeys(result.input.splitlines())) for result in results]
    uses = Counter(line for own in lines for line in own)
    return [
        (result, "\n".join(line for line in own if uses[line] == 1)[:_MOST_CHARACTERS])
        for result, own in zip(results, lines, strict=True)
    ]


def _may_be_one(first: tuple[GoldenResult, str], second: tuple[GoldenResult, str]) -> bool:
    """Whether both expect the same with the same numbers, and are not known to belong together."""
    (one, text), (other, other_text) = first, second
    if one.cluster and one.cluster == other.cluster:
        return False
    is_same = _folded(one.expected) == _folded(other.expected)
    return is_same and _NUMBER.findall(text) == _NUMBER.findall(other_text)


def _folded(expected: str | None) -> str | None:
    return None if expected is None else " ".join(expected.casefold().split())


def _by_letters(texts: Sequence[str]) -> Iterator[tuple[int, int, float]]:
    import numpy as np
    from rapidfuzz.distance import Indel
    from rapidfuzz.process import cdist

    shares = cdist(
        texts,
        texts,
        scorer=Indel.normalized_similarity,
        score_cutoff=_BY_LETTERS,
        dtype=np.float32,
    )
    for a, b in _pairs_from(shares, _BY_LETTERS):
        yield a, b, float(shares[a, b])


def _by_meaning(texts: Sequence[str], vectors: Vectors) -> Iterator[tuple[int, int, float]]:
    rows = vectors(texts)
    shares = rows @ rows.T
    for a, b in _pairs_from(shares, _BY_MEANING):
        yield a, b, min(1.0, float(shares[a, b]))


def _pairs_from(shares: "NDArray[np.floating]", least: float) -> Iterator[tuple[int, int]]:
    import numpy as np

    for a, b in np.argwhere(np.triu(shares, 1) >= least):
        yield int(a), int(b)
