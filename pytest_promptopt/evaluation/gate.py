"""The gate: one verdict on a prompt as a whole, and why."""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from pytest_promptopt.evaluation.base import BaseRecord
from pytest_promptopt.evaluation.certainty import CONFIDENCE
from pytest_promptopt.evaluation.conditions import (
    on_judges,
    on_missing,
    on_policy,
    on_required,
    on_unscored,
)
from pytest_promptopt.evaluation.difference import is_comparable
from pytest_promptopt.evaluation.drop import is_dropped, on_drop
from pytest_promptopt.evaluation.evaluation import Evaluation, Outcome, mean_score
from pytest_promptopt.evaluation.judges import Judges
from pytest_promptopt.evaluation.minimum import is_below, on_minimum
from pytest_promptopt.evaluation.mutation_minimum import NOT_MUTATED
from pytest_promptopt.evaluation.part import MAX_DROP, MIN, Decision, Finding, Part
from pytest_promptopt.evaluation.verdict import LimitTest, Verdict, with_findings
from pytest_promptopt.prompts.prompt import GateSettings
from pytest_promptopt.statistics.correction import Tests, level_divisors, strength

NO_JUDGES = Judges()


def judge(
    settings: GateSettings,
    evaluation: Evaluation,
    base: BaseRecord | None = None,
    before: Evaluation | None = None,
    judges: Judges = NO_JUDGES,
    *,
    is_alone: bool = True,
    is_watched: bool = False,
) -> Verdict:
    """The verdict on ``evaluation``, which must hold every golden of the prompt.

    ``base`` is what it is compared with, ``before`` the results there, None where nothing was
    asked there. ``judges`` are those that its scores rest on: where people have labelled answers,
    ``min`` is held against the score that labels correct. One that ``is_alone`` cannot be judged
    together with others. One that ``is_watched`` errs no more often than it may although goldens
    were asked only until it :func:`is_decided`.

    FAIL on a mean score under ``min``, on a shown drop beyond ``maxDrop``, on a required golden
    that did not pass, on more goldens without a score than ``unscored`` allows, on what the
    policies for goldens that vanish and checks that soften forbid, where nothing was scored, and on
    any error: it never passes and is never a 0. INCONCLUSIVE where ``confidence`` asks for more
    than the goldens can tell, or a judge has not shown its agreement.
    """
    looked_at = [replace(part, is_watched=is_watched) for part in _parts(settings, judges)]
    tested = _tested(looked_at, evaluation, base, before)
    parts = _corrected(looked_at, tested)
    findings = [*_findings(settings, parts, evaluation, base, before, judges)]
    if settings.min_mutation is not None:
        findings.append(Finding(decision=Decision.PASS, text=NOT_MUTATED, blocks=False))
    verdict = Verdict(
        decision=Decision.PASS,
        passed=True,
        score=evaluation.score,
        minimum=settings.minimum,
        tests=tuple(_limit_test(limit, tests, parts) for limit, tests in tested.items()),
    )
    whole = with_findings(verdict, findings)
    if is_alone or not any(finding.limit for finding in findings):
        return whole
    others = [finding for finding in findings if not finding.limit]
    return replace(
        whole,
        tests=tuple(
            replace(
                test,
                fails=tuple(f for f in findings if f.limit == test.limit),
                strength=_strength(tested[test.limit]),
            )
            for test in verdict.tests
        ),
        besides=with_findings(verdict, others),
    )


def is_decided(
    settings: GateSettings,
    evaluation: Evaluation,
    base: BaseRecord | None = None,
    before: Evaluation | None = None,
    judges: Judges = NO_JUDGES,
    *,
    is_alone: bool = True,
) -> bool:
    """Whether what the gate says can be said without the goldens that were not asked.

    Either it cannot change, whatever they score, or it is shown by bounds that hold at all looks.
    A FAIL decides whatever else is open, but one of a test where gates are judged together: how
    clear it has to be is known when all are in.
    """
    looked_at = [replace(part, is_watched=True) for part in _parts(settings, judges)]
    parts = _corrected(looked_at, _tested(looked_at, evaluation, base, before))
    findings = [*_findings(settings, parts, evaluation, base, before, judges)]
    waiting = [f for f in findings if f.is_open or (f.limit and not is_alone)]
    fails = any(f.decision is Decision.FAIL and f not in waiting for f in findings)
    return fails or not waiting


def _findings(
    settings: GateSettings,
    parts: Sequence[Part],
    evaluation: Evaluation,
    base: BaseRecord | None,
    before: Evaluation | None,
    judges: Judges,
) -> Iterator[Finding]:
    yield from on_missing(evaluation, "ended in an error", Outcome.ERROR)
    yield from on_missing(evaluation, "not run (the budget)", Outcome.NOT_RUN)
    yield from on_required(evaluation)
    yield from on_unscored(evaluation, settings.unscored)
    yield from on_policy(settings, base)
    yield from on_judges(parts[0], evaluation, judges)
    for part in parts:
        yield from on_minimum(part, evaluation)
        yield from on_drop(part, evaluation, base, before)


def _parts(settings: GateSettings, judges: Judges) -> Iterator[Part]:
    yield Part(
        name="",
        settings=settings,
        select=lambda evaluation: evaluation.scored,
        correct=judges.correction,
    )
    for tag, own in settings.tags.items():
        select = functools.partial(Evaluation.with_tag, tag=tag)
        yield Part(name=f"tag {tag}", settings=own, select=select, tag=tag)
    for name, own in settings.evaluators.items():
        select = functools.partial(Evaluation.by_evaluator, name=name)
        yield Part(name=f"evaluator {name}", settings=own, select=select)


def _tested(
    parts: Sequence[Part],
    evaluation: Evaluation,
    base: BaseRecord | None,
    before: Evaluation | None,
) -> Mapping[str, Tests]:
    """By each kind of limit the parts that are held to it with confidence."""
    found: dict[str, dict[str, Callable[[float], bool]]] = {MIN: {}, MAX_DROP: {}}
    for part in parts:
        settings = part.settings
        is_coming = bool(part.left(evaluation))
        has_score = is_coming or mean_score(part.select(evaluation)) is not None
        if settings.minimum is not None and settings.confidence is not None and has_score:
            found[MIN][part.name] = functools.partial(is_below, part, evaluation)
        if base is None or base.identical or before is None or settings.max_drop is None:
            continue
        if is_coming or is_comparable(part.select(before), part.select(evaluation)):
            found[MAX_DROP][part.name] = functools.partial(is_dropped, part, evaluation, before)
    return {limit: tests for limit, tests in found.items() if tests}


def _limit_test(limit: str, tests: Tests, parts: Sequence[Part]) -> LimitTest:
    tested = [part.settings.confidence for part in parts if part.name in tests]
    least = min(confidence or CONFIDENCE for confidence in tested)
    return LimitTest(limit=limit, error=round(1 - least, 9))


def _strength(tests: Tests) -> float:
    """That of the parts together, whose first to fail must do so at its share of the error."""
    return strength(lambda d: any(rejects(len(tests) * d) for rejects in tests.values()))


def _corrected(parts: Sequence[Part], tested: Mapping[str, Tests]) -> Sequence[Part]:
    """The parts, each with its share of the error that a prompt may make."""
    divisors = {limit: level_divisors(tests) for limit, tests in tested.items()}
    return [
        replace(
            part,
            minimum_divisor=divisors.get(MIN, {}).get(part.name, 1),
            drop_divisor=divisors.get(MAX_DROP, {}).get(part.name, 1),
        )
        for part in parts
    ]
