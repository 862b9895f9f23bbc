import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_promptopt.errors import ReportError
from pytest_promptopt.evaluation.base import BaseRecord
from pytest_promptopt.evaluation.evaluation import Answer, GoldenResult, Mark, Outcome
from pytest_promptopt.evaluation.part import Decision
from pytest_promptopt.evaluation.record import PromptRecord, Run
from pytest_promptopt.evaluation.verdict import Verdict
from pytest_promptopt.reports.json import render_json, report_schema
from pytest_promptopt.reports.markdown import render_markdown
from pytest_promptopt.reports.reader import MOST_BYTES, MOST_VALUES, read_report
from tests.reports.sample_runs import all_good, one_failing, several_too_long

TEXTS = st.text("ab `|<@#\n\u202eé", max_size=8)
SCORES = st.sampled_from([0, 0.5, 1, 0.25])
AMOUNTS = st.sampled_from([0, 1, 0.5, 10**6])


@st.composite
def results(draw: st.DrawFn, golden_id: str) -> GoldenResult:
    outcome = draw(st.sampled_from(Outcome))
    is_scored = outcome in {Outcome.PASSED, Outcome.MISSED}
    marks = st.builds(
        Mark, name=TEXTS, score=st.none() | SCORES, passed=st.booleans(), reason=TEXTS
    )
    return GoldenResult(
        id=golden_id,
        outcome=outcome,
        score=draw(SCORES) if is_scored else None,
        evaluators=tuple(draw(st.lists(marks, max_size=2))),
        agreement=draw(st.none() | SCORES),
        tags=tuple(draw(st.lists(TEXTS, max_size=2))),
        required=draw(st.booleans()),
        weight=draw(AMOUNTS),
        input_tokens=draw(st.integers(0, 9)),
        cost_usd=draw(st.none() | AMOUNTS),
        reason=draw(TEXTS),
    )


ANSWERS = st.builds(Answer, text=TEXTS, reasoning=TEXTS, passed=st.none() | st.booleans())


@st.composite
def rows(draw: st.DrawFn) -> tuple[GoldenResult, ...]:
    ids = draw(st.lists(TEXTS, max_size=4, unique=True))
    return tuple(
        replace(
            draw(results(golden_id)),
            before=draw(st.none() | results(golden_id)),
            place=draw(TEXTS),
            input=draw(TEXTS),
            expected=draw(TEXTS),
            answers=tuple(draw(st.lists(ANSWERS, max_size=2))),
        )
        for golden_id in ids
    )


VERDICTS = st.builds(
    Verdict,
    decision=st.just(Decision.INCONCLUSIVE),
    passed=st.booleans(),
    score=st.none() | SCORES,
    reasons=st.lists(TEXTS, max_size=2).map(tuple),
)
BASES = st.builds(
    BaseRecord,
    label=TEXTS,
    identical=st.booleans(),
    remark=TEXTS,
    loosened=st.lists(TEXTS, max_size=2).map(tuple),
)
PROMPTS = st.lists(
    st.builds(
        PromptRecord,
        key=TEXTS.map("k{}".format),
        location=TEXTS,
        model=TEXTS,
        goldens=st.integers(4, 9),
        results=rows(),
        has_gate=st.booleans(),
        verdict=st.none() | VERDICTS,
        base=st.none() | BASES,
    ),
    max_size=2,
    unique_by=lambda summary: summary.key,
)


def written(run: Run) -> bytes:
    return render_json(run).encode()


def markdown(run: Run) -> str:
    return render_markdown(run)


def read_again(run: Run) -> Run:
    return read_report(written(run))


@pytest.mark.parametrize("make", [all_good, one_failing, several_too_long])
def test_what_was_read_reads_as_the_run_itself_but_for_the_offers(make: Callable[[], Run]) -> None:
    run = make()
    without = replace(run, searches=tuple(replace(s, offer=None) for s in run.searches))
    assert markdown(read_again(run)) == markdown(without)


@given(PROMPTS, st.booleans(), TEXTS)
def test_any_run_reads_as_itself(prompts: list[PromptRecord], is_searched: bool, text: str) -> None:
    run = Run(prompts=tuple(prompts))
    if prompts and is_searched:
        search = one_failing().searches[0]
        own = replace(search, key=prompts[0].key, offer=None, patch=text, flags=(text,))
        run = replace(run, searches=(own,))
    assert markdown(read_again(run)) == markdown(run)


def test_a_claim_that_the_results_do_not_bear_out_is_not_taken() -> None:
    data = json.loads(written(all_good()))
    data["prompts"][1] |= {"score": 0.1, "interval": [0, 0.2], "tokens": 0, "cost_usd": 0}
    [_, summary] = read_report(json.dumps(data).encode()).prompts
    assert (summary.evaluation.score, summary.tokens) == (1.0, 306)


