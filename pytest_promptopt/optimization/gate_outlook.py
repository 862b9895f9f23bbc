"""The outlook for the gate of a prompt, by what its test goldens scored."""

from collections.abc import Collection
from dataclasses import replace

from pytest_promptopt.evaluation.evaluation import Evaluation, GoldenResult, Outcome
from pytest_promptopt.evaluation.gate import judge
from pytest_promptopt.evaluation.listing import counted
from pytest_promptopt.optimization.case import Case
from pytest_promptopt.prompts.prompt import GateSettings, Prompt


def gate_outlook(prompt: Prompt, cases: Collection[Case], whose: str) -> str:
    """A sentence on whether it holds with ``whose`` words, and if not on what is missing.

    Empty without ``cases``. What needs a base, or goldens that are not among these, is not judged.
    """
    results = tuple(case.result for case in cases if case.result is not None)
    if not results:
        return ""
    where = f"on {counted(len(results), 'test golden')} with {whose}"
    if prompt.gate is None:
        passed = sum(result.outcome is Outcome.PASSED for result in results)
        missed = len(results) - passed
        ending = f"; missing: {missed}" if missed else ", which is all of them"
        return f"Without a gate every golden must pass: {passed} do {where}{ending}."
    gate = _within(prompt.gate, results)
    evaluation = Evaluation(location=prompt.location, results=results)
    verdict = judge(gate, evaluation)
    score = "" if verdict.score is None else f"score {verdict.score:.3f}"
    minimum = "" if gate.minimum is None else f", min {gate.minimum:g}"
    if verdict.passed:
        return f"The gate holds {where}: {score}{minimum}."
    reasons = "; ".join(verdict.reasons)
    return f"The gate does not hold {where}: {reasons}{_missing(gate, verdict.score)}."


def _within(gate: GateSettings, results: Collection[GoldenResult]) -> GateSettings:
    tags = {tag for result in results for tag in result.tags}
    return replace(gate, tags={tag: own for tag, own in gate.tags.items() if tag in tags})


def _missing(gate: GateSettings, score: float | None) -> str:
    if score is None or gate.minimum is None or score >= gate.minimum:
        return ""
    return f"; {gate.minimum - score:.3f} is missing"
