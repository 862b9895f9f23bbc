"""Whole runs on the embedded model, as a user starts them."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pytest_promptopt.testing.project import BASIC, Project

pytestmark = pytest.mark.local_model

MODEL = "local/qwen2.5-coder-0.5b"

FROM_GITHUBS_DOCUMENTATION = """\
name: Text Summarizer
description: Summarizes input text concisely
model: openai/gpt-4o-mini
modelParameters:
  temperature: 0.5
messages:
  - role: system
    content: You are a text summarizer. Your only job is to summarize text given to you.
  - role: user
    content: |
      Summarize the given text, beginning with "Summary -":
      <text>
      {{input}}
      </text>
testData:
  - input: |
      The quick brown fox jumped over the lazy dog.
      The dog was too tired to react.
    expected: Summary - A fox jumped over a lazy, unresponsive dog.
evaluators:
  - name: Output should start with 'Summary -'
    string:
      startsWith: 'Summary -'
"""

COUNTRIES = {
    "Paris": "France",
    "Rome": "Italy",
    "Madrid": "Spain",
    "Tokyo": "Japan",
    "Cairo": "Egypt",
    "Oslo": "Norway",
}
CAPITALS = """\
model: local/qwen2.5-coder-0.5b
modelParameters: {temperature: 0, maxTokens: 12}
messages:
  - {role: system, content: Say in one word which country the city is the capital of.}
  - {role: user, content: "{{city}}"}
evaluators: [{name: country, contains: "{{expected}}"}]
gate: {min: 0.1}
testData:
""" + "".join(f"  - {{city: {city}, expected: {country}}}\n" for city, country in COUNTRIES.items())
TWO_CAPITALS = CAPITALS.partition("  - {city: Madrid")[0]


def test_a_file_from_githubs_documentation_runs_with_nothing_configured(
    project: Project,
) -> None:
    (project.path / "tox.ini").unlink()
    project.write("summarizer.prompt.yml", FROM_GITHUBS_DOCUMENTATION)
    for arguments in (["summarizer.prompt.yml"], []):
        result = project.run_apart("--prompt-model", MODEL, *arguments)
        counts = result.parseoutcomes()
        assert counts.get("passed", 0) + counts.get("failed", 0) == 1
        assert "errors" not in counts
        result.stdout.fnmatch_lines([f"{MODEL}, * tokens, $0.00, * s an answer*"])


def test_deterministic_answers_are_the_same_on_every_run_and_of_workers(project: Project) -> None:
    project.write("pytest.ini", "[pytest]\nprompt_local_deterministic = true\n")
    project.write("prompts/capitals.prompt.yml", TWO_CAPITALS)
    recording = project.path / "prompts" / "__recordings__" / "capitals.jsonl"
    recorded, summaries = [], []
    for workers in ((), ("-p", "xdist", "-n", "2")):
        result = project.run_apart("--prompt-responses", "record", "--prompt-no-cache", *workers)
        recorded.append(recording.read_bytes())
        summaries.append([line for line in result.outlines if "  PASS  " in line])
        recording.unlink()
    assert recorded[0] == recorded[1]
    assert recorded[0].count(b"\n") == 2
    assert summaries[0] == summaries[1]
    assert len(summaries[0]) == 1


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_the_server_is_gone_when_pytest_is(
    project: Project,
    how: signal.Signals,
) -> None:
    project.write(
        "prompts/capitals.prompt.yml", CAPITALS.replace("maxTokens: 12", "maxTokens: 900")
    )
    command = [sys.executable, "-m", "pytest", *BASIC, "--prompt-no-cache"]
    process = subprocess.Popen(command, cwd=project.path, stdout=subprocess.DEVNULL)
    _wait_until(lambda: bool(_children(process.pid)))
    (server,) = _children(process.pid)
    process.send_signal(how)
    process.wait(timeout=30)
    _wait_until(lambda: not Path(f"/proc/{server}").exists())


def _children(pid: int) -> list[int]:
    """The model servers that any thread of the process has started."""
    listed = Path(f"/proc/{pid}/task").glob("*/children")
    found = [int(child) for path in listed for child in path.read_text().split()]
    return [child for child in found if b"local_server" in _command_line(child)]


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _wait_until(is_true: object, seconds: float = 60.0) -> None:
    assert callable(is_true)
    end = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < end
        time.sleep(0.05)
