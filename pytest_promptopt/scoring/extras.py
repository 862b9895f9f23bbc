"""Libraries that come with an extra of ours, each loaded when a file asks for what needs it."""

from importlib import import_module
from typing import Any

from pytest_promptopt.scoring.options import UnaskableError


def extra_module(name: str, extra: str, kind: str) -> Any:
    """The module ``name``; raises :class:`UnaskableError` where the extra is not installed."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name.partition(".")[0]:
            raise
        raise UnaskableError(
            f"`{kind}` needs a library that is not installed: "
            f'pip install "pytest-promptopt[{extra}]"'
        ) from None
