"""``promptopt init``: a first prompt with goldens that runs at once, and what belongs to it."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from pytest_promptopt.cli.importing import file_to_import, tell_understood
from pytest_promptopt.cli.output import Output, Styled
from pytest_promptopt.evaluation.listing import counted, listed
from pytest_promptopt.work.first_files import FirstFile, first_files, told_from, write
from pytest_promptopt.work.surroundings import Surroundings, look_around

_DESCRIPTION = """\
Write a prompt with goldens that runs at once, the lines that pytest's ini file needs, and what
editors need. It looks around rather than ask, shows everything first, and overwrites nothing. On a
terminal it waits for your word.

examples:
  promptopt init --workflow
  promptopt init --from promptfooconfig.yaml"""
_EXIT_CODES = (
    "exit codes: 0 done, 1 not written, 2 the command line cannot be meant, or there is no model"
)
_SHOWN_LINES = 60


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.description, parser.epilog = _DESCRIPTION, _EXIT_CODES
    add = parser.add_argument
    add("--model", metavar="MODEL", help="that of the prompt; default: what can be asked here")
    add("--from", dest="source", metavar="FILE", help="import this file of another tool instead")
    add("--workflow", action="store_true", help="also a workflow for GitHub Actions")
    add("--dry-run", action="store_true", help="show everything, write nothing")


def run(arguments: argparse.Namespace, out: Output) -> int:
    """Show and write; raises :class:`~pytest_promptopt.errors.PromptoptError`."""
    source = None if arguments.source is None else file_to_import(arguments.source)
    found = look_around(Path.cwd(), arguments.model, source)
    files = first_files(found, has_workflow=arguments.workflow)
    for name, value in _facts(found):
        out.line(Styled(f"{name:9}", "strong"), value)
    for file in (file for file in files if not file.is_there):
        out.line()
        _show(file, found.root, out)
    out.line()
    if found.imported is not None:
        tell_understood(found.imported, out)
    if kept := [told_from(found.root, file.path) for file in files if file.is_there]:
        out.line(f"there already, and stays: {', '.join(kept)}")
    if not any(file.is_written for file in files):
        out.line("there is nothing to write")
        return 0
    if arguments.dry_run or not _is_wanted():
        out.line("nothing was written")
        return 0 if arguments.dry_run else 1
    write(files)
    out.line("written; next:")
    for line in _next(found, has_workflow=arguments.workflow):
        out.line(f"    {line}")
    return 0


def _facts(found: Surroundings) -> Iterator[tuple[str, str]]:
    lack = "" if found.has_repository else ", in no git repository (`git init` makes one)"
    yield "project", f"{found.root}{lack}"
    if found.chosen is not None:
        yield "model", f"{found.chosen.name}: {found.chosen.reason}"
    if found.prompts:
        names = listed([told_from(found.root, path) for path in found.prompts])
        yield (
            "prompts",
            f"{counted(len(found.prompts), 'file')}, so no first one is written: {names}",
        )


def _show(file: FirstFile, root: Path, out: Output) -> None:
    name = told_from(root, file.path)
    if file.by_hand:
        out.line(
            Styled(f"add to {name} yourself", "strong"), ", for its form is one we do not edit"
        )
        out.block("\n".join(file.by_hand))
        return
    text = file.added or file.text
    word = "added to" if file.path.exists() else "new"
    what = f": {file.about} ({counted(text.count(chr(10)), 'line')})" if file.about else ""
    out.line(Styled(f"{word} {name}", "strong"), what)
    if not file.about:
        lines = text.rstrip("\n").split("\n")
        out.block("\n".join(lines[:_SHOWN_LINES]))
        if len(lines) > _SHOWN_LINES:
            out.line(f"… {counted(len(lines) - _SHOWN_LINES, 'more line')}")


def _is_wanted() -> bool:
    """What the person says, where there is one."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return True
    try:
        said = input("Write this? [Y/n] ")
    except EOFError:
        return False
    return said.strip().lower() in {"", "y", "yes"}


def _next(found: Surroundings, *, has_workflow: bool) -> Iterator[str]:
    yield "pytest --prompt-eval -v      to score"
    yield "promptopt view               to look at what came out, in a browser"
    secrets = sorted({model.key_variable for model in found.models if model.key_variable})
    if has_workflow:
        yield from (f"gh secret set {name}" for name in secrets)
    elif found.is_on_github:
        yield "promptopt init --workflow    to score pull requests on GitHub"
    elif found.is_on_gitlab:
        yield "pytest --prompt-eval --junit-xml prompts.xml    in .gitlab-ci.yml"
