"""Missed goldens explained: on the terminal, and in JUnit's ``system-out``."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from xml.etree import ElementTree

import pytest
from _pytest.junitxml import bin_xml_escape, xml_key

from pytest_promptopt.evaluation.evaluation import GoldenResult
from pytest_promptopt.evaluation.listing import counted
from pytest_promptopt.reports.failure import explain
from pytest_promptopt.session.lines import say
from pytest_promptopt.text.terminal import printable

_WORST_OF_A_PROMPT = 3
_MOST_SHOWN = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """A golden that missed under a gate; ``fails`` says whether its gate failed too."""

    nodeid: str
    result: GoldenResult
    model: str
    fails: bool


def show_missed(
    terminalreporter: pytest.TerminalReporter, prompts: Sequence[Sequence[Missed]]
) -> None:
    """The worst of each prompt whose gate failed, those named on the command line; all with -v."""
    config = terminalreporter.config
    if config.option.verbose < 0:
        return
    everything = [missed for prompt in prompts for missed in prompt]
    named = {*_named(config)}
    shown = everything
    if config.option.verbose == 0:
        tiers = zip_longest(*map(_worst, prompts))
        worst = [missed for tier in tiers for missed in tier if missed][:_MOST_SHOWN]
        shown = [m for m in everything if m.nodeid in named or m in worst]
    if shown:
        terminalreporter.write_sep("=", "missed goldens")
    for missed in shown:
        terminalreporter.write_sep("_", printable(missed.nodeid), yellow=True)
        terminalreporter.write_line(explain(missed.result, missed.model))
    rest = sum(missed.fails for missed in everything) - sum(missed.fails for missed in shown)
    if shown and rest:
        text = f"{counted(rest, 'more golden')} missed under a gate that failed; -v shows them"
        say(terminalreporter, text)


def write_to_junit(config: pytest.Config, report: pytest.TestReport, text: str) -> None:
    """The text as the test case's ``system-out``, for which pytest has no public way."""
    junit = config.stash.get(xml_key, None)
    if junit is not None:
        element = ElementTree.Element("system-out")
        element.text = bin_xml_escape(text)
        junit.node_reporter(report).append(element)


def _worst(prompt: Sequence[Missed]) -> list[Missed]:
    failing = [missed for missed in prompt if missed.fails]
    return sorted(failing, key=lambda missed: missed.result.score or 0.0)[:_WORST_OF_A_PROMPT]


def _named(config: pytest.Config) -> Iterator[str]:
    """The node ids on the command line."""
    for argument in config.args:
        path, separator, name = argument.partition("::")
        if separator:
            absolute = Path(config.invocation_params.dir, path)
            if absolute.is_relative_to(config.rootpath):
                yield f"{absolute.relative_to(config.rootpath).as_posix()}::{name}"
