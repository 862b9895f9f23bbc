"""A fake GitHub with a branch to open pull requests from."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forge.github.asking import AFTER, BEFORE, Client
from tests.forge.github_server import FakeGitHub
from tests.history.commits import History

HUB = "../hub/acme/shop.git"


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What each test gets a copy of, which takes less time than to make it.

    ``work`` has a branch ``feature`` that changes lines 3 and 27 of ``numbers.txt``;
    ``hub/acme/shop.git`` has the same branches and is its ``origin``.
    """
    folder = tmp_path_factory.mktemp("made")
    history = History(folder / "work")
    history.write("numbers.txt", BEFORE)
    history.commit("Count")
    history.branch("feature")
    history.write("numbers.txt", AFTER)
    history.commit("Spell\n\nSome of them")
    history.git("clone", "--quiet", "--bare", "--template=", "--branch=main", ".", HUB)
    history.git("remote", "add", "origin", HUB)
    return folder


@pytest.fixture
def work(tmp_path: Path, made: Path) -> History:
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return History(tmp_path / "work")


@pytest.fixture
def github(tmp_path: Path, work: History) -> Iterator[FakeGitHub]:
    with FakeGitHub(tmp_path / "hub") as server:
        server.add_repository("acme/shop")
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
