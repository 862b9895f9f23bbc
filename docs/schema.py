"""Write the JSON Schema for editors: ``python docs/schema.py``.

It is the shape of a prompt file, which the reader checks too, and what the reader refuses in words
of its own: keys of ours that are misspelt where other tools' are allowed, and values.
"""

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import msgspec

from pytest_promptopt.optimization.presets import PRESETS
from pytest_promptopt.optimization.settings import OptimizeSettings
from pytest_promptopt.prompts.answer_place import LINES
from pytest_promptopt.prompts.evaluators import COMMON_KEYS, FOREIGN_KEYS
from pytest_promptopt.prompts.kinds import KINDS
from pytest_promptopt.prompts.parameters import FOREIGN_PARAMETERS, KNOWN_PARAMETERS, SYNONYMS
from pytest_promptopt.prompts.parser import RESPONSE_FORMATS
from pytest_promptopt.prompts.violations import prompt_schema
from pytest_promptopt.scoring.builtin_judges import JUDGES
from pytest_promptopt.scoring.kinds import Kind, all_kinds, kind_of
from pytest_promptopt.suggestion import slips_allowed

_ANSWER = {
    "anyOf": [
        {"enum": ["whole", None]},
        {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": False,
            "properties": {
                **{key: {"type": "string", "minLength": 1} for key in ("after", "regex", "json")},
                "tag": {"type": "string", "pattern": r"^[A-Za-z_][\w.:-]*$"},
                "line": {"enum": [*LINES]},
            },
        },
    ]
}
TARGET = Path(__file__).parents[1] / "pytest_promptopt/prompts/schema/prompt.schema.json"
_CRITERION = {"anyOf": [{"required": ["min"]}, {"required": ["maxDrop"]}]}
_PART = {"minProperties": 1}
_NUMBER_IN_QUOTES = {"type": "string", "pattern": "^ *[-+.0-9eE_]+ *$"}


def schema() -> Mapping[str, Any]:
    """The published schema."""
    made: dict[str, Any] = json.loads(json.dumps(prompt_schema()))
    properties, definitions = made["properties"], made["$defs"]
    made["allOf"] = [_gate_can_fail()]
    definitions["partGate"]["allOf"] = [_CRITERION]
    gate = definitions["gate"]["properties"]
    gate["unscored"]["anyOf"] = [{"maximum": 1}, {"type": "integer"}]
    properties["reducer"]["not"] = {"pattern": "^(at-least-|pass@)0+$"}
    properties["responseFormat"]["anyOf"] = [
        {
            "type": ["object", "null"],
            "properties": {"type": {"enum": [*RESPONSE_FORMATS, None]}},
        },
        {"enum": [*RESPONSE_FORMATS]},
    ]
    properties["config"]["propertyNames"] = {"$ref": "#/$defs/parameters/propertyNames"}
    definitions["parameters"]["propertyNames"] = _not_misspelt(
        KNOWN_PARAMETERS,
        {form for name in _parameters() for form in _spellings(name)},
    )
    properties["answer"] |= _ANSWER
    _complete_evaluators(definitions)
    for name, settings in _settings().items():
        properties["optimize"]["properties"][name] |= settings
    return made


