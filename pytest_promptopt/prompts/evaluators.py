"""An entry of ``evaluators`` as the file has it, in the dialects of public prompt files."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pytest_promptopt.errors import Problem, Severity
from pytest_promptopt.prompts import promptfoo
from pytest_promptopt.prompts.entry import Entry, MisspeltError, NotUnderstoodError
from pytest_promptopt.prompts.golden import JUDGED, EvaluatorSpec
from pytest_promptopt.prompts.kinds import KINDS, WITHOUT_OPTIONS
from pytest_promptopt.prompts.library import bare_name
from pytest_promptopt.prompts.tables import separated
from pytest_promptopt.prompts.template import Template, as_text
from pytest_promptopt.suggestion import misspelt, not_understood

COMMON_KEYS = ("name", "description", "threshold", "not", "weight", "optional")
_SOME_KINDS = "such as `equals`, `contains` or `choice`"
_MOST_WEIGHT = 1_000_000
_NOT = "not-"
_FILE_SUFFIXES = (".yml", ".yaml")
_TYPE_KEYS = ("type", "evaluator")
# Names of the answer in public files, where `target` says what is looked at.
_ANSWER = ["message.content", "message", "content", "output", "response", "completion", "answer"]
_TARGET_KEYS = ("target", "property")
_VALUE_KEYS = ("value", "values", "expected", "text", "pattern", "regex", "substring")
_SYSTEM_KEYS = ("systemPrompt", "system_prompt")
_REGEX_KEYS = ("flags", "invert", "negate")
# What may stand beside a kind or in its place in files of other tools.
# promptfoo's names of what is a kind of ours by another name, or with another meaning.
_PROMPTFOO_TYPES = (
    "contains-any",
    "contains-all",
    "icontains",
    "icontains-any",
    "icontains-all",
    *(name for name in promptfoo.names() if name not in KINDS),
)
_NOT_TYPES = tuple(
    f"not-{name}"
    for name in dict.fromkeys(
        (*_PROMPTFOO_TYPES, *promptfoo.names(), "contains", "equals", "regex")
    )
)
ALIASES = (*_PROMPTFOO_TYPES, *_NOT_TYPES)
FOREIGN_KEYS = (
    *_TYPE_KEYS,
    *_TARGET_KEYS,
    *_VALUE_KEYS,
    *_REGEX_KEYS,
    "modelParameters",
    *ALIASES,
)

_REGEX_TYPES = {"regex", "regexmatch", "matches", "pattern"}
_CONTAINS_TYPES = {
    "contains": "all",
    "includes": "all",
    "stringcontains": "all",
    "assertcontains": "all",
    "containsall": "all",
    "includesall": "all",
    "containsany": "any",
    "includesany": "any",
    "notcontains": "none",
    "doesnotcontain": "none",
    "icontains": "all",
    "icontainsall": "all",
    "icontainsany": "any",
    "noticontains": "none",
}
# gh-models looks at one of these, in this order, whatever stands beside it.
_GITHUB_KINDS = ("string", "llm", "uses")
_STRING_TYPES = {"startswith": "startsWith", "endswith": "endsWith"}
_EQUALS_TYPES = {"equals", "equal", "exact", "exactmatch"}
_JSON_TYPES = {"json", "isjson", "validjson"}
_JUDGE_TYPES = {"modelgraded", "llm"}
_TYPES = (
    *_JSON_TYPES,
    *_JUDGE_TYPES,
    *_REGEX_TYPES,
    *_CONTAINS_TYPES,
    *_STRING_TYPES,
    *_EQUALS_TYPES,
)
# What may be filled by a list.
_PLACEHOLDER = re.compile(r"\s*\{\{[^{}]*\}\}\s*").fullmatch
_POSITIVE = {"yes", "pass", "passed", "true", "correct", "good"}
_NEGATIVE = {"no", "fail", "failed", "false", "incorrect", "bad"}


# promptfoo's names for what is exact there.
_CASED_TYPES = {"contains", "contains-any", "contains-all", "not-contains"}


def is_file_name(raw: Any) -> bool:
    """Whether the entry is the name of a file of evaluators."""
    return isinstance(raw, str) and raw.endswith(_FILE_SUFFIXES) and "\n" not in raw


def names_judge(kind: str, options: Any) -> bool:
    """Whether an entry of that kind names a prompt file that judges."""
    return kind == "uses" and is_file_name(options)


def read_evaluator(
    raw: Any, *, path: str, line: int, position: int, from_golden: bool
) -> tuple[EvaluatorSpec | None, list[Problem]]:
    """The evaluator that ``raw`` describes, and warnings for what was not understood.

    ``position`` counts from 1 and names an entry that has no name and no kind. An entry that
    cannot be told has the kind ``""`` and the message of its warning as options, so that what it
    should have scored is reported as not scored.
    """
    problems: list[Problem] = []

    name = raw.get("name") if isinstance(raw, Mapping) else None
    is_name = isinstance(name, str | int | float) and as_text(name).strip()
    label = as_text(name) if is_name else f"evaluator {position}"
    common: Mapping[str, Any] = {}
    try:
        content = _content(raw)
        entry = _entry(content)
        common = {**_common(content, entry), **entry.common}
    except NotUnderstoodError as error:
        message = f"evaluator `{label}`: {error}"
        is_misspelt = isinstance(error, MisspeltError)
        severity = Severity.ERROR if is_misspelt else Severity.WARNING
        problems.append(Problem(path=path, line=line, message=message, severity=severity))
        entry = Entry(kind="", options=message)
    if name is None and entry.kind in KINDS:
        is_judge = names_judge(entry.kind, entry.options)
        label = bare_name(Path(entry.options)) if is_judge else entry.kind
    what = f"evaluator `{label}`: the key"
    problems += [
        not_understood(what, COMMON_KEYS, path=path, line=line, name=key) for key in entry.ignored
    ]
    problems += [
        Problem(
            path=path,
            line=line,
            message=f"evaluator `{label}`: {remark}",
            severity=Severity.WARNING,
        )
        for remark in (*entry.remarks, *_remarks_on_judge(entry))
    ]
    spec = EvaluatorSpec(
        name=label,
        kind=entry.kind,
        options=entry.options,
        path=path,
        line=line,
        from_golden=from_golden,
        **common,
    )
    return spec, problems


def _remarks_on_type(named: str) -> tuple[str, ...]:
    """Where a name of promptfoo's means something more exact there."""
    if named == "equals":
        return ("blanks around the answer do not count here; where they must, write a `regex`",)
    return ()


