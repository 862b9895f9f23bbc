import json
from dataclasses import replace
from pathlib import Path

from pytest_promptopt.codec import from_json, to_json
from pytest_promptopt.providers.request import Completion, Model, Request
from tests.providers.questions import question

LOCAL = Model(provider="local", name="small")
ASKED = question(
    LOCAL,
    parameters={"temperature": 1, "stop": ["\n"]},
    response_format="json_schema",
    json_schema={"name": "team", "schema": {}},
    sample=3,
)


def test_forcing_drops_what_chooses_among_answers_and_bounds_the_tokens_by_the_bytes() -> None:
    assert ASKED.forcing("Größe") == question(
        LOCAL, parameters={"max_tokens": 8}, forced_answer="Größe"
    )


def test_forced_answer_is_part_of_the_question_and_its_absence_is_not() -> None:
    plain = question(LOCAL)
    fingerprints = {
        plain.fingerprint,
        question(LOCAL, forced_answer="").fingerprint,
        question(LOCAL, forced_answer="a").fingerprint,
    }
    assert len(fingerprints) == 3
    assert plain.fingerprint == ("cc3afeb4c66a66464ca88a340ef8c86e0d8abe1ab606925f179de6dfd91d25cd")


def test_forced_answer_reaches_another_process() -> None:
    asked = replace(ASKED.forcing("billing"), origin=Path("a.prompt.yml"))
    told = from_json(Request, json.loads(json.dumps(to_json(asked))))
    assert told == asked
    assert told.origin == asked.origin


def test_log_probability_is_kept_only_where_there_is_one() -> None:
    told = Completion(text="a", log_probability=-0.25)
    assert told.to_json()["log_probability"] == -0.25
    assert Completion.from_json(told.to_json()) == told
    assert Completion(text="a").to_json() == {
        "text": "a",
        "finish_reason": "stop",
        "input_tokens": 0,
        "output_tokens": 0,
        "latency_seconds": 0.0,
        "cost_usd": None,
        "notes": (),
    }
    assert Completion.from_json(Completion(text="a").to_json()).log_probability is None
