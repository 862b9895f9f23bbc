"""The machine's git settings stay out, and who commits is known."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.history.commits import History
from tests.proposals.shop import Shop


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))


@pytest.fixture
def history(tmp_path: Path) -> History:
    made = History(tmp_path / "project")
    made.git("config", "user.name", "Grace")
    made.git("config", "user.email", "grace@example.com")
    return made


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    with made.server:
        yield made
