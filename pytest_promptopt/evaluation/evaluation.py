"""The outcome of an evaluation: per golden, and per prompt."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

from pytest_promptopt.codec import Amount, Count, Mean
from pytest_promptopt.statistics.clusters import by_cluster, members


class Outcome(StrEnum):
    """What became of a golden."""

    PASSED = "passed"
    MISSED = "missed"
    UNSCORED = "not scored"
    ERROR = "error"
    NOT_RUN = "not run"
    NOT_NEEDED = "not needed"

    def counted(self, count: int) -> str:
        """So many goldens of this outcome, in words."""
        is_plural = self is Outcome.ERROR and count != 1
        return f"{count:,} {self.value}{'s' if is_plural else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What the evaluator of that name gave a golden, over all samples. ``score`` is None if it
    could not score. One that is ``optional`` is shown and counts for nothing. ``named`` is the
    label that the answer names, empty where several answers differ, and ``wanted`` the right one.
    """

    name: str
    score: Mean | None
    passed: bool
    reason: str
    weight: Amount = 1.0
    optional: bool = False
    named: str = ""
    wanted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a judge may choose, and what that scores."""

    choice: str
    score: Mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What one rater says of an answer, in the words that ``judge``, an evaluator, chooses from.

    Of a judge's own goldens ``judge`` is empty.
    """

    rater: str
    choice: str
    judge: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """The label or choice that an answer comes to by the evaluator of that name."""

    evaluator: str
    choice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer to a golden; ``passed`` is None where it could not be scored.

    ``whole`` is what the model said around it, None where that is the answer. ``named`` are
    the labels that it names and the choices that judges made of it, ``labels`` what people say.
    """

    text: str
    reasoning: str = ""
    passed: bool | None = None
    whole: str | None = None
    named: tuple[Named, ...] = ()
    labels: tuple[Label, ...] = ()

    def choice_by(self, evaluator: str) -> str:
        """The choice of the evaluator of that name; empty where it made none."""
        return next((named.choice for named in self.named if named.evaluator == evaluator), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedText:
    """What a judge's golden shows, as far as it may sway a judge beside the answer's worth.

    ``characters`` are those of the answer, None where no variable is called so, and
    ``input_characters`` those of all else that is shown. ``author`` is the model that wrote the
    answer, empty where that is not said. ``texts`` is a digest of what is shown, whatever variable
    has it, and ``order`` one of which has what; both are empty where less than two are shown.
    """

    characters: Count | None = None
    input_characters: Count = 0
    author: str = ""
    texts: str = ""
    order: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenResult:
    """What became of a golden, what it took, and what a reader needs to understand it.

    ``score`` is in [0, 1], its samples reduced to one, and None unless the golden was scored.
    ``evaluators`` are the marks of each. ``agreement`` is the share of the samples that bear the
    reduced result out, None for a single sample. ``cost_usd`` is None where a price is unknown.
    ``reason`` says why there is no score. ``place`` is file and line; ``expected`` is None where
    the golden has none; ``answers`` are those of all samples. ``before`` is the golden's result
    at the base, None where it was not asked there; the golden itself is told once, so that
    ``before`` has its answers alone. Results with the same ``cluster`` depend on each other; one
    without (``""``) on none. Of a judge's golden ``labels`` are those of its raters,
    and ``judged`` tells what they label.
    """

    id: str
    outcome: Outcome
    score: Mean | None = None
    evaluators: tuple[Mark, ...] = ()
    agreement: Mean | None = None
    tags: tuple[str, ...] = ()
    required: bool = False
    weight: Amount = 1.0
    cluster: str = ""
    input_tokens: Count = 0
    output_tokens: Count = 0
    cost_usd: Amount | None = 0.0
    latency_seconds: Amount = 0.0
    saved: bool = False
    notes: tuple[str, ...] = ()
    reason: str = ""
    place: str = ""
    input: str = ""
    expected: str | None = None
    answers: tuple[Answer, ...] = ()
    before: "GoldenResult | None" = None
    labels: tuple[Label, ...] = ()
    judged: "JudgedText | None" = None

    def against(self, before: "GoldenResult | None") -> "GoldenResult":
        """The result with the one at the base beside it."""
        if before is None and self.before is None:
            return self
        if before is not None:
            before = replace(before, place="", input="", expected=None)
        return replace(self, before=before)

    @property
    def shown(self) -> Answer | None:
        """The answer that stands for all: the first that missed, if one did."""
        missed = [answer for answer in self.answers if answer.passed is False]
        return next(iter(missed or self.answers), None)

    @property
    def missed(self) -> int:
        """How many of the answers missed."""
        return sum(answer.passed is False for answer in self.answers)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredGolden:
    """What statistics need to know of a golden: its score in [0, 1], and how much it counts.

    Goldens with the same ``cluster`` depend on each other; one without (``""``) on none.
    """

    golden_id: str
    score: float
    passed: bool
    weight: float = 1.0
    cluster: str = ""


# Without slots, so that what is worked out of it is worked out once.
@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """The results of one prompt, in the order of its goldens."""

    location: str
    results: tuple[GoldenResult, ...]

    def having(self, outcome: Outcome) -> tuple[GoldenResult, ...]:
        """Results with this outcome."""
        return tuple(result for result in self.results if result.outcome is outcome)

    def not_needed(self, tag: str = "") -> tuple[GoldenResult, ...]:
        """The goldens that were not needed, all or those that have ``tag``."""
        results = self.having(Outcome.NOT_NEEDED)
        return tuple(result for result in results if not tag or tag in result.tags)

    def left(self, tag: str = "") -> Sequence[float]:
        """The weights of these, those of a cluster as one."""
        return cluster_weights(self.not_needed(tag))

    @cached_property
    def scored(self) -> tuple[ScoredGolden, ...]:
        """The goldens that have a score, in their order."""
        return tuple(golden for result in self.results for golden in _scored(result))

    @property
    def score(self) -> float | None:
        """Mean of the goldens' scores by their weights; None if none was scored."""
        return mean_score(self.scored)

    @property
    def pass_rate(self) -> float | None:
        """Share of the scored goldens that passed, weights aside; None if none was scored."""
        scored = self.scored
        return sum(golden.passed for golden in scored) / len(scored) if scored else None

    @property
    def agreement(self) -> float | None:
        """Mean agreement of the goldens' samples; None if there was one sample each."""
        known = [result.agreement for result in self.results if result.agreement is not None]
        return sum(known) / len(known) if known else None

    def with_tag(self, tag: str) -> tuple[ScoredGolden, ...]:
        """The scored goldens that have ``tag``."""
        tagged = (result for result in self.results if tag in result.tags)
        return tuple(golden for result in tagged for golden in _scored(result))

    def by_evaluator(self, name: str) -> tuple[ScoredGolden, ...]:
        """What the evaluators of that name alone gave the goldens."""
        return tuple(
            ScoredGolden(
                golden_id=result.id,
                score=sum(values) / len(values),
                passed=all(mark.passed for mark in marks),
                weight=result.weight,
                cluster=result.cluster,
            )
            for result in self.results
            if (marks := [mark for mark in result.evaluators if mark.name == name])
            and (values := [mark.score for mark in marks if mark.score is not None])
        )

    @property
    def by_tag(self) -> Mapping[str, tuple[ScoredGolden, ...]]:
        """The scored goldens of each tag, in the order in which tags first appear."""
        tags: dict[str, list[ScoredGolden]] = {}
        for result in self.results:
            for tag in dict.fromkeys(result.tags):
                tags.setdefault(tag, []).extend(_scored(result))
        return {tag: tuple(goldens) for tag, goldens in tags.items()}

    @property
    def overused(self) -> Mapping[str, tuple[str, float, float]]:
        """For each evaluator that tells labels apart the one that answers name too often.

        With the share of the goldens in which they do, and of those in which it is right.
        """
        marks = [mark for result in self.results for mark in result.evaluators if mark.wanted]
        found = {}
        for name in dict.fromkeys(mark.name for mark in marks):
            told = [mark for mark in marks if mark.name == name]
            named = Counter(mark.named for mark in told if mark.named)
            wanted = Counter(mark.wanted for mark in told)
            if named:
                most = max(named, key=lambda label: named[label] - wanted[label])
                found[name] = most, named[most] / len(told), wanted[most] / len(told)
        return found

    @property
    def commonest(self) -> tuple[str, float] | None:
        """The answer that most scored goldens expect, with their share by weight.

        That is what giving it every time would score, were an answer either right or wrong. None
        where no two expect the same.
        """
        scored = [result for result in self.results if result.score is not None]
        return commonest_of([(r.expected and r.expected.strip(), r.weight) for r in scored])

    @property
    def evaluators(self) -> tuple[str, ...]:
        """Names of the evaluators that were heard, in their order."""
        return tuple(dict.fromkeys(m.name for r in self.results for m in r.evaluators))


