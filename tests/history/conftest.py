"""A repository for each test that wants one; the machine's git settings stay out."""

import os
from pathlib import Path

import pytest

from tests.history.commits import History


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in ("CI", "BUILD_NUMBER", "GIT_NO_LAZY_FETCH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "project")
