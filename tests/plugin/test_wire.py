"""Whole runs through both real SDKs against a server on loopback that misbehaves."""

import itertools
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from pytest_promptopt.testing import Received, Reply, WireServer
from pytest_promptopt.testing.project import BASIC, Project

KEY = "sk-test-0123456789abcdefghijklmnop"
MODELS = ("openai/gpt-5-mini", "anthropic/claude-haiku-4-5")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[WireServer]:
    with WireServer() as made:
        monkeypatch.setenv("OPENAI_BASE_URL", made.openai_url)
        monkeypatch.setenv("ANTHROPIC_BASE_URL", made.url)
        for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
            monkeypatch.setenv(name, KEY)
        yield made


def write_prompt(
    project: Project, model: str, goldens: int, name: str = "prompts/a.prompt.yml"
) -> None:
    lines = "".join(f"  - {{id: g{n}, q: question {n}, expected: ok}}\n" for n in range(goldens))
    project.write(
        name,
        f'model: {model}\nmessages: [{{role: user, content: "{{{{q}}}}"}}]\ntestData:\n{lines}',
    )


@pytest.mark.parametrize("model", MODELS)
def test_a_tenth_refused_and_a_twentieth_broken_and_still_every_golden_is_scored(
    project: Project, server: WireServer, model: str
) -> None:
    chance = random.Random(1)

    def misbehave(received: Received) -> Reply:
        drawn = chance.random()
        if drawn < 0.10:
            return Reply(status=429, headers={"retry-after-ms": "20"})
        return Reply(status=500) if drawn < 0.15 else Reply()

    server.behaviour = misbehave
    write_prompt(project, model, 40)
    project.run().assert_outcomes(passed=40)
    assert len(server.received) > 40


def test_a_clock_that_jumps_by_a_day_loses_no_golden_and_no_answer(
    project: Project, server: WireServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, days = time.time, itertools.cycle((0, -1, 1))
    monkeypatch.setattr(time, "time", lambda: real() + 86_400 * next(days))

    def answer(_: Received) -> Reply:
        now = datetime.now(UTC)
        soon = now + timedelta(seconds=1)
        date = {"date": format_datetime(now, usegmt=True)}
        if len(server.received) <= 3:
            wait = {"retry-after": format_datetime(soon, usegmt=True)}
            return Reply(status=429, headers=date | wait)
        remaining = "anthropic-ratelimit-requests-remaining"
        none = {remaining: "0", "anthropic-ratelimit-requests-reset": soon.isoformat()}
        return Reply(headers=date | (none if len(server.received) == 4 else {}))

    server.behaviour = answer
    write_prompt(project, "anthropic/claude-haiku-4-5", 8)
    project.run().assert_outcomes(passed=8)
    sent = len(server.received)
    result = project.run()
    result.assert_outcomes(passed=8)
    assert len(server.received) == sent
    assert "-" not in re.findall(r", (\S+) s an answer", result.stdout.str())[0]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (Reply(status=503, message="overloaded"), "*503*2 tries*"),
        (Reply(fault="drop"), "*connection to http://127.0.0.1:* failed*2 tries*"),
        (Reply(fault="cut", text="x" * 2000), "*connection to http://127.0.0.1:* failed*2 tries*"),
        (Reply(body=b'{"choices": [', content_type="application/json"), "*JSON*"),
        (Reply(body=b"<html>Bad gateway</html>", content_type="text/html"), "*HTML*"),
        (Reply(status=401, message="bad key"), "*401*_API_KEY*"),
        (Reply(status=404, message="no such model"), "*404*"),
    ],
)
def test_a_fault_is_an_error_that_names_provider_and_remedy(
    project: Project, server: WireServer, model: str, reply: Reply, message: str
) -> None:
    server.behaviour = lambda _: reply
    assert_error(project, model, message, "--prompt-max-retries", "1")


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    "reply",
    [Reply(fault="never"), Reply(delay_seconds=4.0), Reply(fault="slow", text="x" * 2000)],
    ids=["never", "too late", "byte by byte"],
)
def test_an_answer_that_takes_too_long_is_an_error(
    project: Project, server: WireServer, model: str, reply: Reply
) -> None:
    server.behaviour = lambda _: reply
    arguments = ("--prompt-max-retries", "0", "--prompt-timeout", "0.8")
    assert_error(project, model, "*did not answer within 0.8 s*1 try*", *arguments)


def assert_error(project: Project, model: str, message: str, *arguments: str) -> None:
    write_prompt(project, model, 1)
    result = project.run(*arguments)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*{model}{message}"])
    result.stdout.no_fnmatch_line("*Traceback*")
    assert KEY not in result.stdout.str() + result.stderr.str()


def test_a_key_that_the_server_repeats_in_its_headers_reaches_no_log(
    project: Project, server: WireServer
) -> None:
    repeated = {"x-repeated": f"Bearer {KEY}", "request-id": KEY, KEY: "name"}
    server.behaviour = lambda received: Reply(
        status=500 if received.number < 2 else 200, text="no", headers=repeated, message=KEY
    )
    for number, model in enumerate(MODELS):
        write_prompt(project, model, 1, f"prompts/{number}.prompt.yml")
    result = project.run_apart(
        *("--log-level=DEBUG", "--log-cli-level=DEBUG", "--log-file=log.txt", "-rA"),
        *("--junitxml=junit.xml", "-o", "junit_logging=all", "--show-capture=all"),
    )
    result.stdout.fnmatch_lines(["*DEBUG*httpcore2*receive_response_headers.complete*[[]key]*"])
    assert {received.path for received in server.received} == {
        "/v1/chat/completions",
        "/v1/messages",
    }
    assert KEY not in result.stdout.str() + result.stderr.str()
    written = [path for path in project.path.rglob("*") if path.is_file()]
    assert {path.name for path in written} >= {"log.txt", "junit.xml"}
    assert not [path.name for path in written if KEY.encode() in path.read_bytes()]


