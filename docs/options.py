"""Write ``options.md`` from the options themselves: ``python docs/options.py``."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from pytest_promptopt.config import OPTIONS, Option
from pytest_promptopt.optimization.presets import PRESETS
from pytest_promptopt.optimization.settings import OptimizeSettings

TARGET = Path(__file__).with_name("options.md")

HEADER = """\
# Options

Written by `docs/options.py` from `pytest_promptopt/config.py`; do not edit.

An option on the command line wins over the ini file (`pytest.ini`, `pyproject.toml` …).

| option | ini key | default | meaning |
|---|---|---|---|
"""

SETTINGS_HEADER = """
## Settings of a search

For `optimize:` in a prompt file (`optimize: {method: race, budget: 300 calls}`) and for
`--prompt-optimize-set KEY=VALUE`, written from `pytest_promptopt/optimization/settings.py`. The
methods' own values are the published ones ([Optimization](optimization.md)); a method that is not
named has the default.

| setting | default | methods | meaning |
|---|---|---|---|
"""


def reference() -> str:
    """The page."""
    options = "".join(_row(option) for option in OPTIONS)
    return f"{HEADER}{options}{SETTINGS_HEADER}{''.join(_settings())}"


def _settings() -> list[str]:
    default = OptimizeSettings()
    rows = []
    for item in fields(OptimizeSettings):
        if not item.metadata:
            continue
        usual = getattr(default, item.name)
        own = [
            f"{name} {_value(getattr(preset, item.name))}"
            for name, preset in PRESETS.items()
            if getattr(preset, item.name) != usual
        ]
        help_text = item.metadata["help"] + _choices(item.metadata)
        rows.append(f"| `{item.name}` | {_value(usual)} | {', '.join(own)} | {help_text} |\n")
    return rows


def _choices(metadata: Mapping[str, Any]) -> str:
    choices = metadata.get("choices")
    return f" One of {', '.join(f'`{choice}`' for choice in choices)}." if choices else ""


def _value(value: Any) -> str:
    match value:
        case None | "":
            return ""
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
    TARGET.write_text(reference(), encoding="utf-8")
