"""Prompts kept like code: golden examples, scored by pytest, gated in CI."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_promptopt.runtime import LoadedPrompt as LoadedPrompt
    from pytest_promptopt.runtime import load_prompt as load_prompt
    from pytest_promptopt.session.collection import PromptWarning as PromptWarning

__all__ = ["LoadedPrompt", "PromptWarning", "load_prompt"]

_HOMES = {
    "LoadedPrompt": "pytest_promptopt.runtime",
    "PromptWarning": "pytest_promptopt.session.collection",
    "load_prompt": "pytest_promptopt.runtime",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
