"""A tool as the benchmark needs to know it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from benchmarks.environment import Environment

MODEL = "gpt-4o-mini"
INSTRUCTION = "Answer the question."
OPENAI = "openai==3.52.0"
PYTEST = "pytest==9.2.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to run a tool: the arguments that somebody who read its documentation adds."""

    name: str = "default"
    arguments: tuple[str, ...] = ()


class Tool(Protocol):
    """A tool, its way into an environment and into a project."""

    @property
    def name(self) -> str:
        """What tables and ``--only`` call it."""
        ...

    @property
    def ways(self) -> tuple[Way, ...]:
        """How it is run; the first is its default."""
        ...

    @property
    def variables(self) -> Mapping[str, str]:
        """Its environment variables, those against telemetry above all."""
        ...

    def install(self, folder: Path) -> Environment:
        """Install it, or find it installed; raises NotInstalledError."""
        ...

    def write(self, project: Path, goldens: int) -> None:
        """Write what a user would write for that many goldens."""
        ...

    def command(self, environment: Environment, way: Way) -> tuple[str, ...]:
        """The command, to be run in the project."""
        ...

    def scored(self, project: Path, output: str) -> int:
        """How many goldens were answered and found right, by the tool's own account."""
        ...


def question(number: int) -> str:
    """A question like no other."""
    return f"What is the answer to question {number}?"


def expected(number: int) -> str:
    """What the server answers to it."""
    return f"answer {number}"
