"""``promptopt lint``: what can be said of prompts and goldens without asking a model."""

import argparse
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from pytest_promptopt.cli.output import Output, Styled
from pytest_promptopt.cli.target import project_root, prompt_folders
from pytest_promptopt.errors import PromptFileError, PromptoptError, UsageError
from pytest_promptopt.evaluation.listing import counted
from pytest_promptopt.linting.linter import CODES, RULES, Linted, lint_file, remedy_of, with_fixes
from pytest_promptopt.linting.rule import Finding
from pytest_promptopt.linting.sarif import is_sarif, sarif
from pytest_promptopt.project.files import not_written, replace_file
from pytest_promptopt.prompts.library import files_under, is_prompt_file
from pytest_promptopt.suggestion import did_you_mean

_DESCRIPTION = """\
Look for what is known to make prompts and goldens worse, by rules with codes. No model is asked.
A comment `# lint: ignore PL104` in a prompt file silences a rule there.

example: promptopt lint prompts --fix"""
_EPILOG = (
    "exit codes: 0 nothing found, 1 findings or a file that cannot be read,\n"
    "2 the command line cannot be meant"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    parser.add_argument(
        "paths",
        metavar="PATH",
        nargs="*",
        help="a prompt file or a folder; default: where pytest collects them from",
    )
    parser.add_argument("--fix", action="store_true", help="mend in the files what is safe to mend")
    parser.add_argument("--sarif", metavar="FILE", help="also write the findings as SARIF 2.1.0")
    parser.add_argument(
        "--ignore", metavar="CODE", action="append", default=[], help="a rule to leave out"
    )
    parser.add_argument("--rules", action="store_true", help="list the rules and stop")


def run(arguments: argparse.Namespace, out: Output) -> int:
    """Lint; raises :class:`~pytest_promptopt.errors.PromptoptError`."""
    if arguments.rules:
        _list_rules(out)
        return 0
    _check_codes(arguments.ignore)
    if arguments.sarif:
        _check_sarif(Path(arguments.sarif))
    files = _files(arguments.paths or prompt_folders())
    left: list[Finding] = []
    broken = 0
    for path in files:
        try:
            linted = lint_file(path, root=project_root(path), ignored=arguments.ignore)
        except PromptFileError as error:
            broken += 1
            for problem in error.problems:
                out.line(Styled(str(problem), "bad"))
            continue
        left += _mend(linted, arguments.ignore, out) if arguments.fix else linted.findings
    for finding in left:
        _tell(finding, out)
    if arguments.sarif:
        _write_sarif(Path(arguments.sarif), left)
    _tell_count(left, len(files), broken, out, has_fixed=arguments.fix)
    return 1 if left or broken else 0


def _list_rules(out: Output) -> None:
    for rule in RULES:
        out.line(Styled(rule.code, "strong"), f" {rule.title}")
        out.line(f"    {rule.reason} ({rule.source})")
        out.line(f"    {rule.remedy}")


def _check_codes(codes: Sequence[str]) -> None:
    for code in codes:
        if code not in CODES:
            raise UsageError(f"--ignore: there is no rule `{code}`{did_you_mean(code, CODES)}")


def _files(named: Sequence[str]) -> list[Path]:
    """The prompt files, each once; a file that is named is one whatever it is called."""
    found = [
        path for name in named for path in _files_of(Path(os.path.normpath(Path.cwd() / name)))
    ]
    if not found:
        raise UsageError(f"no prompt file in {', '.join(named)}; name one, or its folder")
    return [*dict.fromkeys(found)]


def _files_of(place: Path) -> Iterator[Path]:
    yield from (path for path in files_under(place) if path == place or is_prompt_file(path))


def _mend(linted: Linted, ignored: Sequence[str], out: Output) -> Sequence[Finding]:
    """Write what can be mended; the findings that are left."""
    content, mended = with_fixes(linted)
    if not mended:
        return linted.findings
    path = linted.path
    try:
        replace_file(path, content)
    except OSError as error:
        raise PromptoptError(not_written(path, error)) from None
    for finding in mended:
        out.line(Styled("fixed", "good"), f" {finding}")
    return lint_file(path, root=project_root(path), ignored=ignored).findings


def _tell(finding: Finding, out: Output) -> None:
    place = f"{finding.path}:{finding.line}: "
    out.line(place, Styled(finding.code, "bad"), f" {finding.message}")
    fixable = " (--fix does it)" if finding.fix else ""
    out.line(f"    {remedy_of(finding.code)}{fixable}")


def _check_sarif(path: Path) -> None:
    """Raise :class:`UsageError` where something stands that is no report of this kind."""
    try:
        found = path.read_bytes() if path.is_file() else b""
    except OSError as error:
        raise UsageError(f"--sarif {not_written(path, error)}") from None
    if found and not is_sarif(found):
        raise UsageError(
            f"--sarif {path}: a file that is no SARIF stands there; name another, "
            "such as lint.sarif"
        )


def _write_sarif(path: Path, findings: Sequence[Finding]) -> None:
    from importlib.metadata import version

    text = sarif(findings, RULES, version=version("pytest-promptopt"))
    try:
        replace_file(path, text.encode())
    except OSError as error:
        raise UsageError(f"--sarif {not_written(path, error)}") from None


def _tell_count(
    findings: Sequence[Finding], files: int, broken: int, out: Output, *, has_fixed: bool
) -> None:
    where = counted(files, "file")
    unread = f", {broken} of which cannot be read" if broken else ""
    fixable = 0 if has_fixed else sum(finding.fix is not None for finding in findings)
    fix = f"; --fix mends {fixable}" if fixable else ""
    out.line(f"{counted(len(findings), 'finding')} in {where}{unread}{fix}")
