"""Cuts the operations that we use out of GitHub's OpenAPI description.

Writes ``subset.json`` beside this file::

    python tests/forge/openapi/make_subset.py [api.github.com.json]

Without a path it fetches the description from npm, which needs ``npm``. The result is plain
JSON Schema (2020-12), stricter than the description in one way: an object takes no members
that the description does not list. The same input gives the same file.
"""

import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PACKAGE = "@octokit/openapi"
VERSION = "23.0.2"
DESCRIPTION = "package/generated/api.github.com.json"
SUBSET = Path(__file__).with_name("subset.json")

ABOUT = (
    "The operations of GitHub's REST API that we use, as JSON Schema. Cut by make_subset.py out "
    f"of generated/api.github.com.json of npm {PACKAGE}@{VERSION} (MIT licence), which is made "
    "from https://github.com/github/rest-api-description (MIT licence)."
)

_REPOSITORY = "/repos/{owner}/{repo}"
OPERATIONS = (
    ("get", "/user"),
    ("get", f"{_REPOSITORY}/pulls"),
    ("post", f"{_REPOSITORY}/pulls"),
    ("get", f"{_REPOSITORY}/pulls/{{pull_number}}"),
    ("patch", f"{_REPOSITORY}/pulls/{{pull_number}}"),
    ("get", f"{_REPOSITORY}/pulls/{{pull_number}}/files"),
    ("get", f"{_REPOSITORY}/pulls/{{pull_number}}/comments"),
    ("post", f"{_REPOSITORY}/pulls/{{pull_number}}/reviews"),
    ("get", f"{_REPOSITORY}/issues/{{issue_number}}/comments"),
    ("post", f"{_REPOSITORY}/issues/{{issue_number}}/comments"),
    ("patch", f"{_REPOSITORY}/issues/comments/{{comment_id}}"),
    ("get", f"{_REPOSITORY}/git/ref/{{ref}}"),
    ("get", f"{_REPOSITORY}/git/commits/{{commit_sha}}"),
)

_DROPPED = frozenset(
    {"default", "deprecated", "description", "discriminator", "example", "examples", "title"}
)

Json = dict[str, Any]


def main(arguments: list[str]) -> None:
    """Write the subset of the description at the path given, or of the one that npm has."""
    text = Path(arguments[0]).read_text("utf-8") if arguments else _packed()
    subset = make_subset(json.loads(text))
    SUBSET.write_text(json.dumps(subset, indent=1, sort_keys=True) + "\n", "utf-8")


def make_subset(description: Json) -> Json:
    """The operations with JSON Schemas of what goes in and out, and the ``$defs`` they need."""
    operations = {}
    for method, path in OPERATIONS:
        operation = description["paths"][path][method]
        operations[operation["operationId"]] = _operation(description, method, path, operation)
    schemas = description["components"]["schemas"]
    definitions: Json = {}
    wanted = sorted(_references(operations))
    while wanted:
        name = wanted.pop()
        if name not in definitions:
            definitions[name] = _schema(schemas[name])
            wanted += sorted(_references(definitions[name]))
    _correct(definitions)
    return {"$comment": ABOUT, "$defs": definitions, "operations": operations}


def _packed() -> str:
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", f"{PACKAGE}@{VERSION}"]
        done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
        with tarfile.open(Path(folder) / done.stdout.strip()) as archive:
            member = archive.extractfile(DESCRIPTION)
            assert member is not None
            return member.read().decode()


def _operation(description: Json, method: str, path: str, operation: Json) -> Json:
    parameters = [_resolved(description, one) for one in operation["parameters"]]
    made: Json = {
        "method": method.upper(),
        "path": path,
        "documentation_url": operation["externalDocs"]["url"],
        "spanning": [one["name"] for one in parameters if one.get("x-multi-segment")],
        "path_parameters": _object(parameters, "path"),
        "query": _object(parameters, "query"),
        "responses": {
            status: _content(_resolved(description, response))
            for status, response in operation["responses"].items()
            if "content" in _resolved(description, response)
        },
    }
    if "requestBody" in operation:
        made["body"] = _content(operation["requestBody"])
    return made


def _object(parameters: list[Json], place: str) -> Json:
    """One schema for all parameters that stand in the path or in the query."""
    here = [one for one in parameters if one["in"] == place]
    return {
        "type": "object",
        "properties": {one["name"]: _schema(one["schema"]) for one in here},
        "required": [one["name"] for one in here if one.get("required")],
        "additionalProperties": False,
    }


def _content(holder: Json) -> Json:
    return _schema(holder["content"]["application/json"]["schema"])


def _resolved(description: Json, node: Json) -> Json:
    if "$ref" not in node:
        return node
    found: Any = description
    for name in node["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    assert isinstance(found, dict)
    return found


def _schema(schema: Json) -> Json:
    """A schema of OpenAPI 3.0 as a strict one of JSON Schema."""
    if "$ref" in schema:
        return {"$ref": "#/$defs/" + schema["$ref"].rsplit("/", 1)[1]}
    made = {
        key: value
        for key, value in schema.items()
        if key not in _DROPPED and key != "nullable" and not key.startswith("x-")
    }
    if "properties" in made:
        made["properties"] = {name: _schema(one) for name, one in made["properties"].items()}
        made.setdefault("additionalProperties", False)
    if isinstance(made.get("items"), dict):
        made["items"] = _schema(made["items"])
    for key in ("oneOf", "anyOf"):
        if key in made:
            made[key] = [_schema(one) for one in made[key]]
    # None of them is used; closing the parts of an allOf would let nothing through.
    assert "allOf" not in made
    return _nullable(made) if schema.get("nullable") else made


def _nullable(schema: Json) -> Json:
    made = {**schema, "type": [schema["type"], "null"]}
    if "enum" in made:
        made["enum"] = [*made["enum"], None]
    return made


def _references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"].rsplit("/", 1)[1]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def _correct(definitions: Json) -> None:
    """Say what GitHub really answers where its description is wrong."""
    # A comment whose lines are not in the diff any more has no place.
    comment = definitions["pull-request-review-comment"]["properties"]
    comment["line"] = _nullable(comment["line"])
    comment["position"] = _nullable(comment["position"])
    # The fork that a pull request came from can be gone.
    for name in ("pull-request", "pull-request-simple"):
        head = definitions[name]["properties"]["head"]["properties"]
        head["repo"] = {"anyOf": [head["repo"], {"type": "null"}]}
    # Errors tell their status, which the description says of basic-error alone.
    for name in ("validation-error", "validation-error-simple"):
        definitions[name]["properties"]["status"] = {"type": "string"}


if __name__ == "__main__":
    main(sys.argv[1:])
