"""The score as labels correct it, and the judges by which it came about."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isclose
from statistics import fmean

from pytest_promptopt.evaluation.evaluation import (
    Answer,
    Choice,
    GoldenResult,
    JudgedText,
    Label,
    Mark,
)
from pytest_promptopt.evaluation.judged import Judged
from pytest_promptopt.prompts.labels import most_said
from pytest_promptopt.statistics.prediction_powered import (
    Correction,
    Lopsided,
    Scored,
    corrected,
    lopsided,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeRecord:
    """A judge that scores a prompt's answers: the evaluator's name, and what it chooses from.

    ``choices`` are empty where it makes no choice that people could make too; ``location`` is that
    of its prompt file, empty where it has none.
    """

    name: str
    choices: tuple[Choice, ...] = ()
    location: str = ""


def correction_of(
    results: Iterable[GoldenResult], judges: Sequence[JudgeRecord], *, confidence: float
) -> Correction | None:
    """The score as people would give it; None where they have labelled nothing.

    A golden counts as labelled where each judge that counts in its score has a label, of one of its
    answers at least; what is no judge's stays as it is.
    """
    return corrected(_scored(results, judges), confidence=confidence)


def lopsided_labels(
    results: Iterable[GoldenResult], judges: Sequence[JudgeRecord]
) -> Lopsided | None:
    """How labelled goldens differ from all in what judges say, too much for chance; else None."""
    return lopsided(_scored(results, judges))


def _scored(results: Iterable[GoldenResult], judges: Sequence[JudgeRecord]) -> Sequence[Scored]:
    scores = {judge.name: {c.choice: c.score for c in judge.choices} for judge in judges}
    return [
        Scored(result.score, _score_by_labels(result, scores), result.weight, result.cluster)
        for result in results
        if result.score is not None
    ]


def _score_by_labels(
    result: GoldenResult, scores: Mapping[str, Mapping[str, float]]
) -> float | None:
    """What a golden scores with the labels in the place of the judges' choices.

    None where it cannot be told, as where the score is not the mean of its evaluators.
    """
    marks = [m for m in result.evaluators if not m.optional and m.score is not None]
    judged = [mark for mark in marks if mark.name in scores]
    if not judged or result.score is None or not _is_mean(result.score, marks):
        return None
    score, total = result.score, sum(mark.weight for mark in marks)
    for mark in judged:
        differences = [*_differences(result.answers, mark.name, scores[mark.name])]
        if not differences:
            return None
        score += mark.weight / total * fmean(differences)
    return min(1.0, max(0.0, round(score, 9)))


def _is_mean(score: float, marks: Sequence[Mark]) -> bool:
    values = [mark.score for mark in marks if mark.score is not None]
    mean = fmean(values, [mark.weight for mark in marks])
    return isclose(score, mean, abs_tol=1e-9)


def _differences(
    answers: Iterable[Answer], judge: str, scores: Mapping[str, float]
) -> Iterator[float]:
    """By how much labels score each labelled answer higher than the judge does."""
    for answer in answers:
        said = [scores[label.choice] for label in _about(answer.labels, judge, scores)]
        if said and answer.choice_by(judge) in scores:
            yield fmean(said) - scores[answer.choice_by(judge)]


def _about(labels: Iterable[Label], judge: str, known: Iterable[str]) -> Iterator[Label]:
    return (label for label in labels if label.judge == judge and label.choice in known)


def judged_by(results: Iterable[GoldenResult], judge: JudgeRecord) -> Sequence[Judged]:
    """The answers that people have labelled about ``judge``, with its choices.

    Several answers to one golden are a cluster, with a name that no file can give.
    """
    known = [choice.choice for choice in judge.choices]
    return [
        Judged(
            label=most_said(label.choice for label in labels),
            choice=answer.choice_by(judge.name),
            labels=tuple(labels),
            text=JudgedText(characters=len(answer.text), input_characters=len(result.input)),
            cluster=result.cluster or (f"{result.id}\n" if len(result.answers) > 1 else ""),
        )
        for result in results
        for answer in result.answers
        if (labels := [*_about(answer.labels, judge.name, known)])
    ]
