"""The labels of a prompt's answers, told apart by the judges that they are about."""

from collections.abc import Iterable, Mapping, Sequence

from pytest_promptopt.errors import Problem, Severity
from pytest_promptopt.evaluation.evaluation import Label
from pytest_promptopt.prompts.labels import AnswerLabel
from pytest_promptopt.scoring.folding import folded
from pytest_promptopt.suggestion import did_you_mean
from pytest_promptopt.text.excerpt import excerpt

Labels = Mapping[str, tuple[Label, ...]]


def sorted_labels(
    labels: Sequence[AnswerLabel], choices: Mapping[str, Iterable[str]]
) -> tuple[Labels, Sequence[Problem]]:
    """The labels by the answer that they are of, and what is amiss with some, which do not count.

    ``choices`` are those of each judge, none where it makes none that people could make too.
    Of what one rater says of one answer twice the latest counts, by ``at`` and else by its place.
    """
    choosing = {judge: tuple(known) for judge, known in choices.items() if known}
    problems: list[Problem] = []
    latest: dict[tuple[str, str, str], tuple[AnswerLabel, Label]] = {}
    for line in sorted(labels, key=lambda label: label.at):
        try:
            label = _label(line, choosing)
        except _LabelError as error:
            problems.append(_problem(line, str(error)))
            continue
        key = line.key, label.judge, label.rater
        if key in latest and latest[key][1].choice != label.choice:
            problems.append(_problem(line, _told_twice(latest[key], label)))
        latest[key] = line, label
    found: dict[str, tuple[Label, ...]] = {}
    for line, label in latest.values():
        found[line.key] = (*found.get(line.key, ()), label)
    return found, sorted(problems, key=lambda problem: problem.line)


class _LabelError(Exception):
    """A label is of no judge or no choice; says why."""


def _label(line: AnswerLabel, choosing: Mapping[str, Sequence[str]]) -> Label:
    judge = line.judge or (next(iter(choosing)) if len(choosing) == 1 else "")
    if judge not in choosing:
        raise _LabelError(_no_judge(line.judge, choosing))
    choices = {folded(choice): choice for choice in choosing[judge]}
    choice = choices.get(folded(line.choice))
    if choice is None:
        known = did_you_mean(line.choice, [*choices.values()])
        raise _LabelError(f"the label {excerpt(line.choice)} is no choice of `{judge}`{known}")
    return Label(rater=line.rater, choice=choice, judge=judge)


def _no_judge(name: str, choosing: Mapping[str, Sequence[str]]) -> str:
    if not choosing:
        return "the prompt has no judge with choices, so that the label is of nothing"
    if name:
        return f"the prompt has no judge `{name}`{did_you_mean(name, [*choosing])}"
    return f"which judge is it about? Add `judge`, one of {', '.join(choosing)}"


def _told_twice(before: tuple[AnswerLabel, Label], label: Label) -> str:
    line, earlier = before
    who = label.rater or "a rater without a name"
    return (
        f"{who} says {excerpt(label.choice)} of an answer, and {excerpt(earlier.choice)} in line "
        f"{line.line}; the later one counts"
    )


def _problem(line: AnswerLabel, message: str) -> Problem:
    return Problem(path=line.path, line=line.line, message=message, severity=Severity.WARNING)
