import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.forge.openapi.make_subset import OPERATIONS, SUBSET, make_subset
from tests.forge.openapi.validator import Operation, operations

EMPTY = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}


def named(name: str) -> Operation:
    return next(one for one in operations() if one.id == name)


def schemas(node: object) -> Iterator[dict[str, Any]]:
    """All parts of the subset that are schemas of objects."""
    if isinstance(node, dict):
        if isinstance(node.get("properties"), dict) and "type" in node:
            yield node
        for value in node.values():
            yield from schemas(value)
    elif isinstance(node, list):
        for value in node:
            yield from schemas(value)


def test_the_subset_has_the_operations_that_we_use() -> None:
    assert sorted((one.id, one.method, str(one.described["path"])) for one in operations()) == [
        ("git/get-commit", "GET", "/repos/{owner}/{repo}/git/commits/{commit_sha}"),
        ("git/get-ref", "GET", "/repos/{owner}/{repo}/git/ref/{ref}"),
        ("issues/create-comment", "POST", "/repos/{owner}/{repo}/issues/{issue_number}/comments"),
        ("issues/list-comments", "GET", "/repos/{owner}/{repo}/issues/{issue_number}/comments"),
        ("issues/update-comment", "PATCH", "/repos/{owner}/{repo}/issues/comments/{comment_id}"),
        ("pulls/create", "POST", "/repos/{owner}/{repo}/pulls"),
        ("pulls/create-review", "POST", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews"),
        ("pulls/get", "GET", "/repos/{owner}/{repo}/pulls/{pull_number}"),
        ("pulls/list", "GET", "/repos/{owner}/{repo}/pulls"),
        ("pulls/list-files", "GET", "/repos/{owner}/{repo}/pulls/{pull_number}/files"),
        ("pulls/list-review-comments", "GET", "/repos/{owner}/{repo}/pulls/{pull_number}/comments"),
        ("pulls/update", "PATCH", "/repos/{owner}/{repo}/pulls/{pull_number}"),
        ("users/get-authenticated", "GET", "/user"),
    ]


def test_the_subset_says_where_it_is_from() -> None:
    about = json.loads(SUBSET.read_text("utf-8"))["$comment"]
    assert "@octokit/openapi@23.0.2 (MIT licence)" in about


def test_every_object_of_the_subset_is_closed() -> None:
    subset = json.loads(SUBSET.read_text("utf-8"))
    closed = [one["additionalProperties"] for one in schemas(subset)]
    assert len(closed) > 50
    # The permissions of an app are the one list of names that is left open.
    assert [one for one in closed if one is not False] == [{"type": "string"}]


def test_the_subset_is_valid_json_schema() -> None:
    subset = json.loads(SUBSET.read_text("utf-8"))
    used = [
        schema
        for one in operations()
        for schema in (
            one.described["path_parameters"],
            one.described["query"],
            one.described.get("body", {}),
            *one.described["responses"].values(),
        )
    ]
    Draft202012Validator.check_schema({"$defs": subset["$defs"], "allOf": used})
    assert not any(word in SUBSET.read_text("utf-8") for word in ('"nullable"', '"example"', '"x-'))


def test_a_subset_has_what_its_operations_need_and_nothing_else() -> None:
    link = {"type": "object", "properties": {"href": {"type": "string", "nullable": True}}}
    head = {"type": "object", "properties": {"repo": {"$ref": "#/components/schemas/link"}}}
    whole = {"type": "integer", "description": "Long", "x-github": 1}
    needed: dict[str, Any] = {
        "pull-request-review-comment": {"properties": {"line": whole, "position": whole}},
        "pull-request": {"properties": {"head": head}},
        "pull-request-simple": {"properties": {"head": head}},
        "validation-error": {"properties": {}},
        "validation-error-simple": {"properties": {}},
    }
    parts = [{"$ref": f"#/components/schemas/{name}"} for name in needed]
    operation = {
        "description": "Long",
        "externalDocs": {"url": "https://docs.github.com/rest"},
        "parameters": [],
        "responses": {"200": {"content": {"application/json": {"schema": {"oneOf": parts}}}}},
    }
    paths: dict[str, Any] = {path: {} for _, path in OPERATIONS}
    for method, path in OPERATIONS:
        paths[path][method] = {"operationId": f"{method} {path}", **operation}
    components = {"schemas": {**needed, "link": link, "unused": link}}
    made = make_subset({"components": components, "paths": paths})
    assert sorted(made["$defs"]) == sorted([*needed, "link"])
    assert made["$defs"]["link"] == {
        "type": "object",
        "properties": {"href": {"type": ["string", "null"]}},
        "additionalProperties": False,
    }
    assert made["$defs"]["pull-request-review-comment"] == {
        "properties": {
            "line": {"type": ["integer", "null"]},
            "position": {"type": ["integer", "null"]},
        },
        "additionalProperties": False,
    }
    assert made["operations"]["get /user"] == {
        "method": "GET",
        "path": "/user",
        "documentation_url": "https://docs.github.com/rest",
        "spanning": [],
        "path_parameters": EMPTY,
        "query": EMPTY,
        "responses": {"200": {"oneOf": [{"$ref": f"#/$defs/{name}"} for name in needed]}},
    }


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        (
            "/repos/acme/shop/git/ref/heads/feature/a%26b",
            {"owner": "acme", "repo": "shop", "ref": "heads/feature/a&b"},
        ),
        ("/repos/acme/shop/git/ref/", None),
        ("/repos/acme/shop/more/git/ref/heads/main", None),
    ],
)
def test_parameters_are_read_from_the_path(path: str, parameters: object) -> None:
    assert named("git/get-ref").parameters_in(path) == parameters


