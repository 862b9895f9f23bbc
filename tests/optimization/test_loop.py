import asyncio
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_promptopt.errors import BudgetError, RefusedError, TransientError, UsageError
from pytest_promptopt.optimization import optimizer
from pytest_promptopt.optimization.journal import Journal
from pytest_promptopt.optimization.loop import run_search
from pytest_promptopt.optimization.memory import MemoryFile, Remembered
from pytest_promptopt.optimization.presets import PRESETS, read_optimize_settings
from pytest_promptopt.optimization.result import Advanced, Counted, Event, Failed, Phase, Waited
from pytest_promptopt.optimization.splits import Splits
from pytest_promptopt.optimization.verdict import VerdictKind
from pytest_promptopt.providers.request import Completion, FinishReason, Request
from tests.optimization.world import (
    LABELS,
    OPTIMIZER,
    START,
    TASK,
    Models,
    events,
    follows_named_labels,
    golden,
    names_one_more_label,
    prompt,
    run,
    splits,
    subject,
)


def says(text: str) -> Any:
    return lambda _request: text


@pytest.mark.parametrize("method", PRESETS)
def test_every_method_improves_the_weak_prompt(method: str, tmp_path: Path) -> None:
    models = Models(optimizer=names_one_more_label, jitter=random.Random(1))
    result = run(tmp_path, models, method, diagnosis=False)
    assert result.verdict is not None
    assert result.verdict.kind is VerdictKind.IMPROVED
    assert result.chosen is not None
    assert result.spent.calls == len(models.asked) <= 300


def test_the_diagnosis_finds_it_without_the_optimizer_model(tmp_path: Path) -> None:
    models = Models(optimizer=says("no idea"))
    result = run(tmp_path, models)
    assert result.chosen is not None
    assert result.chosen.origin == "contract"
    assert result.reason == "a candidate passes every golden of validation"
    assert models.optimizer_calls == 0


def test_the_same_seed_and_answers_give_the_same_result_in_any_order(tmp_path: Path) -> None:
    results = [
        run(
            tmp_path,
            Models(optimizer=names_one_more_label, jitter=random.Random(seed)),
            diagnosis=False,
            journal=f"j{seed}",
        )
        for seed in range(3)
    ]
    assert results[0] == results[1] == results[2]


def test_test_goldens_are_asked_only_for_the_verdict_and_afresh(tmp_path: Path) -> None:
    models = Models(optimizer=names_one_more_label)
    run(tmp_path, models)
    tasks = [request for request in models.asked if request.model == TASK]
    sealed = [n for n, request in enumerate(tasks) if "test case" in request.messages[-1].content]
    assert sealed == list(range(len(tasks) - 24, len(tasks)))
    assert {tasks[n].sample for n in sealed} == {1000}


def test_no_request_to_the_optimizer_holds_a_golden_of_validation_or_test(tmp_path: Path) -> None:
    models = Models(optimizer=names_one_more_label)
    run(tmp_path, models, diagnosis=False)
    asked = [m.content for r in models.asked if r.model == OPTIMIZER for m in r.messages]
    assert any("train case" in content for content in asked)
    assert not any("validation case" in c or "test case" in c for c in asked)


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        ("I cannot help with that.", "<reason> is missing"),
        ("", "<reason> is missing"),
        ("<reason>unfinished", "</reason> is missing"),
        ("<think>hm</think><reason> </reason>", "there is no reason in the reply"),
        (
            Completion(text="<reason>a</reason>", finish_reason=FinishReason.LENGTH),
            "the reply was cut off at the token limit",
        ),
    ],
)
def test_an_optimizer_that_answers_nonsense_ends_the_search_with_a_reason(
    reply: Any, told: str, tmp_path: Path
) -> None:
    result = run(tmp_path, Models(optimizer=says(reply)), diagnosis=False)
    assert result.chosen is None
    assert result.reason.startswith("the optimizer model gave nothing to use in 3 rounds: ")
    assert {line["reason"] for line in events(tmp_path, "unparsed")} >= {told} or "paraphrase" in {
        line["meta"] for line in events(tmp_path, "unparsed")
    }
    assert told in {line["reason"] for line in events(tmp_path, "unparsed")}


