"""A proposal on its way up the ladder, in the file as the target's commit has it."""

from dataclasses import dataclass, field
from pathlib import Path

from pytest_promptopt.errors import HistoryError, PromptFileError
from pytest_promptopt.evaluation.search_record import Offer
from pytest_promptopt.history.place import place_in
from pytest_promptopt.history.repository import Repository
from pytest_promptopt.proposals.merge import merge
from pytest_promptopt.proposals.proposal import Proposal
from pytest_promptopt.proposals.remote import Remote
from pytest_promptopt.publishing.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """Where the project's folder and its repository are on disk, and the repository's remote."""

    project: Path
    repository: Repository
    remote: Remote


@dataclass(slots=True, kw_only=True)
class Climb:
    """A proposal, the ``reasons`` why it is not higher by now, and where it came to stand.

    ``name`` is the file's path in the repository, ``before`` and ``after`` what the target's
    commit has and would have there.
    """

    key: str
    proposal: Proposal
    flags: tuple[str, ...] = ()
    reasons: list[str] = field(default_factory=list)
    offer: Offer | None = None
    name: str = ""
    before: bytes = b""
    after: bytes = b""

    @property
    def remark(self) -> str:
        """Why it is not higher."""
        return "; ".join(self.reasons)

    @property
    def is_waiting(self) -> bool:
        """Whether it can be offered for one click, and is not yet."""
        return self.offer is None and self.before != self.after

    def place(self, target: Target, checkout: Checkout) -> None:
        """Make the edit of the file at the target's commit, or note why there is none."""
        try:
            obstacle = self._obstacle() or self._edit(target, checkout)
        except (HistoryError, PromptFileError) as error:
            obstacle = str(error)
        if obstacle:
            self.reasons.append(f"not to be taken with one click: {obstacle}")

    def _obstacle(self) -> str:
        if self.flags:
            return "people must look at what it adds"
        return "" if self.proposal.is_proven else "no gain is proven"

    def _edit(self, target: Target, checkout: Checkout) -> str:
        root = checkout.repository.root
        place = place_in(root, checkout.project / self.proposal.location)
        if place is None:
            return f"{self.proposal.location} lies outside of the repository"
        checkout.remote.fetch(root, target.commit)
        try:
            before = checkout.repository.files_at(target.commit).read(root / place)
        except OSError as error:
            return f"{place.as_posix()} at {target.commit[:9]}: {error.strerror or error}"
        merged = merge(self.proposal, before)
        if merged.conflicts:
            return f"{target.branch} has another text there by now"
        if merged.content == before:
            return f"{target.branch} has it already"
        self.name, self.before, self.after = place.as_posix(), before, merged.content
        return ""
