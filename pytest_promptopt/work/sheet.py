"""The answers of a run for people to label: which there are, and which come first."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from pytest_promptopt.errors import UsageError
from pytest_promptopt.evaluation.correction import JudgeRecord
from pytest_promptopt.evaluation.evaluation import GoldenResult
from pytest_promptopt.evaluation.labels import Labels, sorted_labels
from pytest_promptopt.evaluation.listing import counted, listed
from pytest_promptopt.evaluation.record import PromptRecord, Run
from pytest_promptopt.evaluation.reduction import MOST_KEPT, input_of
from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden
from pytest_promptopt.prompts.labels import label_key
from pytest_promptopt.prompts.library import project_of
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.prompts.reader import read_prompt
from pytest_promptopt.prompts.template import as_text
from pytest_promptopt.prompts.version import digest, version_of
from pytest_promptopt.scoring.prompt_judge import JUDGES
from pytest_promptopt.scoring.prompted import judge_prompt

_MOST_DIGEST = 16**16


class NotInRunError(UsageError):
    """The run has no answers of the prompt."""


class Given(NamedTuple):
    """An answer of the run; ``choices`` are what its judges chose, by their order."""

    key: str
    golden: Golden
    text: str
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which of the judge's choices an answer deserves; ``criterion`` is what the judge is asked."""

    answer: Given
    judge: JudgeRecord
    criterion: str

    @property
    def choices(self) -> Sequence[str]:
        """What there is to choose from."""
        return [choice.choice for choice in self.judge.choices]

    @property
    def parts(self) -> Mapping[str, str]:
        """What a rater has to see, by what it is; nothing of what anybody chose."""
        golden = self.answer.golden
        parts = {
            "asked": self.criterion,
            "input": input_of(golden),
            "expected": as_text(golden.expected) if golden.has_expected else "",
        }
        shown = {name: text for name, text in parts.items() if text.strip()}
        return {**shown, "answer": self.answer.text}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What people can say of a prompt's answers in ``run``, of the project at ``root``.

    ``records`` are those of the run, with the labels that there are now; ``judges`` can be
    labelled. ``remarks`` are what is to be known of answers and labels that are left out.
    """

    run: Run
    root: Path
    prompt: Prompt
    records: Sequence[PromptRecord]
    judges: Sequence[JudgeRecord]
    answers: Sequence[Given]
    labels: Labels
    remarks: Sequence[str]

    @property
    def is_of_now(self) -> bool:
        """Whether the prompt that was run is the one that stands in the file."""
        return _is_of_now(self.prompt, self.records)

    def read_again(self) -> "Sheet":
        """The same run with the labels that there are now; raises PromptFileError."""
        return read_sheet(self.prompt.path, self.root, self.run)

    def asked(self, rater: str) -> Iterator[Question]:
        """What the rater has not said yet, in :func:`in_order`."""
        criteria = {judge.name: criterion_of(self.prompt, judge.name) for judge in self.judges}
        for answer in in_order(self.answers, self.labels):
            labels = self.labels.get(answer.key, ())
            said = {label.judge for label in labels if label.rater == rater}
            for judge in self.judges:
                if judge.name not in said:
                    yield Question(answer=answer, judge=judge, criterion=criteria[judge.name])


def in_order(answers: Sequence[Given], labelled: Collection[str]) -> Sequence[Given]:
    """The answers, first one of each golden without a label, then others, then what has labels.

    Each time comes one of those on which the judges chose what is furthest behind its share of
    all goldens, as seats go to parties by Webster (1832) and Sainte-Laguë (1910). Among those it
    is drawn by a hash of its content, so that nothing else has a say, and raters have the same;
    clusters of goldens likewise in turn, by their sizes.

    Goldens that nobody labelled narrow the interval most: a second answer or rater of a golden
    tells little of new ones, and a second golden of a cluster less than one of another. In
    proportion, labels stand for all answers at any number of them, with less chance in it than in
    a random draw. More labels where the judge errs more would narrow it further (Neyman 1934), but
    neither PPI++ nor the interval of labels alone, as they are in
    :func:`~pytest_promptopt.statistics.prediction_powered.corrected`, would still hold.
    """
    by_golden: dict[str, list[Given]] = {}
    for answer in sorted(answers, key=lambda answer: digest(answer.key)):
        by_golden.setdefault(answer.golden.id, []).append(answer)
    has_label = {id: any(a.key in labelled for a in found) for id, found in by_golden.items()}
    leading = {
        id: next((a for a in found if a.key in labelled), found[0])
        for id, found in by_golden.items()
    }
    all_of = Counter(answer.choices for answer in leading.values())
    told = Counter(answer.choices for id, answer in leading.items() if has_label[id])
    waiting: dict[tuple[str, ...], list[Given]] = {}
    for answer in _in_turn([*leading.values()]):
        if not has_label[answer.golden.id]:
            waiting.setdefault(answer.choices, []).append(answer)
    first = [*_in_proportion(waiting, all_of, told)]
    keys = {answer.key for answer in first}
    others = [a for found in by_golden.values() for a in found if a.key not in keys]
    return [*first, *sorted(others, key=lambda answer: answer.key in labelled)]


def _in_turn(answers: Sequence[Given]) -> Sequence[Given]:
    """One answer of each golden, such that any first ones have clusters in their proportions.

    Of a cluster of m goldens one is due each m-th part of the way, from a start in the first part
    that is drawn by a hash: systematic sampling (Madow and Madow 1944). One of each cluster first
    would have more of the small ones, which may be others than the large.
    """
    clusters: dict[str, list[Given]] = {}
    for answer in answers:
        clusters.setdefault(answer.golden.cluster or answer.key, []).append(answer)
    due = {
        answer.key: (place + int(digest(name), 16) / _MOST_DIGEST) / len(found)
        for name, found in clusters.items()
        for place, answer in enumerate(found)
    }
    return sorted(answers, key=lambda answer: due[answer.key])


def _in_proportion(
    waiting: Mapping[tuple[str, ...], list[Given]],
    all_of: Mapping[tuple[str, ...], int],
    told: Counter[tuple[str, ...]],
) -> Iterator[Given]:
    left = {choices: iter(found) for choices, found in waiting.items()}
    while left:
        behind = max(left, key=lambda choices: all_of[choices] / (2 * told[choices] + 1))
        answer = next(left[behind], None)
        if answer is None:
            del left[behind]
            continue
        told[behind] += 1
        yield answer


def read_sheet(path: Path, root: Path, run: Run) -> Sheet:
    """What of the prompt at ``path`` can be labelled in ``run``, of the project at ``root``.

    Raises UsageError where that is nothing, NotInRunError where others may have it, and
    PromptFileError.
    """
    prompt = read_prompt(path, root=project_of(path, root))
    records = [record for record in run.prompts if record.location == prompt.location]
    if not records:
        known = listed([*dict.fromkeys(record.location for record in run.prompts)]) or "none"
        raise NotInRunError(f"the run has no answers of {prompt.location}, but of: {known}")
    judges = _judges(prompt, records)
    labels, problems = sorted_labels(
        prompt.labels, {judge.name: [c.choice for c in judge.choices] for judge in judges}
    )
    goldens = {golden.id: golden for golden in prompt.goldens}
    records = [_relabelled(record, goldens, labels) for record in records]
    answers = [*_answers(records, judges, goldens)]
    changed = sum(not _is_same(result, goldens) for r in records for result in r.results)
    remarks = [str(problem) for problem in problems]
    if not _is_of_now(prompt, records):
        remarks.append(
            "the prompt has changed since that run: labels are of the answers it gave then"
        )
    if changed:
        remarks.append(
            f"{counted(changed, 'golden')} changed or gone since the run, so left out; "
            "run pytest with --prompt-eval"
        )
    if not answers:
        raise UsageError(f"{prompt.location}: the run has no answer that can be labelled")
    return Sheet(
        run=run,
        root=root,
        prompt=prompt,
        records=records,
        judges=judges,
        answers=answers,
        labels=labels,
        remarks=remarks,
    )


def _judges(prompt: Prompt, records: Iterable[PromptRecord]) -> Sequence[JudgeRecord]:
    """The judges that choose, in the run and in the file; raises UsageError without any."""
    named = {spec.name for spec in prompt.all_evaluators}
    found = {j.name: j for r in records for j in r.judges if j.choices and j.name in named}
    if found:
        return [*found.values()]
    if prompt.choices:
        why = "is a judge itself: its labels stand in its goldens, under `label` or `labels`"
    else:
        why = (
            "has no judge, in that run and in the file, whose choices people could make: `uses`, "
            "`llm`, or a `rubric` of one criterion"
        )
    raise UsageError(f"{prompt.location} {why}")


def criterion_of(prompt: Prompt, judge: str) -> str:
    """What the judge of that name is asked about an answer, as far as its entry says."""
    spec = next((spec for spec in prompt.all_evaluators if spec.name == judge), None)
    return "" if spec is None else _asked(spec).strip()


def _asked(spec: EvaluatorSpec) -> str:
    options = spec.options
    judge = judge_prompt(options.partition("/")[2]) if options in JUDGES else spec.judge
    if judge is not None:
        said = (message for message in judge.messages if message.role == "user")
        return "\n\n".join(message.template.text for message in said)
    if isinstance(options, Mapping):
        options = options.get("criteria") or options.get("prompt") or ""
    return as_text(options)


def _is_of_now(prompt: Prompt, records: Iterable[PromptRecord]) -> bool:
    return all(record.version in {"", version_of(prompt)} for record in records)


def _is_same(result: GoldenResult, goldens: Mapping[str, Golden]) -> bool:
    golden = goldens.get(result.id)
    return golden is not None and input_of(golden) == result.input


def _relabelled(
    record: PromptRecord, goldens: Mapping[str, Golden], labels: Labels
) -> PromptRecord:
    """The record with the labels that there are now instead of those that there were."""

    def relabelled(result: GoldenResult) -> GoldenResult:
        if not _is_same(result, goldens):
            return result
        variables = goldens[result.id].variables
        answers = (
            replace(answer, labels=labels.get(label_key(variables, answer.text), ()))
            for answer in result.answers
        )
        return replace(result, answers=tuple(answers))

    results = tuple(map(relabelled, record.results))
    return replace(record, results=results, labels=sum(map(len, labels.values())))


def _answers(
    records: Iterable[PromptRecord], judges: Sequence[JudgeRecord], goldens: Mapping[str, Golden]
) -> Iterator[Given]:
    """The answers of goldens that are still the same, each once; none that the run cut off."""
    seen = set()
    results = (result for record in records for result in record.results)
    for result in results:
        for answer in result.answers if _is_same(result, goldens) else ():
            golden = goldens[result.id]
            key = label_key(golden.variables, answer.text)
            if key not in seen and len(answer.text) <= MOST_KEPT:
                seen.add(key)
                choices = tuple(answer.choice_by(judge.name) for judge in judges)
                yield Given(key=key, golden=golden, text=answer.text, choices=choices)
