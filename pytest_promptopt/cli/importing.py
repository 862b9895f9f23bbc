"""``promptopt import``: a file of another tool as prompts and goldens of ours."""

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path

from pytest_promptopt.cli.output import Output, Styled
from pytest_promptopt.cli.target import project_root
from pytest_promptopt.errors import Problem, Severity, UsageError
from pytest_promptopt.evaluation.listing import counted
from pytest_promptopt.prompts.formats.importing import FORMATS, Import, import_file, write_files

_DESCRIPTION = """\
Write the prompts and goldens of another tool's file as files of ours. What has no
counterpart is listed with file and line and kept as a comment where it stood. Nothing
in the file is run, nothing is fetched, and no file is overwritten.

example: promptopt import promptfooconfig.yaml --dry-run"""
_EXIT_CODES = """\
exit codes: 0 done, 1 the file cannot be read or says nothing that we know, 2 the
command line cannot be meant, such as a folder with such files already"""
_ALIKE = 40


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.description, parser.epilog = _DESCRIPTION, _EXIT_CODES
    parser.add_argument("file", metavar="FILE", help="the file of the other tool")
    parser.add_argument(
        "--into", metavar="FOLDER", default="prompts", help="where to write; default: prompts"
    )
    parser.add_argument(
        "--format",
        metavar="NAME",
        help=f"what it is, where its content does not tell: {', '.join(f.name for f in FORMATS)}",
    )
    parser.add_argument("--dry-run", action="store_true", help="show the files, write nothing")


def run(arguments: argparse.Namespace, out: Output) -> int:
    """Import; raises :class:`~pytest_promptopt.errors.PromptoptError`."""
    path, into = file_to_import(arguments.file), Path(arguments.into)
    result = import_file(path, root=project_root(path), into=into, format_name=arguments.format)
    if arguments.dry_run:
        for file in result.files:
            out.line(Styled((into / file.name).as_posix(), "strong"))
            out.block(file.text.removesuffix("\n"))
            out.line()
    else:
        write_files(result.files, into)
    _tell(result, into, out, is_dry=arguments.dry_run)
    return 0


def file_to_import(name: str) -> Path:
    """The file that is named; raises UsageError for what is none."""
    if "://" in name:
        raise UsageError(f"{name} is elsewhere, and nothing is fetched: download it first")
    if Path(name).is_dir():
        raise UsageError(f"{name} is a folder; name one file, such as promptfooconfig.yaml")
    return Path(name)


def _tell(result: Import, into: Path, out: Output, *, is_dry: bool) -> None:
    imported = result.imported
    made = f"{counted(len(imported.prompts), 'prompt')}, {counted(len(imported.goldens), 'golden')}"
    out.line(Styled(imported.location, "strong"), f": read as {imported.format}, {made}")
    for file in result.files:
        out.line(f"  {'would write' if is_dry else 'wrote'} {(into / file.name).as_posix()}")
    tell_understood(result, out)


def tell_understood(result: Import, out: Output) -> None:
    """Print how much of the file has a counterpart, what has none, and what a run will tell."""
    imported = result.imported
    if imported.checks:
        _tell_checks(result, out)
    _tell_problems("without a counterpart", imported.losses, out)
    _tell_problems("with a little other meaning here", imported.remarks, out)
    errors = [p for p in result.problems if p.severity is Severity.ERROR]
    warnings = [p for p in result.problems if p.severity is not Severity.ERROR]
    _tell_problems("to be mended before a run", errors, out)
    _tell_problems("what a run will tell", warnings, out)
    if not imported.prompts:
        names = ", ".join(file.name for file in result.files)
        out.line(f"no prompt is in it: name the goldens in one, by `goldens: {names}`")


def _tell_checks(result: Import, out: Output) -> None:
    checks = result.imported.checks
    understood = sum(count for (_, is_understood), count in checks.items() if is_understood)
    out.line(f"assertions with a counterpart: {understood} of {checks.total()}")
    for name in sorted({name for name, _ in checks}):
        count = checks[name, True] + checks[name, False]
        out.line(f"  {name}: {checks[name, True]} of {count}")


def _tell_problems(title: str, problems: Iterable[Problem], out: Output) -> None:
    lines = [*_grouped(problems)]
    if lines:
        out.line(f"{title}:")
    for line in lines:
        out.line(f"  {line}")


def _grouped(problems: Iterable[Problem]) -> Iterator[str]:
    """Each problem once, with how often the like of it stands in the same file."""
    groups: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        groups.setdefault((problem.path, problem.message[:_ALIKE]), []).append(problem)
    for first, *others in groups.values():
        yield f"{first}{f' (and {len(others)} like it)' if others else ''}"
