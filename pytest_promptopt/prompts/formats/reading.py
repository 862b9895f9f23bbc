"""One reading of a foreign file: what it names, and what has no counterpart here."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_promptopt.errors import Problem, PromptFileError
from pytest_promptopt.prompts.document import Document, parse_document, read_text
from pytest_promptopt.prompts.files import DISK, Files
from pytest_promptopt.prompts.formats.spot import Spot
from pytest_promptopt.prompts.formats.yaml_text import Note
from pytest_promptopt.prompts.golden_files import read_golden_file
from pytest_promptopt.prompts.named_files import named_files
from pytest_promptopt.text.secrets import without_shapes

MOST_GOLDENS = 20_000
_PREFIX = "file://"
_REMOTE = re.compile(r"(https?|s3|gs|az|ftp|huggingface|sharepoint|package|exec|python):")
_CODE = re.compile(r"\.(py|[cm]?[jt]s|rb|go|sh|exe|ps1)(?::[\w.]+)?$")


class NoCounterpartError(Exception):
    """What stands there has nothing that means the same here; says why."""


@dataclass(slots=True)
class Reading:
    """What a reading of files under ``root`` has found so far.

    ``checks`` counts what was to be checked of answers by its type and whether it was understood.
    """

    root: Path
    files: Files = DISK
    checks: Counter[tuple[str, bool]] = field(default_factory=Counter)
    _open: list[Path] = field(default_factory=list)
    _losses: dict[str, Problem] = field(default_factory=dict)
    _remarks: dict[str, Problem] = field(default_factory=dict)

    @property
    def losses(self) -> tuple[Problem, ...]:
        """What has no counterpart, each once and in the order of reading."""
        return tuple(self._losses.values())

    @property
    def remarks(self) -> tuple[Problem, ...]:
        """What means a little else here, each once and in the order of reading."""
        return tuple(self._remarks.values())

    def remark(self, spot: Spot, message: str) -> None:
        """Tell that something means a little else here."""
        problem = spot.problem(without_shapes(message))
        self._remarks[str(problem)] = problem

    def lose(self, spot: Spot, message: str) -> Note:
        """Tell that something has no counterpart, and the comment to keep in its place.

        Secrets in ``message`` are left out: it goes into a file.
        """
        problem = spot.problem(without_shapes(message))
        self._losses[str(problem)] = problem
        return Note(str(problem))

    def lose_keys(self, spot: Spot, known: Iterable[str], what: str = "") -> list[Note]:
        """The keys of a mapping that are none of ``known``, as lost."""
        taken = {*known}
        return [
            self.lose(value, f"`{key}`{what} has no counterpart")
            for key, value in spot.entries()
            if key not in taken and value.value is not None
        ]

    def location(self, path: Path) -> str:
        """The path as it is told."""
        return (
            path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)
        )

    @contextmanager
    def inside(self, path: Path) -> Iterator[None]:
        """While what the file names is read; raises :class:`NoCounterpartError` in a circle."""
        if path in self._open:
            raise NoCounterpartError(f"`{self.location(path)}` names itself")
        self._open.append(path)
        try:
            yield
        finally:
            self._open.pop()

    def document(self, path: Path) -> Spot:
        """A YAML or JSON file; raises :class:`PromptFileError`."""
        location = self.location(path)
        document: Document = parse_document(read_text(path, location, self.files), location)
        return Spot.of(document, path)

    def text(self, path: Path) -> Spot:
        """A text file; raises :class:`PromptFileError`."""
        location = self.location(path)
        text = read_text(path, location, self.files)
        return Spot(value=text, path=path, location=location, line=1)

    def rows(self, path: Path) -> Iterator[Spot]:
        """The rows of a table or of JSON Lines; raises :class:`PromptFileError`."""
        location = self.location(path)
        for row in read_golden_file(path, location, self.files):
            yield Spot(value=row.content, path=path, location=location, line=row.line)

    def named(self, spot: Spot, name: str) -> tuple[Path, ...]:
        """The files of data that ``name`` means there.

        Raises :class:`NoCounterpartError` for what is code, elsewhere than here, or no file.
        """
        bare = name.removeprefix(_PREFIX)
        if _REMOTE.match(bare):
            raise NoCounterpartError(
                f"`{name}` is elsewhere or a command: nothing is fetched or run"
            )
        if _CODE.search(bare):
            raise NoCounterpartError(f"`{name}` is code, which is not run")
        try:
            return named_files(
                [bare],
                what="the file",
                prompt_path=spot.path,
                root=self.root,
                location=spot.location,
                line=spot.line,
                files=self.files,
            )
        except PromptFileError as error:
            raise NoCounterpartError(error.problems[0].message) from None


def is_reference(value: Any) -> bool:
    """Whether it names another file by ``file://``."""
    return isinstance(value, str) and value.startswith(_PREFIX)
