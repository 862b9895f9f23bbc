"""``promptopt report``: what a search for a better prompt did, from its journal."""

import argparse
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pytest_promptopt.cli.output import Output, Styled
from pytest_promptopt.errors import UsageError
from pytest_promptopt.optimization.journal import read_journal
from pytest_promptopt.project.folder import JOURNAL, RUNS

_DESCRIPTION = """\
What a run of --prompt-optimize proposed, refused, scored and decided. Without RUN: the runs there
are, the latest first."""

Line = Mapping[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.description = _DESCRIPTION
    parser.add_argument("name", metavar="RUN", nargs="?", help="its name, or how that starts")
    parser.add_argument("--texts", action="store_true", help="print the texts of candidates too")


def run(arguments: argparse.Namespace, out: Output) -> int:
    """Print the runs, or one of them; raises :class:`~pytest_promptopt.errors.PromptoptError`."""
    journals = _journals(_project(Path.cwd()) / RUNS)
    if arguments.name is None:
        for path in journals:
            _summarize(path, out)
        return 0
    found = [path for path in journals if path.parent.name.startswith(arguments.name)]
    if len(found) != 1:
        names = ", ".join(path.parent.name for path in found or journals) or "none"
        many = "several runs start with" if found else "no run starts with"
        raise UsageError(f"{many} {arguments.name!r}: there are {names}")
    _tell(read_journal(found[0]), out, has_texts=arguments.texts)
    return 0


def _project(folder: Path) -> Path:
    """The nearest folder from here upwards that has runs."""
    for candidate in (folder, *folder.parents):
        if (candidate / RUNS).is_dir():
            return candidate
    raise UsageError(f"no {RUNS.as_posix()} here or above; run pytest with --prompt-optimize")


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
