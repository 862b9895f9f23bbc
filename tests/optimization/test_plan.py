import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_promptopt.errors import UsageError
from pytest_promptopt.optimization.plan import Plan, Sizes, plan
from pytest_promptopt.optimization.presets import PRESETS, read_optimize_settings

SIZES = Sizes(train=75, validation=30, test=45)


def planned(method: str, budget: str, sizes: Sizes = SIZES) -> Plan:
    return plan(read_optimize_settings(method, {"budget": budget}, "test"), sizes)


def test_a_published_round_of_protegi_is_planned_as_it_is_where_there_is_no_cap() -> None:
    found = planned("protegi", "none")
    assert found.shrunk == ()
    # 4 parents: 8 calls for edits, 10 for paraphrases; 64 goldens each; 72 candidates screened
    # on 4 goldens; 32 of them on at most all 30 goldens; 2 × 45 for the verdict.
    assert found.round_calls == 4 * (8 + 10) + 4 * 64 + 4 * 14 * 4 + 32 * 30
    assert found.verdict == 90
    # 30 goldens twice; validation for the given prompt and the contract.
    assert found.before == 60 + 30 + 30
    assert found.rounds == 6


def test_a_method_shrinks_to_its_cap_and_says_how() -> None:
    found = planned("protegi", "300 calls")
    assert found.before + found.rounds * found.round_calls + found.verdict <= 300
    assert found.lines == (
        "protegi: at most 300 calls; 90 before the first round, at most 60 a round, 90 for the "
        "verdict",
        "at least 2 of 6 rounds fit",
        "pulls: 48 instead of 2048",
        "batch_size: 8 instead of 64",
        "parent_count: 1 instead of 4",
        "headroom_goldens: 15 instead of 30",
        "proposers: critique_edit 1, paraphrase 1 instead of critique_edit 4, paraphrase 2",
    )


def test_a_cap_too_small_for_one_round_says_what_is_needed() -> None:
    with pytest.raises(UsageError) as caught:
        planned("opro", "100 calls")
    assert str(caught.value) == (
        "the cap of 100 calls is too small for one round of opro: it takes 90 calls to look at "
        "the prompt, 31 for the smallest round and 90 for the verdict; raise `budget` to at "
        "least 211 calls"
    )
    assert planned("opro", "211 calls").rounds == 1


def test_judges_count() -> None:
    sizes = Sizes(train=75, validation=30, test=45, calls_per_answer=2)
    assert planned("opro", "none", sizes).verdict == 180


@given(
    method=st.sampled_from(sorted(PRESETS)),
    calls=st.integers(10, 3000),
    train=st.integers(1, 200),
    validation=st.integers(1, 80),
    test=st.integers(0, 100),
)
def test_a_plan_never_promises_more_than_its_cap(
    method: str, calls: int, train: int, validation: int, test: int
) -> None:
    sizes = Sizes(train=train, validation=validation, test=test)
    try:
        found = planned(method, f"{calls} calls", sizes)
    except UsageError:
        return
    assert found.rounds >= 1
    assert found.before + found.rounds * found.round_calls + found.verdict <= calls
    published = PRESETS[method]
    assert found.settings.parent_count <= published.parent_count
    assert found.settings.pulls <= published.pulls
