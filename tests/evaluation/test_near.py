from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from pytest_promptopt.evaluation.evaluation import GoldenResult, Outcome
from pytest_promptopt.evaluation.near import Near, near_duplicates


def golden(name: str, text: str, expected: str | None = "x", cluster: str = "") -> GoldenResult:
    return GoldenResult(
        id=name, outcome=Outcome.PASSED, input=text, expected=expected, cluster=cluster
    )


LAMP = "ticket: My lamp arrived broken on Friday"


def pairs(*goldens: GoldenResult) -> list[tuple[str, str]]:
    return [(near.first, near.second) for near in near_duplicates(goldens)]


def test_a_few_other_letters_make_no_other_golden() -> None:
    other = golden("b", f"{LAMP}.")
    [near] = near_duplicates([golden("a", LAMP), other, golden("c", "ticket: Where is my parcel?")])
    assert near == Near(first="a", second="b", alike=near.alike)
    assert near.alike == pytest.approx(80 / 81)


@pytest.mark.parametrize(
    "other",
    [
        golden("b", f"{LAMP}.", expected="y"),
        golden("b", f"{LAMP}.", expected=None),
        golden("b", LAMP.replace("broken on Friday", "late, and my sofa too")),
        golden("b", f"{LAMP} 12"),
    ],
)
def test_another_label_number_or_sentence_does(other: GoldenResult) -> None:
    assert pairs(golden("a", LAMP), other) == []


def test_one_letter_of_a_short_text_may_be_all_that_matters() -> None:
    assert pairs(golden("a", "word: quiet"), golden("b", "word: quite")) == []


def test_what_shares_a_cluster_is_known_to_belong_together() -> None:
    a, b = golden("a", LAMP, cluster="chat"), golden("b", f"{LAMP}.", cluster="chat")
    assert pairs(a, b) == []
    assert pairs(a, golden("b", f"{LAMP}.", cluster="other")) == [("a", "b")]


def test_a_document_that_many_share_makes_none_alike() -> None:
    text = f"context: {'The river flows. ' * 20}\n"
    asked = golden("a", f"{text}question: Where does the river rise at first?")
    assert pairs(asked, golden("b", f"{text}question: How long is it, in kilometres?")) == []
    near = golden("b", f"{text}question: Where does the river rise, at first?")
    assert pairs(asked, near) == [("a", "b")]


def test_by_meaning_other_words_are_found_too_and_nothing_twice() -> None:
    def vectors(texts: Sequence[str]) -> NDArray[np.float64]:
        return np.array([[1.0, 0.0] if "lamp" in t else [0.6, 0.8] for t in texts])

    goldens = [
        golden("a", LAMP),
        golden("b", f"{LAMP}."),
        golden("c", "ticket: The lamp that came to me is in pieces"),
        golden("d", "ticket: Nobody tells me where my parcel is"),
    ]
    assert [(n.first, n.second, n.by_meaning) for n in near_duplicates(goldens, vectors)] == [
        ("a", "c", True),
        ("b", "c", True),
        ("a", "b", False),
    ]


def test_without_two_that_say_enough_there_is_nothing_to_compare() -> None:
    assert near_duplicates([]) == ()
    assert near_duplicates([golden("a", LAMP), golden("b", LAMP)]) == ()
