"""The files of a prompt, read from the disk or from a commit."""

import errno
import stat
from pathlib import Path
from typing import BinaryIO, Protocol

MAX_BYTES = 64 * 1024 * 1024


class Files(Protocol):
    """Files by their absolute path in the working tree, wherever their contents come from."""

    def read(self, path: Path) -> bytes:
        """The contents, of which no more than ``MAX_BYTES`` and one are needed.

        Raises OSError, FileNotFoundError where there is no such file.
        """
        ...

    def resolve(self, path: Path) -> Path:
        """The path of a file or folder with links followed; raises OSError where it is not."""
        ...

    def glob(self, folder: Path, pattern: str) -> list[Path]:
        """The files that match, sorted; raises ValueError where the pattern is not usable."""
        ...


def open_file(path: Path) -> BinaryIO:
    """The file, to be read; raises OSError, also for a pipe, which would wait for its writer."""
    kind = stat.S_IFMT(path.stat().st_mode)
    if kind not in {stat.S_IFREG, stat.S_IFDIR}:
        raise OSError(errno.EINVAL, "not a regular file")
    return path.open("rb")


class Disk:
    """The files as they stand on disk."""

    def read(self, path: Path) -> bytes:
        """The contents, cut off after ``MAX_BYTES`` and one."""
        with open_file(path) as file:
            return file.read(MAX_BYTES + 1)

    def resolve(self, path: Path) -> Path:
        """The path with links followed."""
        try:
            return path.resolve(strict=True)
        except RuntimeError as error:
            # How Python tells of a loop of links before 3.13.
            raise OSError(errno.ELOOP, str(error)) from None

    def glob(self, folder: Path, pattern: str) -> list[Path]:
        """The files that match, sorted."""
        try:
            return sorted(path for path in folder.glob(pattern) if path.is_file())
        except NotImplementedError as error:
            raise ValueError(str(error)) from None


DISK = Disk()
