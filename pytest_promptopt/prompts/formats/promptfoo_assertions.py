"""promptfoo's assertions as evaluators of ours."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.prompts.formats.entries import as_ours
from pytest_promptopt.prompts.formats.expressions import entries_of
from pytest_promptopt.prompts.formats.nunjucks import as_template, not_understood, why_not
from pytest_promptopt.prompts.formats.reading import NoCounterpartError, Reading, is_reference
from pytest_promptopt.prompts.formats.spot import Spot
from pytest_promptopt.prompts.formats.yaml_text import Note
from pytest_promptopt.prompts.promptfoo_judges import JUDGES

_KEYS = ("type", "value", "threshold", "weight", "metric", "provider", "description")
# What changes the answer before it is looked at.
_CHANGING = ("transform", "contextTransform", "config")
_CODE_TYPES = ("javascript", "python")
_OWN_MODEL = re.compile(r"(openai|anthropic):")
_REF = "#/assertionTemplates/"
# How a cell of a table writes an assertion: `not-contains(0.5): text`.
_CELL = re.compile(
    r"(?P<type>(?:not-)?[a-z][a-z-]+)(?:\((?P<threshold>\d+(?:\.\d+)?)\))?(?::(?P<value>.*))?",
    re.DOTALL,
)
_CELL_NAMES = {"fn": "javascript", "eval": "javascript", "grade": "llm-rubric"}
_CELL_TYPE = re.compile(
    r"""answer-relevance|bleu|classifier|contains(-all|-any|-html|-json|-sql|-xml)?
    |context-(faithfulness|recall|relevance)|conversation-relevance|cost|equals|eval|factuality
    |finish-reason|fn|g-eval|gleu|grade|guardrails|icontains(-all|-any)?|is-(html|json|refusal|sql|xml)
    |is-valid-(function-call|openai-function-call|openai-tools-call)|javascript|latency|levenshtein
    |llm-rubric|max-score|meteor|model-graded-(closedqa|factuality)|moderation|perplexity(-score)?|pi
    |python|regex|rouge-n|ruby|select-best|similar|starts-with|tool-call-f1|webhook|word-count""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertions:
    """Reads the assertions of a configuration.

    ``root`` is all of it, in which templates of assertions stand.
    """

    reading: Reading
    root: Spot

    def entries(self, spot: Spot | None, judge: str | None = None) -> list[Any]:
        """Evaluators, and notes on what is none; ``judge`` is asked where no other is named."""
        if spot is None:
            return []
        return [entry for item in spot.items() for entry in self._entries(item, judge)]

    def of_cell(self, spot: Spot, text: str, threshold: Any = None) -> list[Any]:
        """The evaluator that a cell of a table says."""
        return list(self._entries(spot.holding(_cell(text, threshold)), None))

    def _entries(self, spot: Spot, judge: str | None) -> Iterator[Any]:
        content = self._resolved(spot)
        named = content.get("type") if isinstance(content, Mapping) else None
        if named == "assert-set" and content.get("threshold") is None:
            yield from self.entries(spot.get("assert"), judge)
            return
        if not isinstance(named, str):
            yield self._lose(spot, "?", "an assertion needs a `type`")
            return
        try:
            found = list(self._read(spot, named, content, judge))
        except NoCounterpartError as error:
            yield self._lose(spot, named, f"`{named}` has no counterpart: {error}")
            return
        self.reading.checks[named, True] += 1
        yield from found

    def _lose(self, spot: Spot, named: str, message: str) -> Note:
        self.reading.checks[named, False] += 1
        return self.reading.lose(spot, message)

    def _resolved(self, spot: Spot) -> Any:
        """What stands there, with what it refers to."""
        content = spot.value
        if not isinstance(content, Mapping) or not isinstance(content.get("$ref"), str):
            return content
        name = content["$ref"].removeprefix(_REF)
        templates = self.root.get("assertionTemplates")
        found = templates.get(name) if templates else None
        if found is None or not isinstance(found.value, Mapping):
            return content
        return {**found.value, **{key: item for key, item in content.items() if key != "$ref"}}

    def _read(
        self, spot: Spot, named: str, content: Mapping[str, Any], judge: str | None
    ) -> Iterator[Any]:
        if named == "assert-set":
            raise NoCounterpartError("`threshold` lets some of its assertions miss")
        for key in _CHANGING:
            if content.get(key):
                raise NoCounterpartError(f"`{key}` changes what is looked at")
        yield from self.reading.lose_keys(
            spot.holding(content), (*_KEYS, "$ref", *_CHANGING), f" of `{named}`"
        )
        value = self._value(spot, content.get("value"))
        base = named.removeprefix("not-")
        if base in _CODE_TYPES:
            entries = entries_of(value) if isinstance(value, str) else None
            if entries is None or (base != named and len(entries) > 1):
                raise NoCounterpartError(f"it runs code: {_first_line(value)}")
            raws = [_with_not(entry) if base != named else entry for entry in entries]
        else:
            raw = _raw(named, value, content, judge)
            if raw.get("provider") and not _OWN_MODEL.match(str(raw["provider"])):
                message = f"`{raw.pop('provider')}` is not asked to judge, but what the run names"
                self.reading.remark(spot, message)
            raws = [raw]
        for raw in raws:
            yield as_ours(raw, _common(content), spot, self.reading)

    def _value(self, spot: Spot, value: Any) -> Any:
        """The value of an assertion, of the file that it names, with templates as ours."""
        if is_reference(value):
            value = self._of_file(spot, value)
        if isinstance(value, str):
            self._check(value)
            return as_template(value)
        if isinstance(value, list):
            return [self._value(spot, item) for item in value]
        return value

    def _of_file(self, spot: Spot, name: str) -> Any:
        paths = self.reading.named(spot, name)
        if len(paths) != 1:
            raise NoCounterpartError(f"`{name}` are {len(paths)} files")
        try:
            if paths[0].suffix.lower() in (".json", ".yml", ".yaml"):
                return self.reading.document(paths[0]).value
            return self.reading.text(paths[0]).value
        except PromptFileError as error:
            raise NoCounterpartError(str(error)) from None

    def _check(self, text: str) -> None:
        for _, found in not_understood(text):
            raise NoCounterpartError(why_not(found))


