"""What the docs say is so."""

import configparser
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import pytest

from pytest_promptopt.client.rates import parse_rates
from pytest_promptopt.config import OPTIONS
from pytest_promptopt.prompts.evaluators import COMMON_KEYS
from pytest_promptopt.prompts.kinds import KINDS
from pytest_promptopt.prompts.parameters import KNOWN_PARAMETERS
from pytest_promptopt.prompts.reader import read_prompt
from pytest_promptopt.providers.models import parse_aliases, resolve_model
from pytest_promptopt.providers.pricing import parse_prices
from pytest_promptopt.suggestion import misspelt

ROOT = Path(__file__).parents[1]
NAMES = ("README.md", "CONTRIBUTING.md", "SECURITY.md")
DOCS = sorted([*(ROOT / name for name in NAMES), *(ROOT / "docs").glob("*.md")])


def script(name: str) -> ModuleType:
    specification = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_the_reference_of_options_is_up_to_date() -> None:
    for path, text in script("options").pages().items():
        assert path.read_text(encoding="utf-8") == text, "run `python docs/options.py`"


def test_every_setting_of_a_search_stands_on_one_of_two_pages() -> None:
    decided, of_methods = script("options").pages().values()
    assert "| `maxTokens` |" in decided
    assert "| `batch_size` |" not in decided
    assert "| `batch_size` |" in of_methods
    assert "| `max_tokens` |" not in of_methods


def test_the_rooms_on_the_page_are_those_of_the_import_contract() -> None:
    architecture = script("architecture")
    written = architecture.TARGET.read_text(encoding="utf-8")
    assert written == architecture.page(written), "run `python docs/architecture.py`"
    rooms = [room for rooms in architecture.layers() for room in rooms]
    package = (ROOT / "pytest_promptopt").iterdir()
    found = {
        path.stem for path in package if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert found - {"__init__", "__main__"} == set(rooms)


def test_the_schema_for_editors_is_up_to_date() -> None:
    schema = script("schema")
    written = schema.TARGET.read_text(encoding="utf-8")
    assert written == schema.text(), "run `python docs/schema.py`"
    jsonschema.Draft202012Validator.check_schema(schema.schema())


def test_every_key_is_explained_to_editors() -> None:
    assert [*unexplained(script("schema").schema(), "")] == []


def unexplained(schema: Any, place: str) -> Iterator[str]:
    """The keys without a sentence that an editor could show, outside of conditions."""
    if isinstance(schema, list):
        for one in schema:
            yield from unexplained(one, place)
    for word, inner in schema.items() if isinstance(schema, dict) else ():
        if word in {"allOf", "else", "dependentSchemas", "if", "not", "propertyNames", "then"}:
            continue
        yield from unexplained(inner, f"{place}/{word}")
        for key, value in inner.items() if word == "properties" else ():
            told = value.get("description", "." if "$ref" in value else "")
            if not told.endswith("."):
                yield f"{place}/{key}: {told}"


def test_the_schema_takes_for_misspelt_what_the_reader_does() -> None:
    definitions = script("schema").schema()["$defs"]
    for definition, known in {
        "parameters": KNOWN_PARAMETERS,
        "evaluator": frozenset({*KINDS, *COMMON_KEYS}),
    }.items():
        is_fine = jsonschema.Draft202012Validator(definitions[definition]["propertyNames"]).is_valid
        slips = {slip for name in known for one in slips_of(name) for slip in (one, one[1:])}
        told = {slip for slip in slips - known if not is_fine(slip)}
        assert told == {slip for slip in slips - known if misspelt(slip, known) is not None}


def slips_of(name: str) -> Iterator[str]:
    """A letter less, more, other, and two the wrong way round."""
    for i in range(len(name)):
        yield name[:i] + name[i + 1 :]
        yield f"{name[:i]}z{name[i:]}"
        yield f"{name[:i]}z{name[i + 1 :]}"
        if "_" not in name[i : i + 2]:
            yield name[:i] + name[i : i + 2][::-1] + name[i + 2 :]


# The prompts of data-sets.md are read with their files, in a test of their own.
@pytest.mark.parametrize(
    "page", [page for page in DOCS if page.name != "data-sets.md"], ids=lambda page: page.name
)
def test_prompt_files_in_the_docs_are_read_without_a_warning(page: Path, tmp_path: Path) -> None:
    text = page.read_text(encoding="utf-8")
    examples = re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL)
    for example in (example for example in examples if "messages:" in example):
        path = tmp_path / "example.prompt.yml"
        path.write_text(example, encoding="utf-8")
        (tmp_path / "ticket_routing.goldens.jsonl").write_text('{"ticket": "x"}\n')
        assert read_prompt(path, root=tmp_path).problems == ()


def test_the_lines_for_other_servers_are_understood() -> None:
    ini = configparser.ConfigParser()
    page = (ROOT / "docs" / "endpoints.md").read_text(encoding="utf-8")
    ini.read_string(re.findall(r"```ini\n(.*?)```", page, flags=re.DOTALL)[0])
    lines = {key: text.strip().split("\n") for key, text in ini["pytest"].items()}
    aliases = parse_aliases(lines["prompt_models"])
    models = [resolve_model(n, aliases=aliases, environ={}, root=ROOT) for n in aliases]
    assert [name for name in aliases if f"| `{name}` |" not in page] == []
    named = {*parse_rates(lines["prompt_limits"]), *parse_prices(lines["prompt_prices"])}
    assert named <= {str(model) for model in models}


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_options_named_in_the_docs_exist(page: Path) -> None:
    flags = {option.flag for option in OPTIONS}
    assert set(re.findall(r"--prompt-[a-z-]+", page.read_text(encoding="utf-8"))) <= flags


def test_a_switch_has_no_ini_key() -> None:
    """The command line could not turn it off again; ``addopts`` is for that."""
    assert [o.ini for o in OPTIONS if o.kind == "switch" and o.ini is not None] == []


def test_every_evaluator_is_in_the_schema() -> None:
    described = script("schema").schema()["$defs"]["evaluator"]["properties"]
    assert [kind for kind in KINDS if kind not in described] == []


def test_every_evaluator_is_named_beside_the_prompt_files_keys() -> None:
    page = (ROOT / "docs" / "prompt-file.md").read_text(encoding="utf-8")
    assert {*re.findall(r"\(evaluators\.md#(\w+)\)", page)} == {*KINDS}
