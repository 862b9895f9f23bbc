"""promptfoo's assertions by their own names and with their own meaning."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pytest_promptopt.prompts.entry import Entry, NotUnderstoodError
from pytest_promptopt.prompts.json_text import load_json
from pytest_promptopt.prompts.promptfoo_judges import JUDGES, asking, refuse

_PARTS = re.compile(r"(\{\{[^{}]*\}\})")
_EMBEDDING = re.compile(r"openai:embeddings?:(\S+)")
_FINISHED = {"stop": "stop", "length": "length", "content_filter": "refusal"}
_DIALECTS = {"mysql", "mariadb", "postgresql", "sqlite", "transactsql", "bigquery", "snowflake"}
_DIALECT_NAMES = {"mariadb": "mysql", "postgresql": "postgres", "transactsql": "tsql"}


def assertion(named: str, options: Mapping[str, Any], threshold: Any) -> Entry | None:
    """The entry that ``type: named`` means with these ``options`` beside it.

    None for what promptfoo has no name for. Raises :class:`NotUnderstoodError` where they are not
    what it takes.
    """
    make = _ASSERTIONS.get(named)
    if make is None:
        return None
    is_asking = named == "similar" or named in JUDGES
    taken = {"value", "metric", "provider"} if is_asking else {"value", "metric"}
    if others := options.keys() - taken:
        found = ", ".join(f"`{key}`" for key in sorted(others))
        raise NotUnderstoodError(f"`type: {named}` takes `value` and `threshold`, found {found}")
    entry = make(named, options.get("value"), threshold)
    if "provider" in options:
        ask = _encoding if named == "similar" else asking
        entry = ask(named, entry, options["provider"])
    return replace(entry, ignored=("metric",) if "metric" in options else ())


def names() -> tuple[str, ...]:
    """The names of assertions that mean something of promptfoo's own."""
    return tuple(_ASSERTIONS)


