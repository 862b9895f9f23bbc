"""Installed and not asked for, the plugin does nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "openai",
    "anthropic",
    "httpx2",
    "git",
    "numpy",
    "yaml",
    "rich",
    "jsonschema",
    "regex",
    "rapidfuzz",
    "xllamacpp",
    "pytest_promptopt.session",
    "pytest_promptopt.prompts",
)

PROBE = """\
import sys

def test_probe():
    loaded = [name for name in {heavy!r} if name in sys.modules]
    assert loaded == []
"""


def test_no_heavy_module_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_probe.py").write_text(PROBE.format(heavy=HEAVY))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "pytest_promptopt.plugin"]
    result = subprocess.run(
        command,
        cwd=tmp_path,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout


def test_our_options_are_described(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_inprocess("--help")
    result.stdout.fnmatch_lines(["*scoring prompt files (pytest-promptopt)*", "*--prompt-eval*"])
