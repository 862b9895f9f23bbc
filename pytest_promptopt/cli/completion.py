"""``promptopt completion``: a script by which a shell completes the command."""

import argparse
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_promptopt.cli.output import Output
from pytest_promptopt.project.folder import PROPOSALS, RUNS
from pytest_promptopt.prompts.library import SUFFIXES
from pytest_promptopt.providers.catalogue import CATALOGUE
from pytest_promptopt.providers.pricing import Prices

_DESCRIPTION = """\
Print a script that completes commands, options, prompt files, models, refs, and the runs and
proposals of the current folder. Make it anew after an update.

examples:
  promptopt completion bash >> ~/.bash_completion
  promptopt completion zsh > ~/.zfunc/_promptopt      # a folder of $fpath
  promptopt completion fish > ~/.config/fish/completions/promptopt.fish"""
_SHELLS = ("bash", "zsh", "fish")
# bash runs what stands in a name such as `x$(…)` as it completes it, and anyone may name a branch.
_HARMLESS = "grep -x '[[:alnum:]@._/+-]*'"
_NAMES_IN = f"ls -1 {{}} 2>/dev/null | sed -n 's/[.].*//; /./p' | {_HARMLESS} | sort -ru"
_REFS = f"git rev-parse --symbolic --branches --tags 2>/dev/null | {_HARMLESS}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.description = _DESCRIPTION
    parser.add_argument("shell", choices=_SHELLS, help="for which it is")


def run(arguments: argparse.Namespace, out: Output) -> int:
    """Print the script."""
    import shtab

    values = _values()
    for action in _actions(arguments.parser):
        if action.metavar == "MODEL":
            action.choices = [f"local/{name}" for name in CATALOGUE] + [*Prices.load().listed]
        elif action.dest in values or action.metavar in values:
            action.complete = values.get(action.dest) or values[action.metavar]
    out.text(shtab.complete(arguments.parser, arguments.shell))
    return 0


def _actions(parser: argparse.ArgumentParser) -> Iterator[Any]:
    """Every argument of the parser and of its commands, which are described in short."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for listed in action._get_subactions():
                command = action.choices[listed.dest]
                command.description = listed.help
                yield from _actions(command)


def _values() -> Mapping[str, Any]:
    """How the values of an argument are found, by its name or what stands for it in the help."""
    import shtab

    prompts = shtab.glob(*(f"*{suffix}" for suffix in SUFFIXES))
    return {
        "prompt": prompts,
        "id": _printed_by(_NAMES_IN.format(PROPOSALS.as_posix())),
        "RUN": _printed_by(_NAMES_IN.format(RUNS.as_posix())),
        "REF": _printed_by(_REFS),
        "FOLDER": shtab.DIRECTORY,
        **dict.fromkeys(("FILE", "PATH", "REPORT"), shtab.FILE),
    }


def _printed_by(command: str) -> Mapping[str, Any]:
    """What the command prints, in zsh too each time that it is asked for, not once a session."""
    import shtab

    return {**shtab.cmd(command), "zsh": f"{{compadd -- \\$({command})}}"}
