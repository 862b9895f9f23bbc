"""``promptopt show``: a prompt's messages as they would be sent."""

import argparse
import json

from pytest_promptopt.cli.output import Output, Styled
from pytest_promptopt.cli.target import PromptTarget, read_target, repository_root
from pytest_promptopt.errors import Problem, PromptFileError, UsageError
from pytest_promptopt.history.prompt_history import PromptHistory, short
from pytest_promptopt.history.snapshot import Roots, Snapshot, project_root, read_snapshot
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.prompts.prompt import MessageTemplate, Prompt
from pytest_promptopt.prompts.template import as_text

_DESCRIPTION = """\
A prompt's messages as they would be sent for one of its goldens, with model and parameters; in
the working tree, or as they stood at a commit. Without goldens, the templates as they are.

example: promptopt show review_tone@main --golden sarcastic"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.description = _DESCRIPTION
    parser.add_argument(
        "prompt",
        metavar="PROMPT[@REF]",
        help="a prompt file; with a branch, tag or commit: as it stood there",
    )
    parser.add_argument("--golden", metavar="ID", help="fill in this golden; default: the first")


def run(arguments: argparse.Namespace, out: Output) -> int:
    """Print the messages; raises :class:`~pytest_promptopt.errors.PromptoptError`."""
    snapshot = _read(read_target(arguments.prompt))
    prompt = snapshot.prompt
    golden = _golden(prompt, arguments.golden)
    where = f"commit {short(snapshot.commit)}" if snapshot.commit else "working tree"
    out.line(Styled(prompt.location, "strong"), f"  {snapshot.content.version}  {where}")
    out.line(f"golden: {golden.id}" if golden else "no goldens: the templates as they are")
    out.line(f"model: {prompt.model or 'none in the file'}")
    for name, value in prompt.parameters.items():
        out.line(f"{name}: {as_text(value)}")
    if prompt.response_format != "text":
        out.line(f"response format: {prompt.response_format}")
    if prompt.response_format == "json_schema":
        out.line(f"json schema: {json.dumps(prompt.json_schema, ensure_ascii=False)}")
    for message in prompt.messages:
        out.line()
        out.line(Styled(message.role, "strong"))
        out.block(_text(message, golden, prompt))
    return 0


def _read(target: PromptTarget) -> Snapshot:
    if target.ref is None:
        target.require_file()
        root = repository_root(target.path)
        roots = Roots(repository=root, project=project_root(target.path, root))
        return read_snapshot(target.path, roots)
    history = PromptHistory(target.path)
    commit = history.commit(target.ref)
    snapshot = history.at(commit)
    if snapshot is None:
        raise UsageError(
            f"{history.shown(target.path)} is not in {target.ref} ({short(commit)}); "
            f"`promptopt log` shows where it comes from"
        )
    return snapshot


def _golden(prompt: Prompt, wanted: str | None) -> Golden | None:
    if wanted is None:
        return prompt.goldens[0] if prompt.goldens else None
    return prompt.golden(wanted)


def _text(message: MessageTemplate, golden: Golden | None, prompt: Prompt) -> str:
    """The message filled with the golden; raises :class:`PromptFileError` for missing values."""
    if golden is None:
        return message.template.text
    missing = message.template.missing(golden.variables)
    if missing:
        where = f"golden {golden.id} ({golden.path}:{golden.line})"
        raise PromptFileError(
            [
                Problem(
                    path=prompt.location,
                    line=message.line,
                    message=f"{{{{{name}}}}} has no value in {where}",
                )
                for name in missing
            ]
        )
    return message.template.fill(golden.variables)
