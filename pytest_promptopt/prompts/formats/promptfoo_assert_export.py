"""Evaluators of ours as promptfoo's assertions."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pytest_promptopt.prompts.formats.reading import NoCounterpartError
from pytest_promptopt.prompts.golden import EvaluatorSpec
from pytest_promptopt.prompts.template import templates_in

Assertion = dict[str, Any]
_SIMPLE = re.compile(r"[^\W\d]\w*(?:\.\w+)*")
_PLACEHOLDER = re.compile(r"\s*\{\{[^{}]*\}\}\s*").fullmatch
_ESCAPES = re.compile(r"\\([^\w\s])|\\( )")


def assertions(spec: EvaluatorSpec) -> list[Assertion]:
    """The assertions that all pass where the evaluator does.

    Raises :class:`NoCounterpartError` where promptfoo has none that mean the same.
    """
    make = _KINDS.get(spec.kind)
    if make is None:
        raise NoCounterpartError("promptfoo has nothing of the kind")
    check_placeholders(spec.options)
    made = [*make(spec)]
    if spec.negated and len(made) != 1:
        raise NoCounterpartError("`not` of several things at once")
    return [_with_common(assertion, spec) for assertion in made]


def check_placeholders(value: Any) -> None:
    """Raise :class:`NoCounterpartError` for placeholders that nunjucks reads as something else."""
    for template in templates_in(value):
        for name in (*template.placeholders, *template.others):
            if not _SIMPLE.fullmatch(name):
                raise NoCounterpartError(f"{{{{{name}}}}} is no variable for nunjucks")
        if re.search(r"\{%|\{#|\{\{\{\{", template.text):
            raise NoCounterpartError("nunjucks would read `{%`, `{#` or `{{{{` as its own")


def _with_common(assertion: Assertion, spec: EvaluatorSpec) -> Assertion:
    made = dict(assertion)
    if spec.negated:
        named = made["type"]
        made["type"] = named.removeprefix("not-") if named.startswith("not-") else f"not-{named}"
    made.setdefault("threshold", spec.threshold)
    if made["threshold"] is None:
        del made["threshold"]
    if spec.name != spec.kind:
        made["metric"] = spec.name
    weight = 0 if spec.optional else spec.weight
    return made if weight == 1 else {**made, "weight": weight}


def _equals(spec: EvaluatorSpec) -> Iterator[Assertion]:
    options = spec.options
    if isinstance(options, Mapping) and "to" in options:
        _refuse_others(options, ("to",))
        options = options["to"]
    yield {"type": "equals", "value": options}


def _string(spec: EvaluatorSpec) -> Iterator[Assertion]:
    for key, value in _mapping(spec).items():
        if key not in ("equals", "contains", "notContains"):
            raise NoCounterpartError(f"`{key}` ignores case, which starts-with does not there")
        named = {"equals": "equals", "contains": "icontains"}.get(key, "not-icontains")
        yield {"type": named, "value": value}


def _contains(spec: EvaluatorSpec) -> Iterator[Assertion]:
    options = spec.options if isinstance(spec.options, Mapping) else {"all": spec.options}
    _refuse_others(options, ("all", "any", "none", "ignoreCase"))
    letter = "" if options.get("ignoreCase") is False else "i"
    for key in ("all", "any", "none"):
        if key not in options:
            continue
        value = options[key]
        if isinstance(value, str) and key in ("all", "none"):
            yield {"type": f"{'not-' * (key == 'none')}{letter}contains", "value": value}
        else:
            texts = value if isinstance(value, list) or _PLACEHOLDER(value) else [value]
            named = {"all": "contains-all", "any": "contains-any", "none": "contains-any"}[key]
            yield {"type": f"{'not-' * (key == 'none')}{letter}{named}", "value": texts}


def _regex(spec: EvaluatorSpec) -> Iterator[Assertion]:
    options = spec.options
    if isinstance(options, Mapping):
        _refuse_others(options, ("pattern",))
        options = options["pattern"]
    if not isinstance(options, str):
        raise NoCounterpartError("one of several patterns")
    for mark, named in ((r"\A", "starts-with"), (r"\Z", "ends-with")):
        bare = options.removeprefix(mark) if mark == r"\A" else options.removesuffix(mark)
        if bare != options and re.escape(_literal(bare)) == bare:
            yield {"type": named, "value": _literal(bare)}
            return
    if re.search(r"\\[AZ]|\(\?[a-zA-Z#(P]", options):
        raise NoCounterpartError("JavaScript has no `\\A`, `\\Z`, `(?P<…>` or flags in a pattern")
    yield {"type": "regex", "value": options}


def _literal(pattern: str) -> str:
    return _ESCAPES.sub(lambda found: found[1] or found[2], pattern)


def _json(spec: EvaluatorSpec) -> Iterator[Assertion]:
    options = spec.options if isinstance(spec.options, Mapping) else {}
    schema = options.get("schema")
    value = {} if schema in (None, True) else {"value": schema}
    if options.get("strict") is True:
        _refuse_others(options, ("strict", "schema"))
        yield {"type": "is-json", **value}
    else:
        _refuse_others(options, ("anywhere", "lenient", "schema"))
        yield {"type": "contains-json", **({} if schema == {"type": "object"} else value)}


def _distance(spec: EvaluatorSpec) -> Iterator[Assertion]:
    options = _mapping(spec)
    _refuse_others(options, ("to", "max"))
    yield {"type": "levenshtein", "value": options["to"], "threshold": options.get("max", 0)}


def _reference(named: str) -> Callable[[EvaluatorSpec], Iterator[Assertion]]:
    def make(spec: EvaluatorSpec) -> Iterator[Assertion]:
        options = spec.options if isinstance(spec.options, Mapping) else {"to": spec.options}
        _refuse_others(options, ("to", "variant") if named == "rouge-n" else ("to",))
        if options.get("variant", 1) != 1:
            raise NoCounterpartError("promptfoo has ROUGE-1 alone")
        yield {"type": named, "value": options["to"]}

    return make


def _length(spec: EvaluatorSpec) -> Iterator[Assertion]:
    options = _mapping(spec)
    words = {key[:3]: options[key] for key in ("minWords", "maxWords") if key in options}
    _refuse_others(options, ("minWords", "maxWords", "minCharacters", "maxCharacters"))
    if words:
        yield {"type": "word-count", "value": words}
    for key, sign in (("minCharacters", ">="), ("maxCharacters", "<=")):
        if key in options:
            yield {"type": "javascript", "value": f"output.length {sign} {options[key]}"}


def _latency(spec: EvaluatorSpec) -> Iterator[Assertion]:
    options = spec.options if isinstance(spec.options, Mapping) else {"maxSeconds": spec.options}
    _refuse_others(options, ("maxSeconds",))
    yield {"type": "latency", "threshold": round(float(options["maxSeconds"]) * 1000)}


def _cost(spec: EvaluatorSpec) -> Iterator[Assertion]:
    options = spec.options if isinstance(spec.options, Mapping) else {"maxUsd": spec.options}
    _refuse_others(options, ("maxUsd",))
    yield {"type": "cost", "threshold": options["maxUsd"]}


def _perplexity(spec: EvaluatorSpec) -> Iterator[Assertion]:
    options = spec.options if isinstance(spec.options, Mapping) else {"max": spec.options}
    _refuse_others(options, ("max",))
    yield {"type": "perplexity", "threshold": options["max"]}


def _refusal(spec: EvaluatorSpec) -> Iterator[Assertion]:
    yield {"type": "is-refusal" if spec.options is True else "not-is-refusal"}


def _finish(spec: EvaluatorSpec) -> Iterator[Assertion]:
    named = {"stop": "stop", "length": "length", "refusal": "content_filter"}
    if not isinstance(spec.options, str) or spec.options not in named:
        raise NoCounterpartError("a reason that promptfoo does not know")
    yield {"type": "finish-reason", "value": named[spec.options]}


def _xml(spec: EvaluatorSpec) -> Iterator[Assertion]:
    options = spec.options if isinstance(spec.options, Mapping) else {}
    _refuse_others(options, ("elements",))
    if spec.threshold is not None:
        raise NoCounterpartError("a share of its elements")
    elements = options.get("elements") or []
    yield {"type": "is-xml", **({"value": {"requiredElements": elements}} if elements else {})}


def _sql(spec: EvaluatorSpec) -> Iterator[Assertion]:
    options = spec.options if isinstance(spec.options, Mapping) else {"dialect": spec.options}
    _refuse_others(options, ("dialect",))
    named = _DATABASES.get(str(options.get("dialect")))
    if named is None:
        raise NoCounterpartError(f"promptfoo has no dialect `{options.get('dialect')}`")
    yield {"type": "is-sql", "value": {"databaseType": named}}


def _rubric(spec: EvaluatorSpec) -> Iterator[Assertion]:
    options = spec.options if isinstance(spec.options, Mapping) else {"criteria": spec.options}
    _refuse_others(options, ("criteria", "graded", "model"))
    criteria = options.get("criteria")
    model = str(options.get("model", ""))
    family, slash, name = model.partition("/")
    provider = {"provider": f"{family}:{_CHAT[family]}:{name}"} if slash and family in _CHAT else {}
    if model and not provider:
        raise NoCounterpartError(f"`{model}` is no model that promptfoo knows by this name")
    is_graded = options.get("graded") is True
    if is_graded and spec.threshold is None:
        raise NoCounterpartError("a grade without a `threshold`")
    if isinstance(criteria, list) and not is_graded:
        raise NoCounterpartError("the share of several criteria")
    named = "g-eval" if isinstance(criteria, list) else "llm-rubric"
    threshold = spec.threshold if is_graded else None
    yield {"type": named, "value": criteria, "threshold": threshold, **provider}


def _of_context(
    named: str, option: str, value: str
) -> Callable[[EvaluatorSpec], Iterator[Assertion]]:
    """promptfoo looks at variables of certain names, and takes none else."""

    def make(spec: EvaluatorSpec) -> Iterator[Assertion]:
        if spec.options not in (value, {option: value}):
            raise NoCounterpartError(f"`{named}` looks at {{{{query}}}} and {{{{context}}}} alone")
        if spec.threshold is None:
            raise NoCounterpartError("no `threshold`, without which every score passes there")
        yield {"type": named, "threshold": spec.threshold}

    return make


def _mapping(spec: EvaluatorSpec) -> Mapping[str, Any]:
    if not isinstance(spec.options, Mapping):
        raise NoCounterpartError("it is written in another way")
    return spec.options


def _refuse_others(options: Mapping[str, Any], known: tuple[str, ...]) -> None:
    if others := [key for key in options if key not in known]:
        raise NoCounterpartError(f"promptfoo has no `{others[0]}`")


_DATABASES = {
    "mysql": "MySQL",
    "postgres": "PostgreSQL",
    "sqlite": "SQLite",
    "tsql": "TransactSQL",
    "bigquery": "BigQuery",
    "snowflake": "Snowflake",
}
_CHAT = {"openai": "chat", "anthropic": "messages"}
_KINDS: Mapping[str, Callable[[EvaluatorSpec], Iterator[Assertion]]] = {
    "equals": _equals,
    "string": _string,
    "contains": _contains,
    "regex": _regex,
    "json": _json,
    "distance": _distance,
    "rouge": _reference("rouge-n"),
    "bleu": _reference("bleu"),
    "embedding": _reference("similar"),
    "length": _length,
    "latency": _latency,
    "cost": _cost,
    "perplexity": _perplexity,
    "refusal": _refusal,
    "finish": _finish,
    "xml": _xml,
    "sql": _sql,
    "rubric": _rubric,
    "grounded": _of_context("context-faithfulness", "context", "{{context}}"),
    "answers": _of_context("answer-relevance", "question", "{{query}}"),
}
