from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_promptopt.optimization.splits import Splits, shortfall, split_goldens, widened
from pytest_promptopt.prompts.golden import Golden
from tests.optimization.answers import golden
from tests.optimization.world import splits as world_splits


def many(count: int) -> list[Golden]:
    return [golden(f"case-{number}") for number in range(count)]


def ids(goldens: tuple[Golden, ...]) -> list[str]:
    return [golden.id for golden in goldens]


def test_the_split_that_a_golden_names_is_kept_in_file_order() -> None:
    named = [
        golden("d", split="test"),
        golden("c", split="train"),
        golden("b", split="test"),
        golden("a", split="validation"),
    ]
    splits = split_goldens(named)
    assert ids(splits.train) == ["c"]
    assert ids(splits.validation) == ["a"]
    assert ids(splits.test) == ["d", "b"]


def test_a_large_train_split_lends_to_a_small_validation_split() -> None:
    given = world_splits(train=60, validation=20, test=9)
    lent = widened(given, 0)
    assert (len(lent.train), len(lent.validation), lent.test) == (40, 40, given.test)
    assert {g.id for g in (*lent.train, *lent.validation)} == {
        g.id for g in (*given.train, *given.validation)
    }
    assert widened(given, 0) == lent != widened(given, 1)


def test_a_small_train_split_lends_nothing() -> None:
    given = world_splits(train=30, validation=4, test=9)
    assert widened(given, 0) == given


def test_the_draw_of_an_id_never_changes() -> None:
    splits = split_goldens([golden(name) for name in ("refund", "late", "vat", "login", "bulb")])
    assert ids(splits.train) == ["vat", "login"]
    assert ids(splits.validation) == ["bulb"]
    assert ids(splits.test) == ["refund", "late"]


def test_the_draw_gives_half_a_fifth_and_the_rest() -> None:
    splits = split_goldens(many(4000))
    assert len(splits.train) == pytest.approx(2000, abs=100)
    assert len(splits.validation) == pytest.approx(800, abs=80)
    assert len(splits.test) == pytest.approx(1200, abs=90)


@given(st.lists(st.text(min_size=1), unique=True, max_size=30), st.randoms(use_true_random=False))
def test_every_golden_is_in_one_split_that_others_do_not_move(
    names: list[str], random: Random
) -> None:
    def where(chosen: list[str]) -> dict[str, str]:
        splits = split_goldens([golden(name) for name in chosen])
        parts = {
            "train": splits.train,
            "validation": splits.validation,
            "test": splits.test,
        }
        assert Counter(g.id for part in parts.values() for g in part) == Counter(chosen)
        return {g.id: name for name, part in parts.items() for g in part}

    everything = where(names)
    fewer = random.sample(names, k=len(names) // 2)
    assert where(fewer) == {name: everything[name] for name in fewer}


def test_enough_goldens_fall_short_of_nothing() -> None:
    enough = many(45)
    assert (
        shortfall(Splits(train=tuple(enough), validation=tuple(enough), test=tuple(enough))) == ""
    )


def test_a_shortfall_says_how_many_goldens_are_needed() -> None:
    some = tuple(many(44))
    assert shortfall(Splits(train=some, validation=some, test=some)) == (
        "The test split holds 44 goldens. Six fixed and none broken are the least that shows "
        "anything at 5 %: 150 goldens or more, 45 of them in the test split, for a verdict worth "
        "having."
    )


def test_a_validation_split_too_small_to_choose_by_is_told() -> None:
    some = tuple(many(45))
    assert shortfall(Splits(train=some[:20], validation=some[:9], test=some)) == (
        "The validation split holds 9 goldens: which of two prompts is better is mostly chance; "
        "have 15 or more there."
    )
    # A large train split may lend it some.
    large = Splits(train=some, validation=some[:9], test=some)
    assert shortfall(widened(large, 0)) == ""
    assert shortfall(large) != ""


def test_without_six_test_goldens_no_verdict_is_possible() -> None:
    some = tuple(many(45))
    for count in (0, 5):
        said = shortfall(Splits(train=some, validation=some, test=some[:count]))
        assert said.startswith(f"The test split holds {count} goldens: no verdict is possible. Six")
    assert "possible" not in shortfall(Splits(train=some, validation=some, test=some[:6]))
    one = shortfall(Splits(train=some, validation=some, test=some[:1]))
    assert one.startswith("The test split holds 1 golden: ")


def test_an_empty_split_is_named() -> None:
    some = tuple(many(45))
    assert shortfall(Splits(train=(), validation=(), test=some)) == (
        "No golden is in the train split: there is nothing to learn from. "
        "No golden is in the validation split: there is nothing to choose a candidate by."
    )


def clustered(goldens: list[Golden], size: int) -> list[Golden]:
    return [replace(g, cluster=f"chat-{number // size}") for number, g in enumerate(goldens)]


def clusters(goldens: tuple[Golden, ...]) -> set[str]:
    return {golden.cluster for golden in goldens}


def test_no_split_parts_a_cluster() -> None:
    splits = split_goldens(clustered(many(400), 4))
    parts = [clusters(part) for part in (splits.train, splits.validation, splits.test)]
    assert [len(part) for part in parts] == [
        len(part) // 4 for part in (splits.train, splits.validation, splits.test)
    ]
    assert all(parts)
    assert set.intersection(*parts) == set()


def test_a_cluster_follows_the_one_that_names_a_split() -> None:
    goldens = clustered(many(12), 4)
    for split in ("train", "validation", "test"):
        goldens[5] = replace(goldens[5], split=split)
        part = getattr(split_goldens(goldens), split)
        assert {f"case-{n}" for n in range(4, 8)} <= {golden.id for golden in part}


def test_clusters_are_lent_whole() -> None:
    given = world_splits(train=60, validation=20, test=9)
    given = replace(given, train=tuple(clustered([*given.train], 6)))
    lent = widened(given, 0)
    assert len(lent.validation) == 20 + 18
    assert clusters(lent.train) & clusters(lent.validation) == set()


def test_a_test_split_of_few_clusters_is_told() -> None:
    splits = Splits(train=(golden("a"),), validation=tuple(many(15)), test=())
    test = tuple(clustered(many(60), 15))
    told = shortfall(replace(splits, test=test))
    assert "The test split holds 60 goldens in 4 clusters: no verdict is possible." in told
    assert "150 clusters or more, 45 of them in the test split" in told
