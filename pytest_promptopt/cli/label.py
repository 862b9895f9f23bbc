"""``promptopt label``: what people say of a prompt's answers, key by key."""

import argparse
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

from pytest_promptopt.cli.found import locate, read, saved
from pytest_promptopt.cli.keyboard import Read, keyboard
from pytest_promptopt.cli.output import BAR, Output, Styled, warn
from pytest_promptopt.cli.target import read_target
from pytest_promptopt.errors import HistoryError, UsageError
from pytest_promptopt.evaluation.correction import JudgeRecord
from pytest_promptopt.evaluation.evaluation import Choice
from pytest_promptopt.evaluation.listing import counted
from pytest_promptopt.evaluation.record import PromptRecord
from pytest_promptopt.evaluation.reduction import input_of
from pytest_promptopt.history.command import Command
from pytest_promptopt.prompts.golden import EvaluatorSpec
from pytest_promptopt.prompts.labels import label_line, labels_path
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.prompts.template import as_text
from pytest_promptopt.reports.agreement import correction, told_of_judges
from pytest_promptopt.scoring.folding import folded
from pytest_promptopt.scoring.prompt_judge import JUDGES
from pytest_promptopt.scoring.prompted import judge_prompt
from pytest_promptopt.text.terminal import printable
from pytest_promptopt.work.labelling import Given, LabelsFile, NotInRunError, Sheet, read_sheet
from pytest_promptopt.work.saved_runs import utc_now

_DESCRIPTION = """\
Label a prompt's answers in its last saved run, one key a choice, without seeing what the judge or
others said. Every label is kept at once in PROMPT's .labels.jsonl, and nothing that was labelled
under the same name is asked again. Without a terminal, keys are lines of stdin.

example: promptopt label reply --most 30"""
_EXIT_CODES = (
    "exit codes: 0 done or quit, 1 it could not be done, 2 the command line cannot be meant or "
    "there is nothing to label, 130 interrupted (what was said is kept)"
)
_ORDER = (
    "goldens without a label come first, as they narrow the interval of the corrected score most, "
    "drawn in the proportions of what the judge chose, so that labels stand for all answers"
)
_COMMANDS = {"u": "undo", "s": "skip", "a": "all of it", "q": "quit"}
_FEWEST_ROWS = 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.description, parser.epilog = _DESCRIPTION, _EXIT_CODES
    parser.add_argument("prompt", metavar="PROMPT", help="a prompt file whose judge chooses")
    parser.add_argument("--run", metavar="RUN", dest="name", help="of this run, not the last")
    parser.add_argument("--rater", metavar="NAME", help="who labels; default: git's user.name")
    parser.add_argument("--most", type=_count, metavar="N", help="stop after so many labels")


def run(arguments: argparse.Namespace, out: Output) -> int:
    """Ask for labels; raises :class:`~pytest_promptopt.errors.PromptoptError`."""
    target = read_target(arguments.prompt)
    target.refuse_ref("labels are of answers, which runs have")
    target.require_file()
    rater = _rater(arguments.rater, target.path.parent)
    sheet = _sheet(target.path, arguments.name)
    for remark in sheet.remarks:
        warn(remark)
    file = LabelsFile(labels_path(target.path), Path.cwd())
    out.line(f"{rater} labels answers of {sheet.prompt.location}, kept in {file.location}")
    out.line(_ORDER)
    questions = [*sheet.asked(rater)]
    session = _Session(sheet=sheet, rater=rater, file=file, out=out)
    try:
        with keyboard() as keys:
            session.ask(questions, keys, arguments.most or len(questions))
    finally:
        # Also where it is interrupted: what was said is kept.
        out.line(f"{counted(session.given, 'label')} given")
    _tell(sheet, sheet.read_again(), out)
    return 0


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a number from 1 on, found {text!r}")
    return int(text)


