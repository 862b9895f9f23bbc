"""A golden with what a prompt answered to it, and where such cases come from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pytest_promptopt.evaluation.evaluation import GoldenResult
from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.providers.request import FinishReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One answer of one prompt to one golden.

    ``score`` is in [0, 1] and None where the answer was not scored; ``reasons`` are what the
    evaluators had to say. What it took are tokens of input and output, USD (None where the price
    is unknown) and seconds, also where nothing was sent for it. ``result`` is what a gate judges,
    None where only a likelihood was scored.
    """

    golden: Golden
    answer: str
    score: float | None
    passed: bool
    reasons: tuple[str, ...] = ()
    finish_reason: FinishReason = FinishReason.STOP
    tokens: int = 0
    cost_usd: float | None = None
    seconds: float = 0.0
    result: GoldenResult | None = field(default=None, compare=False, repr=False)


Wanted = Sequence[tuple[Candidate, Sequence[Golden]]]


class CaseBoard(Protocol):
    """Where the cases of candidates come from."""

    async def ask(self, wanted: Wanted) -> None:
        """Have these candidates scored on these goldens, as far as that is not known."""
        ...

    def known(self, candidate: Candidate) -> Mapping[str, Case]:
        """The scored cases of a candidate by their golden's id, in the order they came in."""
        ...


def mean_of(cases: Iterable[Case]) -> float | None:
    """Mean of the scores by the goldens' weights; None without any."""
    scored = [(case.score, case.golden.weight) for case in cases if case.score is not None]
    total = sum(weight for _, weight in scored)
    return sum(score * weight for score, weight in scored) / total if total else None
