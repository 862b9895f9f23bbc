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
from pytest_promptopt.scoring.kinds import Kind, all_kinds, kind_of
from pytest_promptopt.scoring.prompt_judge import JUDGES
from pytest_promptopt.suggestion import slips_allowed

_TEXT = {"type": "string", "minLength": 1}
_ANSWER = {
    "anyOf": [
        {"enum": ["whole", None]},
        {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": False,
            "properties": {
                "after": _TEXT
                | {"description": "Behind the last such sign, as Answer: in bold too."},
                "regex": _TEXT | {"description": "The first group of the first match."},
                "json": _TEXT | {"description": "The field of that path in the JSON."},
                "tag": {
                    "description": "In the last tag of that name, such as answer.",
                    "type": "string",
                    "pattern": r"^[A-Za-z_][\w.:-]*$",
                },
                "line": {"description": "The first or the last line.", "enum": [*LINES]},
            },
        },
    ]
}
TARGET = Path(__file__).parents[1] / "pytest_promptopt/prompts/schema/prompt.schema.json"
_JUDGE = "Who judges; the prompt's own model if not given."
_LEAST = "The least score that passes, from 0 to 1."
_QUESTION = "What was asked, if the judge is to know, such as {{question}}."
# What editors show for an option of a kind whose record says nothing of it, or too little.
_TOLD: Mapping[str, Mapping[str, str]] = {
    "better": {
        "than": "The other answer: base for that of the prompt at --prompt-base, or a text.",
        "criterion": "In what it must be better; on the whole if not given.",
        "question": _QUESTION,
        "model": _JUDGE,
    },
    "rubric": {
        "criteria": "What a good answer does: a sentence, or a list of them.",
        "question": _QUESTION,
        "graded": "true: the judge gives from 0 to 1 instead of yes or no; needs a threshold.",
        "model": _JUDGE,
    },
    "grounded": {"context": "A text or a list of passages, such as {{context}}.", "model": _JUDGE},
    "answers": {"question": "The question, such as {{question}}.", "model": _JUDGE},
    "context": {
        "measure": "precision: the passages that help. recall: the claims of expected they hold.",
        "passages": "A list, or a text of which every paragraph is one, such as {{passages}}.",
        "question": "The question that they are to help with; precision needs it.",
        "expected": "The answer whose claims they should hold; {{expected}} if not given.",
        "model": _JUDGE,
    },
    "code": {"language": "Only python.", "seconds": "How long it may run; 10 if not given."},
    "cost": {"maxUsd": "The most in USD, such as 0.01."},
    "distance": {"max": "The most characters that may differ."},
    "finish": {"reason": "stop (if not given), length, refusal or other."},
    "language": {"expected": "A code such as de, or a list of which one is enough."},
    "latency": {"maxSeconds": "The most in seconds, such as 2.5."},
    "length": {
        f"{side}{unit}": f"The {word} {unit.lower()} that it may have."
        for side, word in (("min", "fewest"), ("max", "most"))
        for unit in ("Words", "Characters", "Sentences", "Tokens")
    },
    "refusal": {"expected": "true (if not given): it must decline. false: it must not."},
    "sql": {"dialect": "Such as postgres, mysql or sqlite."},
    "tokens": {"max": "The most tokens."},
    "xml": {"elements": "Paths such as order.customer.id."},
}
_KINDS_TOLD = {
    "likelihood": "How likely the prompt's model finds the expected answer, from 0 to 1.",
    "perplexity": "How sure the model was of what it said: the highest perplexity that passes.",
    "rubric": "A judge that is told what a good answer does: in a sentence, or in a list of them.",
    "grounded": "A judge of whether a context bears out what the answer claims.",
    "answers": "A judge of whether the answer gives all that a question asks for.",
    "context": "A judge of what was retrieved: the share that helps, or of what it should hold.",
    "better": "A judge of whether the answer is better than another.",
    "multiple_choice": "The answer names the right one of the golden's options.",
    "xml": "The answer is XML, with these elements if any are named.",
    "sql": "The answer is SQL, of a dialect if one is named.",
    "code": "The answer's Python passes tests, run in a sandbox: setup, the code, tests.",
}
_CRITERION = {"if": {"properties": {"maxDrop": False}}, "then": {"required": ["min"]}}
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
            "properties": {
                "type": {"description": "The form.", "enum": [*RESPONSE_FORMATS, None]},
            },
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
    """A gate asks for something, or a golden is required, which may stand in another file.

    Without `anyOf`: of a key that matches several, editors would show the titles of these.
    """
    required = {"properties": {"required": {"const": True}}, "required": ["required"]}
    nothing = {"maxProperties": 0}
    gate = {
        "maxDrop": False,
        "minMutation": False,
        "judges": False,
        "tags": nothing,
        "evaluators": nothing,
    }
    return {
        "if": {
            "required": ["gate"],
            "properties": {
                "gate": {"type": "object", "properties": gate},
                "testData": {"not": {"type": "array", "contains": required}},
                "goldens": {"not": {"type": ["string", "array", "object"]}},
            },
        },
        "then": {"properties": {"gate": {"required": ["min"]}}},
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
    kinds |= {name: _options_of(name, kind) for name, kind in declared.items()}
    graded = ["similarity", *(name for name, kind in declared.items() if kind.needs_threshold)]
    evaluator["dependentSchemas"] = {name: _with_threshold(name) for name in graded}
    definitions["golden"]["properties"]["evaluators"]["items"] = {"$ref": "#/$defs/evaluator"}


def _options_of(name: str, kind: Kind) -> Mapping[str, Any]:
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
    for key, option in options["properties"].items():
        if "description" not in option:
            option["description"] = _LEAST if key == "threshold" else _TOLD[name][key]
    description = _KINDS_TOLD.get(name, description)
    forms = [options | ({"required": required} if required else {"type": ["object", "null"]})]
    bare = dict(options["properties"].get(record.bare, {"enum": ["valid", True]}))
    # An editor would show it in place of what the kind is.
    bare.pop("description", None)
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
        item.name: {"description": item.metadata["help"], **_values(item.metadata)}
        for item in fields(OptimizeSettings)
        if item.metadata
    }
    found["maxTokens"] = found.pop("max_tokens")
    method = "How it is searched; race if not given, the others as published."
    return {**found, "method": {"description": method, "enum": [*PRESETS, None]}}


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