def _scored(result: GoldenResult) -> Iterable[ScoredGolden]:
    """The golden of the result, if it has a score."""
    if result.score is not None:
        yield ScoredGolden(
            golden_id=result.id,
            score=result.score,
            passed=result.outcome is Outcome.PASSED,
            weight=result.weight,
            cluster=result.cluster,
        )


def commonest_of(expected: Sequence[tuple[str | None, float]]) -> tuple[str, float] | None:
    """What is expected most often, of texts with a weight each, and its share of all weight.

    None where no two are the same, or nothing weighs.
    """
    counts = Counter(text for text, _ in expected if text is not None)
    [(answer, count)] = counts.most_common(1) or [("", 0)]
    total = sum(weight for _, weight in expected)
    if count < 2 or not total:
        return None
    return answer, sum(weight for text, weight in expected if text == answer) / total


def clusters_of(goldens: Sequence[ScoredGolden]) -> int:
    """How many of them are independent, those of one cluster as one."""
    return len(members([golden.cluster for golden in goldens]))


def cluster_weights(goldens: Sequence[ScoredGolden | GoldenResult]) -> Sequence[float]:
    """How much each of their clusters weighs, in the order in which these begin."""
    weights = [golden.weight for golden in goldens]
    return by_cluster(weights, weights, [golden.cluster for golden in goldens])[1]


def mean_score(goldens: Sequence[ScoredGolden]) -> float | None:
    """Mean of the scores by weight; None without goldens or where all weigh nothing."""
    total = sum(golden.weight for golden in goldens)
    return sum(g.score * g.weight for g in goldens) / total if total else None
