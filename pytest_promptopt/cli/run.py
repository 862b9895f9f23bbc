"""``promptopt run``: one answer of a prompt, without a score."""

import argparse

from pytest_promptopt.cli.arriving import Arriving
from pytest_promptopt.cli.output import Output, warn
from pytest_promptopt.cli.target import read_target
from pytest_promptopt.evaluation.listing import counted
from pytest_promptopt.providers.request import Completion
from pytest_promptopt.reports.summary import cost
from pytest_promptopt.work.single_answer import SingleAnswer, ask_once

_DESCRIPTION = """\
Ask a prompt once. The answer goes to stdout, on a terminal as it arrives; tokens, cost and
seconds go to stderr. Keys, cache and budget are a run's own.

example: promptopt run review_tone --var review='Boils in no time.'"""
_EXIT_CODES = (
    "exit codes: 0 done, 1 no answer, 2 the command line cannot be meant, such as a placeholder "
    "without a value, 130 interrupted"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.description, parser.epilog = _DESCRIPTION, _EXIT_CODES
    add = parser.add_argument
    add("prompt", metavar="PROMPT", help="a prompt file")
    add(
        "--var",
        dest="variables",
        action="append",
        default=[],
        type=_variable,
        metavar="NAME=VALUE",
        help="what stands for {{NAME}}; may be repeated",
    )
    add("--golden", metavar="ID", help="fill in this golden; --var wins over it")
    add("--model", metavar="MODEL", help="ask this one instead of the file's")


def run(arguments: argparse.Namespace, out: Output) -> int:
    """Print the answer; raises :class:`~pytest_promptopt.errors.PromptoptError`."""
    target = read_target(arguments.prompt)
    target.refuse_ref("`run` asks the file as it is")
    target.require_file()
    arriving = Arriving(out)
    try:
        answered = ask_once(
            target.path,
            variables=dict(arguments.variables),
            golden=arguments.golden,
            model=[arguments.model] if arguments.model else [],
            on_piece=arriving.show if out.is_terminal else None,
            on_remark=warn,
        )
    except KeyboardInterrupt:
        arriving.end()
        warn("interrupted: there is no whole answer, and nothing is kept")
        raise
    finally:
        arriving.end()
    trial = answered.trial
    if not arriving.has_shown(trial.answer.text):
        out.text(trial.answer.text)
    _tell(answered)
    return 1 if trial.lack else 0


def _variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE, found {text!r}")
    return name.strip(), value


def _tell(answered: SingleAnswer) -> None:
    completion, trial = answered.trial.completion, answered.trial
    if answered.expected is not None:
        warn(f"expected: {answered.expected}")
    if trial.lack:
        warn(f"{trial.lack}; this is all that the model said")
    for note in trial.notes:
        warn(note)
    warn(f"{answered.model}: {_effort(completion)}")


def _effort(completion: Completion) -> str:
    usage = completion.usage
    estimated = "" if usage.is_known else ", estimated"
    tokens = (
        f"{counted(usage.total_tokens, 'token')} "
        f"({usage.input_tokens:,} in, {usage.output_tokens:,} out{estimated})"
    )
    saved = ", saved from an earlier call" if completion.saved else ""
    return f"{tokens}, {cost(completion.cost_usd)}, {completion.latency_seconds:.2f} s{saved}"
