"""Prompts kept like code: golden examples, scored by pytest, gated in CI."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_promptopt.session.collection import PromptWarning as PromptWarning

__all__ = ["PromptWarning"]


def __getattr__(name: str) -> Any:
    if name == "PromptWarning":
        from pytest_promptopt.session.collection import PromptWarning

        return PromptWarning
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
