"""What conforms at a glance conforms, and files as they are mostly written do."""

import copy
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pytest_promptopt.prompts.conformity import conforms
from pytest_promptopt.prompts.document import read_document
from pytest_promptopt.prompts.violations import prompt_schema

ROOT = Path(__file__).parents[2]
VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, False, 0, 1, 2.0, -0.5, 1.5, float("nan"), "", "text", "mean", "pass@3", [], {}]
)


def keys_of(schema: Any) -> set[str]:
    found: set[str] = set()
    if isinstance(schema, Mapping):
        found |= {*schema.get("properties", {})} if "type" in schema else set()
        found |= {key for value in schema.values() for key in keys_of(value)}
    elif isinstance(schema, list):
        found |= {key for value in schema for key in keys_of(value)}
    return found


KEYS = st.sampled_from(sorted(keys_of(prompt_schema())))
ANYTHING = st.recursive(
    VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=6,
)
FILES = sorted(ROOT.glob("prompts/**/*.prompt.yml"))
DATA = {path: read_document(path, path.name).data for path in FILES}


def is_valid(data: Any, schema: Mapping[str, Any]) -> bool:
    return bool(Draft202012Validator(schema).is_valid(data))


@given(st.dictionaries(st.sampled_from(sorted(prompt_schema()["properties"])), ANYTHING))
def test_whatever_conforms_is_valid(data: dict[str, Any]) -> None:
    if conforms(data, prompt_schema()):
        assert is_valid(data, prompt_schema())


def places(data: Any) -> Iterator[tuple[Any, Any]]:
    """Each container in ``data`` with each of its keys."""
    for key in data if isinstance(data, dict) else range(len(data)):
        yield data, key
        if isinstance(data[key], dict | list):
            yield from places(data[key])


@given(st.sampled_from(FILES), st.randoms(use_true_random=False), ANYTHING)
def test_a_file_with_one_thing_replaced_conforms_only_if_it_is_valid(
    path: Path, rng: random.Random, other: Any
) -> None:
    data = copy.deepcopy(DATA[path])
    inside, key = rng.choice([*places(data)])
    inside[key] = other
    if conforms(data, prompt_schema()):
        assert is_valid(data, prompt_schema())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_our_own_files_conform_at_a_glance(path: Path) -> None:
    assert conforms(DATA[path], prompt_schema())


@pytest.mark.parametrize(
    ("schema", "data"),
    [
        ({"type": "integer"}, True),
        ({"type": "integer"}, 1.5),
        ({"type": "number"}, "1"),
        ({"enum": [1, "a"]}, True),
        ({"const": 0}, False),
        ({"enum": [[1]]}, [True]),
        ({"const": {"a": 0}}, {"a": False}),
        ({"minimum": 1}, float("nan")),
        ({"additionalProperties": False}, {"a": 1}),
        ({"additionalProperties": {"type": "string"}}, {"a": 1}),
        ({"required": ["a"]}, {}),
        ({"items": {"type": "string"}}, ["a", 1]),
        ({"minItems": 1}, []),
        ({"minLength": 1}, ""),
        ({"minProperties": 1}, {}),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, 1),
        ({"if": {"required": ["a"]}, "else": {"required": ["b"]}}, {}),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"type": "string"}}}, 1),
        ({"not": {}}, 1),
        ({"then": {}}, 1),
    ],
)
def test_what_does_not_or_is_not_sure_does_not_conform(schema: dict[str, Any], data: Any) -> None:
    assert not conforms(data, schema)


@pytest.mark.parametrize(
    ("schema", "data"),
    [
        ({"if": {"required": ["a"]}, "else": {"required": ["b"]}}, {"a": 1}),
        ({"type": ["string", "null"]}, None),
        ({"required": ["a"], "minItems": 3, "minLength": 3, "minimum": 3}, "text"),
        ({"additionalProperties": True}, {"a": 1}),
        ({"const": "a", "description": "one"}, "a"),
    ],
)
def test_what_conforms_does(schema: dict[str, Any], data: Any) -> None:
    assert conforms(data, schema)
    assert is_valid(data, schema)
