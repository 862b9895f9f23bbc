"""The answers to one golden, scored and reduced to one result."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from math import comb
from statistics import fmean
from typing import Any

from pytest_promptopt.errors import ScorerError
from pytest_promptopt.evaluation.evaluation import (
    Answer,
    GoldenResult,
    JudgedText,
    Label,
    Mark,
    Named,
    Outcome,
)
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.evaluation.trial import Trial
from pytest_promptopt.prompts.golden import INPUT_KEYS, RESERVED_KEYS, Golden
from pytest_promptopt.prompts.labels import AUTHORS, LABEL, RATERS, label_key, labels_of
from pytest_promptopt.prompts.template import as_text
from pytest_promptopt.prompts.version import digest
from pytest_promptopt.scoring.ballot import ballot
from pytest_promptopt.scoring.score import Evaluator, Score
from pytest_promptopt.scoring.time_limit import OvertimeError

MOST_KEPT = 20_000
"""Characters of a text that are kept of it."""


def score_golden(subject: Subject, golden: Golden, trials: Sequence[Trial]) -> GoldenResult:
    """The result of a golden whose answers are all there.

    Missed if an evaluator misses, whatever the others say; else not scored if one could not
    score. Several answers become one score by the prompt's reducer. Raises
    :class:`~pytest_promptopt.errors.ScorerError` where the project's own code raises, or where
    scoring takes longer than the subject's time limit.
    """
    reducer = subject.prompt.reducer
    agreement = None
    table = _scores(subject, golden, trials)
    passes, named = _verdicts(table), _named(table, len(trials))
    if reducer.kind == "majority" and len(trials) > 1:
        winner, agreement = _winner(subject, golden, trials)
        table = [(evaluator, [scores[winner]]) for evaluator, scores in table]
    if reducer.kind in {"at-least", "pass@"}:
        is_least = reducer.kind == "at-least"
        outcome, score = (_at_least if is_least else _pass_at)(reducer.count, table)
        # So many pass that any draw of ``count`` holds one.
        least = reducer.count if is_least else len(trials) - reducer.count + 1
        marks = tuple(_mark(evaluator, scores, least) for evaluator, scores in table)
    else:
        marks = tuple(_mark(evaluator, scores) for evaluator, scores in table)
        outcome, score = _mean(marks)
    if agreement is None and len(trials) > 1:
        agreement = _share_of_the_commonest(table)
    counting = _counting(marks)
    unscored = [f"{mark.name}: {mark.reason}" for mark in counting if mark.score is None]
    if reducer.kind == "pass@" and len(trials) < reducer.count:
        unscored = [f"{reducer} needs {reducer.count} samples or more, there are {len(trials)}"]
    return GoldenResult(
        outcome=outcome,
        score=score,
        evaluators=marks,
        agreement=agreement,
        answers=tuple(
            _answer(trial, passed, labels, _labels(subject, golden, trial))
            for trial, passed, labels in zip(
                trials, passes or [None] * len(trials), named, strict=True
            )
        ),
        reason="; ".join(unscored) if counting else _nothing_to_score_by(golden),
        judged=_judged(subject, golden),
        **_told(golden),
        **_totals(trials),
    )


def result_without_score(golden: Golden, reason: str, outcome: Outcome) -> GoldenResult:
    """The result of a golden that nothing was answered to, or whose answers nothing scored."""
    return GoldenResult(outcome=outcome, reason=reason, **_told(golden))


def _told(golden: Golden) -> Mapping[str, Any]:
    """What the golden itself says of its result."""
    return {
        "id": golden.id,
        "tags": golden.tags,
        "required": golden.required,
        "weight": golden.weight,
        "cluster": golden.cluster,
        "place": f"{golden.path}:{golden.line}",
        "input": input_of(golden),
        "expected": _kept(as_text(golden.expected)) if golden.has_expected else None,
        "labels": tuple(Label(rater=r, choice=c) for r, c in labels_of(golden).items()),
    }


def _judged(subject: Subject, golden: Golden) -> JudgedText | None:
    """None unless it is the golden of a judge."""
    if not subject.prompt.choices or not (LABEL in golden.variables or labels_of(golden)):
        return None
    used = {name for m in subject.prompt.messages for name in m.template.variables}
    shown = {
        name: as_text(value)
        for name, value in golden.variables.items()
        if name in used and name not in {LABEL, RATERS}
    }
    answer = shown.get("answer")
    total = sum(map(len, shown.values()))
    author = next((golden.variables[n] for n in AUTHORS if n in golden.variables), "")
    return JudgedText(
        characters=None if answer is None else len(answer),
        input_characters=total - len(answer or ""),
        author=as_text(author).strip(),
        texts=digest(sorted(shown.values())) if len(shown) > 1 else "",
        order=digest(shown) if len(shown) > 1 else "",
    )


def input_of(golden: Golden) -> str:
    """The golden's variables, a line each."""
    hidden = {*RESERVED_KEYS, *INPUT_KEYS}
    inputs = [
        f"{name}: {as_text(value)}"
        for name, value in golden.variables.items()
        if name not in hidden
    ]
    return _kept("\n".join(inputs))


