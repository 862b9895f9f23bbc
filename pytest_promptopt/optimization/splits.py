"""The goldens to learn from, the goldens to choose by, and those of the verdict."""

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pytest_promptopt.evaluation.listing import in_clusters
from pytest_promptopt.prompts.golden import Golden, Split
from pytest_promptopt.statistics.clusters import members

GOLDENS_FOR_A_VERDICT = 150
TEST_GOLDENS_FOR_A_VERDICT = 45
LEAST_TEST_GOLDENS = 6
"""Two-sided at 5 %: six fixed and none broken have a chance of 2 / 2⁶, five of 2 / 2⁵."""

_ENOUGH_TO_CHOOSE = 40
_LEAST_TO_CHOOSE = 15
_ENOUGH_TO_LEARN = 30
_TRAIN_PERCENT = 50
_VALIDATION_PERCENT = 20
_HASHED_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Splits:
    """A prompt's goldens in three parts, each in the order of the file.

    ``train`` is learned from, ``validation`` chosen by; ``test`` stays sealed until the verdict.
    """

    train: tuple[Golden, ...]
    validation: tuple[Golden, ...]
    test: tuple[Golden, ...]


def split_goldens(goldens: Sequence[Golden]) -> Splits:
    """Every golden in the split it names, else in one drawn by the hash of its id.

    The draw gives half to ``train``, a fifth to ``validation`` and the rest to ``test``. It looks
    at one golden alone, so that adding, dropping or moving others changes nothing. A cluster stays
    whole, in the split that one of it names, else in one drawn by the hash of its name.
    """
    named = {golden.cluster: golden.split for golden in goldens if golden.cluster and golden.split}
    drawn = [
        (
            golden,
            golden.split or named.get(golden.cluster) or _drawn(golden.cluster or golden.id),
        )
        for golden in goldens
    ]

    def part(wanted: Split) -> tuple[Golden, ...]:
        return tuple(golden for golden, split in drawn if split == wanted)

    return Splits(train=part("train"), validation=part("validation"), test=part("test"))


def widened(splits: Splits, seed: int) -> Splits:
    """With some of ``train`` lent to a small ``validation``, by chance.

    Candidates that scored alike on twenty goldens may be far apart; ``train`` keeps what is
    enough to learn from. Clusters stay whole.
    """
    lent = min(_ENOUGH_TO_CHOOSE - len(splits.validation), len(splits.train) - _ENOUGH_TO_LEARN)
    if lent <= 0:
        return splits
    clusters = members([golden.cluster for golden in splits.train])
    chosen: set[str] = set()
    for places in random.Random(seed).sample(clusters, min(lent, len(clusters))):
        if len(chosen) + len(places) <= lent:
            chosen |= {splits.train[place].id for place in places}
    return replace(
        splits,
        train=tuple(golden for golden in splits.train if golden.id not in chosen),
        validation=(*splits.validation, *(g for g in splits.train if g.id in chosen)),
    )


def shortfall(splits: Splits) -> str:
    """What there are too few goldens for, in a few sentences; empty where there are enough."""
    found = [
        "No golden is in the train split: there is nothing to learn from." * (not splits.train),
        _short_validation(splits),
        _short_test(splits.test),
    ]
    return " ".join(filter(None, found))


def _short_validation(splits: Splits) -> str:
    if not splits.validation:
        return "No golden is in the validation split: there is nothing to choose a candidate by."
    count = len(splits.validation)
    if count >= _LEAST_TO_CHOOSE:
        return ""
    return (
        f"The validation split holds {count} golden{'' if count == 1 else 's'}: which of two "
        f"prompts is better is mostly chance; have {_LEAST_TO_CHOOSE} or more there."
    )


def _short_test(test: Sequence[Golden]) -> str:
    count = len(members([golden.cluster for golden in test]))
    if count >= TEST_GOLDENS_FOR_A_VERDICT:
        return ""
    what = "clusters" if count < len(test) else "goldens"
    holds = f"The test split holds {in_clusters(len(test), 'golden', count)}"
    consequence = ": no verdict is possible." if count < LEAST_TEST_GOLDENS else "."
    return (
        f"{holds}{consequence} Six fixed and none broken are the least that shows anything at "
        f"5 %: {GOLDENS_FOR_A_VERDICT} {what} or more, {TEST_GOLDENS_FOR_A_VERDICT} of them in "
        "the test split, for a verdict worth having."
    )


def _drawn(golden_id: str) -> Split:
    digest = hashlib.sha256(golden_id.encode("utf-8", "surrogatepass")).digest()
    percent = int.from_bytes(digest[:_HASHED_BYTES], "big") % 100
    if percent < _TRAIN_PERCENT:
        return "train"
    return "validation" if percent < _TRAIN_PERCENT + _VALIDATION_PERCENT else "test"
