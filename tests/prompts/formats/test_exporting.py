"""Prompts of ours, exported, and what imports of these are."""

from pathlib import Path
from typing import Any

import pytest

from pytest_promptopt.cli.main import main
from pytest_promptopt.errors import UsageError
from pytest_promptopt.prompts.formats.exporting import Export, export_prompt
from pytest_promptopt.prompts.formats.yaml_text import yaml_text
from pytest_promptopt.prompts.reader import read_prompt
from tests.prompts.formats.project import Foreign

PROMPT: dict[str, Any] = {
    "name": "Routing",
    "description": "Routes a ticket.",
    "model": "openai/gpt-5-mini",
    "modelParameters": {"temperature": 0, "maxTokens": 8},
    "responseFormat": "json_schema",
    "jsonSchema": {"name": "answer", "schema": {"type": "object"}},
    "messages": [
        {"role": "system", "content": 'Route: "{{rules}}"\nBriefly.'},
        {"role": "user", "content": "{{ticket}}"},
        {"role": "assistant", "content": "ok"},
    ],
    "testData": [
        {
            "id": "refund",
            "rules": ["a", "b"],
            "ticket": "x",
            "context": "c",
            "expected": "y",
            "tags": ["money"],
        },
        {
            "rules": ["c"],
            "ticket": "1.10",
            "context": "c",
            "expected": "z",
            "evaluators": [{"refusal": True}],
        },
    ],
    "evaluators": [
        {"equals": "{{expected}}"},
        {"name": "polite", "contains": {"none": "sorry"}, "weight": 2},
        {"contains": {"any": ["a", "b"], "ignoreCase": False}, "optional": True},
        {"regex": "\\A\\{a\\ b"},
        {"regex": {"pattern": "^a"}, "not": True},
        {"json": {"strict": True, "schema": {"type": "object"}}},
        {"json": {"schema": {"type": "object"}, "anywhere": True, "lenient": True}},
        {"distance": {"to": "{{expected}}", "max": 2}},
        {"rouge": {"to": "{{expected}}", "variant": 1}, "threshold": 0.6},
        {"embedding": {"to": "{{expected}}"}, "threshold": 0.7},
        {"length": {"minWords": 1, "maxWords": 5}},
        {"length": {"maxCharacters": 50}},
        {"latency": {"maxSeconds": 2.5}},
        {"cost": {"maxUsd": 0.01}},
        {"perplexity": {"max": 4.0}},
        {"finish": "stop"},
        {"xml": {"elements": ["a"]}},
        {"sql": {"dialect": "postgres"}},
        {"contains": {"any": "{{rules}}"}},
        {"grounded": {"context": "{{context}}"}, "threshold": 0.5},
        {"rubric": {"criteria": "Is kind"}},
        {"rubric": {"criteria": "Is kind", "graded": True, "model": "openai/m"}, "threshold": 0.5},
        {"rubric": {"criteria": ["A", "B"], "graded": True}, "threshold": 0.7},
    ],
}


def exported(folder: Path, content: dict[str, Any], to: str) -> Export:
    path = folder / "routing.prompt.yml"
    path.write_text(yaml_text(content), encoding="utf-8")
    return export_prompt(read_prompt(path, root=folder), to)


def test_an_export_to_promptfoo_comes_back_as_the_same_prompt(foreign: Foreign) -> None:
    export = exported(foreign.folder, PROMPT, "promptfoo")
    assert [str(problem) for problem in export.losses] == [
        "routing.prompt.yml:27: no counterpart there: the encoder of `embedding`; "
        "its figures differ"
    ]
    result = foreign("promptfooconfig.yaml", export.text)
    assert result.errors == []
    data = result.data()
    for key in PROMPT.keys() - {"evaluators", "testData"}:
        assert data[key] == PROMPT[key], key
    assert data["testData"] == PROMPT["testData"]
    assert data["evaluators"] == PROMPT["evaluators"]


