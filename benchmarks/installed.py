"""The tools that can be run on this machine, and why the others cannot."""

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.environment import Environment, NotInstalledError
from benchmarks.peers import TOOLS
from benchmarks.peers.tool import Tool


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """``environments`` by the tool's name; ``skipped`` says why one is not among them."""

    tools: tuple[Tool, ...]
    environments: dict[str, Environment] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)


def install(folder: Path, names: Collection[str]) -> Installed:
    """Install those tools under the folder, or find them there."""
    environments = {}
    skipped = {}
    for tool in TOOLS:
        if tool.name in names:
            try:
                environments[tool.name] = tool.install(folder / tool.name)
            except NotInstalledError as error:
                skipped[tool.name] = str(error)
    tools = tuple(tool for tool in TOOLS if tool.name in environments)
    return Installed(tools=tools, environments=environments, skipped=skipped)
