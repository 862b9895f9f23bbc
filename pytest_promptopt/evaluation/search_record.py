"""The record of a search for a better prompt: what it came to."""

from dataclasses import dataclass
from enum import StrEnum

from pytest_promptopt.statistics.comparison import Comparison


class Rung(StrEnum):
    """How a proposal reaches people, the lowest first.

    As a patch in a file, as a patch in a comment, as a suggestion in a review, or as a pull
    request of its own.
    """

    PATCH = "patch"
    COMMENT = "comment"
    SUGGEST = "suggest"
    PR = "pr"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Where a proposal is to be taken.

    ``url`` is that of the review or of the pull request ``number``, empty below these rungs.
    ``remark`` says why it is not what was asked for, empty where it is.
    """

    rung: Rung
    url: str = ""
    number: int = 0
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRecord:
    """A search that ended.

    ``key`` is that of the prompt's summary, ``run`` the name of the search's folder.
    ``comparison`` is on the test split, the proposed prompt less the current one, and ``before``
    and ``after`` are their mean scores there; None where it was not opened or is too small.
    ``apply_command`` is empty where nothing is proposed, and ``patch`` also where it is not to be
    shown; ``flags`` says what in it people must look at. ``offer`` is None in a run that proposes
    nothing to a forge. ``cost`` says what an answer takes before and after, and ``gate`` whether
    the gate then holds; both are empty where that is not known. ``calls`` counts task and
    optimizer calls.
    """

    key: str
    location: str
    sentence: str
    is_proven: bool = False
    comparison: Comparison | None = None
    before: float | None = None
    after: float | None = None
    patch: str = ""
    apply_command: str = ""
    flags: tuple[str, ...] = ()
    offer: Offer | None = None
    cost: str = ""
    gate: str = ""
    calls: int = 0
    model: str = ""
    optimizer_model: str = ""
    run: str = ""

    @property
    def has_proposal(self) -> bool:
        """Whether something better is proposed."""
        return bool(self.apply_command)
