"""A loopback endpoint of OpenAI's kind that counts what a peer asks, and ends it at the cap."""

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from benchmarks.optimization.baselines import REPLY_TOKENS
from benchmarks.optimization.scoring import Metric
from pytest_promptopt.errors import ProviderError
from pytest_promptopt.messages import Message
from pytest_promptopt.providers.provider import Provider
from pytest_promptopt.providers.request import Completion, FinishReason, Model, Request

TASK = "task"
"""The model that a peer is to ask its questions of; every other name is the optimizer model's."""

_PARAMETERS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "max_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
}
_OF_OPTIMIZER = {"temperature": 1, "max_tokens": REPLY_TOKENS}
_SAMPLES_PER_SEED = 1000


class Endpoint:
    """Answers as the ``model`` does and scores; a context manager, up while it is entered.

    Beyond ``cap`` calls every answer is empty, which scores nothing and proposes nothing: a peer
    comes to its end with the best that it had. A question asked again gets another sample, and
    so does that of another seed, unless its temperature is 0. A peer has its answers scored here
    too, and so chooses by the ``metric`` of the task.
    """

    def __init__(
        self,
        provider: Provider,
        model: Model,
        metric: Metric,
        *,
        cap: int,
        seed: int,
    ) -> None:
        self.refused = 0
        self._calls = 0
        self._provider = provider
        self._model = model
        self._metric = metric
        self._cap = cap
        self._first_sample = seed * _SAMPLES_PER_SEED
        self._asked: Counter[str] = Counter()

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def respond(self, path: str, body: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """Status and content; called in a thread of the server's."""
        if path.endswith("/score"):
            return 200, {"score": self._metric.score(body["question"], body["answer"])}
        if path.endswith("/grade"):
            question = body["context"]["vars"]["input"]
            return 200, self._metric.grade(question, str(body["output"]))
        try:
            answered = asyncio.run_coroutine_threadsafe(self._answer(body), self._loop).result()
        except ProviderError as error:
            return 400, {"error": {"message": error.message, "type": "invalid_request_error"}}
        return 200, _content(body["model"], answered)

    async def _answer(self, body: Mapping[str, Any]) -> Completion:
        if self._calls >= self._cap:
            self.refused += 1
            return Completion(text="")
        self._calls += 1
        return await self._provider.complete(self._request(body))

    def _request(self, body: Mapping[str, Any]) -> Request:
        messages = (
            Message(role=message["role"], content=_text(message["content"]))
            for message in body["messages"]
        )
        request = Request(
            model=self._model,
            messages=tuple(messages),
            parameters=_parameters(body),
        )
        if not request.parameters.get("temperature"):
            return request
        nth = self._asked[request.fingerprint]
        self._asked[request.fingerprint] += 1
        return replace(request, sample=self._first_sample + nth)


def _parameters(body: Mapping[str, Any]) -> dict[str, Any]:
    """Spelt as in our own requests, so that the same question has the same place in the cache."""
    given = {} if body["model"] == TASK else dict(_OF_OPTIMIZER)
    given |= {name: body[key] for key, name in _PARAMETERS.items() if body.get(key) is not None}
    return {name: value if value % 1 else int(value) for name, value in given.items()}


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content)


def _content(model: str, completion: Completion) -> dict[str, Any]:
    is_cut = completion.finish_reason is FinishReason.LENGTH
    usage = completion.usage
    return {
        "id": "benchmark",
        "object": "chat.completion",
        "created": 0,
        "model": model,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": completion.text},
                "finish_reason": "length" if is_cut else "stop",
            }
        ],
        "usage": {
            "prompt_tokens": usage.input_tokens,
            "completion_tokens": usage.output_tokens,
            "total_tokens": usage.total_tokens,
        },
    }


def _handler(endpoint: Endpoint) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, content = endpoint.respond(self.path, body)
            encoded = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(encoded)))
            self.end_headers()
            self.wfile.write(encoded)

        def log_message(self, format: str, *args: Any) -> None:
            """Tell nobody."""

    return Handler
