"""``promptopt view``: the page of a run, in a browser on this machine."""

import argparse

from pytest_promptopt.cli.desk import Desk
from pytest_promptopt.cli.found import locate, read
from pytest_promptopt.cli.output import Output
from pytest_promptopt.cli.serving import PageServer, Served

_DESCRIPTION = """\
Shows the page of a run on this machine, by default of the latest, until Ctrl-C. It reloads when
there are new results, and leads to where people label answers that judges score. Nothing but this
machine can ask for it, under an address that cannot be guessed. As `promptopt report RUN --serve`.

example: promptopt view"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.description = _DESCRIPTION
    parser.add_argument(
        "name", metavar="RUN", nargs="?", help="a run or search, or a JSON report; default: latest"
    )
    parser.add_argument(
        "--port", type=int, default=0, metavar="N", help="listen there; default: a free one"
    )


def run(arguments: argparse.Namespace, out: Output) -> int:
    """Serve the page; raises :class:`~pytest_promptopt.errors.PromptoptError`."""
    serve(arguments.name, arguments.port, out)
    return 0


def serve(name: str | None, port: int, out: Output) -> None:
    """Serve the page of the run until interrupted; raises PromptoptError before it begins."""
    read(locate(name)).page()
    with PageServer(served(name), port) as server:
        out.line(server.url)
        out.flush()
        server.serve_forever()


def served(name: str | None) -> Served:
    """The page and the desk of the run of that name, without one of whatever is the latest."""
    return Served(
        version=lambda: locate(name).version,
        render=lambda version: read(locate(name)).page(version),
        desk=Desk(locate=lambda: locate(name)),
    )
