"""Implementations by their name in the settings."""

from typing import TypeVar

from pytest_promptopt.errors import UsageError
from pytest_promptopt.registry import Registry
from pytest_promptopt.suggestion import did_you_mean

T = TypeVar("T")


def registered(registry: Registry[T], name: str, what: str) -> T:
    """What stands behind ``name``; raises :class:`UsageError` with the nearest names."""
    found = registry.get(name)
    if found is None:
        raise UsageError(f"{name!r} is not known as {what}{did_you_mean(name, registry.names())}")
    return found
