"""The record of a run: what items produce, workers send, reports render and files keep."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

from pytest_promptopt.codec import Count
from pytest_promptopt.evaluation.agreement import Agreement, agreement_of
from pytest_promptopt.evaluation.base import BaseRecord
from pytest_promptopt.evaluation.causes import Cause, causes
from pytest_promptopt.evaluation.correction import (
    JudgeRecord,
    correction_of,
    judged_by,
    lopsided_labels,
)
from pytest_promptopt.evaluation.difference import Difference, difference
from pytest_promptopt.evaluation.evaluation import (
    Choice,
    Evaluation,
    GoldenResult,
    Outcome,
    ScoredGolden,
)
from pytest_promptopt.evaluation.judged import judged_in
from pytest_promptopt.evaluation.mutation_record import MutationRecord
from pytest_promptopt.evaluation.search_record import SearchRecord
from pytest_promptopt.evaluation.verdict import Verdict
from pytest_promptopt.prompts.content import ScoredContent
from pytest_promptopt.statistics.intervals import Interval, shown_interval
from pytest_promptopt.statistics.prediction_powered import Correction, Lopsided
from pytest_promptopt.statistics.watched import watched_interval

CONFIDENCE = 0.95


# Without slots, so that what is worked out of it is worked out once.
@dataclass(frozen=True, kw_only=True)
class PromptRecord:
    """What a run found out about one prompt with one model, or one item of it did.

    ``key`` is the subject's. ``goldens`` counts all there are, ``results`` are of those that ran.
    ``verdict`` is None where no gate ran, also of a prompt that ``has_gate``, ``base`` in a run
    without one, ``content`` in a run that keeps no scores. ``version`` is that of the prompt, empty
    in runs of before there was such a field. ``retirement`` tells that the model ends soon or has
    ended; empty where it does not. ``mutation`` is None in a run that makes no mutants.
    ``choices`` are those of a judge, ``judges`` what scores this prompt by a model's opinion.
    ``labels`` counts those of its answers, also of answers that are no longer given.
    """

    key: str
    location: str
    model: str
    goldens: int
    samples: int = 1
    has_gate: bool = False
    content: ScoredContent | None = None
    version: str = ""
    base: BaseRecord | None = None
    results: tuple[GoldenResult, ...] = ()
    verdict: Verdict | None = None
    retirement: str = ""
    mutation: MutationRecord | None = None
    choices: tuple[Choice, ...] = ()
    judges: tuple[JudgeRecord, ...] = ()
    labels: Count = 0

    @cached_property
    def agreement(self) -> Agreement | None:
        """How far a judge agrees with its labels; None where nothing tells."""
        if not self.choices:
            return None
        judged = judged_in(self.results)
        return agreement_of(judged, self.choices, confidence=CONFIDENCE, model=self.model)

    @cached_property
    def correction(self) -> Correction | None:
        """The score as labels correct it; None without any."""
        return correction_of(self.results, self.judges, confidence=CONFIDENCE)

    @cached_property
    def lopsided_labels(self) -> Lopsided | None:
        """How far labelled goldens do not stand for all, by what judges say; None if they may."""
        return lopsided_labels(self.results, self.judges)

    @cached_property
    def judge_agreements(self) -> Mapping[str, Agreement]:
        """How far each judge agrees with the labels of this prompt's answers, if there are any."""
        found = {
            judge.name: agreement_of(
                judged_by(self.results, judge), judge.choices, confidence=CONFIDENCE
            )
            for judge in self.judges
        }
        return {name: agreement for name, agreement in found.items() if agreement is not None}

    @property
    def stale_labels(self) -> int:
        """Labels of answers that are no longer given; 0 where not all goldens ran."""
        if not self.is_whole_of(self.evaluation):
            return 0
        used = sum(len(answer.labels) for result in self.results for answer in result.answers)
        return max(0, self.labels - used)

    @cached_property
    def evaluation(self) -> Evaluation:
        """The results as an evaluation."""
        return Evaluation(location=self.location, results=self.results)

    @cached_property
    def before(self) -> Evaluation | None:
        """The results at the base; None where nothing was asked there."""
        results = tuple(result.before for result in self.results if result.before is not None)
        return Evaluation(location=self.location, results=results) if results else None

    @cached_property
    def change(self) -> Difference | None:
        """The difference against the base; None where there is nothing to compare."""
        before = self.before
        return difference(before, self.evaluation, confidence=CONFIDENCE) if before else None

    @cached_property
    def interval(self) -> Interval | None:
        """Where the score on new inputs lies with 95 % confidence; None if nothing was scored."""
        return interval_of(self.evaluation)

    @cached_property
    def causes(self) -> tuple[Cause, ...]:
        """Why goldens have no score."""
        return causes(self.results)

    @cached_property
    def counts(self) -> Counter[Outcome]:
        """How many goldens had each outcome."""
        return Counter(result.outcome for result in self.results)

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
        return bool(self.results) and self.counts[Outcome.UNSCORED] == len(self.results)

    def is_whole_of(self, evaluation: Evaluation) -> bool:
        """Whether ``evaluation`` holds an answer to each of the prompt's goldens."""
        unanswered = {Outcome.ERROR, Outcome.NOT_RUN, Outcome.NOT_NEEDED}
        results = evaluation.results
        return len(results) == self.goldens and not any(r.outcome in unanswered for r in results)

    @property
    def tokens(self) -> int:
        """Input and output tokens of all answers, also of saved ones and those at the base."""
        return sum(result.input_tokens + result.output_tokens for result in self._asked)

    @property
    def saved(self) -> int:
        """Goldens for which nothing was sent."""
        return sum(result.saved for result in self.results)

    @property
    def cost_usd(self) -> float | None:
        """What the answers cost when they were made; None where a price is unknown."""
        costs = [result.cost_usd for result in self._asked]
        known = [cost for cost in costs if cost is not None]
        return sum(known) if len(known) == len(costs) else None

    @property
    def _asked(self) -> tuple[GoldenResult, ...]:
        return self.results + (self.before.results if self.before else ())

    @property
    def mean_latency_seconds(self) -> float | None:
        """Mean time of an answer, as first made."""
        answered = [r.latency_seconds for r in self.results if r.latency_seconds]
        return sum(answered) / len(answered) if answered else None

    @property
    def notes(self) -> Counter[str]:
        """What had to be said about answers, with how many goldens it is true of."""
        return Counter(note for result in self.results for note in result.notes)

    def worst(self, most: int) -> list[GoldenResult]:
        """The goldens with the lowest scores among those that missed, in their order."""
        missed = self.evaluation.having(Outcome.MISSED)
        return sorted(missed, key=lambda result: result.score or 0.0)[:most]