def _remarks_on_judge(entry: Entry) -> Iterator[str]:
    """What runs under gh-models, and says little."""
    if entry.kind != "llm" or not isinstance(entry.options, Mapping):
        return
    texts = [as_text(entry.options.get(key) or "") for key in (*_SYSTEM_KEYS, "prompt")]
    seen = {name for text in texts for name in Template(text).placeholders}
    if texts[-1] and seen.isdisjoint(JUDGED[:2]):
        yield "the judge does not see the answer; put {{completion}} into the `prompt`"
    choices = entry.options.get("choices")
    listed = choices if isinstance(choices, list) else ()
    entries = [choice for choice in listed if isinstance(choice, Mapping)]
    if any("score" not in choice for choice in entries):
        yield "a choice without `score` scores 0, as in gh-models"
    words = [as_text(choice.get("choice")).strip().lower() for choice in entries]
    if len({*words}) < len(words):
        yield "of choices that differ in case only the first one counts"


def _content(raw: Any) -> Mapping[str, Any]:
    if is_file_name(raw):
        raise MisspeltError("a file of evaluators can be named in a prompt file alone")
    if isinstance(raw, str):
        is_path = "/" in raw and " " not in raw
        raise NotUnderstoodError(
            "a file of evaluators must end in .yml or .yaml"
            if is_path
            else "a sentence cannot be run; write `rubric: …`, which has a model judge by it"
        )
    if not isinstance(raw, Mapping):
        raise NotUnderstoodError("expected a mapping such as `string: {contains: text}`")
    return {str(key): value for key, value in raw.items()}