def test_goldens_that_are_compared_come_back_so(foreign: Foreign) -> None:
    content = {
        "messages": [{"role": "user", "content": "Route {{ticket}}"}],
        "testData": [{"ticket": "a", "expected": "b"}, {"ticket": "c", "expected": 5}],
    }
    export = exported(foreign.folder, content, "promptfoo")
    assert [p.message for p in export.losses] == ["no counterpart there: a prompt without `model`"]
    assert 'raw: "Route {{ticket}}"' in export.text
    data = foreign("p.yaml", export.text).data()
    assert {key: data[key] for key in content} == content


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"choice": ["y", "z"]}, "evaluator `choice` (promptfoo has nothing of the kind)"),
        ({"equals": {"to": "y", "ignoreCase": True}}, "promptfoo has no `ignoreCase`"),
        ({"regex": "(?i)a"}, "JavaScript has no"),
        ({"string": {"startsWith": "a"}}, "`startsWith` ignores case"),
        ({"rubric": {"criteria": "a", "graded": True}}, "a grade without a `threshold`"),
        ({"rubric": {"criteria": ["a", "b"]}}, "the share of several criteria"),
        ({"contains": "{{a-b}}"}, "{{a-b}} is no variable for nunjucks"),
        ({"contains": {"all": "a", "none": "b"}, "not": True}, "`not` of several things at once"),
    ],
)
def test_what_promptfoo_lacks_is_told_where_it_stands(
    tmp_path: Path, entry: dict[str, Any], told: str
) -> None:
    content = {
        "model": "openai/m",
        "messages": [{"role": "user", "content": "Hi {{a}}"}],
        "testData": [{"a": "b", "a-b": "y", "expected": "y", "weight": 2, "cluster": "c"}],
        "evaluators": [entry],
        "gate": {"min": 0.5},
    }
    export = exported(tmp_path, content, "promptfoo")
    lines = [str(problem) for problem in export.losses]
    assert lines[0].startswith("routing.prompt.yml:5: no counterpart there: `gate`")
    assert lines[1].startswith("routing.prompt.yml:4: no counterpart there: evaluator")
    assert told in lines[1]
    assert lines[2].startswith("routing.prompt.yml:3: no counterpart there: `weight` of")
    assert lines[3].startswith("routing.prompt.yml:3: no counterpart there: `cluster` of")


def test_an_export_to_dotprompt_comes_back_as_the_same_messages(foreign: Foreign) -> None:
    export = exported(foreign.folder, PROMPT, "dotprompt")
    assert str(export.losses[-1]) == (
        "routing.prompt.yml:15: no counterpart there: the goldens, 2 in all"
    )
    data = foreign("routing.prompt", export.text).data()
    for key in ("name", "description", "model", "modelParameters", "messages", "responseFormat"):
        assert data[key] == PROMPT[key], key
    assert data["jsonSchema"]["schema"] == {"type": "object"}


def test_the_command_prints_or_writes_and_never_overwrites(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "routing.prompt.yml"
    path.write_text(yaml_text(PROMPT), encoding="utf-8")
    assert main(["export", "routing.prompt.yml", "--to", "promptfoo"]) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("description: Routes a ticket.\nprompts:\n")
    assert printed.err.count("\n") == 1
    out = ["export", "routing.prompt.yml", "--to", "dotprompt", "--out", "a.prompt"]
    assert main(out) == 0
    assert (tmp_path / "a.prompt").read_text().startswith("---\nname: Routing\n")
    assert "no counterpart there: evaluator `equals`" in capsys.readouterr().err
    assert main(out) == 2
    assert "a.prompt already, and nothing is overwritten" in capsys.readouterr().err
    with pytest.raises(UsageError, match="did you mean `promptfoo`"):
        exported(tmp_path, PROMPT, "promptfo")


def test_text_that_promptfoo_would_read_run_or_fill_in_is_told(tmp_path: Path) -> None:
    content = {
        "model": "openai/gpt-4.1",
        "messages": [{"role": "user", "content": "file://{{x}}.js"}],
        "testData": [
            {"id": "a", "x": "file://a.js"},
            {"id": "b", "x": "{{env.KEY}}"},
            {"id": "c", "x": [" file://c.py"], "expected": "file://d.js"},
            {"id": "d", "x": "see file://e and {x}"},
        ],
        "evaluators": [{"name": "e", "equals": "file://f.js"}],
    }
    export = exported(tmp_path, content, "promptfoo")
    assert [p.message.removeprefix("no counterpart there: ") for p in export.losses] == [
        "a message that begins with `file://`, which is read",
        "evaluator `e` (a text that begins with `file://` is read or run there)",
        "`x` of golden a as text: it is filled in or read there",
        "`x` of golden b as text: it is filled in or read there",
        "`x` of golden c as text: it is filled in or read there",
        "`expected` of golden c as text: it is filled in or read there",
    ]
    assert "f.js" not in export.text