def joined(records: Sequence[PromptRecord]) -> PromptRecord:
    """What the items of one prompt found out, as one record; of a golden told twice the last."""
    results = {result.id: result for record in records for result in record.results}
    verdicts = [record.verdict for record in records if record.verdict is not None]
    verdict = verdicts[-1] if verdicts else None
    mutations = [record.mutation for record in records if record.mutation is not None]
    return replace(
        records[0],
        results=tuple(results.values()),
        verdict=verdict,
        mutation=mutations[-1] if mutations else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Something that failed beside the goldens: a file that was not read, another test."""

    location: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What came out of a run; ``exit_code`` is pytest's, whatever the prompts say."""

    exit_code: int = 0
    failures: tuple[Failure, ...] = ()
    prompts: tuple[PromptRecord, ...] = ()
    searches: tuple[SearchRecord, ...] = ()

    @property
    def ends_well(self) -> bool:
        """Whether nothing failed."""
        return self.exit_code == 0 and not self.failures


def interval_of(evaluation: Evaluation) -> Interval | None:
    """Where the score on new inputs lies with 95 % confidence; None if nothing was scored."""
    if evaluation.score is None:
        return None
    return interval_over(evaluation.scored, evaluation.left())


def interval_over(goldens: Sequence[ScoredGolden], left: Sequence[float] = ()) -> Interval:
    """Where the score on inputs like these lies with 95 % confidence; some must weigh something.

    ``left`` are the weights of those, or their clusters, that were not needed: it then holds
    whenever it was stopped.
    """
    interval = partial(watched_interval, left=left) if left else shown_interval
    return interval(
        [golden.score for golden in goldens],
        weights=[golden.weight for golden in goldens],
        clusters=[golden.cluster for golden in goldens],
        confidence=CONFIDENCE,
    )
