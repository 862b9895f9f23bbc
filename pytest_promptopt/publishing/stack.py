"""A proposal as a pull request of its own, onto the branch that the run was for."""

import re
from dataclasses import dataclass

from pytest_promptopt.errors import ForgeError, HistoryError
from pytest_promptopt.evaluation.search_record import Offer, Rung
from pytest_promptopt.forge.forge import Forge, PullRequest
from pytest_promptopt.prompts.golden import slug
from pytest_promptopt.proposals.branch import commit_edit
from pytest_promptopt.proposals.commits import commit_message
from pytest_promptopt.publishing.climb import Checkout, Climb
from pytest_promptopt.publishing.target import Target, are_same
from pytest_promptopt.publishing.texts import (
    TRAILER,
    is_for,
    proposal_marker,
    pull_request_body,
    pull_request_title,
)

_PREFIX = "promptopt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """Pull requests onto the target's branch, one a prompt."""

    target: Target
    forge: Forge
    checkout: Checkout

    def offer(self, climb: Climb) -> None:
        """Open a pull request with the edit, or bring the one that is open up to date.

        Where that cannot be, the climb gets a reason. A branch of ours on which somebody else
        committed is left alone, and what was closed unmerged is not opened again.
        """
        if not self.target.is_ours:
            climb.reasons.append("no pull request: the branch is in a fork")
            return
        try:
            climb.offer = self._offer(climb)
        except (ForgeError, HistoryError) as error:
            climb.reasons.append(f"no pull request: {error}")

    def _offer(self, climb: Climb) -> Offer:
        branch = self._branch(climb)
        existing = self._existing(climb, branch)
        if existing is None or not self._is_up_to_date(existing, climb):
            existing = self._push(climb, branch, existing)
        return Offer(rung=Rung.PR, url=existing.url, number=existing.number, remark=climb.remark)

    def _existing(self, climb: Climb, branch: str) -> PullRequest | None:
        repository = self.target.repository or ""
        head = f"{repository.partition('/')[0]}:{branch}"
        found = [
            pull_request
            for pull_request in self.forge.pull_requests(head=head, base=self.target.branch)
            if are_same(pull_request.head_repository, repository)
        ]
        for pull_request in found:
            is_turned_down = not pull_request.is_open and not pull_request.is_merged
            if is_turned_down and is_for(pull_request.body, climb.proposal):
                raise ForgeError(f"it was turned down: {pull_request.number} was closed")
        return next((pull_request for pull_request in found if pull_request.is_open), None)

    def _is_up_to_date(self, existing: PullRequest, climb: Climb) -> bool:
        return existing.body.startswith(proposal_marker(climb.proposal, self.target.commit))

    def _push(self, climb: Climb, branch: str, existing: PullRequest | None) -> PullRequest:
        proposal, target = climb.proposal, self.target
        tip = self.forge.branch(branch)
        if tip is not None and TRAILER not in tip.message:
            raise ForgeError(f"the branch {branch} has a commit that is not ours")
        root = self.checkout.repository.root
        files = {climb.name: climb.after}
        commit = commit_edit(root, target.commit, files, commit_message(proposal))
        self.checkout.remote.push(root, commit, branch, expected=tip.commit if tip else None)
        title, body = pull_request_title(proposal), pull_request_body(proposal, target.commit)
        if existing is not None:
            return self.forge.edit_pull_request(existing.number, title=title, body=body)
        try:
            return self.forge.open_pull_request(
                head=branch, base=target.branch, title=title, body=body
            )
        except ForgeError as error:
            message = f"{error}; the branch {branch} has the commit"
            raise ForgeError(message, status=error.status) from error

    def _branch(self, climb: Climb) -> str:
        """The same for each run of the same prompt on the same target."""
        name = re.sub(r"\.{2,}|\.lock$", "-", slug(climb.key)).strip(".")
        return f"{_PREFIX}/{self.target.name}/{name}"
