import os
from pathlib import Path

import pytest

from pytest_promptopt.errors import UsageError
from pytest_promptopt.providers.models import Alias, parse_aliases, resolve_model
from pytest_promptopt.providers.request import Model


def resolved(name: str, root: Path = Path(), *lines: str, **environ: str) -> Model:
    return resolve_model(name, aliases=parse_aliases(lines), environ=environ, root=root)


def refused(name: str, root: Path = Path(), *lines: str, **environ: str) -> str:
    with pytest.raises(UsageError) as caught:
        resolved(name, root, *lines, **environ)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "provider", "model"),
    [
        ("openai/gpt-5-mini", "openai", "gpt-5-mini"),
        ("gpt-4o", "openai", "gpt-4o"),
        ("o3-mini", "openai", "o3-mini"),
        ("chatgpt-4o-latest", "openai", "chatgpt-4o-latest"),
        ("ft:gpt-4o:acme::abc", "openai", "ft:gpt-4o:acme::abc"),
        ("openai/ft:gpt-4o:acme/x", "openai", "ft:gpt-4o:acme/x"),
        ("azureml://registries/azure-openai/models/gpt-4o/versions/2", "openai", "gpt-4o"),
        ("azure-openai/gpt-4o", "openai", "gpt-4o"),
        ("anthropic/claude-haiku-4-5", "anthropic", "claude-haiku-4-5"),
        (" claude-haiku-4-5 ", "anthropic", "claude-haiku-4-5"),
    ],
)
def test_name_stands_for_a_model_of_a_provider(name: str, provider: str, model: str) -> None:
    found = resolved(name)
    assert (found.provider, found.name, found.base_url) == (provider, model, None)


def test_usual_key_variable_is_named() -> None:
    assert resolved("gpt-4o").key_variable == "OPENAI_API_KEY"
    assert resolved("claude-x").key_variable == "ANTHROPIC_API_KEY"


def test_base_url_of_the_environment_is_part_of_the_model() -> None:
    here = resolved("gpt-4o", OPENAI_BASE_URL="https://proxy.example/v1")
    assert here.base_url == "https://proxy.example/v1"
    assert here.key_variable == "OPENAI_API_KEY"
    there = resolved("claude-x", ANTHROPIC_BASE_URL="https://proxy.example")
    assert there.base_url == "https://proxy.example"


@pytest.mark.parametrize(
    "url", ["localhost:8000/v1", "http://localhost:99999/v1", "http://localhost:port/v1"]
)
def test_base_url_of_the_environment_must_be_a_url(url: str) -> None:
    assert refused("gpt-4o", OPENAI_BASE_URL=url) == (
        f"environment variable OPENAI_BASE_URL: {url!r} is not a base URL: "
        "write one such as http://localhost:11434/v1"
    )


def test_alias_brings_its_own_address_and_key() -> None:
    line = "my-llama = openai/llama3.2 http://localhost:11434/v1 OLLAMA_API_KEY"
    assert resolved("my-llama", Path(), line, OPENAI_BASE_URL="https://x.example") == Model(
        provider="openai",
        name="llama3.2",
        base_url="http://localhost:11434/v1",
        key_variable="OLLAMA_API_KEY",
    )


def test_alias_with_an_address_and_no_key_variable_sends_no_key() -> None:
    model = resolved("my-llama", Path(), "my-llama = openai/llama3.2 http://localhost:11434/v1")
    assert model.key_variable is None


def test_alias_maps_a_foreign_name_to_a_known_one() -> None:
    line = "mistral-ai/ministral-3b = claude-haiku-4-5"
    model = resolved("mistral-ai/ministral-3b", Path(), line)
    assert (model.provider, model.name) == ("anthropic", "claude-haiku-4-5")


def test_aliases_are_read_line_by_line() -> None:
    assert parse_aliases(["", "a = openai/b", "  c/d = gpt-4o https://h/v1 K  "]) == {
        "a": Alias(target="openai/b"),
        "c/d": Alias(target="gpt-4o", base_url="https://h/v1", key_variable="K"),
    }


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "my-llama openai/llama",
            "ini prompt_models: cannot read the line of 'my-llama openai/llama': write "
            "NAME = provider/model [BASE_URL [KEY_VARIABLE]]",
        ),
        (
            "x = openai/y localhost:1",
            "ini prompt_models, x: 'localhost:1' is not a base URL: "
            "write one such as http://localhost:11434/v1",
        ),
        (
            "x = openai/y https://me:secret@host/v1",
            "ini prompt_models, x: take user and password out of the URL and name a key variable",
        ),
        (
            "x = openai/y https://host/v1 sk-secret",
            "ini prompt_models, x: what stands after the base URL must be the name of an "
            "environment variable in capitals that holds the key, never the key itself",
        ),
        (
            "x = local/qwen2.5-coder-0.5b http://localhost:1",
            "ini prompt_models: x = local/qwen2.5-coder-0.5b http://localhost:1: local has no base "
            "URL, only openai/… and anthropic/… have one: leave the URL out",
        ),
    ],
)
def test_line_that_cannot_be_meant_says_what_to_write(line: str, message: str) -> None:
    assert refused("x", Path(), line) == message


