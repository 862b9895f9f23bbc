"""A job of GitHub Actions, by what it says of itself."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pytest_promptopt.errors import UsageError
from pytest_promptopt.forge.address import check_address, check_repository, check_token
from pytest_promptopt.forge.fields import COMMIT, Fields, read_json

MOST_EVENT_BYTES = 30_000_000

_NUMBER = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job: where it runs, and for which commit.

    ``repository`` and ``head_repository`` are ``owner/name``; the latter has the commit and is
    None where a fork was deleted or the event does not tell. ``number`` is that of the event's
    pull request, None where the event is of no pull request. ``head_branch`` is empty for a tag,
    ``run_url`` where the run is not known. ``name`` tells the job from the others of the
    repository; those of a matrix share it.
    """

    repository: str
    server_url: str
    api_url: str
    number: int | None
    head_commit: str
    head_branch: str
    head_repository: str | None
    run_url: str
    name: str
    event: str

    @property
    def is_from_fork(self) -> bool:
        """Whether the commit is another repository's, or may be."""
        head = self.head_repository
        return head is None or head.lower() != self.repository.lower()


def read_job(environ: Mapping[str, str]) -> Job | None:
    """The job that runs with these variables, None outside of GitHub Actions.

    Raises UsageError, which names the variable or the field of the event's file, where one
    cannot be used.
    """
    if environ.get("GITHUB_ACTIONS") != "true":
        return None
    repository = check_repository(environ.get("GITHUB_REPOSITORY", ""), "GITHUB_REPOSITORY")
    server_url = _address(environ, "GITHUB_SERVER_URL", "https://github.com")
    head = _read_head(environ, repository)
    run = environ.get("GITHUB_RUN_ID", "")
    has_run = _NUMBER.fullmatch(run) is not None
    names = (environ.get("GITHUB_WORKFLOW", ""), environ.get("GITHUB_JOB", ""))
    return Job(
        repository=repository,
        server_url=server_url,
        api_url=_address(environ, "GITHUB_API_URL", "https://api.github.com"),
        number=head.number,
        head_commit=head.commit,
        head_branch=head.branch,
        head_repository=head.repository,
        run_url=f"{server_url}/{repository}/actions/runs/{run}" if has_run else "",
        name="/".join(name for name in names if name),
        event=environ.get("GITHUB_EVENT_NAME", ""),
    )


def token(environ: Mapping[str, str]) -> str | None:
    """The token for the forge: ``GITHUB_TOKEN``, else ``GH_TOKEN``; None where there is none.

    Raises UsageError, without showing it, where it holds what no header can carry.
    """
    for variable in ("GITHUB_TOKEN", "GH_TOKEN"):
        value = environ.get(variable, "").strip()
        if value:
            return check_token(value, variable)
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """What the job is about."""

    commit: str
    branch: str
    repository: str | None
    number: int | None = None


def _read_head(environ: Mapping[str, str], repository: str) -> _Head:
    path = environ.get("GITHUB_EVENT_PATH", "")
    if not path:
        raise UsageError("GITHUB_EVENT_PATH is not set: which pull request is the job about?")
    name = environ.get("GITHUB_EVENT_NAME", "")
    try:
        event = Fields.of(read_json(_read_event(path)))
        # Not only events of this name are of a pull request: `pull_request_review` is one.
        if event.has("pull_request") or name in ("pull_request", "pull_request_target"):
            return _head_of_pull_request(event.part("pull_request"))
        if name == "workflow_run":
            return _head_of_run(event.part("workflow_run"))
    except ValueError as error:
        raise UsageError(
            f"the event of the job, GITHUB_EVENT_PATH={path}, cannot be used: {error}"
        ) from error
    return _head_of_variables(environ, repository)


def _read_event(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            content = file.read(MOST_EVENT_BYTES + 1)
    except OSError as error:
        raise ValueError(error.strerror) from error
    if len(content) > MOST_EVENT_BYTES:
        raise ValueError(f"it is longer than {MOST_EVENT_BYTES:,} bytes")
    return content


def _head_of_pull_request(request: Fields) -> _Head:
    head = request.part("head")
    return _Head(
        # GITHUB_SHA is that of a merge commit which nobody has in a branch.
        commit=head.commit("sha"),
        branch=head.text("ref"),
        repository=_repository(head, "repo"),
        number=request.number("number"),
    )


def _head_of_run(run: Fields) -> _Head:
    """The head of the workflow that ended; its ``pull_requests`` are empty for a fork's."""
    return _Head(
        commit=run.commit("head_sha"),
        branch=run.text("head_branch") if run.has("head_branch") else "",
        repository=_repository(run, "head_repository"),
    )


def _head_of_variables(environ: Mapping[str, str], repository: str) -> _Head:
    commit = environ.get("GITHUB_SHA", "")
    if not COMMIT.fullmatch(commit):
        raise UsageError("GITHUB_SHA must be the full id of a commit")
    is_branch = environ.get("GITHUB_REF_TYPE") == "branch"
    return _Head(
        commit=commit,
        branch=environ.get("GITHUB_REF_NAME", "") if is_branch else "",
        repository=repository,
    )


def _repository(fields: Fields, name: str) -> str | None:
    return fields.part(name).text("full_name") if fields.has(name) else None


def _address(environ: Mapping[str, str], name: str, default: str) -> str:
    return check_address(environ.get(name) or default, name)
