"""What ``--prompt-optimize`` found, taken and turned down with ``promptopt apply``."""

import pytest

from pytest_promptopt.cli.main import main
from pytest_promptopt.proposals.store import ProposalStore
from tests.plugin.test_optimize import PROMPT, weak
from tests.project import Project

NAME = "prompts/a.prompt.yml"


def test_a_proposal_that_is_taken_makes_the_gate_hold(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    weak(project)
    result = project.run("--prompt-optimize")
    [name] = ProposalStore(project.path).ids()
    result.stdout.fnmatch_lines(
        [
            f"    to take it: promptopt apply {name}, or git apply *proposals/{name}.patch",
            f"    --- a/{NAME}",
        ]
    )
    monkeypatch.chdir(project.path)
    assert main(["apply", name]) == 0
    edited = (project.path / NAME).read_text()
    kept = [line for line in PROMPT.splitlines() if "Say who" not in line]
    assert [line for line in edited.splitlines() if line in kept] == kept
    project.run().assert_outcomes(passed=40)


def test_what_is_proven_is_applied_if_wanted(project: Project) -> None:
    weak(project)
    result = project.run("--prompt-optimize", "--prompt-propose", "apply")
    [name] = ProposalStore(project.path).ids()
    result.stdout.fnmatch_lines([f"{NAME}: {name} applied"])
    assert result.ret == 1
    project.run().assert_outcomes(passed=40)


def test_what_is_unproven_is_not_applied(project: Project) -> None:
    weak(project, test=3)
    result = project.run("--prompt-optimize", "--prompt-propose", "apply")
    result.stdout.fnmatch_lines([f"{NAME}: not applied: no gain is proven; to take it: *"])
    assert (project.path / NAME).read_text() == PROMPT


def test_a_proposal_that_was_turned_down_is_proposed_no_more(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    weak(project)
    project.run("--prompt-optimize")
    store = ProposalStore(project.path)
    [name] = store.ids()
    candidate = store.read(name).candidate
    monkeypatch.chdir(project.path)
    assert main(["apply", name, "--turn-down"]) == 0
    again = project.run("--prompt-optimize").stdout
    again.fnmatch_lines(["    what it found was turned down, so it is not proposed again; *"])
    again.no_fnmatch_line("*to take it*")
    project.run("--prompt-optimize", "--prompt-optimize-set", "seed=1")
    others = [store.read(other).candidate for other in store.ids() if other != name]
    assert candidate not in others