def test_numbers_in_the_path_are_numbers() -> None:
    found = named("pulls/get").parameters_in("/repos/acme/shop/pulls/7")
    assert found == {"owner": "acme", "repo": "shop", "pull_number": 7}


@pytest.mark.parametrize(
    ("query", "body", "problem"),
    [
        ({}, {"body": "text"}, []),
        ({}, None, ["$: None is not of type 'object'"]),
        ({}, {}, ["$: 'body' is a required property"]),
        ({}, {"body": 7}, ["$.body: 7 is not of type 'string'"]),
        (
            {},
            {"body": "text", "text": "body"},
            ["$: Additional properties are not allowed ('text' was unexpected)"],
        ),
        (
            {"page": "1"},
            {"body": "text"},
            ["$: Additional properties are not allowed ('page' was unexpected)"],
        ),
    ],
)
def test_a_request_that_is_not_as_described_has_problems(
    query: dict[str, str], body: object, problem: list[str]
) -> None:
    parameters = {"owner": "acme", "repo": "shop", "issue_number": 1}
    operation = named("issues/create-comment")
    found = operation.request_problems(parameters=parameters, query=query, body=body)
    assert found == problem


def test_a_body_is_a_problem_where_none_is_described() -> None:
    found = named("users/get-authenticated").request_problems(parameters={}, query={}, body={})
    assert found == ["A body is not expected."]


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ({"per_page": "100", "page": "2"}, []),
        ({"per_page": "many"}, ["$.per_page: 'many' is not of type 'integer'"]),
        ({"since": "2026-01-02T03:04:05Z"}, []),
        ({"since": "today"}, ["$.since: 'today' is not a 'date-time'"]),
    ],
)
def test_a_query_is_read_as_numbers_and_times(query: dict[str, str], problem: list[str]) -> None:
    parameters = {"owner": "acme", "repo": "shop", "issue_number": 1}
    operation = named("issues/list-comments")
    found = operation.request_problems(parameters=parameters, query=query, body=None)
    assert found == problem


LINKED = {"ref": "refs/heads/main", "node_id": "x", "url": "https://api.github.com"}
OBJECT = {"type": "commit", "sha": "1" * 40, "url": "https://api.github.com"}


@pytest.mark.parametrize(
    ("status", "content", "problem"),
    [
        (200, {**LINKED, "object": OBJECT}, []),
        (200, LINKED, ["$: 'object' is a required property"]),
        (200, {**LINKED, "object": OBJECT, "url": "x"}, ["$.url: 'x' is not a 'uri'"]),
        (201, {**LINKED, "object": OBJECT}, ["201 is not an answer of git/get-ref"]),
        (404, {"message": "Not Found"}, []),
        (403, {"message": "No"}, []),
        (
            403,
            {"message": "No", "more": 1},
            ["$: Additional properties are not allowed ('more' was unexpected)"],
        ),
    ],
)
def test_an_answer_that_is_not_as_described_has_problems(
    status: int, content: object, problem: list[str]
) -> None:
    assert named("git/get-ref").response_problems(status, content) == problem
