"""Who keeps a run waiting is named, and a server that is not there is told at once."""

import re
import socket
import time

import pytest

from pytest_promptopt.testing import Reply, WireServer
from tests.project import PROMPT, Project


def test_a_server_that_is_not_there_is_told_at_once_and_asked_twice(project: Project) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    project.write("pytest.ini", f"[pytest]\nprompt_models = mine = openai/x {address}\n")
    project.write("prompts/a.prompt.yml", PROMPT.replace("scripted:answers.json", "mine"))
    started = time.monotonic()
    result = project.run()
    assert time.monotonic() - started < 10
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines([f"openai/x: is the server running at {address}[?] Connection*"])


def test_a_silent_server_is_named_while_it_is_waited_for(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytest_promptopt.reports.terminal._LONG_WAIT_SECONDS", 0.2)
    with WireServer(lambda _: Reply(fault="never")) as server:
        ini = f"[pytest]\nprompt_models = mine = openai/x {server.openai_url}\n"
        project.write("pytest.ini", ini)
        project.write("prompts/a.prompt.yml", PROMPT.replace("scripted:answers.json", "mine"))
        started = time.monotonic()
        result = project.run("--prompt-timeout", "1")
        assert time.monotonic() - started < 15
        result.stdout.fnmatch_lines(
            [f"openai/x at {server.openai_url} has not answered for * s (try 1)", "*2 tries*"]
        )


def test_a_silent_server_is_named_where_workers_wait(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytest_promptopt.reports.terminal._LONG_WAIT_SECONDS", 0.5)
    with WireServer(lambda _: Reply(fault="never")) as server:
        ini = f"[pytest]\nprompt_models = mine = openai/x {server.openai_url}\n"
        project.write("pytest.ini", ini)
        project.write("prompts/a.prompt.yml", PROMPT.replace("scripted:answers.json", "mine"))
        arguments = ("--prompt-timeout", "4", "--prompt-max-retries", "0")
        result = project.run("-p", "xdist", "-n", "2", "-q", *arguments)
    told = [line for line in result.outlines if "has not answered for" in line]
    assert len(told) == 1
    assert re.fullmatch(f"openai/x at {server.openai_url} .* for [1-9] s .try 1.", told[0])
    result.stdout.fnmatch_lines(["*1 try*"])
