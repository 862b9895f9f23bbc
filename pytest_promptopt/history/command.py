"""git, run through GitPython, with what could lead it astray taken away."""

import os
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pytest_promptopt.errors import HistoryError

# A hook's variables say which repository, index and objects git is to use. These say how to
# reach a remote, where the user's own settings are and how far to look for a repository.
_KEPT = re.compile(
    r"GIT_PYTHON_.*|GIT_SSH(?:_COMMAND|_VARIANT)?|GIT_ASKPASS|GIT_SSL_.*|GIT_HTTP_.*|GIT_PROXY_.*"
    r"|GIT_CONFIG_(?:GLOBAL|SYSTEM|NOSYSTEM)|GIT_CEILING_DIRECTORIES"
)
_ENVIRONMENT = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
# Reading must not start what a repository's settings name, nor write beside its index.
_SETTINGS = (
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "core.splitIndex=false",
    "log.showRoot=true",
)
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")
_LOCK = threading.Lock()


class CommandError(HistoryError):
    """git ended with ``status``, for a ``reason`` in its own words."""

    def __init__(self, message: str, *, status: int, reason: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Command:
    """git in ``folder``, which must exist; ``secrets`` are left out of what errors say."""

    folder: Path
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def text(self, *arguments: str, environment: Mapping[str, str] | None = None) -> str:
        """What git prints, as :meth:`run` gives it, without the end of the last line."""
        printed = self.run(*arguments, environment=environment)
        return os.fsdecode(printed).rstrip("\r\n")

    def names(self, *arguments: str, environment: Mapping[str, str] | None = None) -> list[str]:
        """What git prints with ``-z``, cut at the zero bytes."""
        printed = self.run(*arguments, environment=environment)
        return os.fsdecode(printed).split("\0")[:-1]

    def run(self, *arguments: str, environment: Mapping[str, str] | None = None) -> bytes:
        """What git prints; no shell, hook or prompt is involved.

        ``environment`` is added to the process's, of which git's own variables are left out.
        Raises :class:`CommandError` where git fails, :class:`HistoryError` where there is no git
        or where git does not trust the repository.
        """
        if not self.folder.is_dir():
            raise HistoryError(f"{self.folder} is not a folder; git cannot be asked there")
        with _LOCK, _without_variables():
            status, printed, reason = self._execute(arguments, environment or {})
        if status == 0:
            return printed
        reason = self._without_secrets(_CREDENTIALS.sub("", reason)).strip()
        if "safe.directory" in reason:
            raise HistoryError(
                f"git does not trust {self.folder}, which another user owns: {reason}"
            )
        message = f"`git {arguments[0]}` failed in {self.folder}: {reason or f'status {status}'}"
        raise CommandError(message, status=status, reason=reason)

    def _without_secrets(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text

    def _execute(
        self, arguments: tuple[str, ...], environment: Mapping[str, str]
    ) -> tuple[int, bytes, str]:
        try:
            import git
        except ImportError as error:
            raise _no_git(error) from error
        settings = (part for setting in _SETTINGS for part in ("-c", setting))
        executable = str(git.Git.GIT_PYTHON_GIT_EXECUTABLE)
        try:
            status, printed, reason = git.Git(self.folder).execute(
                [executable, "--no-pager", *settings, *arguments],
                env={**_ENVIRONMENT, **environment},
                with_extended_output=True,
                with_exceptions=False,
                stdout_as_string=False,
                strip_newline_in_stdout=False,
                shell=False,
            )
        except git.GitCommandNotFound as error:
            raise _no_git(error) from error
        assert isinstance(printed, bytes)
        return status, printed, reason


@contextmanager
def _without_variables() -> Iterator[None]:
    """Take git's variables out of the environment for a moment.

    GitPython hands a copy of the whole environment on and has no way to leave something out.
    """
    names = [name for name in os.environ if name.startswith("GIT_") and not _KEPT.fullmatch(name)]
    taken = {name: os.environ.pop(name) for name in names}
    try:
        yield
    finally:
        os.environ.update(taken)


def _no_git(error: Exception) -> HistoryError:
    first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return HistoryError(
        f"git cannot be started ({first}); install git, or name it in GIT_PYTHON_GIT_EXECUTABLE"
    )
