"""The judges that a prompt's score rests on: what they have shown, and what labels make of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, log

from pytest_promptopt.evaluation.agreement import Agreement, agreement_of
from pytest_promptopt.evaluation.correction import JudgeRecord, correction_of, judged_by
from pytest_promptopt.evaluation.evaluation import Evaluation, GoldenResult, Outcome
from pytest_promptopt.evaluation.judged import Judged, judged_in
from pytest_promptopt.evaluation.listing import counted, in_clusters
from pytest_promptopt.statistics.clusters import members
from pytest_promptopt.statistics.intervals import goldens_to_decide, one_sided
from pytest_promptopt.statistics.prediction_powered import Correction


@dataclass(frozen=True, slots=True, kw_only=True)
class Judges:
    """The judges of a prompt, and the results of their own goldens by the evaluators' names."""

    records: Sequence[JudgeRecord] = ()
    own: Mapping[str, Sequence[GoldenResult]] = field(default_factory=dict)

    def correction(self, evaluation: Evaluation, confidence: float) -> Correction | None:
        """The score as labels correct it; None without any."""
        return correction_of(evaluation.results, self.records, confidence=confidence)

    def unproven(self, evaluation: Evaluation, least: float, confidence: float) -> Sequence[str]:
        """What stands against each judge that counts: ``least`` is not shown to be reached.

        By the labels of its own goldens and of the answers in ``evaluation``, together, with a
        one-sided exact bound.
        """
        counting = {
            mark.name for r in evaluation.results for mark in r.evaluators if not mark.optional
        }
        found = (
            self._flaw(record, evaluation, least, confidence)
            for record in self.records
            if record.name in counting
        )
        return [flaw for flaw in found if flaw]

    def _flaw(
        self, record: JudgeRecord, evaluation: Evaluation, least: float, confidence: float
    ) -> str:
        where = f" ({record.location})" if record.location else ""
        start = f"the judge `{record.name}`{where}"
        if not record.choices:
            return (
                f"{start} makes no choice that people could label; let it be `optional: true`, or "
                "judge by `uses` or `llm`"
            )
        own = self.own.get(record.name, ())
        judged: list[Judged] = [*judged_in(own), *judged_by(evaluation.results, record)]
        found = agreement_of(judged, record.choices, confidence=one_sided(confidence))
        unasked = sum(result.outcome in {Outcome.ERROR, Outcome.NOT_RUN} for result in own)
        lost = f"; {counted(unasked, 'golden')} of its own had no answer" if unasked else ""
        flaw = _unshown(found, judged, least, confidence)
        return f"{start} {flaw}{lost}" if flaw else ""


def _unshown(
    found: Agreement | None, judged: Sequence[Judged], least: float, confidence: float
) -> str:
    """Why the agreement is not shown, and what would show it; empty where it is."""
    sure = f"with {100 * confidence:g} % confidence"
    if found is None:
        enough = ceil(log(1 - confidence) / log(least))
        return (
            "has no labels, so that its agreement is not known; "
            f"{counted(enough, 'label')} that it agrees with would show {least:g} {sure} "
            "(`promptopt label` takes them)"
        )
    if found.only_label:
        return (
            f"has labels of one kind only (`{found.only_label}`), with which a judge agrees that "
            "says so to all; give it goldens that deserve another"
        )
    interval = found.accuracy.interval
    if interval.low >= least:
        return ""
    known = [item for item in judged if item.label in found.choices]
    clusters = [item.cluster for item in known]
    labels = in_clusters(len(known), "label", len(members(clusters)))
    rate = f"agrees with {found.right} of {labels}, at least {interval.low:.3f} {sure}"
    if interval.high < least:
        return f"{rate} and at most {interval.high:.3f}: under minAgreement {least:g}; mend it"
    right = [float(item.label == item.choice) for item in known]
    more = goldens_to_decide(right, minimum=least, confidence=confidence, clusters=clusters)
    what = "label" if len(members(clusters)) == len(known) else "cluster"
    settled = (
        f"more {what}s like these would hardly decide"
        if more is None
        else f"about {counted(more, f'more {what}')} would decide at this rate"
    )
    return f"{rate}, and minAgreement is {least:g}; {settled}"
