import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from pytest_promptopt.evaluation.evaluation import Answer, GoldenResult, Outcome
from pytest_promptopt.evaluation.record import PromptRecord, Run
from pytest_promptopt.reports.json import render_json, report_schema
from tests.reports.sample_runs import all_good, one_failing, several_too_long

VALIDATOR = Draft202012Validator(report_schema())


def report(run: Run) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(render_json(run))
    return made


def objects(schema: Any) -> list[Any]:
    below = schema.values() if isinstance(schema, dict) else schema
    found = [o for value in below if isinstance(value, dict | list) for o in objects(value)]
    return found + ([schema] if isinstance(schema, dict) and "type" in schema else [])


@pytest.mark.parametrize("run", [all_good, one_failing, several_too_long])
def test_a_report_is_as_the_schema_says(run: Callable[[], Run]) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(report(run()))] == []


def test_the_schema_is_strict_and_bounded() -> None:
    Draft202012Validator.check_schema(report_schema())
    found = objects(report_schema())
    assert all(o["additionalProperties"] is False for o in found if o["type"] == "object")
    assert all(set(o["required"]) == set(o["properties"]) for o in found if o["type"] == "object")
    assert all("maxLength" in o for o in found if o["type"] == "string")
    assert all("maxItems" in o for o in found if o["type"] == "array")


def test_the_report_holds_score_verdict_base_and_goldens() -> None:
    [_, prompt] = report(one_failing())["prompts"]
    assert (prompt["score"], prompt["tokens"], prompt["goldens"]) == (0.6, 4080, 20)
    assert prompt["verdict"]["reasons"] == ["score 0.600 is under min 0.85 (20 goldens scored)"]
    change = prompt["base"]["change"]
    assert (change["before"], change["after"], change["fixed"]) == (0.95, 0.6, ["ticket-19"])
    missed = prompt["results"][0]
    assert (missed["id"], missed["outcome"]) == ("ticket-00", "missed")
    assert (missed["place"], missed["input"], missed["expected"], missed["answers"]) == (
        "prompts/ticket_routing.prompt.yml:9",
        "ticket: ticket number 0",
        "returns",
        [
            {
                "text": "It is about billing.",
                "reasoning": "",
                "passed": False,
                "whole": None,
                "named": [],
                "labels": [],
            }
        ],
    )
    assert (missed["score"], missed["before"]["score"]) == (0.0, 1.0)


def test_the_report_holds_what_a_search_proposes() -> None:
    [search] = report(one_failing())["searches"]
    assert search["patch"] == one_failing().searches[0].patch
    assert (search["is_proven"], search["comparison"]["difference"]) == (True, 1.0)


def test_texts_and_lists_are_cut_to_what_the_schema_allows() -> None:
    long = "x" * 5_000
    result = GoldenResult(
        id=long,
        outcome=Outcome.ERROR,
        reason=long,
        notes=(long,) * 200,
        cost_usd=None,
        answers=(Answer(text=long * 5),),
    )
    prompt = PromptRecord(key=long, location=long, model=long, goldens=1, results=(result,))
    [search] = one_failing().searches
    run = Run(prompts=(prompt,), searches=(replace(search, patch=long * 30),))
    made = report(run)
    VALIDATOR.validate(made)
    [shown] = made["prompts"][0]["results"]
    assert shown["reason"] == "x" * 1_999 + "…"
    assert len(shown["notes"]) == 100
    assert shown["answers"] == [
        {
            "text": "x" * 20_000 + "… (5,000 characters more)",
            "reasoning": "",
            "passed": None,
            "whole": None,
            "named": [],
            "labels": [],
        }
    ]
    assert made["searches"][0]["patch"] == ""


def test_any_text_can_be_written() -> None:
    result = GoldenResult(
        id="\ud800\x00", outcome=Outcome.MISSED, score=0.0, answers=(Answer(text="\ud800 é"),)
    )
    prompt = PromptRecord(key="a", location="a", model="b", goldens=1, results=(result,))
    assert render_json(Run(prompts=(prompt,))).isascii()


def test_goldens_that_passed_have_no_texts_where_those_of_all_have_no_room() -> None:
    def told(size: int) -> list[int]:
        result = GoldenResult(id="p", outcome=Outcome.PASSED, score=1.0, input="x" * size)
        missed = replace(result, id="m", outcome=Outcome.MISSED, score=0.0)
        results = (result, *(replace(missed, id=str(n)) for n in range(299)))
        prompt = PromptRecord(key="a", location="a", model="b", goldens=1, results=results)
        return [len(r["input"]) for r in report(Run(prompts=(prompt,)))["prompts"][0]["results"]]

    assert {*told(19_000)} == {19_000}
    assert {*told(20_001)[1:-5]} == {20_001}
    assert told(20_001)[0] == 0
