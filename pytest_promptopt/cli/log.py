"""``promptopt log``: a prompt's versions and what they scored."""

import argparse
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from pytest_promptopt.cli.changes import describe
from pytest_promptopt.cli.output import Output, Styled
from pytest_promptopt.cli.saved import read_scores, score_text
from pytest_promptopt.cli.target import read_target
from pytest_promptopt.errors import HistoryError, PromptFileError
from pytest_promptopt.evaluation.listing import counted
from pytest_promptopt.history.prompt_history import HistoryEntry, PromptHistory, short
from pytest_promptopt.history.scores import SavedScores
from pytest_promptopt.history.snapshot import Snapshot
from pytest_promptopt.prompts.content import ScoredContent

_DESCRIPTION = """\
The versions of a prompt, the newest first: the commits that changed what it says, its goldens,
evaluators or gate, across renames. Each with the hash of the prompt itself (what `load_prompt`
calls its version), what changed, and the scores that `.promptopt/scores.jsonl` has for it.

example: promptopt log review_tone -n 5"""

_HASH_WIDTH = 12
_INDENT = " " * (_HASH_WIDTH + 2)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.description = _DESCRIPTION
    parser.add_argument("prompt", metavar="PROMPT", help="a prompt file")
    parser.add_argument("-n", type=_count, metavar="N", dest="most", help="show at most N versions")


def run(arguments: argparse.Namespace, out: Output) -> int:
    """Print the versions; raises :class:`~pytest_promptopt.errors.PromptoptError`."""
    target = read_target(arguments.prompt)
    target.refuse_ref("`log` shows every version")
    history = PromptHistory(target.path)
    log = _Log(history, read_scores(history.roots.project), out)
    entries = history.entries()
    newest = next(entries, None)
    if newest is None:
        target.require_file()
    log.tell_working_tree(target.path)
    if newest is not None:
        log.tell(chain([newest], entries), arguments.most)
    return 0


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError(f"expected a number of at least 1, found {text}")
    return count


class _Log:
    """Tells versions on ``out``."""

    def __init__(self, history: PromptHistory, scores: SavedScores, out: Output) -> None:
        self._history = history
        self._scores = scores
        self._out = out

    def tell_working_tree(self, path: Path) -> None:
        """One line and its scores where the working tree says something else than HEAD."""
        if not path.exists():
            self._out.line("not in the working tree any more")
            return
        try:
            present = self._history.present()
        except PromptFileError as error:
            self._tell_unreadable("working tree", str(error.problems[0]))
            return
        head, label = self._head()
        is_renamed = head is not None and head.prompt.path != present.prompt.path
        is_changed = head is None or head.content != present.content
        if is_changed or is_renamed:
            version = present.content.version if is_changed else " " * _HASH_WIDTH
            self._out.line(Styled(version, "strong"), f"  {label}")
        if head is not None and is_renamed:
            self._detail(self._renamed(head.prompt.path))
        if head is not None and is_changed:
            self._detail(describe(head, present))
        if is_changed:
            self._tell_scores(present)

    def _head(self) -> tuple[Snapshot | None, str]:
        """The prompt at HEAD, where it can be read, and what a difference to it is called."""
        try:
            head = self._history.at(self._history.commit("HEAD"))
        except HistoryError:
            return None, "uncommitted changes"
        return head, "uncommitted changes" if head else "not committed"

    def tell(self, entries: Iterator[HistoryEntry], most: int | None) -> None:
        """The versions among the entries, at most so many; renames too."""
        told = 0
        for entry in entries:
            if entry.is_version:
                if told == most:
                    return
                told += 1
                self._tell_version(entry)
            elif entry.renamed_from is not None:
                self._out.line(_INDENT, _commit_line(entry))
                self._detail(self._renamed(entry.renamed_from))

    def _tell_version(self, entry: HistoryEntry) -> None:
        if entry.snapshot is None:
            self._tell_unreadable(f"{'-' * _HASH_WIDTH}  {_commit_line(entry)}", entry.problem)
            return
        version = entry.snapshot.content.version
        self._out.line(Styled(version, "strong"), "  ", _commit_line(entry))
        if entry.renamed_from is not None:
            self._detail(self._renamed(entry.renamed_from))
        self._detail(describe(entry.older, entry.snapshot) if entry.older else "first version")
        self._tell_scores(entry.snapshot)

    def _tell_unreadable(self, headline: str, problem: str) -> None:
        self._out.line(Styled(headline, "bad"))
        self._detail(problem)

    def _tell_scores(self, snapshot: Snapshot) -> None:
        for score in self._scores.of(ScoredContent.of(snapshot.content)):
            samples = f" × {score.samples} samples" if score.samples > 1 else ""
            count = f"{counted(len(score.goldens), 'golden')}{samples}"
            self._detail(f"{score.model}  {score_text(score)}  {count}")

    def _renamed(self, former: Path) -> str:
        return f"renamed from {self._history.shown(former)}"

    def _detail(self, text: str) -> None:
        self._out.line(_INDENT, text)


def _commit_line(entry: HistoryEntry) -> str:
    version = entry.version
    day = version.date.date().isoformat()
    return f"{short(version.commit)}  {day}  {version.author}  {version.subject}"
