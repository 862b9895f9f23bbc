"""Means to test what builds on this package: a project that is made up, and a server on loopback.

A plugin of pytest: ``pytest_plugins = ["pytest_promptopt.testing"]`` gives ``prompt_project``.
"""

from pytest_promptopt.testing.project import Project, prompt_project
from pytest_promptopt.testing.wire import Received, Reply, WireServer, scripted

__all__ = [
    "Project",
    "Received",
    "Reply",
    "WireServer",
    "prompt_project",
    "scripted",
]

pytest_plugins = ["pytester", "pytest_promptopt.testing.loading"]
