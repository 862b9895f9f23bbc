from pathlib import Path

import pytest

from pytest_promptopt.prompts.content import Content, content_of
from pytest_promptopt.prompts.reader import read_prompt
from pytest_promptopt.prompts.version import version_of

PROMPT = """\
name: Routing
model: openai/x
modelParameters: {temperature: 0, maxTokens: 8}
messages:
  - role: user
    content: "Ticket: {{ticket}}"
testData:
  - {id: a, ticket: one, expected: billing}
  - {ticket: two, expected: returns}
evaluators:
  - {name: team, equals: "{{expected}}"}
  - {name: short, regex: "^.{1,9}$"}
gate: {min: 0.9, tags: {}}
"""
GOLDENS = """\
  - {id: a, ticket: one, expected: billing}
  - {ticket: two, expected: returns}
"""
ONE = '{"id": "a", "ticket": "one", "expected": "billing"}'
TWO = '{"vars": {"ticket": "two"}, "expected": "returns"}'
EVALUATORS = """\
  - {name: team, equals: "{{expected}}"}
  - {name: short, regex: "^.{1,9}$"}
"""


def content(root: Path, text: str, name: str = "a.prompt.yml") -> Content:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return content_of(read_prompt(path, root=root), root=root)


def changed(root: Path, old: str, new: str) -> tuple[str, ...]:
    """The parts that differ once ``new`` stands for ``old`` in the prompt."""
    assert old in PROMPT
    before = content(root, PROMPT)
    return content(root, PROMPT.replace(old, new)).changed_parts(before)


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("Ticket: ", "Ticket:  ", ("text",)),
        ("role: user", "role: system", ("text",)),
        ("name: Routing", "responseFormat: json_object", ("text",)),
        ("name: Routing", "jsonSchema: {type: object}", ("text",)),
        ("name: Routing", "answer: {line: last}", ("text",)),
        ("name: Routing", "answer: whole", ()),
        ("openai/x", "openai/y", ("model",)),
        ("model: openai/x", "description: none", ("model",)),
        ("temperature: 0", "temperature: 0.5", ("parameters",)),
        ("ticket: one", "ticket: eins", ("goldens",)),
        ("name: team,", "name: team, not: true,", ("evaluators",)),
        ("name: team,", "name: team, optional: true,", ("evaluators",)),
        ("name: team,", "name: team, weight: 2,", ("evaluators",)),
        ("name: team,", "name: team, weight: 1, not: false,", ()),
        ("id: a, ", "", ("goldens",)),
        ("ticket: two", "id: b, ticket: two", ("goldens",)),
        ("ticket: two", "ticket: two, tags: [x]", ("goldens",)),
        ("ticket: two", "ticket: two, split: test", ("goldens",)),
        ("ticket: two", "ticket: two, required: true", ("goldens",)),
        ("ticket: two", "ticket: two, weight: 2", ("goldens",)),
        ("ticket: two", "ticket: two, cluster: chat", ("goldens",)),
        ("ticket: two", "ticket: two, id: 1.5", ("goldens",)),
        ("ticket: two", "ticket: two, evaluators: [{json: valid}]", ("goldens",)),
        ("expected: returns", "inputs: {expected: returns}", ("goldens",)),
        (GOLDENS, GOLDENS + "  - {ticket: two, expected: returns}\n", ("goldens",)),
        ("name: team", "name: right team", ("evaluators",)),
        ("{1,9}", "{1,8}", ("evaluators",)),
        ("name: team", "name: team, threshold: 0.5", ("evaluators",)),
        ("min: 0.9", "min: 0.8", ("gate",)),
        ("min: 0.9", "min: 0.9, confidence: 0.9", ("gate",)),
        ("gate: {min: 0.9, tags: {}}", "", ("gate",)),
        ("name: Routing", "samples: 3", ("gate",)),
        ("name: Routing", "reducer: majority", ("gate",)),
        ("x\nmodelParameters: {", "y\nconfig: {topP: 1, ", ("model", "parameters")),
    ],
)
def test_a_change_is_told_by_its_part(
    tmp_path: Path, old: str, new: str, parts: tuple[str, ...]
) -> None:
    assert changed(tmp_path, old, new) == parts


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: Routing", "# A comment\nname: Ticket routing\ndescription: Where it goes."),
        ("temperature: 0, maxTokens: 8", "max_tokens: 8, temperature: 0"),
        ('"Ticket: {{ticket}}"', "|-\n      Ticket: {{ticket}}"),
        (
            '"Ticket: {{ticket}}"',
            "[{type: text, text: 'Ticket: '}, {type: text, text: '{{ticket}}'}]",
        ),
        (GOLDENS, "".join(reversed(GOLDENS.splitlines(keepends=True)))),
        (EVALUATORS, "".join(reversed(EVALUATORS.splitlines(keepends=True)))),
        ("{ticket: two, expected: returns}", "{'expected': \"returns\", inputs: {ticket: 'two'}}"),
        ("ticket: two", "ticket: two, weight: 1, required: false"),
        ("ticket: two", "ticket: two, tags: [], split: null, evaluators: []"),
        ("min: 0.9, tags: {}", "min: .90, inconclusive: fail"),
        ("name: Routing", "samples: 1\nreducer: mean"),
    ],
)
def test_how_it_is_written_changes_nothing(tmp_path: Path, old: str, new: str) -> None:
    assert changed(tmp_path, old, new) == ()