def _answer(
    trial: Trial, passed: bool | None, named: tuple[Named, ...], labels: tuple[Label, ...]
) -> Answer:
    return Answer(
        text=_kept(trial.answer.text),
        reasoning=_kept(trial.answer.reasoning),
        passed=passed,
        whole=None if trial.answer.whole is None else _kept(trial.answer.whole),
        named=named,
        labels=labels,
    )


def _labels(subject: Subject, golden: Golden, trial: Trial) -> tuple[Label, ...]:
    """What people say of the answer."""
    if not subject.labels:
        return ()
    return subject.labels.get(label_key(golden.variables, trial.answer.text), ())


def _kept(text: str) -> str:
    rest = len(text) - MOST_KEPT
    return text if rest <= 0 else f"{text[:MOST_KEPT]}… ({rest:,} characters more)"


def _nothing_to_score_by(golden: Golden) -> str:
    why = " (its cell is empty)" if "expected" in golden.empty else ""
    return f"no evaluator that is understood, and no `expected`{why}"


_Table = Sequence[tuple[Evaluator, Sequence[Score]]]


def _winner(subject: Subject, golden: Golden, trials: Sequence[Trial]) -> tuple[int, float]:
    """Where the first answer stands that says what most say, of equals the earliest; its share.

    What holds no answer is no vote, unless nothing else is there.
    """
    evaluators = subject.evaluators_for(golden)
    ballots = [None if t.lack else ballot(t.answer.text, evaluators) for t in trials]
    given = [vote for vote in ballots if vote is not None]
    [(winner, votes)] = Counter(given or ballots).most_common(1)
    return ballots.index(winner), votes / len(trials)


def _scores(subject: Subject, golden: Golden, trials: Sequence[Trial]) -> _Table:
    """For each evaluator its score of every answer."""
    table: list[tuple[Evaluator, Sequence[Score]]] = []
    evaluators = subject.evaluators_for(golden)
    try:
        with nullcontext() if _are_quick(evaluators) else subject.time_limit.kept():
            for position, evaluator in enumerate(evaluators):
                table.append((evaluator, [_score(evaluator, position, golden, t) for t in trials]))
    except OvertimeError as error:
        name = evaluators[min(len(table), len(evaluators) - 1)].name
        raise ScorerError(
            f"{subject.prompt.location}: evaluator `{name}` took the scoring of golden {golden.id} "
            f"beyond {subject.time_limit.seconds:g} s; --prompt-timeout allows longer"
        ) from error
    return table


def _are_quick(evaluators: Sequence[Evaluator]) -> bool:
    """Whether it would take longer to watch over them than they take."""
    return all(evaluator.is_quick for evaluator in evaluators)


def _score(evaluator: Evaluator, position: int, golden: Golden, trial: Trial) -> Score:
    if trial.lack:
        return Score(value=0.0, reason=trial.lack)
    if evaluator.asking is not None:
        told = trial.judgements[position]
        return told if isinstance(told, Score) else evaluator.asking.read_all(golden, told)
    if evaluator.direct is None:
        raise AssertionError("an evaluator scores by itself or asks a judge")
    return evaluator.direct.score(golden, trial.answer)


