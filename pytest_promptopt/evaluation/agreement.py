"""The agreement of a judge with the people who labelled what it judges."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pytest_promptopt.codec import Count
from pytest_promptopt.evaluation.evaluation import Choice, GoldenResult, Label, Mark
from pytest_promptopt.prompts.labels import LABEL
from pytest_promptopt.statistics.agreement import (
    Estimate,
    Preference,
    alpha,
    distances,
    kappa,
    mean_share,
    preference,
)

_GOOD = 0.5
_FEWEST_PAIRS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An answer that people have labelled and a judge has judged.

    ``label`` is the choice that it should have, empty where its raters disagree, ``choice`` the one
    that it has, empty where the judge named none; ``labels`` are those of single raters,
    ``characters`` is its length. What has the same ``cluster`` depends on each other.
    """

    label: str
    choice: str
    labels: tuple[Label, ...] = ()
    characters: Count | None = None
    cluster: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Raters:
    """How far people agree among themselves: the most that can be asked of a judge.

    ``alpha`` is Krippendorff's, ``people`` how often two of them agree, ``judge`` how often the
    judge agrees with one of them, over the ``answers`` that several have labelled.
    """

    count: Count
    answers: Count
    alpha: Estimate | None
    people: Estimate
    judge: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How a judge's choices go with the labels; intervals are those of 95 % confidence.

    ``counts`` have a row for each label and a column for each choice, in the order of ``choices``,
    with a last column for none. ``kappa`` is Cohen's, weighted where it ``is_graded``. An answer is
    positive whose label scores at least one half: ``true_positives`` are those of them that the
    judge takes for such, ``false_positives`` those of the others. ``longer`` is how often the
    longer of two answers with the same label has the better choice.
    """

    choices: tuple[str, ...]
    counts: tuple[tuple[Count, ...], ...]
    accuracy: Estimate
    kappa: Estimate | None = None
    is_graded: bool = False
    true_positives: Estimate | None = None
    false_positives: Estimate | None = None
    raters: Raters | None = None
    longer: Preference | None = None

    @property
    def answers(self) -> int:
        """How many answers are labelled."""
        return sum(map(sum, self.counts))

    @property
    def right(self) -> int:
        """How many of them have the choice that is their label."""
        return sum(row[place] for place, row in enumerate(self.counts))

    @property
    def only_label(self) -> str:
        """The label that all answers have; empty where they have several."""
        used = [label for label, row in zip(self.choices, self.counts, strict=True) if any(row)]
        return used[0] if len(used) == 1 else ""


def judged_in(results: Iterable[GoldenResult]) -> Sequence[Judged]:
    """The labelled answers among a judge's goldens; of several choices that most often made."""
    return [
        Judged(
            label=mark.wanted,
            choice=_choice(result, mark),
            labels=result.labels,
            characters=result.judged_characters,
            cluster=result.cluster,
        )
        for result in results
        for mark in result.evaluators
        if mark.name == LABEL and (mark.wanted or result.labels)
    ]


def _choice(result: GoldenResult, mark: Mark) -> str:
    named = Counter(answer.choice_by(LABEL) for answer in result.answers)
    return named.most_common(1)[0][0] if any(named) else mark.named


def agreement_of(
    judged: Sequence[Judged], choices: Sequence[Choice], *, confidence: float
) -> Agreement | None:
    """The agreement where the label of ``judged`` is one of ``choices``; None without any."""
    scores = {choice.choice: choice.score for choice in choices}
    known = [item for item in judged if item.label in scores]
    if not known:
        return None
    clusters = [item.cluster for item in known]
    pairs = [(item.label, item.choice if item.choice in scores else "") for item in known]
    names, found = [*scores], Counter(pairs)
    counts = tuple(tuple(found[label, name] for name in (*names, "")) for label in names)
    right = [float(label == choice) for label, choice in pairs]
    accuracy = mean_share(right, clusters=clusters, confidence=confidence)
    if accuracy is None:
        raise AssertionError("there are pairs")
    used = len(names) + any(row[-1] for row in counts)
    apart = distances([*scores.values()])[: len(names), :used]
    return Agreement(
        choices=tuple(names),
        counts=counts,
        accuracy=accuracy,
        kappa=kappa(
            [row[:used] for row in counts], apart, clusters=clusters, confidence=confidence
        ),
        is_graded=len({*scores.values()}) > 2,
        true_positives=_called_good(known, scores, is_good=True, confidence=confidence),
        false_positives=_called_good(known, scores, is_good=False, confidence=confidence),
        raters=_raters(judged, scores, confidence),
        longer=_longer(judged, scores),
    )


def _called_good(
    judged: Sequence[Judged],
    scores: Mapping[str, float],
    *,
    is_good: bool,
    confidence: float,
) -> Estimate | None:
    """How often the judge takes what is good, or what is not, for good."""
    of_kind = [item for item in judged if (scores[item.label] >= _GOOD) is is_good]
    return mean_share(
        [float(scores.get(item.choice, 0.0) >= _GOOD) for item in of_kind],
        clusters=[item.cluster for item in of_kind],
        confidence=confidence,
    )


def _raters(
    judged: Sequence[Judged], scores: Mapping[str, float], confidence: float
) -> Raters | None:
    """None where no answer has labels of two raters."""
    known = [
        (item, [label.choice for label in item.labels if label.choice in scores]) for item in judged
    ]
    several = [(item, labels) for item, labels in known if len(labels) > 1]
    clusters = [item.cluster for item, _ in several]
    people = mean_share(
        [_pairs_alike(labels) for _, labels in several], clusters=clusters, confidence=confidence
    )
    judge = mean_share(
        [labels.count(item.choice) / len(labels) for item, labels in several],
        clusters=clusters,
        confidence=confidence,
    )
    if people is None or judge is None:
        return None
    places = {name: place for place, name in enumerate(scores)}
    return Raters(
        count=len({label.rater for item, _ in several for label in item.labels}),
        answers=len(several),
        alpha=alpha(
            [[places[label] for label in labels] for _, labels in several],
            distances([*scores.values()])[:-1, :-1],
            clusters=clusters,
            confidence=confidence,
        ),
        people=people,
        judge=judge,
    )


def _pairs_alike(labels: Sequence[str]) -> float:
    """The share of the pairs of labels that are the same."""
    alike = sum(count * (count - 1) for count in Counter(labels).values())
    return alike / (len(labels) * (len(labels) - 1))


def _longer(judged: Sequence[Judged], scores: Mapping[str, float]) -> Preference | None:
    """None where too few answers with the same label were judged otherwise to tell."""
    known = [*_with_length(judged, scores)]
    if not known:
        return None
    found = preference(*zip(*known, strict=True))
    return found if found and found.pairs >= _FEWEST_PAIRS else None


def _with_length(
    judged: Sequence[Judged], scores: Mapping[str, float]
) -> Iterator[tuple[str, float, float]]:
    for item in judged:
        if item.characters is not None and {item.label, item.choice} <= scores.keys():
            yield item.label, scores[item.choice], float(item.characters)
