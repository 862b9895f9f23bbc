"""The agreement of a judge with the people who labelled what it judges."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pytest_promptopt.codec import Count
from pytest_promptopt.evaluation.biases import NO_BIASES, Biases, biases_of, share_alike
from pytest_promptopt.evaluation.evaluation import Choice
from pytest_promptopt.evaluation.judged import Judged
from pytest_promptopt.statistics.agreement import Estimate, alpha, distances, kappa, mean_share

_GOOD = 0.5


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
    judge takes for such, ``false_positives`` those of the others. ``biases`` are what else its
    choices go by.
    """

    choices: tuple[str, ...]
    counts: tuple[tuple[Count, ...], ...]
    accuracy: Estimate
    kappa: Estimate | None = None
    is_graded: bool = False
    true_positives: Estimate | None = None
    false_positives: Estimate | None = None
    raters: Raters | None = None
    biases: Biases = NO_BIASES

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


def agreement_of(
    judged: Sequence[Judged], choices: Sequence[Choice], *, confidence: float, model: str = ""
) -> Agreement | None:
    """The agreement where the label of ``judged`` is one of ``choices``; None without any.

    ``model`` is the judge's, empty where that is not known.
    """
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
        biases=biases_of(judged, scores, model=model, confidence=confidence),
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
        [share_alike(labels) for _, labels in several], clusters=clusters, confidence=confidence
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
