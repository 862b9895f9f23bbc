"""The embedded model's weights, put together once and not in the home of every test."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def shared_weights(local_weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(local_weights.parents[2]))