def text() -> str:
    """The file."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def _gate_can_fail() -> Mapping[str, Any]:
    """A gate asks for something, or a golden is required, which may stand in another file."""
    required = {"properties": {"required": {"const": True}}, "required": ["required"]}
    parts = [{"properties": {key: _PART}, "required": [key]} for key in ("tags", "evaluators")]
    return {
        "if": {"properties": {"gate": {"type": "object"}}, "required": ["gate"]},
        "then": {
            "anyOf": [
                {"properties": {"gate": {"anyOf": [*_CRITERION["anyOf"], *parts]}}},
                {
                    "properties": {"testData": {"type": "array", "contains": required}},
                    "required": ["testData"],
                },
                {
                    "properties": {"goldens": {"type": ["string", "array", "object"]}},
                    "required": ["goldens"],
                },
            ]
        },
    }


def _complete_evaluators(definitions: dict[str, Any]) -> None:
    evaluator = definitions["evaluator"]
    known = {*KINDS, *COMMON_KEYS}
    evaluator["propertyNames"] = _not_misspelt(known, {*known, *FOREIGN_KEYS})
    kinds = evaluator["properties"]
    kinds["uses"]["anyOf"] = [{"enum": [*JUDGES]}, {"not": {"pattern": "^github/"}}]
    for name in ("json", "yaml"):
        kinds[name]["anyOf"] = [{"const": "valid"}, {"type": "object"}]
        kinds[name]["not"] = {"type": "object", "required": ["equals", "fields"]}
    kinds["regex"] |= {"type": ["string", "object"], "required": ["pattern"]}
    kinds["choice"] |= {"type": ["array", "object"], "minItems": 1, "required": ["labels"]}
    kinds["contains"] |= {"minItems": 1, "anyOf": _one_of("any", "all", "none")}
    kinds["number"]["not"] = {"type": "array"}
    kinds["similarity"] |= {"type": ["object", "string", "null"]}
    declared = {
        name: kind for name in KINDS if (kind := kind_of(name, all_kinds())) and kind.options
    }
    kinds |= {name: _options_of(kind) for name, kind in declared.items()}
    graded = ["similarity", *(name for name, kind in declared.items() if kind.needs_threshold)]
    evaluator["dependentSchemas"] = {name: _with_threshold(name) for name in graded}
    definitions["golden"]["properties"]["evaluators"]["items"] = {"$ref": "#/$defs/evaluator"}


def _options_of(kind: Kind) -> Mapping[str, Any]:
    """What an entry of the kind holds, from the record that declares it."""
    record = kind.options
    if record is None:
        return {}
    _, definitions = msgspec.json.schema_components([record])
    options = {key: value for key, value in definitions[record.__name__].items() if key != "title"}
    description, required = options.pop("description"), options.pop("required")
    if kind.needs_threshold:
        threshold = {"type": "number", "minimum": 0, "maximum": 1}
        options["properties"] = {**options["properties"], "threshold": threshold}
    forms = [options | ({"required": required} if required else {"type": ["object", "null"]})]
    bare = options["properties"].get(record.bare, {"enum": ["valid", True]})
    plain = [{"const": True}] if record.bare and not required else []
    return {"description": description, "anyOf": [*forms, bare, *plain]}


def _with_threshold(name: str) -> Mapping[str, Any]:
    """The entry or its options say from which score on an answer passes."""
    within = {"properties": {name: {"type": "object", "required": ["threshold"]}}}
    return {"anyOf": [{"required": ["threshold"]}, within]}


def _one_of(*keys: str) -> Iterable[Mapping[str, Any]]:
    return [{"not": {"type": "object"}}, *({"required": [key], "type": "object"} for key in keys)]


def _settings() -> Mapping[str, Mapping[str, Any]]:
    found = {
        item.name: _values(item.metadata) for item in fields(OptimizeSettings) if item.metadata
    }
    found["maxTokens"] = found.pop("max_tokens")
    return {**found, "method": {"enum": [*PRESETS, None]}}


def _values(metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a setting can be, where that is a choice, or a number written as one."""
    match metadata.get("kind"):
        case "count":
            bounds = {"type": "integer", "minimum": metadata["least"]}
            return {"anyOf": [bounds, *_none(metadata), _NUMBER_IN_QUOTES]}
        case "share":
            bounds = {"type": "number", "minimum": 0, "maximum": metadata["most"]}
            return {"anyOf": [bounds, *_none(metadata), _NUMBER_IN_QUOTES]}
        case "text" if "choices" in metadata:
            return {"enum": [*metadata["choices"]]}
        case "text":
            return {"type": "string"}
        case _:
            return {}


def _none(metadata: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    return [{"enum": [None, "none"]}] if metadata["is_optional"] else []


def _parameters() -> Iterable[str]:
    return {*KNOWN_PARAMETERS, *FOREIGN_PARAMETERS, *SYNONYMS, "response_format"}


def _spellings(name: str) -> Iterable[str]:
    first, *rest = name.split("_")
    capitals = [word.capitalize() for word in rest]
    yield from (name, name.upper(), name.replace("_", "-"))
    yield from ("".join([first, *capitals]), "".join([first.capitalize(), *capitals]))


def _not_misspelt(names: Collection[str], allowed: Collection[str]) -> Mapping[str, Any]:
    """Names that come close to none of ``names``, by the reader's rule, and those ``allowed``."""
    patterns = [pattern for name in sorted(names) for pattern in _patterns(name)]
    misspelt = {"pattern": f"^(?:{'|'.join(patterns)})$"}
    return {"anyOf": [{"enum": sorted(allowed)}, {"not": misspelt}]}


def _patterns(name: str) -> Iterable[str]:
    """In another case or with other signs between; with slips, where the case is kept."""
    words = re.split("[_-]", name)
    yield "[ _-]*".join(f"[{letter}{letter.upper()}]" for letter in "".join(words))
    first, *rest = words
    letters = [*first]
    for initial, *others in rest:
        letters += [f"[{initial}{initial.upper()}]", *others]
    starts = {sum(map(len, words[:count])) for count in range(1, len(words))}
    signs = ["[ _-]?" if position in starts else "" for position in range(len(letters))]
    if slips := slips_allowed("".join(words)):
        yield _near(letters, signs, slips)


def _near(letters: Sequence[str], signs: Sequence[str], slips: int) -> str:
    """A pattern of what is as many slips from ``letters`` at most, ``signs`` before them."""
    if not letters:
        return f".{{0,{slips}}}" if slips else ""
    letter, sign = letters[0], signs[0]
    same = letter + _near(letters[1:], signs[1:], slips)
    if not slips:
        return sign + same
    ways = [same, f".?{sign}{letter}?{_near(letters[1:], signs[1:], slips - 1)}"]
    if letters[1:]:
        rest = _near(letters[2:], signs[2:], slips - 1)
        ways.append(f"{letters[1]}{signs[1]}{letter}{rest}")
    return f"{sign}(?:{'|'.join(ways)})"


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
