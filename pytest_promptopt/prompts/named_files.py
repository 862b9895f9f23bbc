"""The files that a prompt file names, by name or by glob."""

from collections.abc import Sequence
from pathlib import Path

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.prompts.files import DISK, Files

LABELS_SUFFIX = ".labels.jsonl"
"""Ends the names of files with labels of answers, which no glob means."""


def named_files(
    patterns: Sequence[str],
    *,
    what: str,
    prompt_path: Path,
    root: Path,
    location: str,
    line: int,
    files: Files = DISK,
) -> tuple[Path, ...]:
    """The files of ``what`` that a prompt file names, in order; raises :class:`PromptFileError`.

    Names and globs are relative to the prompt file. What is not in ``root`` once links are
    followed is refused.
    """
    found: list[Path] = []
    for pattern in patterns:
        try:
            paths = _matches(pattern, prompt_path.parent, root, files)
        except _PatternError as error:
            raise PromptFileError.at(location, line, f"{what} `{pattern}` {error}") from None
        found.extend(paths)
    return tuple(dict.fromkeys(found))


class _PatternError(Exception):
    """A name or glob that leads to no files; says why."""


def _matches(pattern: str, folder: Path, root: Path, files: Files) -> list[Path]:
    is_glob = any(sign in pattern for sign in "*?[")
    paths = _globbed(pattern, folder, files) if is_glob else [folder / pattern]
    resolved = [_resolved(path, files) for path in paths]
    inside = _resolved(root, files)
    if not all(path.is_relative_to(inside) for path in resolved):
        raise _PatternError(f"leads outside the project ({root}); keep them in it")
    return resolved


def _globbed(pattern: str, folder: Path, files: Files) -> list[Path]:
    try:
        found = files.glob(folder, pattern)
    except (ValueError, OSError) as error:
        raise _PatternError(f"is not a usable glob: {error}") from None
    found = [path for path in found if not path.name.endswith(LABELS_SUFFIX)]
    if not found:
        raise _PatternError(f"matches no file in {folder}")
    return found


def _resolved(path: Path, files: Files) -> Path:
    try:
        return files.resolve(path)
    except FileNotFoundError:
        raise _PatternError(f"is not there ({path})") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise _PatternError(f"cannot be read: {reason}") from None
