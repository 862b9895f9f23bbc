"""The words in which all reports say how far a judge agrees with the labels."""

from collections.abc import Iterator
from typing import TypeGuard

from pytest_promptopt.evaluation.agreement import Agreement, Raters
from pytest_promptopt.evaluation.biases import Biases
from pytest_promptopt.evaluation.listing import counted
from pytest_promptopt.evaluation.record import PromptRecord
from pytest_promptopt.statistics.agreement import Estimate, Preference
from pytest_promptopt.statistics.prediction_powered import Correction, Lopsided
from pytest_promptopt.text.tags import quoted
from pytest_promptopt.text.terminal import printable

_NOTEWORTHY = 0.05
_EVEN = 0.5


def told_of_judges(summary: PromptRecord) -> Iterator[str]:
    """How far a judge agrees with its labels, and what labels make of scores by judges."""
    if summary.agreement is not None:
        yield from agreement(summary.agreement)
    if summary.correction is not None:
        yield correction(summary.correction)
    if summary.lopsided_labels is not None:
        yield _lopsided(summary.lopsided_labels)
    for name, found in summary.judge_agreements.items():
        yield from (f"{printable(name)}: {text}" for text in agreement(found))
    if stale := summary.stale_labels:
        yield f"{counted(stale, 'label')} of answers that are no longer given: kept, and not used"


def agreement(found: Agreement) -> Iterator[str]:
    """How often the judge is right, and what that is worth beside chance and people."""
    right = f"{found.right} of {counted(found.answers, 'label')}"
    parts = [f"the judge agrees with {right}: {estimate(found.accuracy)}"]
    if found.kappa is not None:
        parts.append(f"{'weighted ' * found.is_graded}κ {estimate(found.kappa)}")
    yield printable(", ".join(parts))
    if found.only_label:
        yield printable(
            f"all labels are {quoted(found.only_label)}, so that nothing tells whether the judge "
            "knows another; give it goldens that deserve one"
        )
    elif found.true_positives is not None and found.false_positives is not None:
        yield (
            f"it takes for good {estimate(found.true_positives)} of what is, and "
            f"{estimate(found.false_positives)} of what is not"
        )
    if found.raters is not None:
        yield _people(found.raters)
    yield from map(printable, _biases(found.biases))


def _biases(found: Biases) -> Iterator[str]:
    """What else its choices go by; of length where chance would not do it."""
    if found.repeated is not None:
        answers = counted(found.repeated.count, "answer")
        yield f"asked again about {answers}, it chooses the same {estimate(found.repeated.figure)}"
    if found.swapped is not None:
        toward = f", most often {quoted(found.swapped.toward)}" if found.swapped.toward else ""
        yield (
            f"of {counted(found.swapped.count, 'pair')} shown in both orders it keeps its choice "
            f"in {estimate(found.swapped.figure)}, where it should change{toward}"
        )
    if found.placed is not None:
        yield (
            f"were either place right as often, it would choose {quoted(found.placed.toward)} in "
            f"{estimate(found.placed.figure)} of {counted(found.placed.count, 'answer')}"
        )
    if found.own_model is not None:
        difference = found.own_model.figure
        yield (
            f"{counted(found.own_model.count, 'answer')} of its own model come off "
            f"{difference.value:+.2f} ({difference.interval.low:+.2f} to "
            f"{difference.interval.high:+.2f}) against others, beyond what labels say"
        )
    if _is_shown(found.longer):
        longer = "longer" if found.longer.share > _EVEN else "shorter"
        yield f"of answers with the same label it prefers the {longer} in {_in_pairs(found.longer)}"
    if _is_shown(found.long_input):
        longer = "longer" if found.long_input.share > _EVEN else "shorter"
        yield (
            f"of answers with the same label it misjudges the one with the {longer} input in "
            f"{_in_pairs(found.long_input)}"
        )


def _is_shown(found: Preference | None) -> TypeGuard[Preference]:
    """Whether neither chance nor few clusters explain it."""
    if found is None or found.p_value > _NOTEWORTHY:
        return False
    return not found.interval.low <= _EVEN <= found.interval.high


def _in_pairs(found: Preference) -> str:
    low, high = found.interval
    if found.share < _EVEN:
        low, high = 1 - high, 1 - low
    share = max(found.share, 1 - found.share)
    return (
        f"{100 * share:.0f} % ({100 * low:.0f} to {100 * high:.0f} %) of "
        f"{counted(found.pairs, 'pair')} (p = {found.p_value:.2g})"
    )


def correction(found: Correction) -> str:
    """The score that labels come to, with the uncorrected one beside it."""
    interval = f"{found.interval.low:.3f} to {found.interval.high:.3f}"
    return (
        f"corrected by {counted(found.labels, 'labelled golden')}: {found.value:.3f} "
        f"(95 % interval {interval}, {found.method}); uncorrected {found.uncorrected:.3f}"
    )


def _lopsided(found: Lopsided) -> str:
    return (
        f"the labels do not stand for all: {found.low_labelled} of "
        f"{counted(found.labelled, 'labelled golden')} score under one half, and {found.low} of "
        f"all {found.all:,}, so that the corrected score may be off; `promptopt label` asks for "
        "what is missing"
    )


def estimate(found: Estimate) -> str:
    """A figure and where it lies with 95 % confidence."""
    return f"{found.value:.2f} ({found.interval.low:.2f} to {found.interval.high:.2f})"


def _people(raters: Raters) -> str:
    alpha = f", α {estimate(raters.alpha)}" if raters.alpha is not None else ""
    return (
        f"{counted(raters.count, 'rater')} on {counted(raters.answers, 'answer')}: two people "
        f"agree on {estimate(raters.people)}{alpha}; the judge with one of them on "
        f"{estimate(raters.judge)}"
    )
