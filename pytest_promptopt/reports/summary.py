"""The view of a run that every report is made from."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from pytest_promptopt.evaluation.difference import Difference, difference
from pytest_promptopt.evaluation.evaluation import Evaluation, GoldenResult, Outcome
from pytest_promptopt.evaluation.gate import Verdict
from pytest_promptopt.history.scores import ScoredContent
from pytest_promptopt.reports.causes import Cause, causes
from pytest_promptopt.statistics.intervals import Interval, shown_interval

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer to a golden; ``passed`` is None where it could not be scored."""

    text: str
    reasoning: str = ""
    passed: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenRow:
    """A golden's result with what a reader needs to understand it.

    ``before`` is its result at the base, None where it was not asked there. ``place`` is file and
    line. Texts are there for goldens that were answered and did not pass; ``expected`` is None also
    where the golden has none.
    """

    result: GoldenResult
    before: GoldenResult | None = None
    place: str = ""
    input: str = ""
    expected: str | None = None
    answers: tuple[Answer, ...] = ()

    @property
    def shown(self) -> Answer | None:
        """The answer that stands for all: the first that missed, if one did."""
        missed = [answer for answer in self.answers if answer.passed is False]
        return next(iter(missed or self.answers), None)

    @property
    def missed(self) -> int:
        """How many of the answers missed."""
        return sum(answer.passed is False for answer in self.answers)

    def to_json(self) -> dict[str, Any]:
        """The row as plain JSON, for another process."""
        return {
            "result": self.result.to_json(),
            "before": self.before and self.before.to_json(),
            "place": self.place,
            "input": self.input,
            "expected": self.expected,
            "answers": [asdict(answer) for answer in self.answers],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "GoldenRow":
        """The inverse of :meth:`to_json`."""
        return cls(
            result=GoldenResult.from_json(data["result"]),
            before=data["before"] and GoldenResult.from_json(data["before"]),
            place=data["place"],
            input=data["input"],
            expected=data["expected"],
            answers=tuple(Answer(**answer) for answer in data["answers"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Something that failed beside the goldens: a file that was not read, another test."""

    location: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How the run ends, whatever its prompts say; ``exit_code`` is pytest's."""

    exit_code: int = 0
    failures: tuple[Failure, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether nothing failed."""
        return self.exit_code == 0 and not self.failures


GOOD_END = Ending()


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseSummary:
    """What the prompt was compared with; ``remark`` says why it was not."""

    label: str
    version: str = ""
    identical: bool = False
    remark: str = ""
    loosened: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class PromptSummary:
    """What a run found out about one prompt with one model.

    ``key`` is the subject's. ``goldens`` counts all there are, ``rows`` hold those that ran.
    ``verdict`` is None where no gate ran, also of a prompt that ``has_gate``, ``base`` in a run
    without one, ``content`` in a run that keeps no scores.
    """

    key: str = ""
    location: str
    model: str
    goldens: int
    samples: int = 1
    has_gate: bool = False
    content: ScoredContent | None = None
    rows: list[GoldenRow] = field(default_factory=list)
    verdict: Verdict | None = None
    base: BaseSummary | None = None

    @property
    def evaluation(self) -> Evaluation:
        """The results as an evaluation."""
        return Evaluation(location=self.location, results=tuple(row.result for row in self.rows))

    @property
    def fails(self) -> bool:
        """Whether the run fails by this prompt."""
        counts = self.counts
        if counts[Outcome.ERROR] or counts[Outcome.NOT_RUN] or self.has_nothing_scored:
            return True
        if self.verdict is not None:
            return not self.verdict.passed
        return counts[Outcome.MISSED] > 0 and not self.has_gate

    @property
    def has_nothing_scored(self) -> bool:
        """Whether goldens ran and none could be scored: nothing was judged."""
        return bool(self.rows) and self.counts[Outcome.UNSCORED] == len(self.rows)

    @property
    def causes(self) -> tuple[Cause, ...]:
        """Why goldens have no score."""
        return causes(row.result for row in self.rows)

    @property
    def is_whole(self) -> bool:
        """Whether all of the prompt's goldens ran and were answered."""
        return self.is_whole_of(self.evaluation)

    def is_whole_of(self, evaluation: Evaluation) -> bool:
        """Whether ``evaluation`` holds an answer to each of the prompt's goldens."""
        unanswered = {Outcome.ERROR, Outcome.NOT_RUN}
        results = evaluation.results
        return len(results) == self.goldens and not any(r.outcome in unanswered for r in results)

    @property
    def interval(self) -> Interval | None:
        """Where the score on new inputs lies with 95 % confidence; None if nothing was scored."""
        return interval_of(self.evaluation)

    @property
    def before(self) -> Evaluation | None:
        """The results at the base; None where nothing was asked there."""
        results = tuple(row.before for row in self.rows if row.before is not None)
        return Evaluation(location=self.location, results=results) if results else None

    @property
    def change(self) -> Difference | None:
        """The difference against the base; None where there is nothing to compare."""
        before = self.before
        return difference(before, self.evaluation, confidence=CONFIDENCE) if before else None

    @property
    def counts(self) -> Counter[Outcome]:
        """How many goldens had each outcome."""
        return Counter(row.result.outcome for row in self.rows)

    @property
    def tokens(self) -> int:
        """Input and output tokens of all answers, also of saved ones and those at the base."""
        return sum(result.input_tokens + result.output_tokens for result in self._asked)

    @property
    def saved(self) -> int:
        """Goldens for which nothing was sent."""
        return sum(row.result.saved for row in self.rows)

    @property
    def cost_usd(self) -> float | None:
        """What the answers cost when they were made; None where a price is unknown."""
        costs = [result.cost_usd for result in self._asked]
        known = [cost for cost in costs if cost is not None]
        return sum(known) if len(known) == len(costs) else None

    @property
    def _asked(self) -> list[GoldenResult]:
        before = [row.before for row in self.rows if row.before is not None]
        return [row.result for row in self.rows] + before

    @property
    def mean_latency_seconds(self) -> float | None:
        """Mean time of an answer, as first made."""
        answered = [row.result for row in self.rows if row.result.latency_seconds]
        return sum(r.latency_seconds for r in answered) / len(answered) if answered else None

    @property
    def notes(self) -> Counter[str]:
        """What had to be said about answers, with how many goldens it is true of."""
        return Counter(note for row in self.rows for note in row.result.notes)

    def worst(self, most: int) -> list[GoldenRow]:
        """The goldens with the lowest scores among those that missed, in their order."""
        missed = [row for row in self.rows if row.result.outcome is Outcome.MISSED]
        return sorted(missed, key=lambda row: row.result.score or 0.0)[:most]


def interval_of(evaluation: Evaluation) -> Interval | None:
    """Where the score on new inputs lies with 95 % confidence; None if nothing was scored."""
    if evaluation.score is None:
        return None
    return shown_interval(
        [golden.score for golden in evaluation.scored],
        weights=[golden.weight for golden in evaluation.scored],
        confidence=CONFIDENCE,
    )
