"""An OpenAI chat endpoint that answers many requests in one batch; run by the engine.

The command line gives the weights (GGUF of a model that is asked in ChatML) and the port.
"""

import argparse
import json
import queue
import random
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import openvino_genai as genai

_CACHE_GB = 3
_TOKENS_A_STEP = 512
_AT_ONCE = 32
_USUAL_TOKENS = 512
_ENDS = {151643, 151645}
"""Tokens of <|endoftext|> and <|im_end|>."""

_SYSTEM = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."
"""What the model's own template says where no system message does."""


@dataclass(slots=True)
class Call:
    """A text to go on with; its tokens come through ``answers``."""

    text: str
    generation: Any
    answers: queue.Queue[list[int]] = field(default_factory=queue.Queue)


class Batch:
    """All calls under way, answered in steps of a token each by one thread."""

    def __init__(self, weights: str) -> None:
        scheduler = genai.SchedulerConfig()
        scheduler.cache_size = _CACHE_GB
        scheduler.enable_prefix_caching = True
        scheduler.max_num_batched_tokens = _TOKENS_A_STEP
        scheduler.max_num_seqs = _AT_ONCE
        self._pipeline = genai.ContinuousBatchingPipeline(weights, scheduler, "CPU", {}, {})
        self._waiting: queue.Queue[Call] = queue.Queue()
        self.tokenizer = self._pipeline.get_tokenizer()
        threading.Thread(target=self._run, daemon=True).start()

    def tokens(self, call: Call) -> list[int]:
        """What it goes on with, its end left out."""
        self._waiting.put(call)
        return [token for token in call.answers.get() if token not in _ENDS]

    def _run(self) -> None:
        under_way: list[tuple[Any, Call]] = []
        number = 0
        while True:
            while not under_way or not self._waiting.empty():
                call = self._waiting.get()
                number += 1
                handle = self._pipeline.add_request(number, call.text, call.generation)
                under_way.append((handle, call))
            self._pipeline.step()
            under_way = [pair for pair in under_way if not _ended(*pair)]


def _ended(handle: Any, call: Call) -> bool:
    if handle.get_status() == genai.GenerationStatus.RUNNING:
        return False
    call.answers.put(list(handle.read_all()[0].generated_ids))
    return True


def _call(body: dict[str, Any]) -> Call:
    generation = genai.GenerationConfig()
    generation.max_new_tokens = (
        body.get("max_completion_tokens") or body.get("max_tokens") or _USUAL_TOKENS
    )
    generation.apply_chat_template = False
    generation.stop_token_ids = _ENDS
    temperature = body.get("temperature", 1.0)
    generation.do_sample = bool(temperature)
    if temperature:
        generation.temperature = float(temperature)
        generation.top_p = float(body.get("top_p") or 1.0)
        # The same seed gives the same text to the same question.
        generation.rng_seed = body.get("seed") or random.randrange(2**31)
    return Call(_chat(body["messages"]), generation)


def _chat(messages: list[dict[str, Any]]) -> str:
    if messages[0]["role"] != "system":
        messages = [{"role": "system", "content": _SYSTEM}, *messages]
    turns = [f"<|im_start|>{m['role']}\n{_text(m['content'])}<|im_end|>\n" for m in messages]
    return "".join(turns) + "<|im_start|>assistant\n"


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "\n".join(part["text"] for part in content)


def _answer(batch: Batch, body: dict[str, Any]) -> dict[str, Any]:
    call = _call(body)
    asked = batch.tokenizer.encode(call.text).input_ids.shape[-1]
    tokens = batch.tokens(call)
    is_cut = len(tokens) >= call.generation.max_new_tokens
    text = batch.tokenizer.decode(tokens, skip_special_tokens=True)
    return {
        "id": "answer",
        "object": "chat.completion",
        "created": 0,
        "model": body["model"],
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text},
                "finish_reason": "length" if is_cut else "stop",
            }
        ],
        "usage": {
            "prompt_tokens": asked,
            "completion_tokens": len(tokens),
            "total_tokens": asked + len(tokens),
        },
    }


def _handler(batch: Batch) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            encoded = json.dumps(_answer(batch, body)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(encoded)))
            self.end_headers()
            self.wfile.write(encoded)

        def log_message(self, format: str, *args: Any) -> None:
            """Tell nobody."""

    return Handler


class Server(ThreadingHTTPServer):
    """A thread a request."""

    daemon_threads = True
    request_queue_size = 256


def main() -> None:
    """Answer until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("weights")
    parser.add_argument("port", type=int)
    options = parser.parse_args()
    Server(("127.0.0.1", options.port), _handler(Batch(options.weights))).serve_forever()


if __name__ == "__main__":
    main()
