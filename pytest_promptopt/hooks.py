"""The hooks as they are called: who takes part outside of pytest, and what they may give back."""

import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pluggy

from pytest_promptopt import hookspecs
from pytest_promptopt.errors import UsageError

if TYPE_CHECKING:
    from pytest_promptopt.evaluation.record import PromptRecord

_PLAINLY = pluggy.HookimplOpts(
    wrapper=False,
    hookwrapper=False,
    optionalhook=False,
    tryfirst=False,
    trylast=False,
    specname=None,
)


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
    manager.add_hookspecs(hookspecs)
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