@pytest.mark.parametrize(
    "text",
    [
        "Route {{ticket}} to a team: billing.",
        "Route the ticket {{customer}} to billing.",
        "Route about billing, train case 0 to billing, of course always.",
        "请把这张工单转交给正确的团队，例如计费团队或者技术团队。",
        "Route the ticket to billing <answer>and",
        "Route the ticket to a team, either to billing or",
        START,
    ],
)
def test_hostile_texts_never_reach_a_task_call(text: str, tmp_path: Path) -> None:
    models = Models(optimizer=says(f"<reason>r</reason><prompt>{text}</prompt>"))
    result = run(tmp_path, models, diagnosis=False)
    instructions = {r.messages[0].content for r in models.asked if r.model == TASK}
    assert instructions == {START}
    assert sum(result.refused.values()) > 0
    assert result.chosen is None


def test_a_reply_that_does_not_parse_is_asked_for_once_more_with_the_reason(
    tmp_path: Path,
) -> None:
    models = Models(optimizer=says("no tags"))
    result = run(tmp_path, models, "opro", diagnosis=False, proposers="trajectory:1", rounds=1)
    first, second = (r for r in models.asked if r.model == OPTIMIZER)
    assert [m.role for m in second.messages] == [
        *(m.role for m in first.messages),
        "assistant",
        "user",
    ]
    assert second.messages[-1].content == (
        "Your reply cannot be used: <prompt> is missing. Write the prompt between <prompt> and "
        "</prompt>, without a code fence around it."
    )
    assert result.unparsed == 2


def test_repeated_questions_have_different_sample_numbers(tmp_path: Path) -> None:
    models = Models(optimizer=names_one_more_label)
    run(tmp_path, models, "opro", diagnosis=False, rounds=1, seed=2)
    asked = [r.sample for r in models.asked if r.model == OPTIMIZER]
    assert asked == [2000, 2001, 2002, 2003, 2004, 2005, 2006, 2007]


def test_replies_as_json_are_asked_for_with_a_schema(tmp_path: Path) -> None:
    text = f"{START} Teams: billing, shipping, returns, technical."
    models = Models(optimizer=says(f'{{"items": ["{text}"]}}'))
    result = run(tmp_path, models, "opro", diagnosis=False, reply="json")
    asked = next(r for r in models.asked if r.model == OPTIMIZER)
    assert asked.response_format == "json_schema"
    assert result.chosen is not None
    assert result.chosen.texts == {0: text}


def only(train: int = 0, validation: int = 0, test: int = 0) -> Splits:
    return splits(train, validation, test)


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        (only(validation=8, test=8), "no golden of the train split can be used"),
        (only(train=8, test=8), "no golden of the validation split can be used"),
        (only(), "no golden of the train split can be used"),
    ],
)
def test_an_empty_split_ends_it_before_a_call(parts: Splits, told: str, tmp_path: Path) -> None:
    models = Models()
    result = run(tmp_path, models, parts=parts)
    assert result.reason.startswith(told)
    assert models.asked == []


def test_without_a_test_split_the_choice_is_unproven(tmp_path: Path) -> None:
    result = run(tmp_path, Models(optimizer=names_one_more_label), parts=splits(test=0))
    assert result.chosen is not None
    assert result.verdict is not None
    assert result.verdict.kind is VerdictKind.UNPROVEN


def test_a_prompt_that_passes_already_is_left_alone(tmp_path: Path) -> None:
    models = Models()
    perfect = prompt(" ".join(LABELS))
    result = run(tmp_path, models, of=perfect, parts=splits(train=32), budget="2000 calls")
    assert result.reason.startswith("Saturated: none of 30 goldens missed")
    assert result.chosen is None
    fewer = run(tmp_path, models, of=perfect, journal="fewer.jsonl")
    assert fewer.reason.startswith("the prompt passes all 8 goldens of validation already")
    assert fewer.headroom is not None
    assert fewer.headroom.sentence.startswith("Some headroom: none of 16 goldens missed")
    assert models.optimizer_calls == 0


