"""The answers that people have labelled and a judge has judged."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pytest_promptopt.evaluation.evaluation import GoldenResult, JudgedText, Label, Mark
from pytest_promptopt.prompts.labels import LABEL

_NOTHING = JudgedText()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An answer that people have labelled and a judge has judged.

    ``label`` is the choice that it should have, empty where its raters disagree, ``choice`` the one
    that it has, empty where the judge named none; ``repeats`` are all that it was given, one each
    time it was asked. ``labels`` are those of single raters, ``text`` is what is known of what was
    judged. What has the same ``cluster`` depends on each other.
    """

    label: str
    choice: str
    repeats: tuple[str, ...] = ()
    labels: tuple[Label, ...] = ()
    text: JudgedText = _NOTHING
    cluster: str = ""


def judged_in(results: Iterable[GoldenResult]) -> Sequence[Judged]:
    """The labelled answers among a judge's goldens; of several choices that most often made."""
    return [
        Judged(
            label=mark.wanted,
            choice=_choice(result, mark),
            repeats=tuple(answer.choice_by(LABEL) for answer in result.answers),
            labels=result.labels,
            text=result.judged or _NOTHING,
            cluster=result.cluster,
        )
        for result in results
        for mark in result.evaluators
        if mark.name == LABEL and (mark.wanted or result.labels)
    ]


def _choice(result: GoldenResult, mark: Mark) -> str:
    named = Counter(answer.choice_by(LABEL) for answer in result.answers)
    return named.most_common(1)[0][0] if any(named) else mark.named
