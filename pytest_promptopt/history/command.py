"""git, run through GitPython, with what could lead it astray taken away."""

import os
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
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
# Nothing is fetched, in the one way that new versions of git know and the one that all do.
_OFFLINE = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": ""}
_PARTIAL = "from promisor remote"
_PARTIAL_REMEDY = (
    "this clone is partial, and what it lacks is fetched only in CI, because that starts what its "
    "settings name; where you trust them, set GIT_NO_LAZY_FETCH=0 in the environment"
)
# Reading must not start what a repository's settings name, nor write beside its index. A folder
# of the project that looks like a repository would bring settings of its own.
_SETTINGS = (
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "core.splitIndex=false",
    "gc.auto=0",
    "log.showRoot=true",
    "log.showSignature=false",
    "maintenance.auto=false",
    "protocol.ext.allow=never",
    "safe.bareRepository=explicit",
)
# What these commands start is named in settings that no single other setting turns off.
_STARTING = {"add", "commit", "commit-tree", "diff-index", "hash-object", "status", "update-ref"}
_COMMITTING = {"commit", "commit-tree"}
_PROGRAM = re.compile(
    r"(?P<filter>filter\..*)\.(?:clean|smudge|process)|gpg\.(?:.*\.)?(?:program|defaultkeycommand)"
    r"|hook\..*\.command"
)
_OF_A_REPOSITORY = {"local", "worktree"}
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

        No program is started that the repository's own settings name, and nothing is fetched
        unless :func:`may_fetch`. ``environment`` is added to the process's, of which git's own
        variables are left out. Raises :class:`CommandError` where git fails,
        :class:`HistoryError` where there is no git or where git does not trust the repository.
        """
        if not self.folder.is_dir():
            raise HistoryError(f"{self.folder} is not a folder; git cannot be asked there")
        offline = {} if may_fetch(os.environ) else _OFFLINE
        variables = {**_ENVIRONMENT, **offline, **(environment or {})}
        programs = self._programs(arguments[0]) if arguments[0] in _STARTING else {}
        if programs:
            variables |= as_variables(programs.items())
        with _LOCK, _without_variables():
            status, printed, reason = self._execute(arguments, variables)
        if status == 0:
            return printed
        reason = self._without_secrets(_CREDENTIALS.sub("", reason)).strip()
        if offline and _PARTIAL in reason:
            reason = f"{reason}\n{_PARTIAL_REMEDY}"
        if programs and arguments[0] in _COMMITTING:
            reason = f"{reason}\n{_left_out(programs)}"
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

    def _programs(self, subcommand: str) -> dict[str, str]:
        """Programs that the repository's own settings name, each with what the user's have.

        A filter that is left out changes what git would keep of a file: a commit is refused then.
        """
        words = iter(self.names("config", "--list", "--show-scope", "-z"))
        named: set[str] = set()
        own: dict[str, str] = {}
        for scope in words:
            key, _, value = next(words).partition("\n")
            if not _PROGRAM.fullmatch(key):
                continue
            if scope in _OF_A_REPOSITORY:
                named.add(key)
            else:
                own[key] = value
        programs = {key: own.get(key, "") for key in sorted(named)}
        filters = {found["filter"] for key in named if (found := _PROGRAM.fullmatch(key))} - {None}
        required = "true" if subcommand in _COMMITTING else "false"
        return programs | {f"{name}.required": required for name in sorted(filters)}

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
                env=environment,
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


def may_fetch(environ: Mapping[str, str]) -> bool:
    """Whether a git command may ask a remote by itself.

    In CI, as pytest tells it: there the job wrote the repository's settings. Elsewhere they may
    be a stranger's, and the user asks with git's own variable.
    """
    is_asked = environ.get("GIT_NO_LAZY_FETCH") in {"0", "false"}
    return is_asked or any(environ.get(name) for name in ("CI", "BUILD_NUMBER"))


def as_variables(settings: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """Settings for one command, in which names may hold any character."""
    numbered = list(enumerate(settings))
    return {
        "GIT_CONFIG_COUNT": str(len(numbered)),
        **{f"GIT_CONFIG_KEY_{number}": key for number, (key, _) in numbered},
        **{f"GIT_CONFIG_VALUE_{number}": value for number, (_, value) in numbered},
    }


def _left_out(programs: Mapping[str, str]) -> str:
    names = ", ".join(key for key in programs if _PROGRAM.fullmatch(key))
    return (
        f"not started, for the repository's own settings name it: {names}; where you trust it, "
        "set it with `git config --global`, or commit by hand"
    )


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
