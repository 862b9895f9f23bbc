import asyncio
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_promptopt.errors import UsageError
from pytest_promptopt.optimization.allowance import Allowance, Caps
from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.journal import Journal, Journaled
from pytest_promptopt.optimization.log_probability import (
    likelihood_case,
    likelihood_request,
    measured_by_log_probability,
)
from pytest_promptopt.optimization.presets import PRESETS, read_optimize_settings
from pytest_promptopt.optimization.scoreboard import Scoreboard
from pytest_promptopt.optimization.stops import AnswersMissingError, CapReachedError
from pytest_promptopt.optimization.verdict import VerdictKind
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.providers.request import Completion, Model, Request, Usage
from tests.optimization.world import (
    LABELS,
    TASK,
    Models,
    follows_named_labels,
    golden,
    names_one_more_label,
    run,
    splits,
    subject,
)

GOLDENS = [golden(n, "validation") for n in range(4)]
BILLING = Candidate(texts={0: "Team billing."})


def tells(request: Request) -> str | Completion:
    """A forced answer is likely where the system message names it; others follow the rules."""
    answer = request.forced_answer
    if answer is None:
        return follows_named_labels(request)
    is_named = answer in request.messages[0].content
    usage = Usage(input_tokens=10, output_tokens=2)
    return Completion(text=answer, usage=usage, log_probability=math.log(0.9 if is_named else 0.1))


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path / "j")
    yield opened
    opened.close()


def board(journal: Journal, models: Models, caps: Caps | None = None) -> Scoreboard:
    allowance = Allowance(caps or Caps())
    calls = Journaled(provider=models, journal=journal, allowance=allowance, role="task")
    ids = {golden.id for golden in GOLDENS}
    return Scoreboard(subject(), GOLDENS, calls, allowance, samples=2, by_log_probability=ids)


def test_score_is_the_likelihood_of_what_is_expected_and_takes_one_call(journal: Journal) -> None:
    models = Models(task=tells)
    scores = board(journal, models)
    asyncio.run(scores.ask([(BILLING, GOLDENS)]))
    cases = scores.known(BILLING).values()
    assert [round(case.score or 0.0, 3) for case in cases] == [0.9, 0.1, 0.1, 0.1]
    assert [case.passed for case in cases] == [True, False, False, False]
    assert [request.forced_answer for request in models.asked] == list(LABELS)


def test_other_goldens_are_answered_with_every_sample(journal: Journal) -> None:
    models = Models(task=tells)
    scores = board(journal, models)
    asyncio.run(scores.ask([(BILLING, [golden(0, "train")])]))
    assert [(r.forced_answer, r.sample) for r in models.asked] == [(None, 0), (None, 1)]
    assert [case.score for case in scores.known(BILLING).values()] == [1.0]


def test_tokens_are_admitted_by_the_length_of_the_expected_answer(journal: Journal) -> None:
    models = Models(task=tells)
    scores = board(journal, models, Caps(tokens=600))
    asyncio.run(scores.ask([(BILLING, GOLDENS[:1])]))
    assert len(models.asked) == 1
    with pytest.raises(CapReachedError):
        asyncio.run(scores.ask([(BILLING, [golden(0, "train")])]))


def test_without_a_log_probability_there_is_no_case(journal: Journal) -> None:
    models = Models(task=lambda request: request.forced_answer or "")
    with pytest.raises(
        AnswersMissingError, match="the last: scripted/task gave no log-probability"
    ):
        asyncio.run(board(journal, models).ask([(BILLING, GOLDENS)]))


@pytest.mark.parametrize(
    ("log_probability", "score", "passed"),
    [(0.0, 1.0, True), (math.log(0.5), 0.5, True), (math.log(0.49), 0.49, False), (-1e9, 0, False)],
)
def test_case_passes_from_one_half_on(log_probability: float, score: float, passed: bool) -> None:
    case = likelihood_case(GOLDENS[0], Completion(text="billing", log_probability=log_probability))
    assert case.score == pytest.approx(score)
    assert case.passed is passed


@pytest.mark.parametrize(
    ("expected", "text"),
    [(" billing\n", "billing"), (3, "3"), (2.5, "2.5"), (True, "true"), ("", "")],
)
def test_what_is_expected_is_asked_for_as_text(expected: Any, text: str) -> None:
    request = likelihood_request(subject(), replace(GOLDENS[0], expected=expected))
    assert request.forced_answer == text


def measured(expected: Any = "billing", *, measure: str, model: Model = TASK) -> frozenset[str]:
    settings = read_optimize_settings("ape", {"measure": measure}, "test")
    goldens: list[Golden] = [replace(GOLDENS[0], expected=expected), GOLDENS[1]]
    return measured_by_log_probability(replace(subject(), model=model), settings, goldens)


def test_all_of_validation_is_measured_or_nothing() -> None:
    assert measured(measure="accuracy", expected=None) == frozenset()
    assert measured(measure="log-probability") == {"validation-0", "validation-1"}


@pytest.mark.parametrize("expected", [None, ["billing"], {"team": "billing"}])
def test_golden_without_a_text_to_expect_is_named(expected: Any) -> None:
    with pytest.raises(UsageError) as caught:
        measured(expected, measure="log-probability")
    assert str(caught.value) == (
        "g.jsonl:1: measure: log-probability needs `expected` as text or a number in every "
        "golden of validation, and validation-0 has none"
    )


def test_model_that_does_not_tell_is_named() -> None:
    with pytest.raises(UsageError) as caught:
        measured(measure="log-probability", model=Model(provider="openai", name="gpt-x"))
    assert str(caught.value) == (
        "measure: log-probability: openai/gpt-x does not tell how likely a given answer is; "
        "use a local model, or measure: accuracy"
    )


def test_nothing_is_asked_where_log_probability_cannot_be_had(tmp_path: Path) -> None:
    models = Models(task=tells)
    parts = splits()
    wordless = tuple(replace(golden, expected=["a"]) for golden in parts.validation)
    with pytest.raises(UsageError, match="needs `expected` as text"):
        run(tmp_path, models, parts=replace(parts, validation=wordless), measure="log-probability")
    assert models.asked == []


@pytest.mark.parametrize("method", PRESETS)
def test_every_method_can_choose_by_it_and_is_judged_by_answers(
    method: str, tmp_path: Path
) -> None:
    models = Models(task=tells, optimizer=names_one_more_label)
    result = run(tmp_path, models, method, diagnosis=False, measure="log-probability")
    assert result.chosen is not None
    assert result.before == pytest.approx(0.1)
    assert result.after is not None
    assert result.after > 0.1
    assert result.verdict is not None
    assert result.verdict.kind is VerdictKind.IMPROVED
    tasks = [request for request in models.asked if request.model == TASK]
    forced = [request.forced_answer is not None for request in tasks]
    assert forced == ["validation case" in request.messages[-1].content for request in tasks]


def test_a_killed_search_goes_on_without_asking_again(tmp_path: Path) -> None:
    first, again = (Models(task=tells, optimizer=names_one_more_label) for _ in range(2))
    results = [run(tmp_path, models, measure="log-probability") for models in (first, again)]
    assert results[0] == results[1]
    assert again.asked == []
