"""``promptopt schema``: the JSON Schema of prompt files."""

import argparse

from pytest_promptopt.cli.output import Output
from pytest_promptopt.project.folder import SCHEMA
from pytest_promptopt.prompts.editor_schema import editor_schema

_DESCRIPTION = f"""\
Print the JSON Schema (draft 2020-12) by which editors complete, check and explain prompt files.
`promptopt init` writes it to {SCHEMA.as_posix()}; after an update of this package, write
it there anew. The first line of a prompt file names it:

  # yaml-language-server: $schema=../{SCHEMA.as_posix()}

example: promptopt schema > {SCHEMA.as_posix()}"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes: nothing."""
    parser.description = _DESCRIPTION


def run(_arguments: argparse.Namespace, out: Output) -> int:
    """Print it."""
    out.text(editor_schema())
    return 0
