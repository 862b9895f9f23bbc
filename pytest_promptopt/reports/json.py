"""The report of a run as JSON, for other programs; ``schema/report.schema.json`` describes it.

It holds no prompt, but for the diffs of what is proposed, and the sentences that mutants were made
of. What the schema does not name is left out, and texts and lists are cut to its limits, so that
whoever reads the report of somebody else's run can refuse what is larger. Goldens that passed are
told without their texts where those of all goldens would not fit.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from importlib import resources
from typing import Any

from pytest_promptopt.codec import to_json
from pytest_promptopt.evaluation.alarms import false_alarms
from pytest_promptopt.evaluation.evaluation import GoldenResult, Outcome
from pytest_promptopt.evaluation.mutation_record import MutationRecord
from pytest_promptopt.evaluation.record import PromptRecord, Run
from pytest_promptopt.evaluation.search_record import SearchRecord

VERSION = 1
_WHOLE = "#/$defs/whole"
_PATCH = 100_000
_MOST_WHOLE = 6_000_000
_BRIEF = 200
_TOLD = 100
"""Characters that are left to say how much was cut."""

Schema = Mapping[str, Any]


def report_schema() -> Schema:
    """The published JSON Schema of a report (draft 2020-12)."""
    text = resources.files(__package__).joinpath("schema/report.schema.json").read_text("utf-8")
    schema: Schema = json.loads(text)
    return schema


def render_json(run: Run) -> str:
    """The whole run as a text of JSON; plain ASCII."""
    results = [result for prompt in run.prompts for result in prompt.results]
    has_room = sum(map(_size, results)) <= _MOST_WHOLE
    report = {
        "version": VERSION,
        "exit_code": run.exit_code,
        "failures": to_json(run.failures),
        "false_alarms": to_json(false_alarms(run.prompts)),
        "prompts": [_prompt(prompt, has_room=has_room) for prompt in run.prompts],
        "searches": [_search(search) for search in run.searches],
    }
    schema = report_schema()
    return json.dumps(_Cutting(schema).fit(report, schema), indent=1, allow_nan=False) + "\n"


def _size(result: GoldenResult) -> int:
    """Characters of its texts, without those of the base."""
    answers = sum(len(a.text) + len(a.reasoning) + len(a.whole or "") for a in result.answers)
    return len(result.input) + len(result.expected or "") + answers


def _without_texts(result: GoldenResult) -> GoldenResult:
    return replace(result, input="", expected=None, answers=())


def _prompt(prompt: PromptRecord, *, has_room: bool) -> dict[str, Any]:
    """The record with what is worked out of it."""
    base = prompt.base and {**to_json(prompt.base), "change": to_json(prompt.change)}
    results = tuple(
        result if has_room or result.outcome is not Outcome.PASSED else _without_texts(result)
        for result in prompt.results
    )
    return {
        **to_json(replace(prompt, results=results)),
        "score": prompt.evaluation.score,
        "interval": to_json(prompt.interval),
        "tokens": prompt.tokens,
        "cost_usd": prompt.cost_usd,
        "base": base,
        "agreement": to_json(prompt.agreement),
        "mutation": _mutation(prompt.mutation),
        "judges": [
            {**to_json(judge), "agreement": to_json(prompt.judge_agreements.get(judge.name))}
            for judge in prompt.judges
        ],
        "correction": to_json(prompt.correction),
        "causes": [{**to_json(c), "count": len(c.goldens)} for c in prompt.causes],
    }


def _mutation(record: MutationRecord | None) -> dict[str, Any] | None:
    if record is None:
        return None
    return {**to_json(record), "score": record.score, "interval": to_json(record.interval)}


def _search(search: SearchRecord) -> dict[str, Any]:
    # A part of a patch is no patch.
    is_too_long = len(search.patch) > _PATCH
    return {**to_json(search), **({"patch": ""} if is_too_long else {})}


class _Cutting:
    """Cuts a report to what its schema allows.

    Whole texts stay whole while there is room in the report, then their first characters do.
    """

    def __init__(self, schema: Schema) -> None:
        self._parts: Schema = schema["$defs"]
        self._left = _MOST_WHOLE

    def fit(self, value: Any, schema: Schema) -> Any:
        """The part of a report that ``schema`` is about."""
        if "anyOf" in schema:
            return value if value is None else self.fit(value, schema["anyOf"][-1])
        if schema.get("$ref") == _WHOLE:
            return self._whole(value, self._parts["whole"]["maxLength"])
        if "$ref" in schema:
            return self.fit(value, self._parts[schema["$ref"].rpartition("/")[2]])
        match value:
            case dict():
                known = schema["properties"]
                return {name: self.fit(value[name], part) for name, part in known.items()}
            case list() | tuple():
                return [self.fit(item, schema["items"]) for item in value[: schema["maxItems"]]]
            case str() if "maxLength" in schema and len(value) > schema["maxLength"]:
                return f"{value[: schema['maxLength'] - 1]}…"
        return value

    def _whole(self, text: str, longest: int) -> str:
        """The text, with what was left out told at its end."""
        length = len(json.dumps(text))
        most = longest - _TOLD if length <= self._left else _BRIEF
        self._left -= min(length, self._left)
        rest = len(text) - most
        return text if rest <= _TOLD else f"{text[:most]}… ({rest:,} characters more)"
