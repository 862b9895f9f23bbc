"""``promptopt report``: what a run found out, and what a search for a better prompt did."""

import argparse
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pytest_promptopt.cli.output import Output, Style, Styled
from pytest_promptopt.errors import ReportError, UsageError
from pytest_promptopt.evaluation.evaluation import Outcome
from pytest_promptopt.evaluation.listing import counted, listed
from pytest_promptopt.evaluation.record import Run
from pytest_promptopt.evaluation.reduction import MOST_KEPT
from pytest_promptopt.optimization.journal import read_journal
from pytest_promptopt.project.files import replace_file
from pytest_promptopt.project.folder import JOURNAL, RUNS, project_with
from pytest_promptopt.reports.failure import explain
from pytest_promptopt.reports.html.page import NOWHERE, render_html
from pytest_promptopt.reports.reader import read_report, report_bytes
from pytest_promptopt.reports.summary import outcomes_text
from pytest_promptopt.reports.terminal import render
from pytest_promptopt.suggestion import close_to
from pytest_promptopt.work.pages import surroundings_of
from pytest_promptopt.work.saved_runs import RunStore

_LISTED = 20
_DESCRIPTION = """\
What a run found out, as its summary told it; of a search for a better prompt what it proposed,
refused, scored and decided. RUN is the name of a saved run or search, or how that starts, or a
JSON report. Without RUN: the runs and the searches there are, the latest first; with --html the
latest run."""

