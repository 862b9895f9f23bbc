"""The ini file of a project as pytest finds and reads it, without a run of pytest."""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_promptopt.config import OPTIONS
from pytest_promptopt.errors import UsageError

_TRUE = frozenset({"1", "true", "yes", "on"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectIni:
    """Where a project's root is, and what its ini file says by the names of keys.

    ``file`` is that ini file; None where there is none.
    """

    root: Path
    ini: dict[str, Any]
    file: Path | None = None

    def get_ini(self, key: str) -> Any:
        """The value as ``pytest.Config.getini`` gives it; the default where there is none."""
        option = next(option for option in OPTIONS if option.ini == key)
        value = self.ini.get(key)
        if option.kind == "lines":
            lines = value.splitlines() if isinstance(value, str) else value
            return option.default if lines is None else [line for line in lines if line.strip()]
        if option.kind == "truth":
            return str(value).lower() in _TRUE
        return value


def find_project(places: Sequence[Path]) -> ProjectIni:
    """The project around the files or folders ``places``; raises UsageError."""
    import pytest
    from _pytest.config.findpaths import determine_setup

    wanted: dict[str, Any] = {
        "inifile": None,
        "override_ini": (),
        "args": [str(place) for place in places],
        "rootdir_cmd_arg": None,
        "invocation_dir": Path.cwd(),
    }
    # Which of them there are changes from pytest to pytest.
    taken = inspect.signature(determine_setup).parameters
    try:
        root, file, ini, *_ = determine_setup(**{k: v for k, v in wanted.items() if k in taken})
    except (pytest.UsageError, pytest.fail.Exception, OSError, UnicodeDecodeError) as error:
        raise UsageError(f"pytest cannot read its ini file: {error}") from error
    values = {key: getattr(value, "value", value) for key, value in ini.items()}
    return ProjectIni(root=root, ini=values, file=file)
