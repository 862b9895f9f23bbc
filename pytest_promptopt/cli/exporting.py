"""``promptopt export``: a prompt as a file of another tool."""

import argparse
from pathlib import Path

from pytest_promptopt.cli.output import Output, warn
from pytest_promptopt.cli.target import read_target, repository_root
from pytest_promptopt.prompts.formats.exporting import EXPORTS, export_prompt
from pytest_promptopt.prompts.formats.importing import write_files
from pytest_promptopt.prompts.formats.text_files import TextFile
from pytest_promptopt.prompts.reader import read_prompt

_DESCRIPTION = """\
Print a prompt with its goldens and evaluators as a file of another tool. What
has no counterpart there is told on stderr, with file and line.

example: promptopt export review_tone --to promptfoo --out promptfooconfig.yaml"""
_EXIT_CODES = """\
exit codes: 0 done, 1 the prompt cannot be read, 2 the command line cannot be
meant, such as a file that is there already"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.description, parser.epilog = _DESCRIPTION, _EXIT_CODES
    parser.add_argument("prompt", metavar="PROMPT", help="a prompt file")
    parser.add_argument("--to", metavar="TOOL", required=True, help=" or ".join(EXPORTS))
    parser.add_argument("--out", metavar="FILE", help="write a new file, not to stdout")


def run(arguments: argparse.Namespace, out: Output) -> int:
    """Print or write it; raises :class:`~pytest_promptopt.errors.PromptoptError`."""
    target = read_target(arguments.prompt)
    target.refuse_ref("`export` takes the file as it is")
    target.require_file()
    prompt = read_prompt(target.path, root=repository_root(target.path))
    export = export_prompt(prompt, arguments.to)
    for problem in export.losses:
        warn(str(problem))
    if arguments.out is None:
        out.text(export.text.removesuffix("\n"))
        return 0
    path = Path(arguments.out)
    write_files([TextFile(name=path.name, text=export.text)], path.parent)
    out.line(f"wrote {path.as_posix()}")
    return 0
