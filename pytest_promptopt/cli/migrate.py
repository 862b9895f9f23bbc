"""``promptopt migrate``: a prompt moved to another model, with a verdict."""

import argparse
from pathlib import Path

from pytest_promptopt.cli.output import Output, warn
from pytest_promptopt.cli.target import read_target
from pytest_promptopt.optimization.result import Event, Judged
from pytest_promptopt.proposals.flags import flags
from pytest_promptopt.proposals.store import ProposalStore
from pytest_promptopt.reports.optimization import Follower, render_diff, render_result
from pytest_promptopt.work.migrate import MARGIN, migrate
from pytest_promptopt.work.optimize import Search

_DESCRIPTION = """\
Score the prompt on both models, search for a better one where the new model falls short, and say by
unseen goldens whether it is at most the margin worse than the old prompt on the old model. What is
found is saved as a proposal, with the new model's name.

example: promptopt migrate review_tone --to openai/gpt-5.4-mini"""
_EXIT_CODES = "exit codes: 0 good enough, 1 not shown so, 2 the command line cannot be meant"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.description, parser.epilog = _DESCRIPTION, _EXIT_CODES
    add = parser.add_argument
    add("prompt", metavar="PROMPT", help="a prompt file")
    add("--from", dest="from_model", metavar="MODEL", help="default: the one in the file")
    add("--to", dest="to_model", metavar="MODEL", required=True, help="the new model")
    add("--margin", type=float, default=MARGIN, help="how much worse it may score (%(default)s)")
    add("--optimizer-model", metavar="MODEL", help="who proposes; default: the new model")
    add(
        "--set",
        dest="optimize_set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="of the search, such as budget='300 calls'; repeatable",
    )


def run(arguments: argparse.Namespace, out: Output) -> int:
    """Migrate; 0 where the new model is shown to be good enough, else 1."""
    target = read_target(arguments.prompt)
    target.refuse_ref("`migrate` changes the file as it is")
    follower = Follower()

    def tell(event: Event) -> None:
        # The verdict is told with what else the search came to.
        for line in () if isinstance(event, Judged) else follower.follow(event):
            out.line(line.text)

    migration = migrate(
        target.path,
        from_model=arguments.from_model,
        to_model=arguments.to_model,
        margin=arguments.margin,
        on_event=tell,
        on_remark=warn,
        optimizer_model=arguments.optimizer_model,
        optimize_set=arguments.optimize_set,
    )
    for search in migration.searches:
        _tell(search, migration.root, out)
    return 0 if migration.is_good_enough else 1


def _tell(search: Search, root: Path, out: Output) -> None:
    """Print what the search came to, and save what it proposes."""
    for remark in search.remarks:
        out.line(remark)
    for line in render_result(search.result, search.settings.caps):
        out.line(line.text)
    proposal = search.proposal
    if proposal is None:
        return
    ProposalStore(root).save(proposal)
    for sentence in flags(proposal):
        warn(f"{proposal.location}: {sentence}")
    for line in render_diff(proposal.patch):
        out.line(line.text)
    unproven = "" if proposal.is_proven else "unproven; "
    out.line(f"{unproven}to take it: promptopt apply {proposal.id}")