def _common(content: Mapping[str, Any]) -> dict[str, Any]:
    """What every evaluator takes; a weight of nothing is one that does not count."""
    common: dict[str, Any] = {}
    if isinstance(content.get("metric"), str):
        common["name"] = content["metric"]
    if isinstance(content.get("description"), str):
        common["description"] = content["description"]
    weight = content.get("weight")
    if weight == 0:
        common["optional"] = True
    elif weight is not None and weight != 1:
        common["weight"] = weight
    return common


def _raw(named: str, value: Any, content: Mapping[str, Any], judge: str | None) -> dict[str, Any]:
    raw: dict[str, Any] = {"type": named}
    raw |= {} if value is None else {"value": value}
    raw |= {key: content[key] for key in ("threshold", "provider") if content.get(key) is not None}
    base = named.removeprefix("not-")
    if judge and base in JUDGES and "provider" not in raw:
        raw["provider"] = judge
    provider = raw.get("provider")
    if isinstance(provider, Mapping):
        raw["provider"] = provider.get("id")
    return raw


def _with_not(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {**entry, "not": not entry.get("not", False)}


def _first_line(value: Any) -> str:
    lines = [line.strip() for line in str(value).strip().split("\n")]
    return f"{lines[0][:80]}{' …' if len(lines) > 1 or len(lines[0]) > 80 else ''}"


def _cell(text: str, threshold: Any) -> dict[str, Any]:
    """As promptfoo reads a cell: a type, else what the answer is to equal."""
    match = _CELL.fullmatch(text.strip())
    base = match["type"].removeprefix("not-") if match else ""
    if match is None or not _CELL_TYPE.fullmatch(base):
        code = re.search(r"\.(py|[cm]?js|ts)(:\w+)?$", text) if is_reference(text) else None
        if code:
            return {"type": "python" if code[1] == "py" else "javascript", "value": text}
        return {"type": "equals", "value": text}
    named = match["type"].replace(base, _CELL_NAMES.get(base, base))
    content: dict[str, Any] = {"type": named}
    value = match["value"].strip() if match["value"] else ""
    if value:
        content["value"] = value
    if named.endswith("similar") and match["threshold"] is None:
        content["threshold"] = 0.8
    given = match["threshold"] or threshold
    if given not in (None, ""):
        number = float(given)
        content["threshold"] = int(number) if number.is_integer() else number
    return content
