"""The entry point that pytest loads: options always, everything else only when asked for."""

import os
import sys
from collections.abc import Iterator
from importlib.machinery import PathFinder
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from pytest_promptopt import hookspecs
from pytest_promptopt.config import OPTIONS, PROMPT_SUFFIXES, Option

_MOST_FOLDERS = 1_000
_OURS = f"{__package__}."
_INI_TYPES: dict[str, Any] = {"lines": "linelist", "truth": "bool"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register every option and ini key."""
    group = parser.getgroup("prompts", "scoring prompt files (pytest-promptopt)")
    for option in OPTIONS:
        if option.flag:
            group.addoption(option.flag, **_arguments(option))
        if option.ini:
            kind = _INI_TYPES.get(option.kind, "string")
            default = option.default if option.kind in _INI_TYPES else None
            parser.addini(option.ini, option.help, type=kind, default=default)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare our hooks."""
    pluginmanager.add_hookspecs(hookspecs)


class _OwnModules:
    """Finds our modules as Python does; pytest compiles a plugin's anew, for their assertions."""

    @staticmethod
    def find_spec(name: str, path: Any, target: Any = None) -> Any:
        return PathFinder.find_spec(name, path, target) if name.startswith(_OURS) else None


def _arguments(option: Option) -> dict[str, Any]:
    arguments: dict[str, Any] = {"dest": f"prompt_{option.name}", "help": option.help}
    if option.kind == "switch":
        return arguments | {"action": "store_true"}
    if option.kind == "texts":
        arguments |= {"action": "append"}
    if option.choices:
        return arguments | {"choices": option.choices}
    return arguments | {"metavar": option.metavar}


def pytest_configure(config: pytest.Config) -> None:
    """Start the session's side where it is asked for; refuse what has no effect then."""
    if config.getoption("prompt_eval"):
        _use_own_modules(config)
        from pytest_promptopt.session.session import start

        start(config)
        return
    pointless = next(_asking_for_prompts(config), None)
    if pointless is not None:
        raise pytest.UsageError(f"{pointless}: prompts are scored with --prompt-eval only; add it")
    if config.getoption("prompt_lint"):
        _use_own_modules(config)
        from pytest_promptopt.session.linting import start_linting

        start_linting(config)


def _use_own_modules(config: pytest.Config) -> None:
    sys.meta_path.insert(0, _OwnModules)
    config.add_cleanup(lambda: sys.meta_path.remove(_OwnModules))


def pytest_terminal_summary(terminalreporter: Any, exitstatus: int, config: pytest.Config) -> None:
    """Say what is missing where nothing was run beside prompt files."""
    if exitstatus != pytest.ExitCode.NO_TESTS_COLLECTED or config.getoption("prompt_eval"):
        return
    folders = [*config.args, *(config.rootpath / name for name in config.getini("prompt_paths"))]
    if any(map(_holds_prompts, map(Path, folders))):
        terminalreporter.write_line("prompt files are scored with --prompt-eval only; add it")


def _holds_prompts(folder: Path) -> bool:
    files = (name for _, _, names in islice(os.walk(folder), _MOST_FOLDERS) for name in names)
    return any(name.endswith(PROMPT_SUFFIXES) for name in files)


def _asking_for_prompts(config: pytest.Config) -> Iterator[str]:
    """What was typed that means prompts: our options, and prompt files or their goldens."""
    flags = {option.flag for option in OPTIONS} - {"--prompt-lint"}
    lints = config.getoption("prompt_lint")
    for argument in config.invocation_params.args:
        text = str(argument)
        is_prompt = text.partition("::")[0].endswith(PROMPT_SUFFIXES) and not lints
        if text.partition("=")[0] in flags or is_prompt:
            yield text
