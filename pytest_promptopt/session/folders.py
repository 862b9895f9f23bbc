"""The folders whose prompts are collected where the command line names no path."""

from collections.abc import Sequence
from pathlib import Path

import pytest


def default_folders(config: pytest.Config, paths: Sequence[str]) -> list[Path]:
    """Those of ``paths`` (ini ``prompt_paths``) that are there; none if a path was named."""
    if config.args_source is pytest.Config.ArgsSource.ARGS:
        return []
    return [folder for path in paths if (folder := config.rootpath / path).exists()]


class DefaultFolders:
    """Collects folders besides whatever else pytest collects.

    A folder outside of pytest's own arguments becomes one of them. A folder inside of one is
    come by anyway; what ``norecursedirs`` hides on the way to it is opened, and nothing beside it.
    """

    def __init__(self, config: pytest.Config, folders: Sequence[Path]) -> None:
        arguments = [Path(config.invocation_params.dir, name) for name in config.args]
        hidden = config.getini("norecursedirs")
        self._way: set[Path] = set()
        self._opened: set[Path] = set()
        for folder in folders:
            above = [argument for argument in arguments if folder.is_relative_to(argument)]
            if not above:
                config.args = [*config.args, str(folder)]
                continue
            way = [folder, *(p for p in folder.parents if p.is_relative_to(above[0]))][:-1]
            self._way.update(way)
            opened = (path for path in way if any(path.match(pattern) for pattern in hidden))
            self._opened.update(opened)
        self._folders = set(folders)

    @pytest.hookimpl(tryfirst=True)
    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Open what is on the way to a folder; leave closed what was opened for it alone."""
        if collection_path in self._opened:
            return False
        passage = collection_path.parent in self._opened - self._folders
        return True if passage and collection_path not in self._way else None
