"""The pages on options, written from the options themselves: ``python docs/options.py``."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from pytest_promptopt.config import OPTIONS, Option
from pytest_promptopt.optimization.presets import DEFAULT_METHOD, PRESETS
from pytest_promptopt.optimization.settings import OptimizeSettings

FOLDER = Path(__file__).parent

HEADER = """\
# Options

Written by `docs/options.py` from `pytest_promptopt/config.py`; do not edit.

An option on the command line wins over the ini file (`pytest.ini`, `pyproject.toml` …).

| option | ini key | default | meaning |
|---|---|---|---|
"""

DECIDED = (
    "budget",
    "task_calls",
    "optimizer_calls",
    "tokens",
    "cost_usd",
    "editable",
    "demonstrations",
    "seed",
    "max_tokens",
    "samples",
    "confidence",
    "measure",
)
"""The settings that a person decides; all others belong to a method."""

SETTINGS_HEADER = """
## Settings of a search

For `optimize:` in a prompt file (`optimize: {method: race, budget: 300 calls}`) and for
`--prompt-optimize-set KEY=VALUE`. The model that proposes is `--prompt-optimizer-model`. All else
belongs to the [methods](optimization.md#the-methods); for research it can be set too:
[Settings of the methods](search-settings.md).

| setting | default | meaning |
|---|---|---|
"""

RESEARCH_HEADER = """\
# Settings of the methods

Written by `docs/options.py` from `pytest_promptopt/optimization/settings.py`; do not edit.

What makes a [method](optimization.md#the-methods) what it is, for those who study searches: nobody
needs them to optimize a prompt. They are set like
[what a person decides](options.md#settings-of-a-search). The methods' own values are the published
ones; a method that is not named has the default.

| setting | default | methods | meaning |
|---|---|---|---|
"""


def pages() -> dict[Path, str]:
    """Each page by its path."""
    options = "".join(_row(option) for option in OPTIONS)
    return {
        FOLDER / "options.md": f"{HEADER}{options}{SETTINGS_HEADER}{''.join(_decided())}",
        FOLDER / "search-settings.md": f"{RESEARCH_HEADER}{''.join(_of_methods())}",
    }


def _decided() -> Iterator[str]:
    default = PRESETS[DEFAULT_METHOD]
    methods = ", ".join(f"`{name}`" for name in PRESETS)
    yield f"| `method` | {DEFAULT_METHOD} | How it is searched. One of {methods}. |\n"
    known = {item.name: item for item in fields(OptimizeSettings)}
    for name in DECIDED:
        key = re.sub(r"_(\w)", lambda match: match[1].upper(), name)
        meaning = _meaning(known[name].metadata)
        yield f"| `{key}` | {_value(getattr(default, name))} | {meaning} |\n"


def _of_methods() -> Iterator[str]:
    default = OptimizeSettings()
    for item in fields(OptimizeSettings):
        if not item.metadata or item.name in DECIDED:
            continue
        usual = getattr(default, item.name)
        own = [
            f"{name} {_value(getattr(preset, item.name))}"
            for name, preset in PRESETS.items()
            if getattr(preset, item.name) != usual
        ]
        meaning = _meaning(item.metadata)
        yield f"| `{item.name}` | {_value(usual)} | {', '.join(own)} | {meaning} |\n"


def _meaning(metadata: Mapping[str, Any]) -> str:
    return f"{metadata['help']}{_choices(metadata)}"


def _choices(metadata: Mapping[str, Any]) -> str:
    choices = metadata.get("choices")
    return f" One of {', '.join(f'`{choice}`' for choice in choices)}." if choices else ""


def _value(value: Any) -> str:
    match value:
        case None | "":
            return ""
        case tuple():
            return "; ".join(map(_value, value))
        case Mapping():
            return ", ".join(f"`{name}:{count}`" for name, count in value.items())
        case bool():
            return str(value).lower()
        case _:
            return str(value)


def _row(option: Option) -> str:
    flag = f"`{option.flag}{f' {option.metavar}' if option.metavar else ''}`" if option.flag else ""
    ini = f"`{option.ini}`" if option.ini else ""
    return f"| {flag} | {ini} | {_default(option)} | {option.help.replace('|', '/')} |\n"


def _default(option: Option) -> str:
    if isinstance(option.default, list):
        return f"`{' '.join(option.default)}`" if option.default else ""
    return "" if option.default is None else f"`{option.default}`"


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
