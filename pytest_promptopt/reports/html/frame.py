"""The parts that all pages share: sources, templates whose texts are printable, and the policy."""

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from pytest_promptopt.text.terminal import printable

if TYPE_CHECKING:
    from jinja2 import Environment


def policy(style: str, script: str, *, is_served: bool) -> str:
    """Nothing but the one style and the one script, by their hashes; served, our own server."""
    allowed: Mapping[str, str] = {
        "default-src": "'none'",
        "style-src": _hash(style),
        "script-src": _hash(script),
        "base-uri": "'none'",
        "form-action": "'none'",
        **({"connect-src": "'self'"} if is_served else {}),
    }
    return "; ".join(f"{kind} {what}" for kind, what in allowed.items())


def _hash(source: str) -> str:
    digest = hashlib.sha256(source.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


@cache
def source(name: str) -> str:
    """The file of that name beside this one."""
    return resources.files(__package__).joinpath(name).read_text("utf-8")


@cache
def environment() -> "Environment":
    """What makes pages of the templates; every text is escaped and printable."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    def shown(value: Any) -> Any:
        is_text = isinstance(value, str) and not isinstance(value, Markup)
        return printable(value) if is_text else value

    environment = Environment(
        loader=PackageLoader("pytest_promptopt.reports", "html"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["across"] = lambda score: round(8 + 184 * score, 1)
    return environment