def test_line_ends_and_the_place_of_the_file_change_nothing(tmp_path: Path) -> None:
    here = content(tmp_path, PROMPT)
    block = PROMPT.replace('"Ticket: {{ticket}}"', "|\n      Ticket:\n      {{ticket}}")
    assert content(tmp_path, PROMPT, "elsewhere/b.prompt.yaml") == here
    assert content(tmp_path, block.replace("\n", "\r\n")) == content(tmp_path, block)
    escaped = PROMPT.replace("Ticket: ", r"Ticket:\r\n")
    assert content(tmp_path, escaped) == content(tmp_path, escaped.replace(r"\r\n", r"\n"))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("g.jsonl", f"{TWO}\n{ONE}\n"),
        ("g.json", f"[{TWO}, {ONE}]"),
        ("g.yml", f"- {TWO}\n- {ONE}\n"),
        ("g.csv", "id,ticket,expected,weight,required\na,one,billing,1,false\n,two,returns,,\n"),
    ],
)
def test_goldens_may_move_to_another_file_and_format(tmp_path: Path, name: str, text: str) -> None:
    inline = content(tmp_path, PROMPT)
    (tmp_path / name).write_text(text)
    beside = PROMPT.replace(f"testData:\n{GOLDENS}", f"goldens: {name}\n")
    assert content(tmp_path, beside).changed_parts(inline) == ()


def test_integers_and_floats_are_told_apart_as_json_does(tmp_path: Path) -> None:
    assert changed(tmp_path, "ticket: two", "ticket: 2") == ("goldens",)
    one = content(tmp_path, PROMPT.replace("ticket: two", "ticket: 2"))
    assert content(tmp_path, PROMPT.replace("ticket: two", "ticket: 2.0")) != one


@pytest.mark.parametrize(
    ("function", "file"),
    [
        ("checks:short", "checks.py"),
        ("checks:short", "checks/__init__.py"),
        ("checks.text:short", "checks/__init__.py"),
        ("checks.text:short", "checks/text.py"),
        ("checks.text:short", "checks/text/__init__.py"),
    ],
)
def test_modules_of_python_evaluators_are_content(tmp_path: Path, function: str, file: str) -> None:
    prompt = PROMPT + "samples: 1\n"
    prompt = prompt.replace("evaluators:\n", f"evaluators:\n  - python: {function}\n")
    absent = content(tmp_path, prompt)
    module = tmp_path / file
    module.parent.mkdir(exist_ok=True, parents=True)
    module.write_bytes(b"def short(answer, variables):\n    return True\n")
    present = content(tmp_path, prompt)
    assert present.changed_parts(absent) == ("files",)
    module.write_bytes(b"def short(answer, variables):\r\n    return True\r\n")
    assert content(tmp_path, prompt) == present
    module.write_bytes(b"def short(answer, variables):\n    return None\n")
    assert content(tmp_path, prompt).changed_parts(present) == ("files",)


@pytest.mark.parametrize("function", ["../secret:f", "/etc/passwd:f", "a..b:f", "5", "[1]", "os:f"])
def test_names_that_are_no_module_of_the_project_hash_as_nothing(
    tmp_path: Path, function: str
) -> None:
    (tmp_path / "secret.py").write_text("x = 1")
    folder = tmp_path / "project"
    prompt = PROMPT.replace("evaluators:\n", f"evaluators:\n  - python: {function}\n")
    before = content(folder, prompt)
    (tmp_path / "secret.py").write_text("x = 2")
    assert content(folder, prompt) == before


def test_the_version_is_that_of_text_model_and_parameters_alone(tmp_path: Path) -> None:
    before = content(tmp_path, PROMPT)
    bare = content(tmp_path, PROMPT.partition("testData")[0])
    assert bare.version == before.version
    prompt = read_prompt(tmp_path / "a.prompt.yml", root=tmp_path)
    assert version_of(prompt) == before.version
    for old, new in (("Ticket:", "Mail:"), ("openai/x", "openai/y"), ("maxTokens: 8", "topP: 1")):
        assert content(tmp_path, PROMPT.replace(old, new)).version != before.version


def test_the_hashes_stay_what_they_are(tmp_path: Path) -> None:
    """Versions are written down by people and programs; a change here makes all of them stale."""
    here = content(tmp_path, PROMPT)
    assert here == Content(
        text="d3ebe4abf95290b0",
        model="924b3266eeed5921",
        parameters="7db6a06109654704",
        goldens="9e668b4cb0ab3363",
        evaluators="7aab4a43a780e941",
        gate="6f964fbc4cf3e36b",
        files="44136fa355b3678a",
    )
    assert here.version == "0a477eaf2859"
