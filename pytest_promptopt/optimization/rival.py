"""The rival of a search: another prompt or model, which what is found must not fall short of."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.optimization.acceptance import gains
from pytest_promptopt.optimization.scoreboard import Scoreboard
from pytest_promptopt.optimization.search import GIVEN, SearchState

_COMPARED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """The ``subject`` to be measured against; ``margin`` is how much worse one may be."""

    subject: Subject
    margin: float

    @property
    def content(self) -> Any:
        """What tells it from others."""
        messages = [[m.role, m.template.text] for m in self.subject.prompt.messages]
        return [str(self.subject.model), messages, self.margin]


@dataclass(frozen=True, slots=True, kw_only=True)
class Duel:
    """The rival with its boards: one for goldens to choose by, one for those of the verdict."""

    rival: Rival
    board: Scoreboard
    sealed: Scoreboard

    @classmethod
    def of(cls, rival: Rival, board: Callable[..., Scoreboard], *, sealed_from: int) -> "Duel":
        """With boards made by ``board``, that of the verdict with samples from ``sealed_from``."""
        return cls(
            rival=rival,
            board=board(rival.subject),
            sealed=board(rival.subject, first_sample=sealed_from),
        )

    async def is_ahead(self, search: SearchState) -> bool:
        """Whether the rival scores more than the given prompt on some goldens of validation."""
        goldens = search.validation[:_COMPARED]
        rival = await self.board.scores(GIVEN, goldens)
        given = await search.board.scores(GIVEN, goldens)
        found = gains(given, rival)
        return bool(found) and fmean(found) > 0
