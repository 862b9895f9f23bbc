"""The report of a run as JSON, for other programs; ``schema/report.schema.json`` describes it.

It holds no prompt, but for the diffs of what is proposed. Of goldens that missed or were not
scored it holds input, expected value and answers. Texts and lists are cut to the schema's limits,
so that whoever reads the report of somebody else's run can refuse what is larger.
"""

import json
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from pytest_promptopt.evaluation.difference import Difference
from pytest_promptopt.evaluation.evaluation import GoldenResult
from pytest_promptopt.evaluation.gate import Verdict
from pytest_promptopt.reports.causes import Cause
from pytest_promptopt.reports.search import Offer, SearchSummary
from pytest_promptopt.reports.summary import GOOD_END, BaseSummary, Ending, GoldenRow, PromptSummary
from pytest_promptopt.statistics.comparison import Comparison
from pytest_promptopt.statistics.intervals import Interval

VERSION = 1
_TEXT = 2_000
_PATCH = 100_000
_ITEMS = 100
_WHOLE = 20_100
_ANSWERS = 20
_MOST_WHOLE = 6_000_000
_BRIEF = 200
_IDS = 10_000


def report_schema() -> Mapping[str, Any]:
    """The published JSON Schema of a report (draft 2020-12)."""
    text = resources.files(__package__).joinpath("schema/report.schema.json").read_text("utf-8")
    schema: Mapping[str, Any] = json.loads(text)
    return schema


class _WholeTexts:
    """Gives texts whole while there is room in the report, then their first characters."""

    def __init__(self) -> None:
        self._left = _MOST_WHOLE

    def cut(self, text: str) -> str:
        """The text, with what was left out told at its end."""
        length = len(json.dumps(text))
        most = _WHOLE - 100 if length <= self._left else _BRIEF
        self._left -= min(length, self._left)
        rest = len(text) - most
        return text if rest <= 100 else f"{text[:most]}… ({rest:,} characters more)"


def render_json(
    summaries: Sequence[PromptSummary],
    searches: Sequence[SearchSummary] = (),
    ending: Ending = GOOD_END,
) -> str:
    """The whole run as a text of JSON; plain ASCII."""
    texts = _WholeTexts()
    report = {
        "version": VERSION,
        "exit_code": ending.exit_code,
        "failures": [
            {"location": _cut(failure.location), "reason": _cut(failure.reason)}
            for failure in ending.failures[:_ITEMS]
        ],
        "prompts": [_prompt(summary, texts) for summary in summaries],
        "searches": [_search(search) for search in searches],
    }
    return json.dumps(report, indent=1, allow_nan=False) + "\n"


def _prompt(summary: PromptSummary, texts: _WholeTexts) -> dict[str, Any]:
    return {
        "key": _cut(summary.key or summary.location),
        "location": _cut(summary.location),
        "model": _cut(summary.model),
        "samples": summary.samples,
        "goldens": summary.goldens,
        "score": summary.evaluation.score,
        "interval": _interval(summary.interval),
        "tokens": summary.tokens,
        "cost_usd": summary.cost_usd,
        "has_gate": summary.has_gate,
        "verdict": summary.verdict and _verdict(summary.verdict),
        "base": summary.base and _base(summary.base, summary.change),
        "causes": [_cause(cause) for cause in summary.causes[:_ITEMS]],
        "results": [_row(row, texts) for row in summary.rows[:_IDS]],
    }


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        "outcome": cause.outcome.value,
        "reason": _cut(cause.reason),
        "count": len(cause.golden_ids),
        "goldens": _texts(cause.golden_ids),
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "decision": verdict.decision.value,
        "passed": verdict.passed,
        "score": verdict.score,
        "reasons": _texts(verdict.reasons),
        "remarks": _texts(verdict.remarks),
    }


def _base(base: BaseSummary, change: Difference | None) -> dict[str, Any]:
    return {
        "label": _cut(base.label),
        "version": _cut(base.version),
        "identical": base.identical,
        "remark": _cut(base.remark),
        "loosened": _texts(base.loosened),
        "change": change and _change(change),
    }


def _change(change: Difference) -> dict[str, Any]:
    return {
        "before": change.before,
        "after": change.after,
        "comparison": _comparison(change.comparison),
        "fixed": _texts(change.fixed, _IDS),
        "broken": _texts(change.broken, _IDS),
        "unpaired": _texts(change.unpaired, _IDS),
    }


def _comparison(comparison: Comparison) -> dict[str, Any]:
    return {
        "pairs": comparison.pairs,
        "fixed": comparison.fixed,
        "broken": comparison.broken,
        "difference": comparison.difference,
        "interval": _interval(comparison.interval),
        "p_value": comparison.p_value,
        "method": comparison.method,
    }


def _row(row: GoldenRow, texts: _WholeTexts) -> dict[str, Any]:
    return {
        **_result(row.result),
        "before": row.before and _result(row.before),
        "place": _cut(row.place),
        "input": texts.cut(row.input),
        "expected": None if row.expected is None else texts.cut(row.expected),
        "answers": [
            {
                "text": texts.cut(answer.text),
                "reasoning": texts.cut(answer.reasoning),
                "passed": answer.passed,
            }
            for answer in row.answers[:_ANSWERS]
        ],
    }


def _result(result: GoldenResult) -> dict[str, Any]:
    return {
        "id": _cut(result.golden_id),
        "outcome": result.outcome.value,
        "score": result.score,
        "reason": _cut(result.reason),
        "evaluators": [
            {
                "name": _cut(mark.evaluator),
                "score": mark.value,
                "passed": mark.passed,
                "reason": _cut(mark.reason),
            }
            for mark in result.marks[:_ITEMS]
        ],
        "agreement": result.agreement,
        "tags": _texts(result.tags),
        "notes": _texts(result.notes),
        "required": result.required,
        "weight": result.weight,
        "input_tokens": result.input_tokens,
        "output_tokens": result.output_tokens,
        "cost_usd": result.cost_usd,
        "latency_seconds": result.latency_seconds,
        "saved": result.saved,
    }


def _search(search: SearchSummary) -> dict[str, Any]:
    is_too_long = len(search.patch) > _PATCH
    return {
        "key": _cut(search.key),
        "location": _cut(search.location),
        "sentence": _cut(search.sentence),
        "is_proven": search.is_proven,
        "comparison": search.comparison and _comparison(search.comparison),
        "before": search.before,
        "after": search.after,
        # A part of a patch is no patch.
        "patch": "" if is_too_long else search.patch,
        "apply_command": _cut(search.apply_command),
        "flags": _texts(search.flags),
        "offer": search.offer and _offer(search.offer),
        "calls": search.calls,
        "model": _cut(search.model),
        "optimizer_model": _cut(search.optimizer_model),
    }


def _offer(offer: Offer) -> dict[str, Any]:
    return {
        "rung": offer.rung.value,
        "url": _cut(offer.url),
        "number": offer.number,
        "remark": _cut(offer.remark),
    }


def _interval(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [interval.low, interval.high]


def _texts(texts: Sequence[str], most: int = _ITEMS) -> list[str]:
    return [_cut(text) for text in texts[:most]]


def _cut(text: str) -> str:
    return text if len(text) <= _TEXT else f"{text[: _TEXT - 1]}…"
