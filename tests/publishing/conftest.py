from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_promptopt.forge import exchange
from tests.forge.github_server import FakeGitHub
from tests.project import Project
from tests.publishing.shop import Shop


@pytest.fixture
def github(tmp_path: Path) -> Iterator[FakeGitHub]:
    with FakeGitHub(tmp_path / "github") as made:
        yield made
        assert made.violations == []


@pytest.fixture
def shop(project: Project, github: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> Shop:
    return Shop(project, github, monkeypatch)


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write and try again at once; that these waits are kept is tested with the client."""
    monkeypatch.setattr(exchange, "SECONDS_BETWEEN_WRITES", 0.0)
    monkeypatch.setattr(exchange, "_PAUSES_SECONDS", (0.0, 0.0))
