import dataclasses
import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest

import pytest_promptopt
from pytest_promptopt import LoadedPrompt, load_prompt
from pytest_promptopt.errors import (
    PromptFileError,
    PromptInputError,
    PromptNotFoundError,
    PromptoptError,
)
from pytest_promptopt.prompts.content import content_of
from pytest_promptopt.prompts.reader import read_prompt
from pytest_promptopt.testing import Reply, WireServer

PAGE = Path(__file__).parents[1] / "docs" / "runtime.md"
PROMPT = """\
name: Ticket routing
model: openai/gpt-5-mini
modelParameters: {temperature: 0, maxTokens: 8}
messages:
  - role: developer
    content: Answer with the team's name only.
  - role: user
    content: "Ticket: {{ticket}}"
"""
NOT_LOADED = ("pytest", "_pytest", "git", "openai", "anthropic", "jsonschema", "numpy", "scipy")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one prompt, which is also the current directory."""
    (tmp_path / "pyproject.toml").touch()
    write(tmp_path / "prompts" / "ticket_routing.prompt.yml")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: Path, text: str = PROMPT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def load(folder: Path, text: str) -> LoadedPrompt:
    return load_prompt(write(folder / "a.prompt.yml", text))


def test_the_answer_that_tests_score_is_read_out_of_what_the_model_says(tmp_path: Path) -> None:
    prompt = load(tmp_path, f"{PROMPT}answer: {{after: 'Team:'}}\n")
    assert prompt.answer("<think>Team: b</think>Money back.\n**Team:** returns") == "returns"
    assert prompt.answer("returns") is None
    assert load(tmp_path, PROMPT).answer("<think>x</think>returns") == "returns"
    assert prompt.version != load(tmp_path, PROMPT).version


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(PromptFileError) as caught:
        load(folder, text)
    return str(caught.value)


def test_a_prompt_has_what_an_application_sends(project: Path) -> None:
    prompt = load_prompt("ticket_routing")
    assert prompt.name == "Ticket routing"
    assert prompt.model == "openai/gpt-5-mini"
    assert prompt.parameters == {"temperature": 0, "max_tokens": 8}
    assert (prompt.response_format, prompt.json_schema) == ("text", None)
    assert prompt.placeholders == ("ticket",)
    assert prompt.messages(ticket="I want {{money}} back") == [
        {"role": "system", "content": "Answer with the team's name only."},
        {"role": "user", "content": "Ticket: I want {{money}} back"},
    ]
    with pytest.raises(dataclasses.FrozenInstanceError):
        prompt.model = "other"  # type: ignore[misc]


def test_the_version_is_that_of_the_content_whatever_else_the_file_holds(project: Path) -> None:
    path = project / "prompts" / "ticket_routing.prompt.yml"
    version = load_prompt(path).version
    path.write_text(
        f"# A comment\n{PROMPT}testData: [{{ticket: x, expected: y}}]\ngate: {{min: 1}}\n"
    )
    prompt = read_prompt(path, root=project)
    assert load_prompt(path).version == version == content_of(prompt, root=project).version
    path.write_text(PROMPT.replace("Ticket:", "Mail:"))
    assert load_prompt(path).version != version


def test_goldens_are_not_read(project: Path) -> None:
    text = f"{PROMPT}goldens: [none.jsonl, '**.x', ../../etc/passwd]\ntestData: 5\n"
    assert load(project, text).placeholders == ("ticket",)


def test_a_json_schema_comes_in_its_wrapper(project: Path) -> None:
    schema = json.dumps({"title": "Answer it", "type": "object"})
    prompt = load(project, f"{PROMPT}jsonSchema: '{schema}'\n")
    assert prompt.response_format == "json_schema"
    assert prompt.json_schema == {
        "name": "Answer-it",
        "schema": {"title": "Answer it", "type": "object"},
    }


def test_inputs_reach_into_mappings_and_other_values_stand_as_json(project: Path) -> None:
    text = "messages: [{role: user, content: '{{user.name}} {{user.age}} {{first-word}} {{self}}'}]"
    prompt = load(project, text)
    assert prompt.placeholders == ("user.name", "user.age", "first-word", "self")
    inputs = {"user": {"name": "Ann", "age": 41}, "first-word": [1, "ä"], "self": True}
    assert prompt.messages(**inputs)[0]["content"] == 'Ann 41 [1, "ä"] true'


def test_inputs_that_do_not_fit_are_all_named(project: Path) -> None:
    prompt = load_prompt("prompts/ticket_routing.prompt.yml")
    with pytest.raises(PromptInputError) as caught:
        prompt.messages(tikcet="x", user="y")
    assert str(caught.value) == (
        "prompts/ticket_routing.prompt.yml:8: {{ticket}} has no value\n"
        "prompts/ticket_routing.prompt.yml: there is no placeholder `tikcet` (known: ticket); "
        "did you mean `ticket`?\n"
        "prompts/ticket_routing.prompt.yml: there is no placeholder `user` (known: ticket)"
    )
    with pytest.raises(PromptInputError, match=r"there is no placeholder `tick`"):
        prompt.messages(ticket="x", tick="y")


@pytest.mark.parametrize(
    "file",
    ["prompts/a.prompt.yml", "prompts/a.prompt.yaml", ".github/prompts/a.prompt.yml"],
)
@pytest.mark.parametrize("here", [".", "src/deep"])
def test_a_bare_name_is_found_from_anywhere_in_the_project(
    project: Path, monkeypatch: pytest.MonkeyPatch, file: str, here: str
) -> None:
    write(project / file, PROMPT.replace("Ticket routing", "Found"))
    (project / here).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(project / here)
    assert load_prompt("a").name == "Found"


def test_the_nearest_folder_wins(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nearer = write(project / "service" / "prompts" / "ticket_routing.prompt.yml", PROMPT)
    nearer.write_text(PROMPT.replace("Ticket routing", "Nearer"))
    monkeypatch.chdir(project / "service")
    assert load_prompt("ticket_routing").name == "Nearer"
    assert load_prompt("ticket_routing", folder=project / "prompts").name == "Ticket routing"
    assert load_prompt("ticket_routing.prompt.yml", folder="../prompts").name == "Ticket routing"


def test_nothing_above_the_project_is_read(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = project / "inner"
    (inner / ".git").mkdir(parents=True)
    monkeypatch.chdir(inner)
    with pytest.raises(PromptNotFoundError):
        load_prompt("ticket_routing")


def test_a_name_that_is_not_there_offers_those_that_are(project: Path) -> None:
    write(project / "prompts" / "summary.prompt.yaml")
    (project / "prompts" / "gone.prompt.yml").symlink_to("nowhere")
    with pytest.raises(FileNotFoundError) as caught:
        load_prompt("ticket_ruting")
    assert isinstance(caught.value, PromptoptError)
    assert str(caught.value) == (
        f"no prompt `ticket_ruting` in {project}/prompts "
        "(known: summary, ticket_routing); did you mean `ticket_routing`?"
    )
    with pytest.raises(PromptNotFoundError) as by_path:
        load_prompt("prompts/summary.prompt.yml")
    assert str(by_path.value) == (
        "no prompt `summary.prompt.yml` in prompts (known: summary.prompt.yaml, "
        "ticket_routing.prompt.yml); did you mean `summary.prompt.yaml`?"
    )
    with pytest.raises(PromptNotFoundError, match="no prompt `x` in elsewhere"):
        load_prompt("x", folder="elsewhere")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n", "1: expected a mapping with `messages:`, found something else"),
        ("name: x\n", "1: `messages` must hold at least one message"),
        ("name: x\nmessages: []\n", "2: `messages` must hold at least one message"),
        ("messages: text\n", "1: `messages` must be a list of messages"),
        (
            "messages:\n  - text\n",
            "2: a message needs a `role`: system, developer, user",
        ),
        ("messages:\n  - {role: [a], content: x}\n", "2: a message needs a `role`"),
        ("messages:\n  - role: user\n", "2: the `content` of a message must be text, or a list"),
        ("messages:\n  - {role: user, content: [{type: text}]}\n", "2: the `content` of a message"),
        (f"{PROMPT}name: 5\n", "9: the key `name` stands twice"),
        (f"{PROMPT}description: [a]\n", "9: `description` must be text"),
        (f"{PROMPT}config: [a]\n", "9: `config` must be a mapping"),
        (f"{PROMPT}jsonSchema: [a]\n", "9: `jsonSchema` must be a JSON Schema"),
        (f"{PROMPT}jsonSchema: '5'\n", "9: jsonSchema must be a JSON Schema"),
        (f"{PROMPT}responseFormat: 5\n", "9: `responseFormat` must be text or a mapping"),
        (PROMPT.replace("openai/gpt-5-mini", "5"), "2: `model` must be text"),
        (PROMPT.replace("openai/gpt-5-mini", "{name: 5}"), "2: `model` must be text or {name"),
    ],
)
def test_files_that_cannot_be_sent_say_why(project: Path, text: str, message: str) -> None:
    assert refusal(project, text).startswith(f"a.prompt.yml:{message}")


def test_the_public_names_are_these() -> None:
    assert pytest_promptopt.__all__ == ["LoadedPrompt", "PromptWarning", "load_prompt"]
    assert all(hasattr(pytest_promptopt, name) for name in pytest_promptopt.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'loadprompt'"):
        pytest_promptopt.loadprompt  # noqa: B018


def test_loading_imports_nothing_heavy(project: Path) -> None:
    program = f"""