def test_without_the_headroom_test_it_is_validation_that_tells(tmp_path: Path) -> None:
    result = run(tmp_path, Models(), of=prompt(" ".join(LABELS)), headroom=False)
    assert result.reason == (
        "the prompt passes all 8 goldens of validation already: nothing to gain"
    )


def test_a_prompt_of_nothing_but_placeholders_has_nothing_to_rewrite(tmp_path: Path) -> None:
    only_placeholders = prompt(system="{{expected}}", user="{{ticket}}")
    result = run(tmp_path, Models(), of=only_placeholders)
    assert result.reason.startswith("the prompt has no words of its own outside its placeholders")
    assert result.spent.calls == 0


def test_a_task_model_that_never_answers_stops_it_and_is_asked_again_next_time(
    tmp_path: Path,
) -> None:
    def fails(_request: Request) -> str:
        raise TransientError("busy")

    result = run(tmp_path, Models(task=fails))
    assert result.reason.endswith("which tells nothing about the prompts; the last: busy")
    assert result.chosen is None
    again = run(tmp_path, Models(optimizer=names_one_more_label))
    assert again.verdict is not None
    assert again.verdict.kind is VerdictKind.IMPROVED


def test_a_few_missing_answers_are_no_misses(tmp_path: Path) -> None:
    def mostly(request: Request) -> str:
        if "validation case 3" in request.messages[-1].content:
            raise RefusedError("no")
        return follows_named_labels(request)

    result = run(tmp_path, Models(task=mostly, optimizer=names_one_more_label), diagnosis=False)
    assert result.before == 0.0
    assert max(tried.goldens for tried in result.tried) == 7
    assert max(tried.score for tried in result.tried) == 1.0


class Stuck(Models):
    """The optimizer model never answers."""

    async def complete(self, request: Request) -> Completion:
        if request.model == OPTIMIZER:
            await asyncio.sleep(60)
        return await super().complete(request)


def test_a_stuck_optimizer_model_is_told_counted_and_gone_on_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(optimizer, "_TOLD_SECONDS", 0.01)
    told: list[Event] = []
    models = Stuck(task=lambda request: follows_named_labels(request)[:40])
    results = [
        run(
            tmp_path,
            models,
            "race",
            parts=splits(40, 16, 12),
            patience_seconds=0.05,
            report=told.append,
            stages="hypotheses:2,induce:1;contract:2",
            rounds=2,
        )
        for _ in range(2)
    ]
    message = (
        "scripted/optimizer did not answer within 0.05 s in all; "
        "raise --prompt-timeout to wait longer"
    )
    waits = [event for event in told if isinstance(event, Waited)]
    assert (waits[0].open, waits[0].asked, waits[0].most_seconds) == (1, 1, 0.05)
    assert [event for event in told if isinstance(event, Failed)] == 2 * [
        Failed(role="optimizer", message=message)
    ]
    assert results[0].errors == {message: 2}
    assert results[0].verdict is not None
    assert results[0].verdict.kind is VerdictKind.IMPROVED
    assert results[1] == results[0]
    assert len(waits) == 2


def test_without_an_optimizer_model_what_was_found_before_gets_its_verdict(
    tmp_path: Path,
) -> None:
    def fails(_request: Request) -> str:
        raise RefusedError("no such model")

    def better(request: Request) -> str:
        """Told the labels it is right but for one kind of ticket."""
        is_hard = "validation case 3" in request.messages[-1].content
        return "?" if is_hard else follows_named_labels(request)

    result = run(tmp_path, Models(task=better, optimizer=fails))
    assert result.reason == "the optimizer model does not answer: no such model"
    assert result.verdict is not None
    assert result.verdict.kind is VerdictKind.IMPROVED


def test_an_optimizer_model_that_never_answers_ends_it(tmp_path: Path) -> None:
    def fails(_request: Request) -> str:
        raise RefusedError("no such model")

    result = run(tmp_path, Models(optimizer=fails), diagnosis=False)
    assert result.reason == "the optimizer model does not answer: no such model"


