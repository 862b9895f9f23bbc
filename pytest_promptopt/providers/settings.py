"""The settings that every provider is made with."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pytest_promptopt.project.code import ProjectCode

ReportWork = Callable[[str, int, int], None]
"""Called with what is done, how many bytes of it are done, and how many there are."""


def ignore_work(_title: str, _done_bytes: int, _total_bytes: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """The surroundings of a provider; each is called with this one record.

    ``root`` is where relative paths start. ``timeout_seconds`` bounds one call from sending to
    the whole answer. ``deterministic`` makes local models repeat themselves, at a cost in speed.
    ``models_dir`` is where weights are put together; None stands for the user's cache directory.
    ``code`` finds the project's functions, those under ``root`` if None.
    ``report_work`` is told how far something long has come, from any thread.
    """

    root: Path
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    timeout_seconds: float = 120.0
    deterministic: bool = False
    models_dir: Path | None = None
    report_work: ReportWork = ignore_work
    code: ProjectCode | None = None
