"""The hooks of pytest by which a project's ``conftest.py`` and other packages take part.

All are called in the process that owns the calls, :func:`pytest_promptopt_model` in workers too.
"""

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pluggy

from pytest_promptopt.errors import UsageError

if TYPE_CHECKING:
    from pytest_promptopt.evaluation.evaluation import GoldenResult
    from pytest_promptopt.evaluation.record import PromptRecord, Run
    from pytest_promptopt.evaluation.verdict import Verdict
    from pytest_promptopt.optimization.result import Event
    from pytest_promptopt.proposals.proposal import Proposal
    from pytest_promptopt.providers.provider import Provider
    from pytest_promptopt.providers.request import Model

_spec = pluggy.HookspecMarker("pytest")
_PLAINLY = pluggy.HookimplOpts(
    wrapper=False,
    hookwrapper=False,
    optionalhook=False,
    tryfirst=False,
    trylast=False,
    specname=None,
)


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


class _ByName(pluggy.PluginManager):
    """Plugins whose functions are hooks by their names alone, as in a ``conftest.py``."""

    def parse_hookimpl_opts(self, plugin: object, name: str) -> "pluggy.HookimplOpts | None":
        """How the function takes part: as it is marked, else plainly if it is named so."""
        marked = super().parse_hookimpl_opts(plugin, name)
        is_named_so = name.startswith("pytest_promptopt_")
        if marked is None and is_named_so and inspect.isroutine(getattr(plugin, name)):
            return _PLAINLY
        return marked


def hooks_of(plugins: Sequence[object]) -> pluggy.HookRelay:
    """The hooks of plugins outside of pytest: objects and modules with functions named so.

    Raises :class:`UsageError` for a function that is none of these hooks.
    """
    manager = _ByName("pytest")
    manager.add_hookspecs(sys.modules[__name__])
    try:
        for plugin in plugins:
            manager.register(plugin)
        manager.check_pending()
    except (pluggy.PluginValidationError, ValueError) as error:
        raise UsageError(f"plugins: {error}") from error
    return manager.hook


def promised(value: Any, kind: Any, name: str) -> Any:
    """What the hook of that ``name`` gave; raises UsageError where it is not of its ``kind``."""
    if not isinstance(value, kind):
        found = f"{type(value).__name__}: {repr(value)[:60]}"
        raise UsageError(f"{name}: expected a {kind.__name__} or None, found {found}")
    return value


def tell_plugins(hook: pluggy.HookRelay, record: "PromptRecord") -> None:
    """Tell them of the golden, or of the verdict, that the record is of."""
    for result in record.results:
        hook.pytest_promptopt_golden(prompt=record, result=result)
    if record.verdict is not None:
        hook.pytest_promptopt_verdict(prompt=record, verdict=record.verdict)
