"""The verdict on a prompt: a decision, and what it rests on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pytest_promptopt.codec import Amount, Mean, Share
from pytest_promptopt.evaluation.part import Decision, Finding

_GRAVEST_FIRST = (Decision.FAIL, Decision.INCONCLUSIVE, Decision.PASS)


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitTest:
    """What a prompt and its parts are held to by a test, which may err: ``min`` or ``maxDrop``.

    ``error`` is how often it fails a prompt at most that stands exactly at each such limit.
    ``fails`` is what it found by itself, ``strength`` by how much the error could be divided so
    that it still fails; both only where the gates of a run are judged together. ``adjusted`` is
    how that was done.
    """

    limit: str
    error: Share
    fails: tuple[Finding, ...] = ()
    strength: Amount = 0.0
    adjusted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The decision on a prompt, and what it rests on, for a person to read.

    ``passed`` is whether the gate lets it through, which an inconclusive verdict may if the file
    says so. ``reasons`` stand against it, ``remarks`` are what else was found; ``headline`` is the
    reasons in a few words. ``minimum`` is what the score is held to, None where nothing is asked.
    ``tests`` are those that were made with confidence, one a kind of limit at most. ``besides`` is
    the verdict without what they failed; None where nothing may become of it.
    """

    decision: Decision
    passed: bool
    score: Mean | None
    reasons: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    headline: str = ""
    minimum: Mean | None = None
    tests: tuple[LimitTest, ...] = ()
    besides: "Verdict | None" = None


def with_findings(verdict: Verdict, findings: Sequence[Finding]) -> Verdict:
    """The verdict with what was found besides, the gravest first."""
    decisions = {verdict.decision, *(finding.decision for finding in findings)}
    blocking = sorted(
        (finding for finding in findings if finding.blocks),
        key=lambda finding: _GRAVEST_FIRST.index(finding.decision),
    )
    others = [finding for finding in findings if not finding.blocks]
    shorts = (finding.short or finding.text for finding in blocking)
    return replace(
        verdict,
        decision=next(decision for decision in _GRAVEST_FIRST if decision in decisions),
        passed=verdict.passed and not blocking,
        reasons=(*verdict.reasons, *(finding.text for finding in blocking)),
        remarks=(*verdict.remarks, *(finding.text for finding in others)),
        headline="; ".join(filter(None, (verdict.headline, *shorts))),
    )


def with_remark(verdict: Verdict, text: str) -> Verdict:
    """The verdict with something more to know about it."""
    return with_findings(verdict, [Finding(decision=Decision.PASS, text=text, blocks=False)])
