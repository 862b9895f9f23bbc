"""``method: race`` on made-up tasks whose right way is known."""

import random
import re
from pathlib import Path
from typing import Any

import pytest

from pytest_promptopt.errors import UsageError
from pytest_promptopt.optimization.splits import widened
from pytest_promptopt.optimization.verdict import VerdictKind
from pytest_promptopt.providers.request import Completion, Request, Usage
from tests.optimization.world import (
    LABELS,
    Models,
    events,
    follows_named_labels,
    names_one_more_label,
    run,
    splits,
)

PARTS = splits(train=60, validation=20, test=60)


def follows_examples(request: Request) -> str:
    """Right where worked examples show the label of the ticket, whatever the instruction."""
    ticket = request.messages[-1].content
    shown = {m.content for m in request.messages if m.role == "assistant"}
    label = next(label for label in LABELS if label in ticket)
    return label if label in shown else "I cannot say."


def passes_none(_request: Request) -> str:
    return "no idea"


def passes_most(request: Request) -> str:
    """Right in nineteen of twenty, whatever the prompt says."""
    ticket = request.messages[-1].content
    label = next(label for label in LABELS if label in ticket)
    [number] = re.findall(r"case (\d+)", ticket)
    return "no idea" if int(number) % 20 == 7 else label


def raced(tmp_path: Path, task: Any = follows_named_labels, **settings: Any) -> Any:
    models = Models(task=task, optimizer=names_one_more_label)
    return run(tmp_path, models, "race", parts=PARTS, **settings), models


@pytest.mark.parametrize("calls", [40, 100, 300])
def test_a_small_budget_is_enough_and_is_kept(calls: int, tmp_path: Path) -> None:
    result, models = raced(tmp_path, budget=f"{calls} calls")
    assert result.verdict.kind is VerdictKind.IMPROVED
    assert len(models.asked) == result.spent.calls <= calls


def test_a_budget_too_small_for_anything_says_what_it_takes(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        raced(tmp_path, budget="20 calls")
    assert str(caught.value) == (
        "the cap of 20 calls is too small for race: to look at the prompt, to try 3 others and "
        "for a verdict it takes 30 calls; raise `budget`"
    )


def test_examples_are_found_where_only_they_help(tmp_path: Path) -> None:
    result, _ = raced(tmp_path, follows_examples, budget="300 calls")
    assert result.verdict.kind is VerdictKind.IMPROVED
    train = {golden.id for golden in PARTS.train}
    assert 4 <= len(result.chosen.demonstrations) <= 8
    assert set(result.chosen.demonstrations) <= train


def test_no_examples_are_shown_where_none_are_wanted(tmp_path: Path) -> None:
    result, _ = raced(tmp_path, follows_examples, budget="100 calls", demonstrations=0)
    assert all(tried.candidate.demonstrations == () for tried in result.tried)


def test_proposers_of_ones_own_follow_what_needs_no_model(tmp_path: Path) -> None:
    result, _ = raced(tmp_path, passes_none, budget="300 calls", proposers="trajectory:3")
    origins = {tried.candidate.origin for tried in result.tried}
    assert origins >= {"contract", "examples", "trajectory"}
    assert not origins & {"combine", "prune", "hypotheses"}


def test_a_prompt_that_misses_little_is_given_a_third_of_the_cap(tmp_path: Path) -> None:
    result, models = raced(tmp_path, passes_most, budget="300 calls")
    assert result.chosen is None or result.verdict.kind is not VerdictKind.IMPROVED
    assert len(models.asked) <= 100


def test_a_third_of_a_small_cap_still_tries_something(tmp_path: Path) -> None:
    result, models = raced(tmp_path, passes_most, budget="100 calls", seed=1)
    assert 20 <= len(models.asked) <= 34
    assert len(result.tried) > 1


def test_candidates_that_need_no_model_come_before_those_that_do(tmp_path: Path) -> None:
    result, _ = raced(tmp_path, budget="300 calls", rounds=1)
    origins = {tried.candidate.origin for tried in result.tried}
    assert origins == {"given", "stated", "contract", "examples", "layout", "reasoning"}
    assert result.spent.optimizer_calls == 0


def test_what_answers_cost_is_told_and_the_cheaper_of_equals_is_chosen(tmp_path: Path) -> None:
    def task(request: Request) -> Completion:
        said = follows_named_labels(request)
        words = sum(len(message.content.split()) for message in request.messages)
        return Completion(text=said, usage=Usage(input_tokens=words, output_tokens=1))

    result, _ = raced(tmp_path, task, budget="300 calls")
    assert result.chosen.demonstrations == ()
    assert result.verdict.cost_after.tokens > result.verdict.cost_before.tokens > 0


def test_an_answer_may_not_take_more_than_is_allowed(tmp_path: Path) -> None:
    def task(request: Request) -> Completion:
        words = sum(len(message.content.split()) for message in request.messages)
        return Completion(
            text=follows_examples(request), usage=Usage(input_tokens=words, output_tokens=1)
        )

    result, _ = raced(tmp_path, task, budget="300 calls", max_tokens=40)
    assert result.chosen is None


def test_the_order_of_answers_changes_nothing(tmp_path: Path) -> None:
    results = []
    for seed in range(2):
        models = Models(optimizer=names_one_more_label, jitter=random.Random(seed))
        found = run(tmp_path, models, "race", parts=PARTS, journal=f"j{seed}")
        results.append(found)
    assert results[0] == results[1]


def test_hypotheses_are_tried_and_what_holds_is_merged(tmp_path: Path) -> None:
    def task(request: Request) -> str:
        # Never wrong in form, so that no contract helps, and right for the labels that are named.
        label = next(label for label in LABELS if label in request.messages[-1].content)
        named = f"Team {label}" in request.messages[0].content
        return label if named else LABELS[LABELS.index(label) - 1]

    result, _ = raced(tmp_path, task, budget="600 calls", stages="hypotheses:4", rounds=1)
    assert result.verdict.kind is VerdictKind.IMPROVED
    assert result.chosen.origin == "hypotheses"
    assert "billing is not named; shipping is not named" in result.chosen.note


def test_a_golden_of_validation_or_test_is_never_shown(tmp_path: Path) -> None:
    raced(tmp_path, budget="300 calls")
    shown = {
        golden_id
        for line in events(tmp_path, "proposed")
        for golden_id in line["demonstrations"]  # type: ignore[attr-defined]
    }
    lent = widened(PARTS, 0)
    assert len(lent.validation) > len(PARTS.validation)
    assert shown
    assert shown <= {golden.id for golden in lent.train}