def test_a_refused_key_is_told_once_and_stops_the_other_calls(
    project: Project, server: WireServer
) -> None:
    server.behaviour = lambda _: Reply(status=401, message="bad key")
    write_prompt(project, MODELS[0], 200)
    project.run().assert_outcomes(errors=200)
    assert len(server.received) <= 16


def test_identical_questions_are_sent_once(project: Project, server: WireServer) -> None:
    text = 'model: openai/gpt-5-mini\nmessages: [{role: user, content: "{{q}}"}]\ntestData:\n'
    text += "".join(f"  - {{id: g{n}, q: same, expected: ok}}\n" for n in range(20))
    project.write("prompts/a.prompt.yml", text)
    project.run().assert_outcomes(passed=20)
    assert len(server.received) == 1


def test_workers_send_what_one_process_does_none_twice_and_respect_one_concurrency(
    project: Project, server: WireServer
) -> None:
    write_prompt(project, MODELS[0], 60)
    project.run("--prompt-no-cache").assert_outcomes(passed=60)
    alone = Counter(received.question for received in server.received)
    server.received.clear()
    server.latency_seconds, server.max_in_flight = 0.02, 0
    arguments = ("-p", "xdist", "-n", "2", "--prompt-no-cache", "--prompt-concurrency", "3")
    project.run(*arguments).assert_outcomes(passed=60)
    together = Counter(received.question for received in server.received)
    assert alone == together
    assert set(together.values()) == {1}
    assert server.max_in_flight == 3


def test_stopping_at_the_first_failure_cancels_what_is_not_needed(
    project: Project, server: WireServer
) -> None:
    server.latency_seconds = 0.05
    server.behaviour = lambda _: Reply(text="wrong")
    write_prompt(project, MODELS[0], 2000)
    result = project.run("-x", "--prompt-concurrency", "16")
    result.assert_outcomes(failed=1)
    assert len(server.received) < 200


@pytest.mark.parametrize("model", MODELS)
def test_the_key_is_nowhere_to_be_found(project: Project, server: WireServer, model: str) -> None:
    server.behaviour = lambda received: (
        Reply(text=f"leaked {KEY}")
        if received.number % 3 == 0
        else Reply(status=401, message=f"Incorrect API key provided: {KEY}")
    )
    write_prompt(project, model, 1)
    printed = []
    for arguments in (
        ("--prompt-responses", "record", "--junitxml=junit.xml", "-v"),
        ("--prompt-no-cache", "--junitxml=junit-error.xml", "-v", "--prompt-max-retries", "0"),
        ("--prompt-no-cache", "-v", "--tb=long", "--showlocals"),
    ):
        result = project.run(*arguments)
        printed.append(result.stdout.str() + result.stderr.str())
    kept = [path.read_bytes() for path in project.path.rglob("*") if path.is_file()]
    assert len(server.received) >= 3
    assert not any(KEY in text for text in printed)
    assert not any(KEY.encode() in content for content in kept)


def test_a_killed_run_asks_again_only_for_what_was_in_flight(
    project: Project, server: WireServer
) -> None:
    server.latency_seconds = 0.05
    write_prompt(project, MODELS[0], 150)
    command = [sys.executable, "-m", "pytest", *BASIC, "--prompt-concurrency", "8"]
    process = subprocess.Popen(
        command, cwd=project.path, stdout=subprocess.DEVNULL, start_new_session=True
    )
    _wait_until(lambda: len(server.received) > 60)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    time.sleep(0.1)
    sent_before = Counter(received.question for received in server.received)
    server.received.clear()
    project.run("--prompt-concurrency", "8").assert_outcomes(passed=150)
    again = [r.question for r in server.received if r.question in sent_before]
    assert len(again) <= 16


def test_an_interrupt_ends_the_run_at_once(project: Project, server: WireServer) -> None:
    server.behaviour = lambda _: Reply(fault="never")
    write_prompt(project, MODELS[0], 50)
    command = [sys.executable, "-m", "pytest", *BASIC]
    process = subprocess.Popen(
        command, cwd=project.path, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    _wait_until(lambda: len(server.received) >= 16)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=20)
    assert process.returncode == pytest.ExitCode.INTERRUPTED
    assert "KeyboardInterrupt" in output


def _wait_until(is_true: object, seconds: float = 30.0) -> None:
    assert callable(is_true)
    end = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_parameter_that_the_model_refuses_is_left_out_and_told(
    project: Project, server: WireServer
) -> None:
    def refuse(received: Received) -> Reply:
        if "temperature" in received.body:
            message = "Unsupported value: 'temperature' does not support 0 with this model."
            return Reply(status=400, message=message, code="unsupported_value", param="temperature")
        return Reply()

    server.behaviour = refuse
    write_prompt(project, MODELS[0], 3)
    path = Path(project.path, "prompts", "a.prompt.yml")
    path.write_text(path.read_text() + "modelParameters: {temperature: 0}\n")
    result = project.run()
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["    3 × *temperature*"])
