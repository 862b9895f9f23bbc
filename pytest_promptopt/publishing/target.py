"""The target of a run: the pull request that it ran for, as it stands now."""

from dataclasses import dataclass

from pytest_promptopt.errors import PromptoptError
from pytest_promptopt.forge.forge import Forge, PullRequest
from pytest_promptopt.forge.job import Job
from pytest_promptopt.prompts.golden import slug


class NothingToPublishToError(PromptoptError):
    """There is no place for what the run found out, which is no fault; says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The branch that a run was for, at its full ``commit``, and the open pull request from it.

    ``repository`` is ``owner/name`` of the one that the branch is in, None where it is gone;
    ``is_ours`` tells whether that is the one that the job runs in, where branches can be made.
    """

    repository: str | None
    branch: str
    commit: str
    is_ours: bool
    pull_request: PullRequest | None

    @property
    def name(self) -> str:
        """Tells it from other targets, as part of a branch's name."""
        return str(self.pull_request.number) if self.pull_request else slug(self.branch)


def find_target(job: Job, forge: Forge) -> Target:
    """The target of the ``job``.

    Raises :class:`NothingToPublishToError` where the pull request is closed, or where its branch
    moved on since; :class:`~pytest_promptopt.errors.ForgeError`.
    """
    found = _pull_request(job, forge)
    if found is None:
        if not job.head_branch:
            raise NothingToPublishToError("the job ran for no branch and no pull request")
        return Target(
            repository=job.head_repository,
            branch=job.head_branch,
            commit=job.head_commit,
            is_ours=not job.is_from_fork,
            pull_request=None,
        )
    if not found.is_open:
        state = "merged" if found.is_merged else "closed"
        raise NothingToPublishToError(f"pull request {found.number} is {state}")
    if found.head_commit != job.head_commit:
        raise NothingToPublishToError(
            f"the branch of pull request {found.number} moved on from {job.head_commit[:9]} to "
            f"{found.head_commit[:9]}, whose own run will tell"
        )
    return Target(
        repository=found.head_repository,
        branch=found.head_branch,
        commit=found.head_commit,
        is_ours=are_same(found.head_repository, job.repository),
        pull_request=found,
    )


def _pull_request(job: Job, forge: Forge) -> PullRequest | None:
    """By its number, else by where its head is; only the event says these, no report does."""
    if job.number is not None:
        return forge.pull_request(job.number)
    if not job.head_branch or job.head_repository is None:
        return None
    owner = job.head_repository.partition("/")[0]
    found = [
        pull_request
        for pull_request in forge.pull_requests(head=f"{owner}:{job.head_branch}", is_open=True)
        if are_same(pull_request.head_repository, job.head_repository)
    ]
    at_head = [p for p in found if p.head_commit == job.head_commit]
    return next(iter([*at_head, *found]), None)


def are_same(one: str | None, other: str) -> bool:
    """Whether these name one repository."""
    return one is not None and one.lower() == other.lower()