def test_the_budget_of_the_run_ends_it_like_a_cap(tmp_path: Path) -> None:
    left = iter(range(60))

    def limited(request: Request) -> str:
        if next(left, None) is None:
            raise BudgetError("golden not asked")
        return follows_named_labels(request)

    models = Models(task=limited, optimizer=names_one_more_label)
    result = run(tmp_path, models, diagnosis=False)
    assert "the budget of the run is spent" in result.reason


def test_a_cap_too_small_for_one_round_is_refused_before_a_call(tmp_path: Path) -> None:
    models = Models()
    with pytest.raises(UsageError, match="too small for one round of protegi: it takes"):
        run(tmp_path, models, budget="60 calls")
    assert models.asked == []


@pytest.mark.parametrize("allocator", ["full", "ucb", "racing"])
def test_a_cap_ends_the_search_with_the_best_so_far(allocator: str, tmp_path: Path) -> None:
    models = Models(optimizer=names_one_more_label)
    result = run(
        tmp_path, models, "opro", diagnosis=False, budget="120 calls", allocator=allocator, keep=2
    )
    assert result.reason.startswith("the cap of 120 calls is reached: ")
    assert result.chosen is not None
    assert result.verdict is not None
    assert result.verdict.comparison is not None
    assert result.verdict.comparison.pairs == 12
    assert len(models.asked) <= 120


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(sorted(PRESETS)),
    calls=st.integers(100, 260),
    optimizer_calls=st.integers(1, 20),
    task_calls=st.integers(100, 250),
    tokens=st.integers(50_000, 200_000) | st.none(),
    cost_usd=st.floats(5.0, 20.0) | st.none(),
)
def test_no_cap_is_ever_exceeded(
    tmp_path_factory: pytest.TempPathFactory,
    method: str,
    calls: int,
    optimizer_calls: int,
    task_calls: int,
    tokens: int | None,
    cost_usd: float | None,
) -> None:
    models = Models(optimizer=names_one_more_label)
    limits = {
        "budget": f"{calls} calls",
        "optimizer_calls": optimizer_calls,
        "task_calls": task_calls,
        "tokens": tokens,
        "cost_usd": cost_usd,
    }
    kept = Journal(tmp_path_factory.mktemp("caps") / "j")
    wanted = read_optimize_settings(method, {**limits, "diagnosis": False}, "test")
    refused = ""
    try:
        asyncio.run(
            run_search(
                subject(),
                wanted,
                provider=models,
                optimizer_model=OPTIMIZER,
                splits=splits(),
                journal=kept,
                price_usd=lambda _model, usage: usage.total_tokens * 0.001 / 15,
            )
        )
    except UsageError as error:
        refused = str(error)
    finally:
        kept.close()
    assert ("too small for one round" in refused) is (not models.asked)
    assert len(models.asked) <= calls
    assert models.optimizer_calls <= optimizer_calls
    assert models.task_calls <= task_calls
    assert tokens is None or 15 * len(models.asked) <= tokens
    assert cost_usd is None or 0.001 * len(models.asked) <= cost_usd + 1e-9


def test_equal_prompts_are_almost_never_declared_improved(tmp_path: Path) -> None:
    """10 searches in which no prompt is better than another: half of all answers are right."""
    texts = iter(f"Version {n}: which team is it?" for n in range(10_000))
    improved = 0
    for seed in range(10):

        def tosses(request: Request, seed: int = seed) -> str:
            answer = follows_named_labels(request)
            coin = random.Random(f"{seed} {request.fingerprint}").random()
            return answer.rpartition(" ")[2].strip(".") if coin < 0.5 else answer

        models = Models(task=tosses, optimizer=lambda _r: f"<prompt>{next(texts)}</prompt>")
        result = run(
            tmp_path,
            models,
            "opro",
            parts=splits(train=8, validation=10, test=30),
            journal=f"j{seed}",
            diagnosis=False,
            headroom=False,
            rounds=1,
        )
        assert result.plan is not None
        improved += result.verdict is not None and result.verdict.kind is VerdictKind.IMPROVED
    # 2.5 % of 10 are a quarter; more than 2 have a chance under 1 in 500.
    assert improved <= 2


