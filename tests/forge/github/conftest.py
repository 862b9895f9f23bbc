"""A fake GitHub with a branch to open pull requests from."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forge.github.asking import AFTER, BEFORE, Client
from tests.forge.github_server import FakeGitHub
from tests.history.commits import History


@pytest.fixture
def work(tmp_path: Path) -> History:
    """A branch ``feature`` that changes lines 3 and 27 of ``numbers.txt``."""
    history = History(tmp_path / "work")
    history.write("numbers.txt", BEFORE)
    history.commit("Count")
    history.branch("feature")
    history.write("numbers.txt", AFTER)
    history.commit("Spell\n\nSome of them")
    return history


@pytest.fixture
def github(tmp_path: Path, work: History) -> Iterator[FakeGitHub]:
    with FakeGitHub(tmp_path / "hub") as server:
        work.git("remote", "add", "origin", str(server.add_repository("acme/shop")))
        work.git("push", "--quiet", "origin", "--all")
        yield server


@pytest.fixture
def client(github: FakeGitHub) -> Iterator[Client]:
    """Asks with the token of GitHub Actions; everything is as GitHub describes it."""
    yield Client(github=github, token=github.add_token("github-actions[bot]"))
    assert github.violations == []


@pytest.fixture
def rude_client(github: FakeGitHub) -> Client:
    """Asks what GitHub does not describe."""
    return Client(github=github, token=github.add_token("github-actions[bot]"))


@pytest.fixture
def opened(github: FakeGitHub) -> int:
    return github.open_pull_request("acme/shop", head="feature", base="main", title="Spell")