def _mark(evaluator: Evaluator, scores: Sequence[Score], least: int | None = None) -> Mark:
    """The mean of the scores; it passes by itself, or where ``least`` of them do."""
    values = [score.value for score in scores if score.value is not None]
    value = fmean(values) if len(values) == len(scores) else None
    if least is None:
        passed = value is not None and evaluator.passes(value)
    else:
        passed = sum(evaluator.passes(value) for value in values) >= least
    reasons = dict.fromkeys(score.reason for score in scores if score.reason)
    named = {score.named for score in scores}
    return Mark(
        name=evaluator.name,
        score=value,
        passed=passed,
        reason="; ".join(reasons),
        weight=evaluator.weight,
        optional=evaluator.optional,
        named=named.pop() if len(named) == 1 else "",
        wanted=next((score.wanted for score in scores if score.wanted), ""),
    )


def _counting(marks: Sequence[Mark]) -> Sequence[Mark]:
    return [mark for mark in marks if not mark.optional]


def _mean(marks: Sequence[Mark]) -> tuple[Outcome, float | None]:
    """The mean by the evaluators' weights."""
    counting = _counting(marks)
    scored = [(mark.score, mark.weight) for mark in counting if mark.score is not None]
    if any(mark.score is not None and not mark.passed for mark in counting):
        return Outcome.MISSED, fmean(*zip(*scored, strict=True))
    if not counting or len(scored) < len(counting):
        return Outcome.UNSCORED, None
    return Outcome.PASSED, fmean(*zip(*scored, strict=True))


def _at_least(count: int, table: _Table) -> tuple[Outcome, float | None]:
    """1 if ``count`` answers pass all evaluators; not scored while the unscored could decide."""
    verdicts = _verdicts(table)
    if verdicts.count(True) >= count:
        return Outcome.PASSED, 1.0
    if not verdicts or verdicts.count(True) + verdicts.count(None) >= count:
        return Outcome.UNSCORED, None
    return Outcome.MISSED, 0.0


def _pass_at(count: int, table: _Table) -> tuple[Outcome, float | None]:
    """How likely one of ``count`` answers passes: the unbiased estimate of Chen et al. (2021)."""
    verdicts = _verdicts(table)
    if None in verdicts or len(verdicts) < count:
        return Outcome.UNSCORED, None
    failing = verdicts.count(False)
    score = 1 - comb(failing, count) / comb(len(verdicts), count)
    return Outcome.PASSED if failing < count else Outcome.MISSED, score


def _verdicts(table: _Table) -> list[bool | None]:
    """For each answer whether it passes; None where an evaluator could not score it."""
    verdicts: list[bool | None] = []
    table = [(evaluator, scores) for evaluator, scores in table if not evaluator.optional]
    for position in range(len(table[0][1]) if table else 0):
        values = [(evaluator, scores[position].value) for evaluator, scores in table]
        if any(value is not None and not evaluator.passes(value) for evaluator, value in values):
            verdicts.append(False)
        else:
            verdicts.append(None if any(value is None for _, value in values) else True)
    return verdicts


def _named(table: _Table, answers: int) -> Sequence[tuple[Named, ...]]:
    """For each answer the labels and choices that it comes to."""
    return [
        tuple(
            Named(evaluator=evaluator.name, choice=scores[place].named)
            for evaluator, scores in table
            if scores[place].named
        )
        for place in range(answers)
    ]


def _share_of_the_commonest(table: _Table) -> float | None:
    verdicts = _verdicts(table)
    return Counter(verdicts).most_common(1)[0][1] / len(verdicts) if verdicts else None


def _totals(trials: Sequence[Trial]) -> dict[str, Any]:
    answers = [trial.completion for trial in trials]
    told = [told for trial in trials for told in trial.judgements.values()]
    calls = answers + [call for calls in told if not isinstance(calls, Score) for call in calls]
    costs = [call.cost_usd for call in calls]
    known = [cost for cost in costs if cost is not None]
    return {
        "input_tokens": sum(call.usage.input_tokens for call in calls),
        "output_tokens": sum(call.usage.output_tokens for call in calls),
        "cost_usd": sum(known) if len(known) == len(costs) else None,
        "latency_seconds": sum(answer.latency_seconds for answer in answers),
        "saved": all(call.saved for call in calls),
        "notes": tuple(dict.fromkeys(note for trial in trials for note in trial.notes)),
    }