def changed(path: str, value: Any) -> bytes:
    """The report of a failing run with another value in one place."""
    data = json.loads(written(one_failing()))
    *steps, last = [int(step) if step.isdigit() else step for step in path.split()]
    at = data
    for step in steps:
        at = at[step]
    at[last] = value
    return json.dumps(data).encode()


def refusal(content: bytes) -> str:
    with pytest.raises(ReportError) as caught:
        read_report(content)
    return str(caught.value)


ROW = "prompts 1 results 0"


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("version", 2, "version: found 2, expected 1"),
        ("prompts", None, "prompts: found null, expected the type array"),
        ("extra", 1, 'the report: found the key "extra", expected none of that name'),
        ("prompts 0", {}, "prompts[0]: found no `key`, expected one"),
        ("prompts 0 key", "a" * 2001,
         f'prompts[0].key: found "{"a" * 79}…, expected at most 2000 characters'),
        ("prompts 0 model", ["\x1b[2J\u202e"],
         r'prompts[0].model: found ["\u001b[2J\u202e"], expected the type string'),
        ("prompts 0 tokens", -1, "prompts[0].tokens: found -1, expected at least 0"),
        (f"{ROW} weight", 1e300,
         "prompts[1].results[0].weight: found 1e+300, expected at most 1000000000"),
        (f"{ROW} outcome", "won", 'prompts[1].results[0].outcome: found "won", expected one of '
         "passed, missed, not scored, error, not run, not needed"),
        (f"{ROW} before score", "1",
         'prompts[1].results[0].before.score: found "1", expected the type number, null'),
        (f"{ROW} before id", "other",
         'prompts[1].results[0].before.id: found "other", expected "ticket-00"'),
        (f"{ROW} score", None,
         "prompts[1].results[0].score: found null, expected a number, as it is missed"),
        (f"{ROW} before outcome", "error",
         "prompts[1].results[0].before.score: found 1.0, expected null, as it is error"),
        (f"{ROW} id", "ticket-01",
         'prompts[1].results[1].id: found "ticket-01", expected one that is not taken'),
        ("prompts 1 key", "prompts/summary.prompt.yml",
         'prompts[1].key: found "prompts/summary.prompt.yml", expected one that is not taken'),
        ("prompts 0 interval", [0.9, 0.1],
         "prompts[0].interval: found [0.9, 0.1], expected the lower bound first"),
        ("prompts 0 interval", [0.9], "prompts[0].interval: found [0.9], "
         "expected at least 2 of them"),
        ("prompts 1 verdict passed", True,
         "prompts[1].verdict.passed: found true, expected the other, as it is FAIL"),
        ("searches 0 comparison", None,
         "searches[0].is_proven: found true, expected false, as no interval lies above 0"),
        ("searches 0 comparison interval", [0.9, 0.1],
         "searches[0].comparison.interval: found [0.9, 0.1], expected the lower bound first"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(path: str, value: Any, reason: str) -> None:
    found = refusal(changed(path, value))
    assert found == f"the report is not as its schema says: {reason}"


def test_there_is_one_search_a_prompt() -> None:
    run = one_failing()
    twice = replace(run, searches=run.searches * 2)
    assert refusal(written(twice)).endswith(
        'searches[1].key: found "prompts/ticket_routing.prompt.yml", expected one that is not taken'
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the report is not JSON: Expecting value"),
        (b"\xff", "the report is not JSON: 'utf-8' codec can't decode"),
        (b"[" * 100_000, "the report is not JSON: nested more than 100 levels deep"),
        (b"[" * 101 + b"]" * 101, "the report is not JSON: nested more than 100 levels deep"),
        (
            b'{"a\\u001b": 1, "a\\u001b": 2}',
            r"the report is not JSON: the key `a\x1b` stands twice",
        ),
        (b"NaN", "the report is not JSON: NaN is not JSON"),
        (b"9" * 100_000, "the report is not JSON: Exceeds the limit"),
        (b"null", "the report is not as its schema says: the report: found null, expected the"),
        (b" " * (MOST_BYTES + 1), "the report is larger than 10,000,000 bytes"),
        (b"[" + b"0," * MOST_VALUES + b"0]", "the report holds more than 250,000 values"),
    ],
)
def test_what_is_no_report_is_refused(content: bytes, reason: str) -> None:
    assert refusal(content).startswith(reason)


def test_a_number_without_end_is_refused() -> None:
    content = changed("prompts 0 cost_usd", "X").replace(b'"X"', b"1e999")
    assert refusal(content).endswith("cost_usd: found Infinity, expected at most 1000000000")


def test_an_alternative_in_the_schema_is_null_or_one_other() -> None:
    def alternatives(schema: Any) -> list[Any]:
        below = schema.values() if isinstance(schema, dict) else schema
        found = [a for v in below if isinstance(v, dict | list) for a in alternatives(v)]
        return found + ([schema["anyOf"]] if isinstance(schema, dict) and "anyOf" in schema else [])

    found = alternatives(report_schema())
    assert found
    assert all(len(a) == 2 and a[0] == {"type": "null"} for a in found)
