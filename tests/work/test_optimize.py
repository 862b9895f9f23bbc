"""``optimize``: score, then search for what falls short, without pytest's session."""

import pytest

from pytest_promptopt.errors import UsageError
from pytest_promptopt.proposals.store import ProposalStore
from pytest_promptopt.work.optimize import optimize
from tests.plugin.test_optimize import weak
from tests.project import Project


def test_what_falls_short_is_searched_for_and_what_is_better_is_proposed(project: Project) -> None:
    weak(project)
    events: list[object] = []
    found = optimize("prompts", optimize_method="opro", on_search_event=events.append)
    [search] = found.searches
    assert search.proposal is not None
    assert search.proposal.is_proven
    assert [record.apply_command for record in found.run.searches] == [
        f"promptopt apply {search.proposal.id}"
    ]
    assert events
    assert not (project.path / ".promptopt/proposals").exists()
    ProposalStore(project.path).save(search.proposal)
    assert ProposalStore(project.path).ids() == [search.proposal.id]


def test_a_setting_that_is_wrong_is_told_before_anything_is_asked(project: Project) -> None:
    weak(project)
    with pytest.raises(UsageError, match="unheard"):
        optimize("prompts", optimize_method="unheard")
    assert not (project.path / "asked.txt").exists()


def test_a_search_that_cannot_start_leaves_the_run_and_the_others(project: Project) -> None:
    weak(project)
    small = (project.path / "prompts/a.prompt.yml").read_text().replace("200 calls", "60 calls")
    project.write("prompts/b.prompt.yml", small)
    found = optimize("prompts")
    assert [search.subject.key for search in found.searches] == ["prompts/a.prompt.yml"]
    assert "60 calls is too small" in found.refused["prompts/b.prompt.yml"]
    assert len(found.run.prompts) == 2
