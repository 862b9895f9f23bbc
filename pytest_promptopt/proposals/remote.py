"""Commits fetched from and pushed to a server, with a token that nobody else gets to see."""

import base64
import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from pytest_promptopt.errors import HistoryError
from pytest_promptopt.history.command import Command, CommandError, as_variables
from pytest_promptopt.history.refs import is_commit_id, is_shallow
from pytest_promptopt.proposals.branch import check_branch_name
from pytest_promptopt.text.excerpt import one_line

_URL = re.compile(
    r"(?P<scheme>https?)://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?"
    r"(?:/[A-Za-z0-9._~-]+)+"
)
_SLOWEST_BYTES_PER_SECOND = 1000
_SLOWEST_SECONDS = 30
# An empty GIT_ASKPASS keeps git from asking with any program; a trace could hold settings.
_ENVIRONMENT = {
    "GIT_ASKPASS": "",
    "GIT_TRACE2": "0",
    "GIT_TRACE2_EVENT": "0",
    "GIT_TRACE2_PERF": "0",
}
# The first is of this git, which saw another commit there; the others are of servers on which
# the branch has moved since.
_MOVED = re.compile(
    r"^ ?! \[rejected\]|is at [0-9a-f]+ but expected [0-9a-f]+|reference already exists",
    re.MULTILINE,
)
_NOISE = re.compile(r"hint: |To https?://|error: failed to push some refs to ")
_SHOWN_CHARACTERS = 300


class MovedError(HistoryError):
    """The branch on the server is not what it was expected to be; nothing was pushed."""


@dataclass(frozen=True, slots=True)
class Remote:
    """A repository on a server, by its https URL, with the token that opens it (never shown).

    Plain http is for loopback hosts. The token is sent to no other URL: not by a redirect, not
    by what the user's git settings make of the URL. Neither do their headers and passwords for
    the server count. No hook runs and nothing is asked. Raises :class:`HistoryError` for a URL
    of another kind, which it does not show.
    """

    url: str
    token: str = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse what git could take for something else."""
        if not self.token:
            raise HistoryError("there is no token to open the repository with")
        if not _is_address(self.url):
            raise HistoryError(
                "a repository's address must read https://HOST/PATH, "
                "without a user, a query or unusual characters"
            )

    def fetch(self, repository: Path, commit: str) -> None:
        """Have the commit, by its full id, with its files in the repository.

        Nothing is sent where it is there already. A shallow clone gets the commit alone, another
        one what it lacks of its history. No ref is made. Raises :class:`HistoryError`.
        """
        _check_id(commit)
        command = self._command(repository)
        if _has(command, commit):
            return
        depth = ("--depth=1",) if is_shallow(command) else ()
        try:
            command.run(
                "fetch",
                "--quiet",
                *depth,
                "--no-tags",
                "--no-prune",
                "--no-recurse-submodules",
                "--no-auto-gc",
                "--no-write-fetch-head",
                "--",
                self.url,
                commit,
                environment=self._environment(),
            )
        except CommandError as error:
            what = f"commit {commit[:12]} cannot be fetched from {self.url}"
            raise HistoryError(_told(what, error.reason, "contents: read")) from error

    def push(self, repository: Path, commit: str, branch: str, *, expected: str | None) -> None:
        """Make ``branch`` on the server the commit, only if it is ``expected`` there now.

        Both are full ids; None: only if there is no such branch. What ``branch`` had may get
        lost, so ``expected`` must be what is meant to be replaced. A branch that is at the commit
        already stays. Raises :class:`MovedError` where it is something else by now, and
        :class:`HistoryError` where the server or git refuses.
        """
        for name in (commit, expected):
            if name is not None:
                _check_id(name)
        command = self._command(repository)
        check_branch_name(command, branch)
        try:
            command.run(
                "push",
                "--quiet",
                "--no-signed",
                "--no-follow-tags",
                "--recurse-submodules=no",
                f"--force-with-lease=refs/heads/{branch}:{expected or ''}",
                "--",
                self.url,
                f"{commit}:refs/heads/{branch}",
                environment=self._environment(),
            )
        except CommandError as error:
            if _MOVED.search(error.reason):
                found = "is there already" if expected is None else "was changed meanwhile"
                raise MovedError(
                    f"the branch {branch} of {self.url} {found}; nothing was pushed"
                ) from error
            what = f"the branch {branch} cannot be pushed to {self.url}"
            raise HistoryError(_told(what, error.reason, "contents: write")) from error

    def _command(self, repository: Path) -> Command:
        return Command(repository, secrets=(self._encoded, self._encoded.rstrip("="), self.token))

    @property
    def _encoded(self) -> str:
        return base64.b64encode(f"x-access-token:{self.token}".encode()).decode()

    def _environment(self) -> Mapping[str, str]:
        """The settings as variables, which unlike arguments other users cannot see."""
        return {
            **_ENVIRONMENT,
            "GIT_ALLOW_PROTOCOL": urlsplit(self.url).scheme,
            **as_variables(self._settings()),
        }

    def _settings(self) -> Iterator[tuple[str, str]]:
        """Settings for the whole URL: git ignores those for less of it where others have more."""
        http = f"http.{self.url}"
        # An empty header takes away the others: servers refuse two of this name.
        yield f"{http}.extraHeader", ""
        yield f"{http}.extraHeader", f"Authorization: Basic {self._encoded}"
        yield f"{http}.followRedirects", "false"
        yield f"{http}.lowSpeedLimit", str(_SLOWEST_BYTES_PER_SECOND)
        yield f"{http}.lowSpeedTime", str(_SLOWEST_SECONDS)
        yield f"credential.{self.url}.helper", ""
        # The longest rewrite counts: this one wins over those of a part of the URL.
        yield f"url.{self.url}.insteadOf", self.url
        yield f"url.{self.url}.pushInsteadOf", self.url
        if self.url.startswith("http:"):
            yield f"{http}.proxy", ""


def _is_address(url: str) -> bool:
    found = _URL.fullmatch(url)
    if found is None:
        return False
    return found["scheme"] == "https" or _is_loopback(urlsplit(url).hostname or "")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check_id(commit: str) -> None:
    if not is_commit_id(commit):
        raise HistoryError(f"`{commit}` is not the full id of a commit")


def _has(command: Command, commit: str) -> bool:
    try:
        command.run("cat-file", "-e", f"{commit}^{{tree}}")
    except CommandError:
        return False
    return True


def _told(what: str, reason: str, permission: str) -> str:
    """What failed and what would help, with the words of git and the server."""
    lines = (line.strip() for line in reason.splitlines())
    said = one_line(" ".join(line for line in lines if not _NOISE.match(line)), _SHOWN_CHARACTERS)
    advice = _advice(reason, permission)
    return f"{what}: {advice} ({said})" if advice else f"{what}: {said}"


def _advice(reason: str, permission: str) -> str:
    if "could not read Username" in reason or "Authentication failed" in reason:
        return "the server does not know the token; it may have expired"
    if "returned error: 403" in reason:
        return (
            f"the token may not do that; a job on GitHub Actions needs `permissions: {permission}`"
        )
    if "' not found" in reason:
        return "there is no such repository, or the token may not see it"
    return ""
