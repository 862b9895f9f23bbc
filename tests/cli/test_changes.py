"""The settings that changed between two states of a prompt."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from pytest_promptopt.cli.changes import evaluator_changes, setting_changes
from pytest_promptopt.prompts.golden import EvaluatorSpec
from pytest_promptopt.prompts.prompt import GateSettings, Prompt
from pytest_promptopt.prompts.reader import read_prompt

OTHER: dict[str, Any] = {
    "minimum": 0.8,
    "max_drop": 0.1,
    "min_mutation": 0.5,
    "confidence": 0.9,
    "inconclusive_passes": True,
    "unscored": 2.0,
    "min_agreement": 0.6,
    "removed_fails": True,
    "loosened_fails": True,
    "tags": {"vip": GateSettings(line=1, minimum=1.0)},
    "evaluators": {"tone": GateSettings(line=1, minimum=1.0)},
}


@pytest.fixture
def prompt(tmp_path: Path) -> Prompt:
    path = tmp_path / "a.prompt.yml"
    path.write_text("messages: [{role: user, content: a}]\n")
    return replace(read_prompt(path, root=tmp_path), gate=GateSettings(line=1))


@pytest.mark.parametrize("name", [f.name for f in fields(GateSettings) if f.name != "line"])
def test_all_that_a_gate_asks_for_is_told_where_it_changed(prompt: Prompt, name: str) -> None:
    assert prompt.gate is not None
    other = replace(prompt, gate=replace(prompt.gate, **{name: OTHER[name]}))
    [(told, before, after)] = setting_changes(prompt, other)
    assert (told[:5], before) == ("gate.", "none")
    assert after != "none"
    assert [(told, after, before)] == [*setting_changes(other, prompt)]


def test_the_line_of_a_gate_is_no_setting(prompt: Prompt) -> None:
    assert prompt.gate is not None
    assert [*setting_changes(prompt, replace(prompt, gate=replace(prompt.gate, line=7)))] == []


def test_goldens_that_may_go_without_a_score_are_a_number_or_a_share(prompt: Prompt) -> None:
    few, share = (replace(prompt, gate=GateSettings(line=1, unscored=n)) for n in (2.0, 0.05))
    assert [*setting_changes(few, share)] == [("gate.unscored", "2", "0.05")]


def test_each_of_several_evaluators_of_one_name_counts(prompt: Prompt) -> None:
    def of(*options: str) -> Prompt:
        specs = (
            EvaluatorSpec(name="contains", kind="contains", options=text, path="a", line=line)
            for line, text in enumerate(options)
        )
        return replace(prompt, evaluators=tuple(specs))

    assert evaluator_changes(of("a", "b"), of("other", "b")).changed == ("contains",)
    assert evaluator_changes(of("a", "b"), of("b")).changed == ("contains",)
    assert str(evaluator_changes(of("a", "b"), of("a", "b"))) == ""