Line = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What a name stands for: a run, or the ``lines`` of a search's journal.

    ``root`` is the project's, None for a report from elsewhere.
    """

    name: str
    run: Run | None = None
    ended: datetime | None = None
    lines: Sequence[Line] = ()
    root: Path | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.description = _DESCRIPTION
    parser.add_argument("name", metavar="RUN", nargs="?", help="its name, or a JSON report")
    parser.add_argument(
        "--texts", action="store_true", help="also whole goldens that missed, and candidates' texts"
    )
    parser.add_argument(
        "--html", metavar="FILE", nargs="?", const="", help="write a page instead: RUN.html"
    )


def run(arguments: argparse.Namespace, out: Output) -> int:
    """Print the runs, or one of them; raises :class:`~pytest_promptopt.errors.PromptoptError`."""
    name, has_texts = arguments.name, arguments.texts
    if arguments.html and not arguments.html.endswith(".html"):
        raise UsageError(
            f"--html {arguments.html}: expected a file that ends in .html; RUN stands before it: "
            f"`promptopt report {arguments.html} --html`"
        )
    if name is None and arguments.html is None:
        _list(*_saved(), out)
        return 0
    found = _found(name)
    if arguments.html is not None:
        _write_page(found, Path(arguments.html or f"{found.name}.html"), out)
    elif found.run is not None:
        _tell_run(found.run, out, has_texts=has_texts)
    else:
        _tell(found.lines, out, has_texts=has_texts)
    return 0


def _found(name: str | None) -> _Found:
    """The run or the search of that name, without one the latest run; raises UsageError."""
    if name is not None and name.endswith(".json"):
        return _Found(name=Path(name).stem, run=read_report(report_bytes(Path(name))))
    store, journals = _saved()
    searches = {path.parent.name: path for path in journals}
    names = [*store.names(), *searches]
    found = names[:1] if name is None else [known for known in names if known.startswith(name)]
    if name is None and not found:
        raise UsageError("there is no run yet; run pytest with --prompt-eval")
    if len(found) != 1:
        many = "several runs start with" if found else "no run starts with"
        there = listed(found or names) or "none; `promptopt report` lists them"
        raise UsageError(f"{many} {name!r}: there are {there}{close_to(name or '', names)}")
    if found[0] in searches:
        lines = read_journal(searches[found[0]])
        return _Found(name=found[0], lines=lines, root=store.root)
    saved = store.read(found[0])
    return _Found(name=found[0], run=saved.run, ended=saved.ended, root=store.root)


def _saved() -> tuple[RunStore, Sequence[Path]]:
    """The runs of the project, and the journals of its searches."""
    project = project_with(RUNS, start=Path.cwd(), remedy="run pytest with --prompt-eval")
    return RunStore(project), _journals(project / RUNS)


def _write_page(found: _Found, path: Path, out: Output) -> None:
    if found.run is None:
        raise UsageError(f"{found.name} is a search, of which there is no page yet")
    surroundings = NOWHERE
    if found.root is not None:
        surroundings = surroundings_of(found.root, found.run, found.ended)
    try:
        replace_file(path, render_html(found.run, surroundings).encode())
    except OSError as error:
        raise ReportError(f"{path}: cannot be written: {error.strerror or error}") from error
    out.line(f"wrote {path}")


def _list(store: RunStore, journals: Sequence[Path], out: Output) -> None:
    names = store.names()
    for name in names[:_LISTED]:
        out.line(Styled(name, "strong"), f"  {_in_short(store, name)}")
    if len(names) > _LISTED:
        out.line(f"and {counted(len(names) - _LISTED, 'earlier run')}")
    for path in journals:
        _summarize(path, out)


def _in_short(store: RunStore, name: str) -> str:
    try:
        run = store.read(name).run
    except ReportError as error:
        return str(error)
    goldens = outcomes_text(run.prompts)
    return f"{counted(len(run.prompts), 'prompt')}: {goldens}, exit code {run.exit_code}"


def _tell_run(run: Run, out: Output, *, has_texts: bool) -> None:
    width = shutil.get_terminal_size().columns
    for line in render(run.prompts, width=width, saved_in="what was saved"):
        style: Style | None = "bad" if line.is_bad else "good" if line.is_good else None
        out.line(Styled(line.text, style) if style else line.text)
    for failure in run.failures:
        out.line(Styled(f"failed: {failure.location}", "bad"), f"  {failure.reason}")
    missed = [(p, r) for p in run.prompts for r in p.evaluation.having(Outcome.MISSED)]
    for prompt, result in missed if has_texts else ():
        out.line(Styled(f"{prompt.key}::{result.id}", "strong"))
        out.block(explain(result, prompt.model, limit=MOST_KEPT))


def _journals(folder: Path) -> list[Path]:
    found = folder.glob(f"*/{JOURNAL}")
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


def _summarize(path: Path, out: Output) -> None:
    lines = read_journal(path)
    verdict = next((line["sentence"] for line in lines if line["event"] == "verdict"), None)
    ended = next((line["reason"] for line in lines if line["event"] == "ended"), "not finished")
    out.line(Styled(path.parent.name, "strong"), f"  {_about(lines)}")
    out.line(f"    {verdict or ended}")


def _about(lines: Sequence[Line]) -> str:
    first = lines[0] if lines else {}
    parts = [str(first[key]) for key in ("prompt", "method", "model") if key in first]
    optimizer = first.get("optimizer_model")
    return "  ".join([*parts, *([f"optimizer {optimizer}"] if optimizer else [])])


def _tell(lines: Sequence[Line], out: Output, *, has_texts: bool) -> None:
    out.line(Styled(_about(lines), "strong"))
    for line in lines:
        for text in _event(line, has_texts=has_texts):
            out.line(text)
    calls = [line for line in lines if line["event"] == "call"]
    roles = Counter(str(line.get("role")) for line in calls)
    errors = sum("error" in line for line in calls)
    tokens = sum(_tokens(line["completion"]) for line in calls if "error" not in line)
    out.line(
        f"answers: {roles['task']} of the task model, {roles['optimizer']} of the optimizer model, "
        f"{errors} errors, {tokens:,} tokens"
    )


def _tokens(completion: Mapping[str, int]) -> int:
    return completion["input_tokens"] + completion["output_tokens"]


def _event(line: Line, *, has_texts: bool) -> Iterator[str]:
    match line:
        case {"event": "headroom", "sentence": sentence}:
            yield f"headroom: {sentence}"
        case {"event": "round", "number": number, "parents": parents}:
            yield f"round {number}, from {', '.join(parents)}"
        case {"event": "proposed" | "refused" as event, "candidate": candidate, "origin": origin}:
            reason = line.get("reason") or line.get("note")
            yield f"    {event} {candidate} ({origin}): {reason}"
            if has_texts:
                yield from (f"    │ {text}" for text in _texts(line))
        case {"event": "unparsed", "meta": meta, "reason": reason}:
            yield f"    not understood ({meta}): {reason}"
        case {"event": "raced", "scores": scores, "joined": joined}:
            for candidate, score in scores.items():
                shown = "not scored" if score is None else f"{score:.3f}"
                yield f"    {candidate} {shown}{', kept' if candidate in joined else ''}"
        case {"event": "chosen", "candidate": candidate}:
            yield f"chosen: {candidate or 'none scored above the prompt as it stands'}"
        case {"event": "verdict", "sentence": sentence}:
            yield f"verdict: {sentence}"
        case {"event": "ended", "reason": reason}:
            yield f"ended: {reason}"


def _texts(line: Line) -> Iterator[str]:
    texts = line.get("texts")
    for text in texts.values() if isinstance(texts, Mapping) else ():
        yield from str(text).split("\n")
