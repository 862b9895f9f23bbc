"""The hooks of pytest by which a project's ``conftest.py`` and other packages take part.

All are called in the process that owns the calls, :func:`pytest_promptopt_model` in workers too.
Every pytest run on the machine imports this, so it imports next to nothing.
"""

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_promptopt.evaluation.evaluation import GoldenResult
    from pytest_promptopt.evaluation.record import PromptRecord, Run
    from pytest_promptopt.evaluation.verdict import Verdict
    from pytest_promptopt.optimization.result import Event
    from pytest_promptopt.proposals.proposal import Proposal
    from pytest_promptopt.providers.provider import Provider
    from pytest_promptopt.providers.request import Model

_spec = pluggy.HookspecMarker("pytest")


@_spec(firstresult=True)
def pytest_promptopt_model(name: str) -> "Model | None":
    """The model that ``name`` stands for, in a prompt file or on the command line.

    None leaves it to the next one, and in the end to the names that are known here.
    """


@_spec
def pytest_promptopt_wrapper() -> "Callable[[Provider], Provider] | None":
    """What wraps the provider that requests are sent through, behind cache, limits and retries."""


@_spec
def pytest_promptopt_golden(prompt: "PromptRecord", result: "GoldenResult") -> None:
    """A golden of the ``prompt`` is done, or was not needed."""


@_spec
def pytest_promptopt_verdict(prompt: "PromptRecord", verdict: "Verdict") -> None:
    """A gate has judged the ``prompt``."""


@_spec
def pytest_promptopt_run(run: "Run") -> None:
    """The run is over, its exit code known."""


@_spec
def pytest_promptopt_reports() -> "Mapping[str, Callable[[Run], str]] | None":
    """What renders the reports whose paths end so, such as ``{".csv": as_csv}``."""


@_spec
def pytest_promptopt_search_event(prompt: str, event: "Event") -> None:
    """Something happened in the search for a better one of the prompt with this key."""


@_spec(firstresult=True)
def pytest_promptopt_veto(proposal: "Proposal") -> str | None:
    """Why the proposal is not to be made, as a sentence; None where nothing stands against it."""