def _number(named: str, value: Any, unit: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise refuse(named, f"a `threshold` in {unit}", value)
    return float(value)


def _is_json(named: str, value: Any, _threshold: Any) -> Entry:
    return Entry(kind="json", options={**_schema(named, value), "strict": True})


def _contains_json(named: str, value: Any, _threshold: Any) -> Entry:
    remark = "of several JSON values in an answer promptfoo takes any, and here none counts"
    options = {"schema": {"type": "object"}, **_schema(named, value)}
    options |= {"anywhere": True, "lenient": True}
    return Entry(kind="json", options=options, remarks=(remark,))


def _schema(named: str, value: Any) -> Mapping[str, Any]:
    """The option that a schema in ``value`` is, if there is one."""
    schema = value
    if isinstance(value, str) and value.strip():
        try:
            schema = load_json(value)
        except ValueError:
            raise refuse(named, "a schema as mapping or JSON in `value`", value) from None
    if schema in (None, "", True):
        return {}
    if not isinstance(schema, Mapping):
        raise refuse(named, "a schema as mapping or JSON in `value`", value)
    return {"schema": schema}


def _levenshtein(named: str, value: Any, threshold: Any) -> Entry:
    most = 5 if threshold is None else _number(named, threshold, "characters")
    if not isinstance(value, str) or most != int(most):
        raise refuse(named, "a text as `value` and a whole `threshold`", value)
    return Entry(kind="distance", options={"to": value, "max": int(most)}, common=_PASSED)


def _similar(named: str, value: Any, threshold: Any) -> Entry:
    remark = "the encoder is another one than promptfoo's, and so are its figures"
    entry = _graded("embedding", 0.75, {})(named, value, threshold)
    return replace(entry, remarks=(remark,))


def _encoding(named: str, entry: Entry, provider: Any) -> Entry:
    """The entry with the model that promptfoo would ask for vectors."""
    found = _EMBEDDING.fullmatch(provider) if isinstance(provider, str) else None
    if found is None:
        raise refuse(named, "a `provider` such as openai:embedding:NAME", provider)
    return replace(entry, options={**entry.options, "model": f"openai/{found[1]}"}, remarks=())


def _graded(
    kind: str, usual: float, options: Mapping[str, Any]
) -> Callable[[str, Any, Any], Entry]:
    """A kind that compares with references, and promptfoo's threshold where none is named."""

    def make(named: str, value: Any, threshold: Any) -> Entry:
        if not isinstance(value, str | list) or not value:
            raise refuse(named, "a text or texts as `value`", value)
        common = {"threshold": usual} if threshold is None else {}
        return Entry(kind=kind, options={"to": value, **options}, common=common)

    return make


def _word_count(named: str, value: Any, _threshold: Any) -> Entry:
    bounds = value if isinstance(value, Mapping) else {"min": value, "max": value}
    counts = {key: int(count) for key, count in bounds.items() if str(count).isdecimal()}
    if not counts or counts.keys() != bounds.keys() or counts.keys() - {"min", "max"}:
        raise refuse(named, "a number or {min, max} as `value`", value)
    return Entry(kind="length", options={f"{key}Words": count for key, count in counts.items()})


def _latency(named: str, _value: Any, threshold: Any) -> Entry:
    seconds = _number(named, threshold, "milliseconds") / 1000
    return Entry(kind="latency", options={"maxSeconds": seconds}, common=_PASSED)


def _cost(named: str, _value: Any, threshold: Any) -> Entry:
    usd = _number(named, threshold, "US dollars")
    return Entry(kind="cost", options={"maxUsd": usd}, common=_PASSED)


def _perplexity(named: str, _value: Any, threshold: Any) -> Entry:
    most = _number(named, threshold, "perplexity a token")
    return Entry(kind="perplexity", options={"max": most}, common=_PASSED)


def _refusal(named: str, value: Any, _threshold: Any) -> Entry:
    if value is not None:
        raise refuse(named, "no `value`", value)
    return Entry(kind="refusal", options=True)


def _finish(named: str, value: Any, _threshold: Any) -> Entry:
    reason = _FINISHED.get(value.lower()) if isinstance(value, str) else None
    if reason is None:
        raise refuse(named, f"one of {', '.join(_FINISHED)} as `value`", value)
    return Entry(kind="finish", options=reason)


def _xml(named: str, value: Any, _threshold: Any) -> Entry:
    elements = value.get("requiredElements") if isinstance(value, Mapping) else value or []
    if isinstance(elements, str):
        elements = [element.strip() for element in elements.split(",")]
    if not isinstance(elements, list):
        raise refuse(named, "elements as `value`", value)
    return Entry(kind="xml", options={"elements": elements})


def _sql(named: str, value: Any, _threshold: Any) -> Entry:
    options = value or {}
    database = options.get("databaseType", "MySQL") if isinstance(options, Mapping) else None
    plain = database.lower() if isinstance(database, str) else ""
    if plain not in _DIALECTS or options.keys() - {"databaseType"}:
        raise refuse(named, "`databaseType` alone as `value`", value)
    return Entry(kind="sql", options={"dialect": _DIALECT_NAMES.get(plain, plain)})


def _literal(before: str, after: str) -> Callable[[str, Any, Any], Entry]:
    """The very text, as a pattern; what fills a placeholder in it is taken literally too."""

    def make(named: str, value: Any, _threshold: Any) -> Entry:
        if not isinstance(value, str) or not value:
            raise refuse(named, "a text as `value`", value)
        parts = [part if part.startswith("{{") else re.escape(part) for part in _PARTS.split(value)]
        return Entry(kind="regex", options=f"{before}{''.join(parts)}{after}")

    return make


NOT_TAKEN = frozenset(
    {"contains-html", "contains-sql", "contains-xml", "gleu", "is-html", "meteor"}
)
"""What promptfoo has too, and which is no slip of what it is close to."""

# Their threshold is no score.
_PASSED: Mapping[str, Any] = {"threshold": None}
_ASSERTIONS: Mapping[str, Callable[[str, Any, Any], Entry]] = {
    "starts-with": _literal(r"\A", ""),
    "ends-with": _literal("", r"\Z"),
    "is-json": _is_json,
    "contains-json": _contains_json,
    "levenshtein": _levenshtein,
    "similar": _similar,
    "rouge-n": _graded("rouge", 0.75, {"variant": 1}),
    "bleu": _graded("bleu", 0.5, {}),
    "word-count": _word_count,
    "latency": _latency,
    "cost": _cost,
    "perplexity": _perplexity,
    "is-refusal": _refusal,
    "finish-reason": _finish,
    "is-xml": _xml,
    "is-sql": _sql,
    **JUDGES,
}
