"""The way of pytest to prompt files, whatever hides them."""

import os
from collections.abc import Iterable
from pathlib import Path

import pytest


class PromptFolders:
    """Leads pytest to prompt files: what ``norecursedirs`` hides on the way is opened.

    ``files`` are the prompt files to come by. Under an opened folder nothing else is collected.
    Those of ``folders`` that lie outside of pytest's own arguments become some of them.
    """

    def __init__(
        self, config: pytest.Config, folders: Iterable[Path], files: Iterable[Path]
    ) -> None:
        named = arguments(config)
        outside = [f for f in folders if not any(f.is_relative_to(start) for start in named)]
        config.args = [*config.args, *map(str, outside)]
        self._arguments = arguments(config)
        self._patterns = config.getini("norecursedirs")
        self._way: set[Path] = set()
        self._opened: set[Path] = set()
        for file in files:
            self._open(file)

    @pytest.hookimpl(tryfirst=True)
    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Open what is on the way to a prompt; leave closed what was opened for it alone."""
        if collection_path in self._opened:
            return False
        if not self._opened or collection_path in self._way:
            return None
        return None if self._opened.isdisjoint(collection_path.parents) else True

    def _open(self, file: Path) -> None:
        starts = [start for start in self._arguments if file.is_relative_to(start)]
        if starts:
            nearest = max(starts, key=lambda start: len(start.parts))
            way = [path for path in (file, *file.parents) if path.is_relative_to(nearest)][:-1]
            self._way.update(way)
            self._opened.update(folder for folder in way[1:] if self._is_hidden(folder))

    def _is_hidden(self, folder: Path) -> bool:
        return any(folder.match(pattern) for pattern in self._patterns)


def arguments(config: pytest.Config) -> list[Path]:
    """What pytest starts from, without the names of single tests."""
    names = (name.partition("::")[0] for name in config.args)
    return [Path(os.path.normpath(config.invocation_params.dir / name)) for name in names]