def _entry(content: Mapping[str, Any]) -> Entry:
    keys = [key for key in content if key not in COMMON_KEYS]
    beside: tuple[str, ...] = ()
    kinds = [key for key in keys if key in KINDS]
    if len(kinds) > 1 and {*kinds} <= {*_GITHUB_KINDS}:
        first, *others = sorted(kinds, key=_GITHUB_KINDS.index)
        keys = [key for key in keys if key not in others]
        kinds = [first]
        beside = (f"{_names(others)} has no effect beside `{first}`, as in gh-models",)
    elif len(kinds) > 1:
        raise NotUnderstoodError(f"more than one kind: {_names(kinds)}; make it one entry each")
    _require_answer_as_target(content)
    keys = [key for key in keys if key not in _TARGET_KEYS]
    has_type = any(isinstance(content.get(key), str) for key in _TYPE_KEYS)
    if has_type and not (kinds and _is_said_twice(content, kinds[0])):
        return _entry_of_type(content, keys)
    keys = [key for key in keys if key not in _TYPE_KEYS]
    if kinds:
        entry = _entry_of_kind(kinds[0], content, keys)
        return replace(entry, remarks=beside)
    if len(keys) == 1 and keys[0] in ALIASES:
        return _entry_of_alias(keys[0], content)
    if len(keys) == 1 and keys[0]:
        return Entry(kind=keys[0], options=content[keys[0]])
    for key in keys:
        if meant := misspelt(key, KINDS):
            raise MisspeltError(f"the kind `{key}` is not known; did you mean `{meant}`?")
    found = f"found {_names(keys)}" if keys else "found none"
    raise NotUnderstoodError(f"expected a kind of evaluator ({_SOME_KINDS}), {found}")


def _entry_of_alias(alias: str, content: Mapping[str, Any]) -> Entry:
    """promptfoo's ``icontains: text``, which is ``{type: icontains, value: text}``."""
    value = content[alias]
    given = {} if value is None or value is True else {"value": value}
    rest = {key: item for key, item in content.items() if key != alias}
    return _entry_of_type({**rest, **given, "type": alias}, ["type", *given])


def _names(keys: Iterable[str]) -> str:
    return ", ".join(f"`{key}`" for key in keys)


def _require_answer_as_target(content: Mapping[str, Any]) -> None:
    for key in _TARGET_KEYS:
        if key in content and content[key] not in _ANSWER:
            raise NotUnderstoodError(f"`{key}` must be the answer (`output`), nothing else")


def _type(content: Mapping[str, Any]) -> str:
    found = next(content[key] for key in _TYPE_KEYS if isinstance(content.get(key), str))
    return str(found)


def _is_said_twice(content: Mapping[str, Any], kind: str) -> bool:
    """``type: string`` beside ``string: …`` adds nothing."""
    plain = _plain(_type(content))
    return plain == kind or (kind == "regex" and plain in _REGEX_TYPES)


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")


def _entry_of_kind(kind: str, content: Mapping[str, Any], keys: list[str]) -> Entry:
    """``kind: options``, with keys that public files put beside it."""
    options = content[kind]
    beside = [key for key in keys if key != kind]
    if kind == "regex":
        lifted = {key: content[key] for key in beside if key in _REGEX_KEYS}
        if lifted:
            given = options if isinstance(options, Mapping) else {"pattern": options}
            options = {**given, **lifted}
            beside = [key for key in beside if key not in lifted]
    if kind == "string" and isinstance(options, Mapping) and len(options) == 1:
        [(key, pattern)] = options.items()
        if _plain(key) in ("regex", "matches", "matchesregex"):
            kind, options = "regex", pattern
    if kind == "llm" and isinstance(options, Mapping) and "modelParameters" in options:
        options = {key: value for key, value in options.items() if key != "modelParameters"}
        beside.append("modelParameters")
    if kind == "uses" and options == "github/similarity":
        # Said as a placeholder, so that a golden without it is found before anything is asked.
        options = {"judge": options, "reference": "{{expected}}"}
    if kind not in WITHOUT_OPTIONS and isinstance(options, Mapping):
        options = {key: value for key, value in options.items() if key != "threshold"}
    return Entry(kind=kind, options=options, ignored=tuple(beside))


def _entry_of_type(content: Mapping[str, Any], keys: list[str]) -> Entry:
    """``type: …`` with its options beside it."""
    named, plain = _type(content), _plain(_type(content))
    if named.startswith(_NOT) and plain not in _CONTAINS_TYPES:
        return _negated(content, keys, named.removeprefix(_NOT))
    options = {key: content[key] for key in keys if key not in _TYPE_KEYS}
    if entry := promptfoo.assertion(named, options, content.get("threshold")):
        return entry
    if plain in _JSON_TYPES and not options:
        return Entry(kind="json", options="valid")
    if plain == "jsonschema" and options.keys() == {"schema"}:
        return Entry(kind="json", options=options)
    if plain in _JUDGE_TYPES:
        return Entry(kind="llm", options=_judge(named, options))
    if plain in _REGEX_TYPES:
        flags = {key: options.pop(key) for key in _REGEX_KEYS if key in options}
        return Entry(kind="regex", options={"pattern": _value(named, options), **flags})
    if plain in _CONTAINS_TYPES:
        key, value = _CONTAINS_TYPES[plain], _value(named, options)
        if plain.endswith(("any", "all")) and isinstance(value, str) and not _PLACEHOLDER(value):
            # As promptfoo has it: commas between, and quotes around a text with one.
            value = separated(value)
        exact = {"ignoreCase": False} if named in _CASED_TYPES else {}
        return Entry(kind="contains", options={key: value, **exact})
    if plain in _STRING_TYPES:
        key = _STRING_TYPES[plain]
        value = _value(named, options)
        return Entry(kind="string", options={key: value})
    if plain in _EQUALS_TYPES:
        return Entry(kind="equals", options=_value(named, options), remarks=_remarks_on_type(named))
    known = () if named in promptfoo.NOT_TAKEN else (*_TYPES, *promptfoo.names())
    if meant := misspelt(named, known):
        raise MisspeltError(f"the type `{named}` is not known; did you mean `{meant}`?")
    raise NotUnderstoodError(
        f"the type `{named}` is not understood; name the kind as a key ({_SOME_KINDS})"
    )