import sys
from pytest_promptopt import load_prompt
load_prompt("ticket_routing").messages(ticket="x")
print([name for name in {NOT_LOADED!r} if name in sys.modules])
"""
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=project, capture_output=True, text=True, check=True
    )
    assert result.stdout == "[]\n"


def examples() -> list[tuple[str, str]]:
    """The page's programs, each with the output shown under it."""
    text = PAGE.read_text(encoding="utf-8")
    found = re.findall(r"```python\n(.*?)```\n((?:\n(?: {4}[^\n]*\n)+)?)", text, flags=re.DOTALL)
    return [(code, textwrap.dedent(shown).strip()) for code, shown in found]


def run(code: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(code, str(PAGE), "exec"), names)
    return names


@pytest.mark.parametrize(("code", "shown"), examples())
def test_programs_on_the_page_print_what_it_shows(
    project: Path, capsys: pytest.CaptureFixture[str], code: str, shown: str
) -> None:
    run(code)
    assert capsys.readouterr().out.strip() == shown


def test_the_pages_example_asks_openai(project: Path) -> None:
    code = next(code for code, _ in examples() if "import OpenAI" in code)
    with (
        WireServer(lambda _: Reply(text="returns")) as server,
        openai.OpenAI(base_url=server.openai_url, api_key="none") as client,
    ):
        assert run(code)["route"](client, "I want my money back") == "returns"
    assert server.received[0].body == {
        "model": "gpt-5-mini",
        "messages": [
            {"role": "system", "content": "Answer with the team's name only."},
            {"role": "user", "content": "Ticket: I want my money back"},
        ],
        "temperature": 0,
        "max_tokens": 8,
    }