def searched_with_memory(
    tmp_path: Path, memory: MemoryFile, journal: str, **overrides: Any
) -> tuple[Any, Models, list[Event]]:
    models, told = Models(optimizer=names_one_more_label), list[Event]()
    kept = Journal(tmp_path / journal)
    result = asyncio.run(
        run_search(
            subject(),
            read_optimize_settings("protegi", overrides, "test"),
            provider=models,
            optimizer_model=OPTIMIZER,
            splits=splits(),
            journal=kept,
            memory=memory,
            report=told.append,
        )
    )
    kept.close()
    return result, models, told


def test_openings_of_the_test_split_are_counted_and_get_fresh_answers(tmp_path: Path) -> None:
    memory = MemoryFile(tmp_path / "memory" / "t.jsonl")
    first, _, _ = searched_with_memory(tmp_path, memory, "one")
    again, _, _ = searched_with_memory(tmp_path, memory, "one")
    second, models, _ = searched_with_memory(tmp_path, memory, "two", seed=1)
    assert (first.verdict.openings, again.verdict.openings, second.verdict.openings) == (1, 1, 2)
    assert again == first
    assert {r.sample for r in models.asked if "test case" in r.messages[-1].content} == {2000}
    assert [entry.event for entry in memory.read()].count("opened") == 2


def test_what_people_turned_down_is_not_proposed_again(tmp_path: Path) -> None:
    memory = MemoryFile(tmp_path / "t.jsonl")
    first, _, _ = searched_with_memory(tmp_path, memory, "one")
    turned_down = Remembered(run="x", event="turned down", candidate=first.chosen.id, note="No.")
    memory.append([turned_down])
    second, models, _ = searched_with_memory(tmp_path, memory, "two")
    assert second.chosen != first.chosen
    assert second.refused["People turned this very text down before."] == 1
    asked = next(r for r in models.asked if r.model == OPTIMIZER)
    assert asked


def test_the_search_tells_where_it_is(tmp_path: Path) -> None:
    _, _, told = searched_with_memory(
        tmp_path, MemoryFile(tmp_path / "t.jsonl"), "one", diagnosis=False
    )
    kinds = [type(event).__name__ for event in told if not isinstance(event, Counted)]
    assert kinds == ["Planned", "Advanced", "Looked", *["Advanced"] * 5, "Judged"]
    progress = [event for event in told if isinstance(event, Advanced)]
    assert [(event.phase, event.round) for event in progress] == [
        (Phase.LOOK, 0),
        (Phase.MODEL_FREE, 0),
        (Phase.PROPOSED, 1),
        (Phase.PROPOSED, 2),
        (Phase.FINALS, 0),
        (Phase.VERDICT, 0),
    ]
    assert progress[0].best is None
    assert progress[-1].best == 1.0
    assert progress[-1].interval is not None
    assert progress[-1].interval.low < 1.0
    assert progress[-1].alive <= progress[-1].candidates
    counted = [event.spent.calls for event in told if isinstance(event, Counted)]
    assert counted == [*range(1, counted[-1] + 1)]


@pytest.mark.parametrize(
    ("number", "phase"), [(1, Phase.MODEL_FREE), (2, Phase.PROPOSED), (3, Phase.COMBINED)]
)
def test_rounds_of_a_race_are_told_by_what_they_do(
    number: int, phase: Phase, tmp_path: Path
) -> None:
    told: list[Event] = []
    run(tmp_path, Models(task=says("?")), "race", report=told.append)
    advanced = [event for event in told if isinstance(event, Advanced)]
    assert [event.phase for event in advanced if event.round == number] == [phase]


def test_goldens_that_cannot_be_filled_are_left_out(tmp_path: Path) -> None:
    parts = splits()
    bare = replace(golden(99, "train"), variables={}, id="bare")
    models = Models(optimizer=names_one_more_label)
    result = run(tmp_path, models, parts=replace(parts, train=(bare, *parts.train)))
    assert result.verdict is not None
    assert result.verdict.kind is VerdictKind.IMPROVED