def test_name_given_twice_is_refused() -> None:
    assert refused("x", Path(), "x = gpt-4o", "x = gpt-5") == (
        "ini prompt_models: 'x' is given twice: keep one line of it"
    )


def test_unknown_provider_names_the_known_ones_and_the_line_that_would_map_it() -> None:
    assert refused("meta/llama-3.3-70b-instruct") == (
        "model 'meta/llama-3.3-70b-instruct' names the provider 'meta', which is not known. "
        "Known: openai/…, anthropic/…, local/qwen2.5-coder-0.5b, local/qwen2.5-coder-1.5b, "
        "local:path.gguf, scripted:path.json. "
        "Nearest: openai/gpt-5-mini, anthropic/claude-haiku-4-5. "
        "Map it in the ini file: prompt_models = meta/llama-3.3-70b-instruct = "
        "openai/llama-3.3-70b-instruct BASE_URL KEY_VARIABLE"
    )


def test_scripted_answers_written_like_a_provider_say_how_they_are_written() -> None:
    assert refused("scripted/answers.json") == (
        "model 'scripted/answers.json': write scripted:answers.json, with a colon"
    )


def test_unknown_name_names_the_nearest() -> None:
    message = refused("local/qwen2.5-coder-0.5", Path())
    assert "is not in the catalogue of local models" in message
    assert "Nearest: local/qwen2.5-coder-0.5b" in message
    assert "Nearest: openai/gpt-5, " in refused("gpt5")
    assert "Nearest: anthropic/claude-" in refused("claud-sonnet")
    assert "Nearest: my-llama" in refused("my-lama", Path(), "my-llama = openai/llama3.2")


def test_empty_name_is_refused() -> None:
    assert refused("  ") == "the model's name is empty: give one such as openai/gpt-5-mini"


def test_provider_of_an_entry_point_is_known() -> None:
    model = resolve_model(
        "mistral/large", aliases={}, environ={}, root=Path(), other_providers=lambda: ("mistral",)
    )
    assert (model.provider, model.name, model.key_variable) == ("mistral", "large", None)


def test_catalogued_model_has_its_weights_as_revision() -> None:
    assert resolved("local/qwen2.5-coder-0.5b") == Model(
        provider="local", name="qwen2.5-coder-0.5b", revision="1d9614638d18024d"
    )


def test_file_of_weights_is_told_apart_by_size_and_time(tmp_path: Path) -> None:
    (tmp_path / "tiny.gguf").write_bytes(b"GGUF....")
    os.utime(tmp_path / "tiny.gguf", ns=(5, 5))
    model = resolved("local:tiny.gguf", tmp_path)
    assert model == Model(provider="local", name="tiny.gguf", is_file=True, revision="8-5")
    assert str(model) == "local:tiny.gguf"


def test_file_of_weights_must_be_there_and_be_gguf(tmp_path: Path) -> None:
    (tmp_path / "text.gguf").write_text("hello")
    assert refused("local:no.gguf", tmp_path) == (
        f"model local:no.gguf: there is no readable file {tmp_path}/no.gguf: "
        f"give the path of a model's weights (*.gguf), relative to {tmp_path}"
    )
    assert refused("local:text.gguf", tmp_path) == (
        f"model local:text.gguf: {tmp_path}/text.gguf is not a GGUF file: give a file of weights"
    )


def test_script_is_told_apart_by_its_content(tmp_path: Path) -> None:
    (tmp_path / "answers.json").write_text("{}")
    first = resolved("scripted:answers.json", tmp_path)
    (tmp_path / "answers.json").write_text('{"*": "x"}')
    assert str(first) == "scripted:answers.json"
    assert resolved("scripted:answers.json", tmp_path).revision != first.revision


def test_scripted_function_is_found_under_the_root(tmp_path: Path) -> None:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "answers.py").write_text("def give(request): ...")
    model = resolved("scripted:pkg.answers:give", tmp_path)
    assert (model.provider, model.name) == ("scripted", "pkg.answers:give")
    assert model.revision is not None


def test_scripted_function_of_no_module_is_refused(tmp_path: Path) -> None:
    assert refused("scripted:nowhere_at_all:give", tmp_path) == (
        "model scripted:nowhere_at_all:give: there is no module 'nowhere_at_all' under "
        f"{tmp_path} or installed: give scripted:module:function"
    )