def test_the_pages_example_asks_anthropic(project: Path) -> None:
    code = next(code for code, _ in examples() if "import Anthropic" in code)
    write(
        project / "prompts" / "ticket_routing.prompt.yml",
        PROMPT.replace("openai/gpt-5-mini", "anthropic/claude-sonnet-5-5"),
    )
    with (
        WireServer(lambda _: Reply(text="returns")) as server,
        anthropic.Anthropic(base_url=server.url, api_key="none") as client,
    ):
        assert run(code)["route"](client, "I want my money back") == "returns"
    assert server.received[0].body == {
        "model": "claude-sonnet-5-5",
        "system": "Answer with the team's name only.",
        "messages": [{"role": "user", "content": "Ticket: I want my money back"}],
        "temperature": 0,
        "max_tokens": 8,
    }


@pytest.mark.parametrize("value", [None, object(), {1, 2}, b"x", float("nan")])
def test_an_input_that_json_does_not_know_names_its_placeholder(project: Path, value: Any) -> None:
    with pytest.raises(PromptInputError, match=r"\{\{ticket\}\}: "):
        load_prompt("ticket_routing").messages(ticket=value)


def test_the_arguments_for_the_sdks_are_what_the_evaluation_sends(project: Path) -> None:
    path = project / "prompts/ticket_routing.prompt.yml"
    path.write_text(PROMPT.replace("maxTokens: 8", "maxTokens: 8, stop: END, topK: 3"))
    prompt = load_prompt("ticket_routing")
    arguments = prompt.openai(ticket="x")
    assert arguments == {
        "model": "gpt-5-mini",
        "temperature": 0,
        "max_tokens": 8,
        "stop": "END",
        "messages": prompt.messages(ticket="x"),
        "extra_body": {"top_k": 3},
    }
    with WireServer(lambda _: Reply()) as server:
        client = openai.OpenAI(api_key="k", base_url=server.openai_url)
        client.chat.completions.create(**arguments)
        anthropic.Anthropic(api_key="k", base_url=server.url).messages.create(
            **prompt.anthropic(ticket="x")
        )
        sent, told = (received.body for received in server.received)
    assert sent["top_k"] == 3
    assert told["system"] == "Answer with the team's name only."
    assert (told["stop_sequences"], told["temperature"]) == (["END"], 0)


def test_only_a_yaml_reader_needs_to_be_installed(project: Path) -> None:
    code = (
        f"import sys\nfor name in {(*NOT_LOADED, 'httpx2', 'regex', 'rapidfuzz')!r}:\n"
        "    sys.modules[name] = None\n"
        "from pytest_promptopt import load_prompt\n"
        "prompt = load_prompt('ticket_routing')\n"
        "prompt.openai(ticket='x'), prompt.anthropic(ticket='x')\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
