"""promptfoo's assertions that ask a model, with their own meaning, by judges of ours."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pytest_promptopt.prompts.entry import Entry, NotUnderstoodError

_PROVIDER = re.compile(r"(openai|anthropic):(?:(?:chat|responses|messages):)?([^\s:]+)")
_QUERY, _CONTEXT = "{{query}}", "{{context}}"


def refuse(named: str, expected: str, value: Any) -> NotUnderstoodError:
    """What to raise where an assertion is given something else than it takes."""
    found = "nothing" if value is None else f"{value!r:.40}"
    return NotUnderstoodError(f"`type: {named}` needs {expected}, found {found}")


def asking(named: str, entry: Entry, provider: Any) -> Entry:
    """The entry with the judge that promptfoo would ask."""
    found = _PROVIDER.fullmatch(provider) if isinstance(provider, str) else None
    if found is None:
        raise refuse(named, "a `provider` such as openai:chat:NAME", provider)
    return replace(entry, options={**entry.options, "model": f"{found[1]}/{found[2]}"})


def _text(named: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise refuse(named, "a text as `value`", value)
    return value


def _llm_rubric(named: str, value: Any, threshold: Any) -> Entry:
    """Yes or no, which is its ``pass``; its score too where a threshold asks for that."""
    graded = {} if threshold is None else {"graded": True}
    return Entry(kind="rubric", options={"criteria": _text(named, value), **graded})


def _g_eval(named: str, value: Any, threshold: Any) -> Entry:
    criteria = value if isinstance(value, list) and value else [value]
    options = {"criteria": [_text(named, one) for one in criteria], "graded": True}
    return Entry(
        kind="rubric",
        options=options,
        remarks=("the judge writes no steps of evaluation first, as it does in promptfoo",),
        common={"threshold": 0.7} if threshold is None else {},
    )


def _closed_qa(named: str, value: Any, _threshold: Any) -> Entry:
    remark = "the judge is not shown the prompt; where it must know, put its variables in `value`"
    options = {"criteria": _text(named, value)}
    return Entry(kind="rubric", options=options, remarks=(remark,), common={"threshold": None})


def _factuality(named: str, value: Any, _threshold: Any) -> Entry:
    """All of its five categories pass but disagreement."""
    criterion = (
        "Contradicts nothing in this reference; it may say more or less, or differ in what is no "
        f"matter of fact: {_text(named, value)}"
    )
    return Entry(kind="rubric", options={"criteria": criterion}, common={"threshold": None})


def _answer_relevance(named: str, value: Any, threshold: Any) -> Entry:
    remark = "scores the share of what is asked, not a cosine as promptfoo, so that figures differ"
    entry = Entry(kind="answers", options={"question": _QUERY}, remarks=(remark,))
    return _of_context(named, entry, value, threshold)


def _faithfulness(named: str, value: Any, threshold: Any) -> Entry:
    entry = Entry(kind="grounded", options={"context": _CONTEXT})
    return _of_context(named, entry, value, threshold)


def _relevance(named: str, value: Any, threshold: Any) -> Entry:
    options = {"measure": "precision", "passages": _CONTEXT, "question": _QUERY}
    remark = "a context that is a text has as many passages as paragraphs, in promptfoo as lines"
    entry = Entry(kind="context", options=options, remarks=(remark,))
    return _of_context(named, entry, value, threshold)


def _recall(named: str, value: Any, threshold: Any) -> Entry:
    expected = _text(named, value)
    options = {"measure": "recall", "passages": _CONTEXT, "expected": expected}
    return _of_context(named, Entry(kind="context", options=options), None, threshold)


def _of_context(named: str, entry: Entry, value: Any, threshold: Any) -> Entry:
    """Without a threshold promptfoo lets every score pass."""
    if value is not None:
        raise refuse(named, "no `value`", value)
    if threshold is not None:
        return entry
    remark = "without a `threshold` every score passes, as in promptfoo"
    return replace(entry, remarks=(*entry.remarks, remark), common={"threshold": 0.0})


def _select_best(named: str, _value: Any, _threshold: Any) -> Entry:
    raise NotUnderstoodError(
        f"`type: {named}` chooses among the answers of several prompts, of which here is one; "
        "`better: {than: base}` compares with the prompt at the base"
    )


JUDGES: Mapping[str, Callable[[str, Any, Any], Entry]] = {
    "llm-rubric": _llm_rubric,
    "g-eval": _g_eval,
    "model-graded-closedqa": _closed_qa,
    "factuality": _factuality,
    "model-graded-factuality": _factuality,
    "answer-relevance": _answer_relevance,
    "context-faithfulness": _faithfulness,
    "context-relevance": _relevance,
    "context-recall": _recall,
    "select-best": _select_best,
}
