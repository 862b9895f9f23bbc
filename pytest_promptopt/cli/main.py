"""The command `promptopt`: finds the subcommand and runs it.

Exit codes: 0 done, 1 it could not be done (a file or the repository says why), 2 the command
line cannot be meant, 130 interrupted, 141 whoever read the output went away.
"""

import argparse
import os
import sys
import textwrap
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from pytest_promptopt.cli.output import Output, warn
from pytest_promptopt.errors import PromptoptError, UsageError
from pytest_promptopt.suggestion import did_you_mean

_EXIT_CODES = "exit codes: 0 done, 1 it could not be done, 2 the command line cannot be meant"
_HELP_COLUMN = 28
_ABOUT = """\
Prompts kept like code: `pytest --prompt-eval` scores them, this does the rest:
{commands}
For example: promptopt init. COMMAND --help says more; --version which this is.
"""


class Subcommand(NamedTuple):
    """A subcommand: its module, with ``add_arguments(parser)`` and ``run(arguments, out)``."""

    module: str
    help: str


COMMANDS: Mapping[str, Subcommand] = {
    "init": Subcommand("pytest_promptopt.cli.init", "write a first prompt, and what it needs"),
    "run": Subcommand("pytest_promptopt.cli.run", "one answer of a prompt, with its cost"),
    "lint": Subcommand("pytest_promptopt.cli.lint", "what is known to make prompts worse"),
    "audit": Subcommand("pytest_promptopt.cli.audit", "which goldens tell something, by past runs"),
    "list": Subcommand("pytest_promptopt.cli.list", "all prompts and what they scored last"),
    "log": Subcommand("pytest_promptopt.cli.log", "the versions of a prompt and what they scored"),
    "diff": Subcommand("pytest_promptopt.cli.diff", "what changed in a prompt, word by word"),
    "show": Subcommand("pytest_promptopt.cli.show", "a prompt's messages as they would be sent"),
    "report": Subcommand("pytest_promptopt.cli.report", "what a run or a search found out"),
    "view": Subcommand("pytest_promptopt.cli.view", "the page of a run, in a browser"),
    "label": Subcommand("pytest_promptopt.cli.label", "label answers, and correct their judge"),
    "migrate": Subcommand("pytest_promptopt.cli.migrate", "move a prompt to another model"),
    "apply": Subcommand("pytest_promptopt.cli.apply", "take a proposal into the prompt file"),
    "comment": Subcommand("pytest_promptopt.cli.comment", "post the report of another job's run"),
    "import": Subcommand("pytest_promptopt.cli.importing", "take over another tool's file"),
    "export": Subcommand("pytest_promptopt.cli.exporting", "a prompt as another tool's file"),
    "models": Subcommand("pytest_promptopt.cli.models", "models, prices, weights on this machine"),
    "schema": Subcommand("pytest_promptopt.cli.schema", "the JSON Schema of prompt files"),
    "completion": Subcommand(
        "pytest_promptopt.cli.completion", "a script for your shell's Tab key"
    ),
}
"""In the order of work."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``promptopt`` with these arguments, by default those of the process.

    Returns the exit code; raises SystemExit where argparse has said all there is to say.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    for stream in (sys.stdout, sys.stderr):
        _write_any_character(stream)
    parser = _parser(arguments)
    if not arguments:
        parser.print_help(sys.stderr)
        return 2
    if arguments[0][0:1] != "-" and arguments[0] not in COMMANDS:
        parser.error(f"there is no command `{arguments[0]}`{did_you_mean(arguments[0], COMMANDS)}")
    try:
        return _run(parser.parse_args(arguments))
    except BrokenPipeError:
        # Else the interpreter fails once more as it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        return 130


def _run(parsed: argparse.Namespace) -> int:
    out = Output(sys.stdout, has_colors=sys.stdout.isatty() and not os.environ.get("NO_COLOR"))
    try:
        _check_folder()
        status: int = parsed.run(parsed, out)
    except PromptoptError as error:
        warn(str(error))
        status = 2 if isinstance(error, UsageError) else 1
    sys.stdout.flush()
    return status


def _check_folder() -> None:
    try:
        Path.cwd()
    except OSError as error:
        why = error.strerror or error
        raise PromptoptError(
            f"the current folder cannot be used ({why}); go to one that exists"
        ) from error


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """The parser; of the commands, only the one that is named is imported, or all to complete."""
    parser = _Parser(prog="promptopt", usage="promptopt [-h] [--version] COMMAND ...")
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and stop")
    commands = parser.add_subparsers(
        metavar="COMMAND", required=True, prog="promptopt", parser_class=argparse.ArgumentParser
    )
    named = next((argument for argument in arguments if argument in COMMANDS), None)
    for name, command in COMMANDS.items():
        subparser = commands.add_parser(name, help=command.help, formatter_class=_Paragraphs)
        if named in {name, "completion"}:
            module = import_module(command.module)
            module.add_arguments(subparser)
            subparser.epilog = subparser.epilog or _EXIT_CODES
            subparser.set_defaults(run=module.run, parser=parser)
    return parser


class _Parser(argparse.ArgumentParser):
    """The parser of the whole command, whose help is one screen of 24 lines."""

    def format_help(self) -> str:
        """Every command with what it is for."""
        width = max(map(len, COMMANDS))
        commands = "\n".join(f"  {name:{width}}  {c.help}" for name, c in COMMANDS.items())
        return f"{self.format_usage()}{_ABOUT.format(commands=commands)}{_EXIT_CODES}\n"


class _Paragraphs(argparse.HelpFormatter):
    """Fills the paragraphs of a description; indented lines stay as they are."""

    def __init__(self, prog: str, **wanted: Any) -> None:
        super().__init__(prog, **{"max_help_position": _HELP_COLUMN, **wanted})

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        paragraphs = text.split("\n\n")
        return "\n\n".join(
            part if "\n  " in f"\n{part}" else textwrap.fill(part, width, initial_indent=indent)
            for part in paragraphs
        )


class _Version(argparse.Action):
    """Prints the version, which is only looked up where it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object, **__: object) -> None:
        from importlib.metadata import version

        sys.stdout.write(f"promptopt {version('pytest-promptopt')}\n")
        parser.exit()


def _write_any_character(stream: TextIO) -> None:
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    sys.exit(main())
