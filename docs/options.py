"""Write ``options.md`` from the options themselves: ``python docs/options.py``."""

from pathlib import Path

from pytest_promptopt.config import OPTIONS, Option

TARGET = Path(__file__).with_name("options.md")

HEADER = """\
# Options

Written by `docs/options.py` from `pytest_promptopt/config.py`; do not edit.

An option on the command line wins over the ini file (`pytest.ini`, `pyproject.toml` …).

| option | ini key | default | meaning |
|---|---|---|---|
"""


def reference() -> str:
    """The page."""
    return HEADER + "".join(_row(option) for option in OPTIONS)


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
