"""``promptopt diff``: what changed in a prompt, and which goldens changed side."""

import argparse
import json
from collections.abc import Mapping

from pytest_promptopt.cli.changes import (
    NamedChanges,
    evaluator_changes,
    golden_changes,
    setting_changes,
)
from pytest_promptopt.cli.messages import MessagePair, changed_messages
from pytest_promptopt.cli.output import BAR, Output, Style, Styled
from pytest_promptopt.cli.saved import how_to_save, read_scores, score_text
from pytest_promptopt.cli.sides import KnownScores, Sides, known_scores
from pytest_promptopt.cli.target import read_target
from pytest_promptopt.errors import UsageError
from pytest_promptopt.evaluation.listing import counted
from pytest_promptopt.history.prompt_history import PromptHistory, short
from pytest_promptopt.history.snapshot import Snapshot
from pytest_promptopt.prompts.content import ScoredContent
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.reports.words import Piece, changed_lines, compare_words

_DESCRIPTION = """\
What the working tree changed in a prompt against REF: messages word by word, [-removed-] and
{+added+}; settings, goldens and evaluators; and the goldens that were fixed or broken, where
`.promptopt/scores.jsonl` knows both sides. By default REF is HEAD or, if nothing changed since,
the version before the last.

example: promptopt diff prompts/review_tone.prompt.yml main"""

_CONTEXT_LINES = 2
_MARKS: Mapping[str, tuple[str, str, Style]] = {
    "removed": ("[-", "-]", "bad"),
    "added": ("{+", "+}", "good"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.description = _DESCRIPTION
    parser.add_argument("prompt", metavar="PROMPT", help="a prompt file")
    parser.add_argument("ref", metavar="REF", nargs="?", help="a branch, tag or commit")


def run(arguments: argparse.Namespace, out: Output) -> int:
    """Print the difference; raises :class:`~pytest_promptopt.errors.PromptoptError`."""
    target = read_target(arguments.prompt)
    if target.ref is not None:
        raise UsageError(f"give the ref as a word of its own: PROMPT {target.ref}")
    target.require_file()
    history = PromptHistory(target.path)
    new = history.present()
    out.line(Styled(new.prompt.location, "strong"))
    old = _other_side(history, arguments.ref, new, out)
    if old is not None:
        _tell(old, new, history, out)
    return 0


def _other_side(
    history: PromptHistory, ref: str | None, new: Snapshot, out: Output
) -> Snapshot | None:
    """What to compare with; None where there is nothing, which is told."""
    old = history.at(history.commit(ref or "HEAD"))
    if old is None:
        out.line(f"not in {ref or 'HEAD'}, so there is nothing to compare with")
        return None
    if ref is not None or old.content != new.content:
        return old
    changes = (e for e in history.entries() if e.is_version and e.snapshot and e.older)
    last = next(changes, None)
    if last is None:
        out.line("nothing changed since HEAD, and there is no version before it")
        return None
    version = last.version
    out.line("nothing changed since HEAD; this is what the last version changed")
    out.line(f"{short(version.commit)}  {version.author}  {version.subject}")
    return last.older


def _tell(old: Snapshot, new: Snapshot, history: PromptHistory, out: Output) -> None:
    commit = short(old.commit or "")
    out.line(Styled("- ", "bad"), f"{old.content.version}  commit {commit}")
    out.line(Styled("+ ", "good"), f"{new.content.version}  working tree")
    if old.prompt.path != new.prompt.path:
        out.line(f"renamed from {history.shown(old.prompt.path)}")
    parts = old.content.changed_parts(new.content)
    if not parts:
        out.line("the content is the same")
        return
    for name, before, after in setting_changes(old.prompt, new.prompt):
        out.line(f"{name}: ", Styled(before, "bad"), " → ", Styled(after, "good"))
    for pair in changed_messages(old.prompt, new.prompt):
        _tell_message(pair, out)
    _tell_schema(old.prompt, new.prompt, out)
    if "goldens" in parts:
        _tell_names("goldens", golden_changes(old.prompt, new.prompt), out)
    if "evaluators" in parts:
        _tell_names("evaluators", evaluator_changes(old.prompt, new.prompt), out)
    if "files" in parts:
        out.line()
        out.line("the code of evaluators changed")
    if ScoredContent.of(old.content) != ScoredContent.of(new.content):
        scores = read_scores(history.roots.project)
        _tell_scores(known_scores(scores, old, new), new.prompt.location, out)


def _tell_message(pair: MessagePair, out: Output) -> None:
    side = " (removed)" if pair.new is None else " (added)" if pair.old is None else ""
    _tell_text(f"message {pair.number}, {pair.role}{side}", pair.old or "", pair.new or "", out)


def _tell_schema(old: Prompt, new: Prompt, out: Output) -> None:
    before, after = (
        "" if prompt.json_schema is None else json.dumps(prompt.json_schema, indent=2)
        for prompt in (old, new)
    )
    if before != after:
        _tell_text("jsonSchema", before, after, out)


def _tell_text(title: str, old: str, new: str, out: Output) -> None:
    out.line()
    out.line(Styled(title, "strong"))
    for line in changed_lines(compare_words(old, new), context=_CONTEXT_LINES):
        if line is None:
            out.line("…")
        else:
            out.line(BAR, *(_marked(piece, out) for piece in line))


def _marked(piece: Piece, out: Output) -> str | Styled:
    """The piece in its colour, or between its marks where it has no colour to be seen."""
    if piece.change == "same":
        return piece.text
    left, right, style = _MARKS[piece.change]
    is_seen = out.has_colors and not piece.text.isspace()
    return Styled(piece.text if is_seen else f"{left}{piece.text}{right}", style)


def _tell_names(what: str, changes: NamedChanges, out: Output) -> None:
    out.line()
    out.line(Styled(f"{what} {changes}", "strong"))
    for name in changes.removed:
        out.line("  ", Styled(f"- {name}", "bad"))
    for name in changes.added:
        out.line("  ", Styled(f"+ {name}", "good"))
    for name in changes.changed:
        out.line(f"  ~ {name}")


def _tell_scores(scores: KnownScores, location: str, out: Output) -> None:
    out.line()
    out.line(Styled("scores", "strong"))
    for comparison in scores.comparisons:
        _tell_comparison(comparison, out)
    if scores.comparisons:
        return
    for sign, saved in (("-", scores.before), ("+", scores.after)):
        for score in saved:
            out.line(f"  {sign} {score.model}  {score_text(score)}")
        if not saved:
            out.line(f"  {sign} not known")
    out.line("  to compare them, have both sides scored by the same model:")
    out.line(f"    {how_to_save(location)}")


def _tell_comparison(comparison: Sides, out: Output) -> None:
    before, after = comparison.before, comparison.after
    goldens = counted(len(after.goldens), "golden")
    out.line(f"  {after.model}  {score_text(before)} → {score_text(after)}  {goldens}")
    if not comparison.is_judged_alike:
        out.line("  the evaluators changed too, so the scores do not mean the same")
    for name in comparison.fixed:
        _tell_golden(Styled("fixed ", "good"), name, comparison, out)
    for name in comparison.broken:
        _tell_golden(Styled("broken", "bad"), name, comparison, out)
    if not comparison.fixed and not comparison.broken:
        out.line("    no golden changed side")


def _tell_golden(word: Styled, name: str, comparison: Sides, out: Output) -> None:
    before, after = comparison.before.goldens[name], comparison.after.goldens[name]
    out.line("    ", word, f"  {name}  {before.score:.2f} → {after.score:.2f}")
