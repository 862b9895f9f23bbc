"""The cost of an answer, on average."""

from collections.abc import Collection
from dataclasses import dataclass
from statistics import fmean

from pytest_promptopt.optimization.case import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerCost:
    """Means per answer: input and output tokens, USD (None where a price is unknown), seconds."""

    tokens: float = 0.0
    cost_usd: float | None = None
    seconds: float = 0.0

    @classmethod
    def of(cls, cases: Collection[Case]) -> "AnswerCost":
        """What the answers of ``cases`` took, nothing without any."""
        if not cases:
            return cls()
        known = [case.cost_usd for case in cases if case.cost_usd is not None]
        return cls(
            tokens=fmean(case.tokens for case in cases),
            cost_usd=fmean(known) if len(known) == len(cases) else None,
            seconds=fmean(case.seconds for case in cases),
        )

    @property
    def amount(self) -> float:
        """Money where it is known and asked for, else tokens: to compare prompts of one model."""
        return self.cost_usd or self.tokens

    def __str__(self) -> str:
        usd = f", {self.cost_usd:.2g} usd" if self.cost_usd else ""
        return f"{self.tokens:.0f} tokens{usd}, {self.seconds:.1f} s"


NO_COST = AnswerCost()
