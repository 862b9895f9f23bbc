"""Modules that runs in the process of the tests need, loaded once for all of them."""

from importlib import import_module

import pytest

_LOADED_BY_RUNS = (
    *("anthropic", "git", "httpcore2", "jsonschema", "numpy", "openai", "rapidfuzz.distance"),
    "pytest_promptopt.forge.github",
    "pytest_promptopt.session.optimization",
    "pytest_promptopt.session.publication",
    "pytest_promptopt.session.session",
)


@pytest.fixture(scope="session", autouse=True)
def loaded_once() -> None:
    """Loads before the first run what pytester would forget after every run.

    C extensions do not survive that, an SDK takes a second each time, and what it knows of its
    transport's errors goes by their classes. No import at the top: the controller of pytest-xdist
    runs no test.
    """
    for name in _LOADED_BY_RUNS:
        import_module(name)
