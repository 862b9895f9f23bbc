"""``promptopt list``: all prompts with what they scored last."""

import argparse
import os
from pathlib import Path

from pytest_promptopt.cli.output import Output, Styled
from pytest_promptopt.cli.saved import read_scores, score_text
from pytest_promptopt.cli.target import prompt_folders, repository_root
from pytest_promptopt.errors import PromptFileError, PromptNotFoundError
from pytest_promptopt.prompts.content import ScoredContent, content_of
from pytest_promptopt.prompts.library import files_under, is_prompt_file
from pytest_promptopt.prompts.reader import read_prompt

_DESCRIPTION = """\
The prompts under the paths, by default in the folders that pytest collects them from, each with the
hash of the prompt and the scores that `.promptopt/scores.jsonl` has for it as it stands.

example: promptopt list prompts"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.description = _DESCRIPTION
    parser.add_argument("paths", metavar="PATH", nargs="*", help="a prompt file or a folder")


def run(arguments: argparse.Namespace, out: Output) -> int:
    """Print the prompts; raises :class:`~pytest_promptopt.errors.PromptoptError`."""
    named = arguments.paths or prompt_folders()
    places = (Path(os.path.normpath(Path.cwd() / name)) for name in named)
    found = (path for place in places for path in files_under(place))
    files = [path for path in found if is_prompt_file(path)]
    if not files:
        raise PromptNotFoundError(f"no prompt file in {', '.join(named)}")
    return max([_tell(path, out) for path in files])


def _tell(path: Path, out: Output) -> int:
    """Tell of one prompt; 1 where it cannot be read."""
    root = repository_root(path)
    shown = path.relative_to(root).as_posix()
    try:
        content = content_of(read_prompt(path, root=root), root=root)
    except PromptFileError as error:
        out.line(Styled("-" * 12, "bad"), f"  {shown}")
        out.line(f"    {error.problems[0]}")
        return 1
    out.line(Styled(content.version, "strong"), f"  {shown}")
    scores = read_scores(root).of(ScoredContent.of(content))
    for score in scores:
        out.line(f"    {score.model}  {score_text(score)}  {score.recorded.isoformat()}")
    if not scores:
        out.line("    no saved scores")
    return 0
