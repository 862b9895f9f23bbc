import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest

from pytest_promptopt.errors import NotConfiguredError, RefusedError
from pytest_promptopt.providers.anthropic import AnthropicProvider
from pytest_promptopt.providers.forcing import forced, require_forced
from pytest_promptopt.providers.local import LocalProvider
from pytest_promptopt.providers.openai import OpenAIProvider
from pytest_promptopt.providers.request import FinishReason, Model, Request
from pytest_promptopt.providers.router import Router
from tests.conftest import LocalModel
from tests.providers.questions import (
    Watched,
    anthropic_model,
    ask,
    openai_model,
    question,
    settings,
)

SMALL = Model(provider="local", name="qwen2.5-coder-0.5b")
CAPITAL = (("system", "Answer with one word."), ("user", "What is the capital of France?"))
EXACT = {"temperature": 0, "max_tokens": 16}


@pytest.mark.local_model
class TestServer:
    """The server inside xllamacpp, asked through both real SDKs."""

    def test_chat_completions(self, local_model: LocalModel) -> None:
        request = question(openai_model(f"{local_model.address}/v1"), *CAPITAL, parameters=EXACT)
        (answer,) = ask(
            OpenAIProvider, request, environ={"OPENAI_API_KEY": local_model.key}, timeout_seconds=60
        )
        assert "Paris" in answer.text
        assert answer.finish_reason is FinishReason.STOP
        assert answer.usage.input_tokens > 10
        assert answer.usage.output_tokens > 0

    def test_chat_completions_that_are_watched(self, local_model: LocalModel) -> None:
        watched = Watched()
        model = openai_model(f"{local_model.address}/v1")
        request = question(model, *CAPITAL, parameters=EXACT, tell=watched.tell)
        (answer,) = ask(
            Router, request, environ={"OPENAI_API_KEY": local_model.key}, timeout_seconds=60
        )
        assert "Paris" in answer.text
        assert "".join(watched.pieces) == answer.text
        assert answer.finish_reason is FinishReason.STOP
        assert answer.usage.input_tokens > 10
        assert answer.usage.output_tokens > 0

    def test_responses(self, local_model: LocalModel) -> None:
        with openai.OpenAI(
            base_url=f"{local_model.address}/v1", api_key=local_model.key, max_retries=0
        ) as client:
            answer = client.responses.create(
                model="m", input="What is the capital of France?", temperature=0
            )
        assert "Paris" in answer.output_text

    def test_messages(self, local_model: LocalModel) -> None:
        request = question(anthropic_model(local_model.address), *CAPITAL, parameters=EXACT)
        (answer,) = ask(
            AnthropicProvider,
            request,
            environ={"ANTHROPIC_API_KEY": local_model.key},
            timeout_seconds=60,
        )
        assert "Paris" in answer.text

    def test_messages_through_the_bare_sdk(self, local_model: LocalModel) -> None:
        with anthropic.Anthropic(
            base_url=local_model.address, api_key=local_model.key, max_retries=0
        ) as client:
            answer = client.messages.create(
                model="m",
                max_tokens=16,
                messages=[{"role": "user", "content": "What is the capital of France?"}],
            )
        assert answer.content[0].type == "text"
        assert "Paris" in answer.content[0].text

    def test_structured_output(self, local_model: LocalModel) -> None:
        schema = {
            "type": "object",
            "properties": {
                "team": {"enum": ["billing", "returns"]},
                "urgent": {"type": "boolean"},
            },
            "required": ["team", "urgent"],
            "additionalProperties": False,
        }
        request = question(
            openai_model(f"{local_model.address}/v1"),
            ("user", "I want my money back, now! Which team, and is it urgent?"),
            parameters={"temperature": 0, "max_tokens": 40},
            response_format="json_schema",
            json_schema={"name": "route", "schema": schema},
        )
        (answer,) = ask(
            OpenAIProvider, request, environ={"OPENAI_API_KEY": local_model.key}, timeout_seconds=60
        )
        content = json.loads(answer.text)
        assert content.keys() == {"team", "urgent"}
        assert content["team"] in ("billing", "returns")

    def test_cut_off_answer(self, local_model: LocalModel) -> None:
        request = question(
            openai_model(f"{local_model.address}/v1"),
            ("user", "Count from one to a hundred."),
            parameters={"max_tokens": 3},
        )
        (answer,) = ask(
            OpenAIProvider, request, environ={"OPENAI_API_KEY": local_model.key}, timeout_seconds=60
        )
        assert answer.finish_reason is FinishReason.LENGTH

    def test_prompts_in_turn_are_read_once(self, local_model: LocalModel) -> None:
        starts = [f"{word}. " + "Sort the ticket into a team. " * 12 for word in ("Be brief", "Hm")]
        requests = [
            question(
                openai_model(f"{local_model.address}/v1"),
                ("system", start),
                ("user", f"Ticket {number}"),
                parameters={"temperature": 0, "max_tokens": 2},
            )
            for number in range(3)
            for start in starts
        ]
        answers = ask(
            OpenAIProvider,
            *requests,
            environ={"OPENAI_API_KEY": local_model.key},
            timeout_seconds=60,
        )
        for answer in answers[len(starts) :]:
            assert answer.usage.cached_tokens > 0.8 * answer.usage.input_tokens

    def test_wrong_key(self, local_model: LocalModel) -> None:
        request = question(openai_model(f"{local_model.address}/v1"))
        with pytest.raises(RefusedError, match="the key in OPENAI_API_KEY was not accepted"):
            ask(OpenAIProvider, request, timeout_seconds=60)

    def test_too_long_prompt(self, local_model: LocalModel) -> None:
        request = question(
            openai_model(f"{local_model.address}/v1"), ("user", "far too long " * 2000)
        )
        with pytest.raises(RefusedError, match="context") as caught:
            ask(
                OpenAIProvider,
                request,
                environ={"OPENAI_API_KEY": local_model.key},
                timeout_seconds=60,
            )
        assert caught.value.status == 400


