"""Evals of OpenAI's platform as its API gives them, and the samples of its open-source evals."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.prompts.formats.chat import message_of
from pytest_promptopt.prompts.formats.entries import as_ours
from pytest_promptopt.prompts.formats.foreign import Foreign
from pytest_promptopt.prompts.formats.imported import (
    Imported,
    ImportedPrompt,
    golden,
    with_own_ids,
)
from pytest_promptopt.prompts.formats.reading import NoCounterpartError, Reading
from pytest_promptopt.prompts.formats.settings import settings
from pytest_promptopt.prompts.formats.spot import Spot

NAME = "openai-evals"
_ITEM = re.compile(r"\{\{\s*item\.([\w.]+)\s*\}\}")
_OUTPUT = re.compile(r"\{\{\s*sample\.output_text\s*\}\}")
_SAMPLE = re.compile(r"\{\{\s*sample\.[\w.\[\]]+\s*\}\}")
_CHECKS: Mapping[str, Mapping[str, Any]] = {
    "eq": {"type": "equals"},
    "ne": {"type": "not-equals"},
    "like": {"type": "contains"},
    "ilike": {"type": "icontains"},
}
_METRICS: Mapping[str, Mapping[str, Any]] = {
    "fuzzy_match": {"similarity": {}},
    "bleu": {"bleu": {}},
    "cosine": {"embedding": {}},
    "rouge_1": {"rouge": {"variant": 1}},
    "rouge_2": {"rouge": {"variant": 2}},
    "rouge_l": {"rouge": {"variant": "L"}},
}
_MOST_GRADES = 11


def is_eval(foreign: Foreign) -> bool:
    """Whether it is an eval, or the rows of one."""
    mapping = foreign.mapping
    inner = mapping.get("eval")
    if "testing_criteria" in (inner if isinstance(inner, Mapping) else mapping):
        return True
    if _is_list(mapping):
        return True
    keys = foreign.keys
    return "item" in keys or {"input", "ideal"} <= keys


def read_eval(foreign: Foreign) -> Imported:
    """The eval with the prompt and rows of its runs; raises :class:`PromptFileError`."""
    if foreign.rows:
        goldens = [_golden_of_row(row, foreign.reading) for row in foreign.rows]
        return _imported(foreign, (), goldens)
    spot, reading = foreign.data, foreign.reading
    if _is_list(spot.value):
        message = "holds a list of evals: save each in a file of its own, with its runs"
        raise PromptFileError.at(spot.location, spot.line, message)
    criteria = (spot.get("eval") or spot).get("testing_criteria")
    evaluators = [entry for item in _items(criteria) for entry in _grader(item, reading)]
    sources = [*_sources(spot)]
    content = _prompt(sources, reading) if sources else {}
    if not content:
        reading.lose(spot, "no run of it holds a prompt: write its messages by hand")
        content = {"messages": [{"role": "user", "content": "{{input}}"}]}
    named = (spot.get("eval") or spot).get("name")
    head = {"name": str(named.value)} if named else {}
    prompt = {**head, **content, **({"evaluators": evaluators} if evaluators else {})}
    goldens = [
        _golden_of_row(row, reading, is_judged=bool(evaluators))
        for source in sources[:1]
        for row in _rows(source, reading)
    ]
    return _imported(foreign, (ImportedPrompt(name=foreign.name, content=prompt),), goldens)


def _is_list(value: Any) -> bool:
    """Whether it is a page of evals as the API lists them."""
    found = value.get("data") if isinstance(value, Mapping) else None
    first = found[0] if isinstance(found, list) and found else None
    return isinstance(first, Mapping) and "testing_criteria" in first


def _imported(
    foreign: Foreign, prompts: tuple[ImportedPrompt, ...], goldens: list[dict[Any, Any]]
) -> Imported:
    return Imported(
        format=NAME,
        location=foreign.reading.location(foreign.path),
        name=foreign.name,
        prompts=prompts,
        goldens=tuple(with_own_ids(goldens)),
        losses=foreign.reading.losses,
        checks=foreign.reading.checks,
    )


def _items(spot: Spot | None) -> list[Spot]:
    return spot.items() if spot else []


def _sources(spot: Spot) -> Iterator[Spot]:
    """The data sources of its runs, also where it is written around one alone."""
    for key in ("runs", "run", "data_source"):
        found = spot.get(key)
        for item in _items(found.get("data") or found if found else None):
            source = item if key == "data_source" else item.get("data_source")
            if source is not None:
                yield source


def _prompt(sources: list[Spot], reading: Reading) -> dict[Any, Any]:
    """Messages and model of the first run that has them."""
    for source in sources:
        messages = source.get("input_messages")
        template = messages.get("template") if messages else None
        if template is None:
            continue
        content: dict[Any, Any] = {}
        model = source.get("model")
        if model is not None and isinstance(model.value, str):
            content["model"] = f"openai/{model.value}"
        more, notes = settings(source.get("sampling_params"), reading)
        content |= dict.fromkeys(notes)
        content |= more
        items = [_with_variables(item) for item in template.items()]
        content["messages"] = [entry for item in items for entry in message_of(item, reading)]
        return content
    return {}


def _with_variables(spot: Spot) -> Spot:
    """A message with ``{{x}}`` for ``{{item.x}}``, also in its parts."""
    return spot.holding(_replaced(spot.value)) if isinstance(spot.value, Mapping) else spot


def _replaced(value: Any) -> Any:
    match value:
        case str():
            return _OUTPUT.sub("{{completion}}", _ITEM.sub(r"{{\1}}", value))
        case Mapping():
            return {key: _replaced(item) for key, item in value.items()}
        case list():
            return [_replaced(item) for item in value]
        case _:
            return value


def _rows(source: Spot, reading: Reading) -> Iterator[Spot]:
    inner = source.get("source")
    if inner is not None and inner.get("content") is None:
        reading.lose(inner, "its rows stand in a file of the platform: download and import that")
    yield from _items(inner.get("content") if inner else None)


def _grader(spot: Spot, reading: Reading) -> Iterator[Any]:
    named = spot.value.get("type") if isinstance(spot.value, Mapping) else None
    label = spot.value.get("name") if isinstance(spot.value, Mapping) else None
    common = {"name": label} if isinstance(label, str) else {}
    try:
        entry = as_ours(_entry(spot, named), common, spot, reading)
    except NoCounterpartError as error:
        reading.checks[str(named), False] += 1
        yield reading.lose(spot, f"the grader `{named}` has no counterpart: {error}")
        return
    reading.checks[str(named), True] += 1
    yield entry


def _entry(spot: Spot, named: Any) -> dict[str, Any]:
    grader = _replaced(spot.value)
    if _SAMPLE.search(str(grader)):
        raise NoCounterpartError("it looks at parts of what a model said, not at its text")
    match named:
        case "string_check":
            return _string_check(grader)
        case "text_similarity":
            return _text_similarity(grader)
        case "label_model":
            return _label_model(grader)
        case "score_model":
            return _score_model(grader)
    raise NoCounterpartError("it runs code" if named == "python" else "it is not known")


def _string_check(grader: Mapping[str, Any]) -> dict[str, Any]:
    made = _CHECKS.get(str(grader.get("operation")))
    if made is None or grader.get("input") != "{{completion}}":
        raise NoCounterpartError("only the answer is compared here, by eq, ne, like or ilike")
    return {**made, "value": grader.get("reference")}


def _text_similarity(grader: Mapping[str, Any]) -> dict[str, Any]:
    made = _METRICS.get(str(grader.get("evaluation_metric")))
    if made is None or grader.get("input") != "{{completion}}":
        raise NoCounterpartError(f"its metric is {grader.get('evaluation_metric')}")
    [(kind, options)] = made.items()
    threshold = grader.get("pass_threshold")
    threshold = {} if threshold is None else {"threshold": threshold}
    return {kind: {"to": grader.get("reference"), **options}, **threshold}


def _label_model(grader: Mapping[str, Any]) -> dict[str, Any]:
    labels, passing = grader.get("labels"), grader.get("passing_labels")
    if not isinstance(labels, list) or not isinstance(passing, list) or not labels:
        raise NoCounterpartError("it names no `labels` or `passing_labels`")
    choices = [{"choice": str(label), "score": int(label in passing)} for label in labels]
    return {"llm": {**_judge(grader, ", ".join(map(str, labels))), "choices": choices}}


def _score_model(grader: Mapping[str, Any]) -> dict[str, Any]:
    """Its range in whole numbers, as choices from 0 to 1."""
    low, high = _range(grader.get("range"))
    if int(low) != low or int(high) != high or not 0 < high - low < _MOST_GRADES:
        raise NoCounterpartError(
            f"its range is from {low} to {high}, and not of a few whole numbers"
        )
    grades = range(int(low), int(high) + 1)
    choices = [{"choice": str(n), "score": round((n - low) / (high - low), 4)} for n in grades]
    threshold = grader.get("pass_threshold")
    if not isinstance(threshold, int | float | None):
        raise NoCounterpartError("its `pass_threshold` is no number")
    passes = {} if threshold is None else {"threshold": round((threshold - low) / (high - low), 4)}
    wanted = f"a whole number from {grades[0]} to {grades[-1]}"
    return {"llm": {**_judge(grader, wanted), "choices": choices}, **passes}


def _range(given: Any) -> tuple[float, float]:
    ends = [0, 1] if given is None else given
    is_pair = isinstance(ends, list) and len(ends) == 2
    if not is_pair or not all(isinstance(end, int | float) for end in ends):
        raise NoCounterpartError("its `range` is no pair of numbers")
    return ends[0], ends[1]


def _judge(grader: Mapping[str, Any], wanted: str) -> dict[str, Any]:
    """The model and the prompt of a judge, who is told what to answer with."""
    texts: dict[str, list[str]] = {"system": [], "user": []}
    given = grader.get("input")
    for message in given if isinstance(given, list) else ():
        if not isinstance(message, Mapping):
            raise NoCounterpartError("its `input` is no list of messages")
        role = "user" if message.get("role") == "user" else "system"
        texts[role].append(_text(message.get("content")))
    prompt = "\n\n".join([*texts["user"], f"Answer with {wanted}."])
    system = "\n\n".join(texts["system"])
    if "{{completion}}" not in prompt:
        prompt = f"{prompt}\n\nThe response:\n\n{{{{completion}}}}"
    judge = {"modelId": f"openai/{grader['model']}"} if grader.get("model") else {}
    return judge | ({"systemPrompt": system} if system else {}) | {"prompt": prompt}


def _text(content: Any) -> str:
    parts = content if isinstance(content, list) else [content]
    texts = [part.get("text") if isinstance(part, Mapping) else part for part in parts]
    return "".join(text for text in texts if isinstance(text, str))


def _golden_of_row(row: Spot, reading: Reading, *, is_judged: bool = False) -> dict[Any, Any]:
    """An item's fields are variables; of a sample of the open-source evals the last message."""
    if not isinstance(row.value, Mapping):
        return {reading.lose(row, "a row must be a mapping"): None}
    item = row.value.get("item")
    if isinstance(item, Mapping):
        return golden(dict(item), is_judged=is_judged)
    variables = {key: value for key, value in row.value.items() if key != "ideal"}
    return golden(variables, expected=row.value.get("ideal"))
