"""``promptopt report``: what a run found out, and what a search for a better prompt did."""

import argparse
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pytest_promptopt.cli.found import Found, Line, locate, read, read_search, saved
from pytest_promptopt.cli.output import Output, Style, Styled
from pytest_promptopt.cli.view import serve
from pytest_promptopt.errors import PromptoptError, ReportError, UsageError
from pytest_promptopt.evaluation.evaluation import Outcome
from pytest_promptopt.evaluation.listing import counted
from pytest_promptopt.evaluation.record import Run
from pytest_promptopt.evaluation.reduction import MOST_KEPT
from pytest_promptopt.project.files import not_written, replace_file
from pytest_promptopt.reports.failure import explain
from pytest_promptopt.reports.mutation import told
from pytest_promptopt.reports.summary import outcomes_text
from pytest_promptopt.reports.terminal import render
from pytest_promptopt.work.saved_runs import RunStore

_LISTED = 20
_DESCRIPTION = """\
What a run found out, as its summary told it; of a search for a better prompt what it proposed,
refused, scored and decided. RUN is the name of a saved run or search, or how that starts, or a
JSON report. Without RUN: the runs and the searches there are, the latest first; with --html or
--serve the latest run.

example: promptopt report 20261128T --texts"""


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
    parser.add_argument(
        "--serve", metavar="PORT", nargs="?", const=0, type=int, help="show it as `view` does"
    )


def run(arguments: argparse.Namespace, out: Output) -> int:
    """Print the runs, or one of them; raises :class:`~pytest_promptopt.errors.PromptoptError`."""
    name, html, port = arguments.name, arguments.html, arguments.serve
    if html and not html.endswith(".html"):
        raise UsageError(
            f"--html {html}: expected a file that ends in .html; RUN stands before it: "
            f"`promptopt report {html} --html`"
        )
    if port is not None:
        serve(name, port, out)
    elif html is not None:
        found = read(locate(name))
        _write_page(found, Path(html or f"{found.place.name}.html"), out)
    elif name is None:
        _list(*saved(), out)
    else:
        found = read(locate(name))
        if found.run is None:
            _tell(found.lines, out, has_texts=arguments.texts)
        else:
            _tell_run(found.run, out, has_texts=arguments.texts)
    return 0


def _write_page(found: Found, path: Path, out: Output) -> None:
    try:
        replace_file(path, found.page().encode())
    except OSError as error:
        raise ReportError(not_written(path, error)) from error
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
    for prompt in run.prompts:
        if prompt.mutation is not None:
            out.line(Styled(f"{prompt.key}, its mutants", "strong"))
            for text in told(prompt.mutation):
                out.line(f"    {text}")
    for failure in run.failures:
        out.line(Styled(f"failed: {failure.location}", "bad"), f"  {failure.reason}")
    missed = [(p, r) for p in run.prompts for r in p.evaluation.having(Outcome.MISSED)]
    for prompt, result in missed if has_texts else ():
        out.line(Styled(f"{prompt.key}::{result.id}", "strong"))
        out.block(explain(result, prompt.model, limit=MOST_KEPT))


def _summarize(path: Path, out: Output) -> None:
    try:
        lines = read_search(path)
    except PromptoptError as error:
        out.line(Styled(path.parent.name, "strong"), f"  {error}")
        return
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
