"""The prompt files that a run scores: looked for ahead of pytest, none missed in silence."""

import fnmatch
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_promptopt.prompts.library import (
    DEFAULT_FOLDERS,
    SUFFIXES,
    files_under,
    is_prompt_file,
    named_folders,
)
from pytest_promptopt.prompts.lookalikes import has_messages, has_near_name, proper_name
from pytest_promptopt.session.collection import PromptWarning
from pytest_promptopt.session.folders import arguments
from pytest_promptopt.suggestion import close_to
from pytest_promptopt.text.terminal import printable

_MOST_TOLD = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchedPlaces:
    """Where a run looks for prompt files: the paths named, or else the ini's folders.

    ``places`` are the named files and folders, or those of the ini that are there. ``absent``
    are those of the ini that are not, unless they are the default's. ``others`` is what pytest
    collects besides by its own rules.
    """

    places: tuple[Path, ...]
    absent: tuple[str, ...] = ()
    others: tuple[Path, ...] = ()
    is_default: bool = False

    @classmethod
    def of(cls, config: pytest.Config, paths: Sequence[str]) -> "SearchedPlaces":
        """That of a command line and ``paths``, the ini's folders."""
        named = arguments(config)
        if config.args_source is pytest.Config.ArgsSource.ARGS:
            return cls(places=tuple(named))
        folders = {path: config.rootpath / path for path in named_folders(config.rootpath, paths)}
        return cls(
            places=tuple(folder for folder in folders.values() if folder.exists()),
            absent=tuple(
                path
                for path, folder in folders.items()
                if path not in DEFAULT_FOLDERS and not folder.exists()
            ),
            others=tuple(named),
            is_default=True,
        )


class FindingPrompts:
    """Finds the prompt files, and refuses a run without any.

    Runs once, in the process that is started by hand. The error says what was nearly a prompt;
    there is none where paths were named that hold other tests only. ``folders`` are those of the
    ini, where no path was named.
    """

    def __init__(self, config: pytest.Config, paths: Sequence[str]) -> None:
        self._config = config
        self._paths = paths
        self._search = SearchedPlaces.of(config, paths)
        self._seen = [path for place in self._search.places for path in self._files(place)]
        self.files = [path for path in self._seen if is_prompt_file(path)]
        self.folders = self._search.places if self._search.is_default else ()

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        """Refuse to run without any prompt; warn of what was nearly one."""
        if broken := next((path for path in self.files if not path.is_file()), None):
            raise pytest.UsageError(
                f"{printable(self._shown(broken))} is no file, or a link to one that is not there: "
                "mend it or take it away"
            )
        if self.files or self._has_others():
            self._warn()
        elif not self._names_other_tests():
            raise pytest.UsageError(self._nothing_found())

    def _files(self, place: Path) -> Iterator[Path]:
        option = self._config.option
        base = self._config.invocation_params.dir
        ignored = {base / name for name in option.ignore or []}
        globs = [str(base / glob) for glob in option.ignore_glob or []]
        for path in files_under(place):
            above = [path, *path.parents]
            is_matched = any(fnmatch.fnmatch(str(p), glob) for glob in globs for p in above)
            if ignored.isdisjoint(above) and not is_matched:
                yield path

    def _has_others(self) -> bool:
        """Whether pytest comes by a prompt file that is in none of the ini's folders."""
        hidden = self._config.getini("norecursedirs")
        for place in self._search.others:
            for path in self._files(place):
                way = [p for p in path.parents if p != place and p.is_relative_to(place)]
                if is_prompt_file(path) and not any(p.match(h) for p in way for h in hidden):
                    return True
        return False

    def _names_other_tests(self) -> bool:
        """Whether paths were named that hold other tests, and nothing that looks like a prompt."""
        patterns = self._config.getini("python_files")
        return (
            not self._search.is_default
            and not self._lookalikes()
            and all(self._holds_tests(place, patterns) for place in self._search.places)
        )

    def _holds_tests(self, place: Path, patterns: Sequence[str]) -> bool:
        if not place.is_dir():
            return True
        names = (path.name for path in self._seen if path.is_relative_to(place))
        holds = any(fnmatch.fnmatch(name, pattern) for name in names for pattern in patterns)
        return holds and not self._config.rootpath.is_relative_to(place)

    def _lookalikes(self) -> list[Path]:
        """What was nearly a prompt: by name anywhere, by content where prompts are kept."""
        root = self._config.rootpath
        folders = {root / path for path in named_folders(root, self._paths)}
        beside = {path.parent for path in self.files}
        kept = [
            path
            for path in self._seen
            if path in self._search.places
            or path.parent in beside
            or not folders.isdisjoint(path.parents)
        ]
        near = [path for path in self._seen if has_near_name(path)]
        return near + [path for path in kept if path not in near and has_messages(path)]

    def _warn(self) -> None:
        ini = self._config.inipath or self._config.rootpath
        remarks = [(path, _renaming(path)) for path in self._lookalikes()]
        remarks += [(ini, text) for text in self._absent()]
        refused: str | None = None
        for path, text in remarks[:_MOST_TOLD]:
            warning = PromptWarning(text, path=self._shown(path))
            try:
                warning.tell()
            except PromptWarning as error:
                refused = refused or str(error)
        if refused is not None:
            raise pytest.UsageError(refused)

    def _nothing_found(self) -> str:
        search = self._search
        places = ", ".join(self._shown(place) for place in (*search.places, *search.others))
        hints = [
            f"{self._shown(path)}: {_renaming(path)}"
            for path in self._seen
            if has_near_name(path) or has_messages(path)
        ]
        hints += self._absent()
        if search.is_default:
            hints += self._elsewhere()
        asked = "--prompt-eval" if self._config.option.prompt_eval else "--prompt-lint"
        lines = [
            f"{asked} found no prompt file ({', '.join(f'*{end}' for end in SUFFIXES)}) "
            f"in {places or ', '.join(self._paths)}",
            *hints[:_MOST_TOLD],
        ]
        if len(hints) > _MOST_TOLD:
            lines.append(f"and {len(hints) - _MOST_TOLD} more like these")
        return "\n  ".join(printable(line) for line in lines)

    def _elsewhere(self) -> Iterator[str]:
        """What stands in the project and in none of the places that were looked at."""
        seen = set(self._seen)
        for path in self._files(self._config.rootpath):
            if path in seen:
                continue
            if is_prompt_file(path):
                yield (
                    f"{self._shown(path)} is in none of these: name it on the command line, or "
                    f"its folder in the ini `prompt_paths`"
                )
            elif has_near_name(path):
                yield f"{self._shown(path)}: {_renaming(path)}"

    def _absent(self) -> Iterator[str]:
        for name in self._search.absent:
            parent = (self._config.rootpath / name).parent
            found = parent.iterdir() if parent.is_dir() else ()
            there = [path.name for path in found if path.is_dir() and path.name != ".promptopt"]
            yield f"ini prompt_paths: there is no `{name}`{close_to(Path(name).name, there)}"

    def _shown(self, path: Path) -> str:
        root = self._config.rootpath
        return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _renaming(path: Path) -> str:
    return f"not taken for a prompt file; to have it scored, call it {proper_name(path)}"