def _rater(given: str | None, folder: Path) -> str:
    """The name that the labels get: ``given``, git's, or that of the user."""
    if given is not None and not given.strip():
        raise UsageError("--rater has no name")
    name = (given or _name_in_git(folder) or os.environ.get("USER", "")).strip()
    if not name:
        raise UsageError("who labels? Give --rater NAME")
    return " ".join(name.split())


def _name_in_git(folder: Path) -> str:
    try:
        return Command(folder).text("config", "--get", "user.name")
    except HistoryError:
        return ""


def _sheet(path: Path, name: str | None) -> Sheet:
    """What can be labelled: in the run of that name, else in the latest that has the prompt."""
    store, _ = saved()
    if name is not None:
        place = locate(name)
        found = read(place).run
        if found is None:
            raise UsageError(f"{place.name} is a search, and labels are of the answers of a run")
        sheet = read_sheet(path, store.root, found)
        if not sheet.is_of_now:
            warn("the prompt has changed since that run: labels are of the answers it gave then")
        return sheet
    problem = NotInRunError("there is no run yet")
    for known in store.names():
        try:
            sheet = read_sheet(path, store.root, store.read(known).run)
        except NotInRunError as error:
            problem = error
            continue
        if not sheet.is_of_now:
            raise UsageError(
                f"{sheet.prompt.location} has changed since its last run ({known}), so that its "
                f"answers may too; run pytest with --prompt-eval, or label them by --run {known}"
            )
        return sheet
    raise UsageError(f"{problem}; run pytest with --prompt-eval")


