"""The view of a run that every report is made from."""

from collections import Counter
from dataclasses import dataclass, field

from pytest_promptopt.evaluation.evaluation import Evaluation, GoldenResult, Outcome
from pytest_promptopt.evaluation.gate import Verdict

_WORST_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenRow:
    """A golden's result with what a reader needs to recognise it."""

    result: GoldenResult
    expected: str = ""
    answer: str = ""


@dataclass(slots=True, kw_only=True)
class PromptSummary:
    """What a run found out about one prompt.

    ``goldens`` counts all there are, ``rows`` hold those that ran. ``verdict`` is None where no
    gate ran.
    """

    location: str
    model: str
    goldens: int
    rows: list[GoldenRow] = field(default_factory=list)
    verdict: Verdict | None = None

    @property
    def evaluation(self) -> Evaluation:
        """The results as an evaluation."""
        return Evaluation(location=self.location, results=tuple(row.result for row in self.rows))

    @property
    def counts(self) -> Counter[Outcome]:
        """How many goldens had each outcome."""
        return Counter(row.result.outcome for row in self.rows)

    @property
    def tokens(self) -> int:
        """Input and output tokens of all answers, also of saved ones."""
        return sum(row.result.input_tokens + row.result.output_tokens for row in self.rows)

    @property
    def saved(self) -> int:
        """Goldens for which nothing was sent."""
        return sum(row.result.saved for row in self.rows)

    @property
    def cost_usd(self) -> float | None:
        """What the answers cost when they were made; None where a price is unknown."""
        costs = [row.result.cost_usd for row in self.rows]
        known = [cost for cost in costs if cost is not None]
        return sum(known) if len(known) == len(costs) else None

    @property
    def mean_latency_seconds(self) -> float | None:
        """Mean time of an answer, as first made."""
        answered = [row.result for row in self.rows if row.result.latency_seconds]
        return sum(r.latency_seconds for r in answered) / len(answered) if answered else None

    @property
    def notes(self) -> Counter[str]:
        """What had to be said about answers, with how many goldens it is true of."""
        return Counter(note for row in self.rows for note in row.result.notes)

    def worst(self) -> list[GoldenRow]:
        """The goldens with the lowest scores among those that missed, in their order."""
        missed = [row for row in self.rows if row.result.outcome is Outcome.MISSED]
        return sorted(missed, key=lambda row: row.result.score or 0.0)[:_WORST_SHOWN]