def _negated(content: Mapping[str, Any], keys: list[str], named: str) -> Entry:
    """promptfoo's ``not-…``, which its every type may be."""
    entry = _entry_of_type({**content, "type": named}, keys)
    return replace(entry, common={**entry.common, "negated": content.get("not") is not True})


def _value(named: str, options: Mapping[str, Any]) -> Any:
    values = [key for key in options if key in _VALUE_KEYS]
    others = [key for key in options if key not in _VALUE_KEYS]
    if len(values) != 1 or others:
        found = _names(options) or "nothing"
        raise NotUnderstoodError(f"`type: {named}` needs `value` and nothing else, found {found}")
    return options[values[0]]


def _judge(named: str, options: Mapping[str, Any]) -> Mapping[str, Any]:
    """A judge that is given its choices and sees the answer."""
    prompt, choices = options.get("prompt"), options.get("choices")
    known = {"prompt", "choices", "model", "modelId", "systemPrompt"}
    if not isinstance(prompt, str) or not isinstance(choices, list) or options.keys() - known:
        raise NotUnderstoodError(
            f"`type: {named}` needs `prompt` and `choices`; "
            "write an `llm` evaluator with choices and their scores"
        )
    if not all(isinstance(choice, Mapping) for choice in choices):
        choices = _scored(choices)
        named_choices = " or ".join(choice["choice"] for choice in choices)
        prompt = f"{prompt.rstrip()}\n\nAnswer with {named_choices}."
    if "completion" not in prompt:
        prompt = f"{prompt.rstrip()}\n\nThe response:\n\n{{{{completion}}}}"
    return {**options, "prompt": prompt, "choices": choices}


def _scored(choices: list[Any]) -> list[dict[str, Any]]:
    """The scores of choices such as yes and no."""
    words = ["true" if c is True else "false" if c is False else str(c) for c in choices]
    folded = [word.strip().lower() for word in words]
    is_plain = len(folded) == 2 and len(_POSITIVE & {*folded}) == len(_NEGATIVE & {*folded}) == 1
    if not is_plain:
        raise NotUnderstoodError("the choices have no scores; write `{choice: …, score: …}`")
    return [{"choice": word, "score": int(word.strip().lower() in _POSITIVE)} for word in words]


def _common(content: Mapping[str, Any], entry: Entry) -> Mapping[str, Any]:
    """What every kind of evaluator takes."""
    return {
        "threshold": None if "threshold" in entry.common else _threshold(content, entry),
        "negated": _flag(content, "not"),
        "weight": _weight(content),
        "optional": _flag(content, "optional"),
    }


def _flag(content: Mapping[str, Any], key: str) -> bool:
    value = content.get(key)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise MisspeltError(f"`{key}` must be true or false, found {value!r:.40}")


def _weight(content: Mapping[str, Any]) -> float:
    value = content.get("weight")
    if value is None:
        return 1.0
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 < value <= _MOST_WEIGHT:
        raise MisspeltError(
            f"`weight` must be a number above 0, up to 1,000,000, found {value!r:.40}; "
            "what is not to count is `optional: true`"
        )
    return float(value)


def _threshold(content: Mapping[str, Any], entry: Entry) -> float | None:
    value = content.get("threshold")
    options = content.get(entry.kind)
    if value is None and entry.kind not in WITHOUT_OPTIONS and isinstance(options, Mapping):
        value = options.get("threshold")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise NotUnderstoodError(f"`threshold` must be a number from 0 to 1, found {value!r:.40}")
    return float(value)