@dataclass(slots=True, kw_only=True)
class _Session:
    """A rater at work; ``written`` has the line of each question that was answered."""

    sheet: Sheet
    rater: str
    file: LabelsFile
    out: Output
    written: dict[int, bytes] = field(default_factory=dict)

    @property
    def given(self) -> int:
        """How many labels there are of this session."""
        return len(self.written)

    def ask(self, questions: Sequence[tuple[Given, JudgeRecord]], keys: Read, most: int) -> None:
        """Ask one after the other, until all or ``most`` are labelled or the rater quits."""
        place = 0
        if not questions:
            self.out.line(f"{self.rater} has labelled all answers of this run")
        while place < len(questions) and self.given < most:
            answer, judge = questions[place]
            self._show(answer, judge, f"{place + 1} of {len(questions)}")
            said = self._said(answer, judge, keys)
            if said is None or said == "q":
                break
            if said == "u":
                place = self._undone(place)
                continue
            if said != "s":
                self._keep(place, answer, judge, said)
            place += 1

    def _said(self, answer: Given, judge: JudgeRecord, keys: Read) -> str | None:
        """A choice, or a command that leaves the question; None at the end."""
        known = keys_of([choice.choice for choice in judge.choices])
        told = "  ".join(f"{key} {name}" for key, name in _shown_keys(judge.choices, known))
        self.out.line(Styled(told, "strong"))
        while True:
            self.out.line(Styled("  ".join(f"{k} {v}" for k, v in _COMMANDS.items()), "dim"))
            self.out.flush()
            key = keys()
            if key is None or key in set("usq"):
                return key
            if key == "a":
                self._show_whole(answer, judge)
                continue
            choice = known.get(key) or known.get(folded(key))
            if choice is not None:
                return choice
            self.out.line(f"{key!r} is no key here; expected one of: {told}")

    def _keep(self, place: int, answer: Given, judge: JudgeRecord, choice: str) -> None:
        line = label_line(
            answer.golden.variables,
            answer.text,
            choice=choice,
            rater=self.rater,
            at=utc_now().isoformat().replace("+00:00", "Z"),
            judge=judge.name if len(self.sheet.judges) > 1 else "",
        )
        self.file.add(line)
        self.written[place] = line
        self.out.line(f"→ {choice}")

    def _undone(self, place: int) -> int:
        """Where to go on: the question before, whose label is taken back."""
        if place == 0:
            self.out.line("there is nothing to undo")
            return 0
        line = self.written.pop(place - 1, None)
        if line is not None and not self.file.take_back(line):
            self.out.line("somebody wrote behind it; what you say now counts, being later")
        return place - 1

    def _show(self, answer: Given, judge: JudgeRecord, place: str) -> None:
        """The question on a screen, long texts cut."""
        size = shutil.get_terminal_size()
        rows = max(_FEWEST_ROWS, (size.lines - 14) // 4) if self.out.is_terminal else None
        self.out.line()
        where = f" ({judge.location})" if judge.location else ""
        self.out.line(Styled(f"{place}: {judge.name}{where}", "strong"))
        for name, text in self._parts(answer, judge).items():
            many = rows and (2 * rows if name == "answer" else rows)
            self._block(name, text, many, size.columns)

    def _show_whole(self, answer: Given, judge: JudgeRecord) -> None:
        for name, text in self._parts(answer, judge).items():
            self._block(name, text, None, 0)

    def _parts(self, answer: Given, judge: JudgeRecord) -> Mapping[str, str]:
        golden = answer.golden
        return {
            "asked": criterion(self.sheet.prompt, judge.name),
            "input": input_of(golden),
            "expected": as_text(golden.expected) if golden.has_expected else "",
            "answer": answer.text,
        }

    def _block(self, name: str, text: str, rows: int | None, columns: int) -> None:
        if not text.strip() and name != "answer":
            return
        self.out.line(Styled(name, "dim"))
        if rows is None:
            self.out.block(text)
            return
        lines = [*islice(_wrapped(text, max(20, columns - len(BAR))), rows + 1)]
        for line in lines[:rows]:
            self.out.block(line)
        if len(lines) > rows:
            self.out.line(BAR, "… (a shows all of it)")


def _wrapped(text: str, width: int) -> Iterator[str]:
    """The lines of the text as a terminal of that width has them."""
    for line in printable(text).expandtabs(4).split("\n"):
        yield from (line[at : at + width] for at in range(0, max(1, len(line)), width))


def keys_of(choices: Sequence[str]) -> Mapping[str, str]:
    """What stands for each choice: its name, its first letter if no other's, and a digit.

    A choice that is a digit, such as a grade, has no other.
    """
    names = {folded(choice): choice for choice in choices}
    free = (key for key in chain("123456789", "bcdefghijklmnoprtvwxyz") if key not in names)
    numbered = dict(zip(free, [c for c in choices if c not in set("123456789")], strict=False))
    starts = [name[:1] for name in names]
    initials = {name[:1]: c for name, c in names.items() if starts.count(name[:1]) == 1}
    found = {**initials, **numbered, **names}
    return {key: choice for key, choice in found.items() if key and key not in _COMMANDS}


def _shown_keys(choices: Sequence[Choice], known: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for choice in choices:
        keys = [key for key, name in known.items() if name == choice.choice and len(key) == 1]
        yield "/".join(sorted(keys)), choice.choice


def criterion(prompt: Prompt, judge: str) -> str:
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


def _tell(before: Sheet, now: Sheet, out: Output) -> None:
    """How many labels there are, and what the score was and is with them."""
    out.line()
    raters = {label.rater for labels in now.labels.values() for label in labels}
    labelled = sum(answer.key in now.labels for answer in now.answers)
    out.line(
        f"{labelled} of {counted(len(now.answers), 'answer')} labelled, by "
        f"{counted(len(raters), 'rater')}"
    )
    for earlier, later in zip(before.records, now.records, strict=True):
        if len(now.records) > 1:
            out.line(later.model)
        if earlier.correction != later.correction:
            out.line(f"before: {_score(earlier)}")
        for text in told_of_judges(later):
            out.line(text)


def _score(record: PromptRecord) -> str:
    if record.correction is not None:
        return correction(record.correction)
    score, interval = record.evaluation.score, record.interval
    if score is None or interval is None:
        return "no score"
    return f"{score:.3f} by the judge alone ({interval.low:.3f} to {interval.high:.3f})"