def children() -> list[int]:
    """The servers that this process has started."""
    listed = subprocess.run(
        ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(os.getpid())],
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    return [int(line.split()[0]) for line in listed if "local_server.py" in line]


@pytest.mark.local_model
class TestProvider:
    def test_server_is_started_once_and_gone_after_close(self, local_weights: Path) -> None:
        before = children()

        async def asked() -> tuple[list[str], list[int]]:
            provider = LocalProvider(settings(timeout_seconds=60))
            request = question(SMALL, *CAPITAL, parameters=EXACT)
            answers = await asyncio.gather(*(provider.complete(request) for _ in range(6)))
            started = [pid for pid in children() if pid not in before]
            await provider.close()
            return [answer.text for answer in answers], started

        texts, started = asyncio.run(asked())
        assert len(started) == 1
        assert all("Paris" in text for text in texts)
        assert children() == before

    def test_other_model_replaces_the_server(self, local_weights: Path, tmp_path: Path) -> None:
        (tmp_path / "other.gguf").symlink_to(local_weights)
        other = Model(provider="local", name="other.gguf", is_file=True)
        before = children()

        async def asked() -> list[int]:
            provider = LocalProvider(settings(tmp_path, timeout_seconds=60))
            requests = [question(model, *CAPITAL, parameters=EXACT) for model in (SMALL, other)]
            counts = []

            async def complete(request: Request) -> None:
                answer = await provider.complete(request)
                assert "Paris" in answer.text
                counts.append(len(children()) - len(before))

            await asyncio.gather(*(complete(request) for request in requests * 3))
            await provider.close()
            return counts

        assert asyncio.run(asked()) == [1] * 6

    def test_server_that_died_is_started_anew(self, local_weights: Path) -> None:
        before = children()

        async def asked() -> str:
            provider = LocalProvider(settings(timeout_seconds=60))
            request = question(SMALL, *CAPITAL, parameters=EXACT)
            await provider.complete(request)
            (server,) = (pid for pid in children() if pid not in before)
            os.kill(server, signal.SIGKILL)
            await asyncio.sleep(0.2)
            answer = await provider.complete(request)
            await provider.close()
            return answer.text

        assert "Paris" in asyncio.run(asked())

    def test_deterministic_answers_repeat_in_any_order(self, local_weights: Path) -> None:
        subjects = ("rain", "tea")
        requests = [
            question(
                SMALL,
                ("system", "You write for children."),
                ("user", f"Two sentences about {subject}, please."),
                parameters={"temperature": 0, "max_tokens": 8},
            )
            for subject in subjects
        ]

        async def asked(order: list[Request]) -> dict[str, str]:
            provider = LocalProvider(settings(deterministic=True, timeout_seconds=60))
            answers = await asyncio.gather(*(provider.complete(request) for request in order))
            await provider.close()
            texts = (answer.text for answer in answers)
            return dict(zip((request.fingerprint for request in order), texts, strict=True))

        assert asyncio.run(asked(requests)) == asyncio.run(asked(requests[::-1]))

    def test_server_is_gone_after_kill_of_its_parent(
        self, local_weights: Path, tmp_path: Path
    ) -> None:
        parent = subprocess.Popen(
            [sys.executable, "-c", PARENT, str(local_weights)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert parent.stdout is not None
        server = int(parent.stdout.readline())
        assert is_alive(server)
        parent.kill()
        parent.communicate()
        deadline = time.monotonic() + 5
        while is_alive(server) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not is_alive(server)


@pytest.mark.local_model
class TestForcedAnswer:
    def test_likelier_under_the_prompt_that_names_it(self, local_model: LocalModel) -> None:
        ticket = ("user", "I was charged twice this month.")
        labels = "Answer with one of: Billing, Returns, Technical. Only the label."
        right, wrong, elsewhere = log_probabilities(
            local_model,
            ([("system", labels), ticket], "Billing"),
            ([("system", labels), ticket], "Technical"),
            ([("system", "Write a haiku."), ticket], "Billing"),
        )
        assert -1 < right < 0
        assert wrong < right
        assert elsewhere < -5

    def test_any_text_can_be_forced(self, local_model: LocalModel) -> None:
        text = ' "\\\n漢🎉<|im_end|> '
        (found,) = log_probabilities(local_model, ([*CAPITAL], text))
        assert found < 0


def log_probabilities(served: LocalModel, *asked: tuple[list[tuple[str, str]], str]) -> list[float]:
    model = openai_model(f"{served.address}/v1")
    requests = [question(model, *messages).forcing(answer) for messages, answer in asked]
    answers = ask(
        OpenAIProvider,
        *map(forced, requests),
        environ={"OPENAI_API_KEY": served.key},
        timeout_seconds=60,
    )
    for request, answer in zip(requests, answers, strict=True):
        require_forced(request, answer)
    return [answer.log_probability or 0.0 for answer in answers]


PARENT = """
import sys, time
from pathlib import Path
from pytest_promptopt.providers.server_process import ServedModel, ServerProcess
server = ServerProcess.start(ServedModel(
    shown_name="m", path=Path(sys.argv[1]), slots=1, context_tokens=512, deterministic=False
))
print(server._process.pid, flush=True)
time.sleep(60)
"""


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def refused(root: Path, **changes: Any) -> str:
    model = Model(provider="local", name="bad.gguf", is_file=True)
    with pytest.raises(NotConfiguredError) as caught:
        ask(LocalProvider, question(model), root=root, **changes)
    return str(caught.value)


def test_file_that_is_gone_is_named(tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp")
    assert refused(tmp_path) == f"local:bad.gguf: there is no file {tmp_path}/bad.gguf"


def test_file_that_is_no_model_is_named_with_the_servers_reason(tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp")
    (tmp_path / "bad.gguf").write_bytes(b"GGUF" + b"\0" * 100)
    assert refused(tmp_path) == (
        "local:bad.gguf cannot be loaded: gguf_init_from_reader: bad GGUF version: 0 (exit code 1)"
    )


def test_server_that_is_not_installed_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    (tmp_path / "bad.gguf").write_bytes(b"GGUF")
    assert refused(tmp_path) == (
        'local:bad.gguf needs the embedded model server: pip install "pytest-promptopt[local]"'
    )
