"""``promptopt label``: what people say of a prompt's answers, key by key."""

import argparse
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from pytest_promptopt.cli.found import locate, read, saved
from pytest_promptopt.cli.keyboard import Read, keyboard
from pytest_promptopt.cli.output import BAR, Output, Styled, warn
from pytest_promptopt.cli.target import read_target
from pytest_promptopt.errors import UsageError
from pytest_promptopt.evaluation.listing import counted
from pytest_promptopt.prompts.labels import labels_path
from pytest_promptopt.scoring.folding import folded
from pytest_promptopt.text.terminal import printable
from pytest_promptopt.work.labelling import (
    COMMANDS,
    ORDER,
    Labelling,
    LabelsFile,
    keys_of,
    rater_name,
    single_keys,
    usual_rater,
)
from pytest_promptopt.work.sheet import NotInRunError, Question, Sheet, read_sheet

_DESCRIPTION = """\
Label a prompt's answers in its last saved run, one key a choice, without seeing what the judge or
others said. Every label is kept at once in PROMPT's .labels.jsonl, and nothing that was labelled
under the same name is asked again. Without a terminal, keys are lines of stdin.

example: promptopt label reply --most 30"""
_EXIT_CODES = (
    "exit codes: 0 done or quit, 1 it could not be done, 2 the command line cannot be meant or "
    "there is nothing to label, 130 interrupted (what was said is kept)"
)
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
    out.line(ORDER)
    labelling = Labelling(sheet=sheet, rater=rater, file=file)
    try:
        with keyboard() as keys:
            _Asker(labelling=labelling, out=out).ask(keys, arguments.most)
    finally:
        # Also where it is interrupted: what was said is kept.
        out.line(f"{counted(labelling.given, 'label')} given")
    out.line()
    for text in labelling.outcome():
        out.line(text)
    return 0


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a number from 1 on, found {text!r}")
    return int(text)


def _rater(given: str | None, folder: Path) -> str:
    """The name that the labels get: ``given``, git's, or that of the user."""
    name = usual_rater(folder) if given is None else given
    try:
        return rater_name(name)
    except UsageError as error:
        raise UsageError(f"{error}; give --rater NAME") from None


def _sheet(path: Path, name: str | None) -> Sheet:
    """What can be labelled: in the run of that name, else in the latest that has the prompt."""
    store, _ = saved()
    if name is not None:
        place = locate(name)
        found = read(place).run
        if found is None:
            raise UsageError(f"{place.name} is a search, and labels are of the answers of a run")
        return read_sheet(path, store.root, found)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asker:
    """Asks a rater at work by keys and lines."""

    labelling: Labelling
    out: Output

    def ask(self, keys: Read, most: int | None) -> None:
        """Ask one after the other, until all or ``most`` are labelled or the rater quits."""
        labelling = self.labelling
        if not labelling.questions:
            self.out.line(f"{labelling.rater} has labelled all answers of this run")
        while (question := labelling.question) and (most is None or labelling.given < most):
            self._show(question, f"{labelling.place + 1} of {len(labelling.questions)}")
            said = self._said(question, keys)
            if said is None or said == "q":
                break
            told = ""
            if said == "u":
                told = labelling.undo()
            elif said == "s":
                labelling.skip()
            else:
                told = labelling.keep(said) or f"→ {said}"
            if told:
                self.out.line(told)

    def _said(self, question: Question, keys: Read) -> str | None:
        """A choice, or a command that leaves the question; None at the end."""
        known = keys_of(question.choices)
        told = "  ".join(f"{'/'.join(k)} {name}" for name, k in single_keys(question.choices))
        self.out.line(Styled(told, "strong"))
        while True:
            self.out.line(Styled("  ".join(f"{k} {v}" for k, v in COMMANDS.items()), "dim"))
            self.out.flush()
            key = keys()
            if key is None or key in set("usq"):
                return key
            if key == "a":
                for name, text in question.parts.items():
                    self._block(name, text, None, 0)
                continue
            choice = known.get(key) or known.get(folded(key))
            if choice is not None:
                return choice
            self.out.line(f"{key!r} is no key here; expected one of: {told}")

    def _show(self, question: Question, place: str) -> None:
        """The question on a screen, long texts cut."""
        size = shutil.get_terminal_size()
        rows = max(_FEWEST_ROWS, (size.lines - 14) // 4) if self.out.is_terminal else None
        self.out.line()
        judge = question.judge
        where = f" ({judge.location})" if judge.location else ""
        self.out.line(Styled(f"{place}: {judge.name}{where}", "strong"))
        for name, text in question.parts.items():
            many = rows and (2 * rows if name == "answer" else rows)
            self._block(name, text, many, size.columns)

    def _block(self, name: str, text: str, rows: int | None, columns: int) -> None:
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
