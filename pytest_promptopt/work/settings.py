"""The options of one run, read from the command line and the ini file and checked."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_promptopt.client.budget import Budget
from pytest_promptopt.client.client import Responses
from pytest_promptopt.client.rates import Rate, parse_rates
from pytest_promptopt.config import OPTIONS, Kind, Option
from pytest_promptopt.errors import UsageError
from pytest_promptopt.providers.keys import KEY_VARIABLES
from pytest_promptopt.providers.models import Alias, parse_aliases
from pytest_promptopt.providers.pricing import Prices, parse_prices


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The options of one run, checked. One field an option, named like it.

    Several of ``model`` are compared with each other. ``limits`` are by the model's name, and
    ``prices`` the built-in ones with those of the ini file before them.
    """

    eval: bool
    lint: bool
    model: tuple[str, ...]
    judge_model: str | None
    samples: int | None
    base: str | None
    changed: bool
    save_scores: bool
    responses: Responses
    no_cache: bool
    no_code: bool
    cache_clear: bool
    concurrency: int | None
    max_retries: int
    timeout: float
    budget: Budget | None
    until_decided: bool
    plan: bool
    optimize: bool
    optimize_all: bool
    optimize_method: str | None
    optimize_set: tuple[str, ...]
    optimizer_model: str | None
    mutate: bool
    propose: str
    report: tuple[str, ...]
    paths: tuple[str, ...]
    gate_adjust: str
    python_modules: tuple[str, ...]
    models: Mapping[str, Alias]
    cache_dir: str
    limits: Mapping[str, Rate]
    prices: Prices
    local_deterministic: bool

    @property
    def wants_search(self) -> bool:
        """Whether prompts are to be optimized."""
        return self.optimize or self.optimize_all

    @property
    def judges_together(self) -> bool:
        """Whether the gates of a run are judged together."""
        return self.gate_adjust != "none"

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values of the environment's variables that keys are read from."""
        named = {alias.key_variable for alias in self.models.values()}
        names = sorted({*KEY_VARIABLES, *filter(None, named)})
        return tuple(os.environ[name] for name in names if os.environ.get(name))


def read_settings(get_option: Callable[[str], Any], get_ini: Callable[[str], Any]) -> Settings:
    """Settings from the command line, else the ini file, else the default.

    ``get_option`` takes :attr:`Option.name` with ``prompt_`` before it and gives None where the
    command line is silent. Raises :class:`UsageError`.
    """
    values = {option.name: _value(option, get_option, get_ini) for option in OPTIONS}
    return Settings(**values)


def _value(option: Option, get_option: Callable[[str], Any], get_ini: Callable[[str], Any]) -> Any:
    source = option.flag
    raw = get_option(f"prompt_{option.name}") if option.flag else None
    if not raw and raw != 0 and option.ini:
        source, raw = f"ini {option.ini}", get_ini(option.ini)
    value = _READERS[option.kind](option, raw, str(source))
    understand = _UNDERSTOOD.get(option.name)
    return value if understand is None or value is None else understand(value)


def _text(option: Option, raw: Any, source: str) -> Any:
    value = raw or option.default
    if not isinstance(value, str | None):
        raise UsageError(f"{source}: expected text, found {value!r}")
    if option.choices and value not in option.choices:
        raise UsageError(f"{source}: {value!r} is not one of {', '.join(option.choices)}")
    return value


def _texts(_option: Option, raw: Any, source: str) -> tuple[str, ...]:
    values = list(raw) if isinstance(raw, Sequence) and not isinstance(raw, str) else [raw or ""]
    if not all(isinstance(value, str | None) for value in values):
        raise UsageError(f"{source}: expected text or a list of texts, found {raw!r}")
    return tuple(dict.fromkeys(value for value in values if value))


def _integer(option: Option, raw: Any, source: str) -> Any:
    least = 0 if option.name == "max_retries" else 1
    value = _number(int, raw, source, f"a whole number of at least {least}")
    if value is not None and value < least:
        raise UsageError(f"{source}: expected a whole number of at least {least}, found {raw}")
    return option.default if value is None else value


def _seconds(option: Option, raw: Any, source: str) -> Any:
    value = _number(float, raw, source, "a number of seconds above 0")
    if value is not None and not 0 < value < float("inf"):
        raise UsageError(f"{source}: expected a number of seconds above 0, found {raw}")
    return option.default if value is None else value


def _number(kind: Callable[[Any], Any], raw: Any, source: str, expected: str) -> Any:
    if raw is None or raw == "":
        return None
    try:
        value = kind(raw)
    except (TypeError, ValueError, OverflowError):
        raise UsageError(f"{source}: expected {expected}, found {raw!r}") from None
    if isinstance(raw, float) and value != raw:
        raise UsageError(f"{source}: expected {expected}, found {raw!r}")
    return value


def _lines(_option: Option, raw: Any, _source: str) -> tuple[str, ...]:
    return tuple(raw)


def _truth(_option: Option, raw: Any, source: str) -> bool:
    if raw not in (None, True, False):
        raise UsageError(f"{source}: expected true or false, found {raw!r}")
    return bool(raw)


_READERS: Mapping[Kind, Callable[[Option, Any, str], Any]] = {
    "switch": _truth,
    "truth": _truth,
    "text": _text,
    "texts": _texts,
    "integer": _integer,
    "seconds": _seconds,
    "lines": _lines,
}

# What is more than text, numbers and truth, by the option's name.
_UNDERSTOOD: Mapping[str, Callable[[Any], Any]] = {
    "responses": Responses,
    "budget": Budget.parse,
    "models": parse_aliases,
    "limits": parse_rates,
    "prices": lambda lines: Prices.load(parse_prices(lines)),
}
