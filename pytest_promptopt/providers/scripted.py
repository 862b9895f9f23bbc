"""Exact answers for tests: from a JSON file, or from a function of the project.

A file is an object from the last message's text to its answer. A key that is not the whole text
may be a part of it: the longest that is found counts; ``"*"`` answers everything else. An answer
is a string, or an object with ``text``, ``finish_reason``, ``delay_seconds``, ``usage`` as
``[input, output]`` tokens, and ``error``: ``{status, message, retry_after_seconds}``::

    {
      "I want my money back": "returns",
      "invoice": {"text": "billing", "delay_seconds": 0.1},
      "*": {"error": {"status": 500}}
    }
"""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pytest_promptopt.errors import (
    NotConfiguredError,
    ProviderError,
    RefusedError,
    TransientError,
)
from pytest_promptopt.project.code import CodeError, ProjectCode
from pytest_promptopt.providers.request import (
    Completion,
    FinishReason,
    Model,
    Request,
    Usage,
)
from pytest_promptopt.providers.settings import ProviderSettings

Answerer = Callable[[Request], object]

_ANY = "*"
_ANSWER_KEYS = frozenset({"text", "finish_reason", "delay_seconds", "usage", "error"})
_ERROR_KEYS = frozenset({"status", "message", "retry_after_seconds"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    completion: Completion
    delay_seconds: float = 0.0
    error: Mapping[str, Any] | None = None


class ScriptedProvider:
    """Answers ``scripted:path.json`` and ``scripted:module:function``.

    A function is called with the request and returns the text or a Completion; it may raise any
    ProviderError. Files are read once a run.
    """

    is_free = True
    tells_likelihood = True
    embeds = True

    def __init__(self, settings: ProviderSettings) -> None:
        self._settings = settings
        self._files: dict[str, Mapping[str, _Answer]] = {}
        self._functions: dict[str, Answerer] = {}

    async def complete(self, request: Request) -> Completion:
        """The scripted answer; raises RefusedError where the script has none."""
        started = time.perf_counter()
        if request.model.name.endswith(".json"):
            completion = await self._from_file(request)
        else:
            completion = self._from_function(request)
        return replace(completion, latency_seconds=time.perf_counter() - started)

    async def close(self) -> None:
        """Nothing is held open."""

    async def _from_file(self, request: Request) -> Completion:
        model = request.model
        if model.name not in self._files:
            self._files[model.name] = _read(model, self._settings.root)
        answer = _matching(model, self._files[model.name], request.messages[-1].content)
        if answer.delay_seconds:
            await asyncio.sleep(answer.delay_seconds)
        if answer.error is not None:
            raise _error(model, answer.error)
        return answer.completion

    def _from_function(self, request: Request) -> Completion:
        name = request.model.name
        if name not in self._functions:
            self._functions[name] = _load(request.model, self._settings)
        try:
            answer = self._functions[name](request)
        except ProviderError:
            raise
        # Code of the project may raise anything; where it did is kept as the cause.
        except Exception as error:
            raise RefusedError(f"{request.model} raised {type(error).__name__}: {error}") from error
        if isinstance(answer, str):
            return Completion(text=answer)
        if isinstance(answer, Completion):
            return answer
        raise RefusedError(
            f"{request.model} returned {type(answer).__name__}, expected the text or a Completion"
        )


def _matching(model: Model, answers: Mapping[str, _Answer], text: str) -> _Answer:
    if text in answers:
        return answers[text]
    parts = [key for key in answers if key != _ANY and key in text]
    key = max(parts, key=len, default=_ANY)
    if key not in answers:
        raise RefusedError(
            f"{model} has no answer to {_shortened(text)}: add the message or a part of it, "
            f'or "{_ANY}" for everything else'
        )
    return answers[key]


def _error(model: Model, error: Mapping[str, Any]) -> ProviderError:
    status = error.get("status")
    message = f"{model}: {error.get('message', f'scripted status {status}')}"
    if status is None or status in (408, 409, 429) or status >= 500:
        return TransientError(
            message, status=status, retry_after_seconds=error.get("retry_after_seconds")
        )
    return RefusedError(message, status=status)


def _read(model: Model, root: Path) -> Mapping[str, _Answer]:
    path = root / model.name
    if not path.resolve().is_relative_to(root.resolve()):
        raise NotConfiguredError(f"{model} leads outside the project ({root}); keep it in it")
    try:
        content = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise NotConfiguredError(f"{model} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise NotConfiguredError(f"{model} is not valid JSON in UTF-8: {error}") from error
    if not isinstance(content, dict):
        raise NotConfiguredError(
            f"{model} is a JSON {type(content).__name__}: expected an object of messages "
            "and their answers"
        )
    return {key: _answer(f"{model}, {_shortened(key)}", value) for key, value in content.items()}


def _answer(where: str, value: object) -> _Answer:
    if isinstance(value, str):
        return _Answer(completion=Completion(text=value))
    if not isinstance(value, dict) or not value.keys() <= _ANSWER_KEYS:
        raise NotConfiguredError(
            f"{where}: expected a string or an object with {', '.join(sorted(_ANSWER_KEYS))}"
        )
    error = value.get("error")
    if error is not None and not (isinstance(error, dict) and error.keys() <= _ERROR_KEYS):
        raise NotConfiguredError(
            f"{where}: expected error to be an object with {', '.join(sorted(_ERROR_KEYS))}"
        )
    try:
        input_tokens, output_tokens = value.get("usage", (0, 0))
        completion = Completion(
            text=str(value.get("text", "")),
            finish_reason=FinishReason(value.get("finish_reason", "stop")),
            usage=Usage(input_tokens=int(input_tokens), output_tokens=int(output_tokens)),
        )
        delay_seconds = float(value.get("delay_seconds", 0))
    except (TypeError, ValueError) as problem:
        raise NotConfiguredError(f"{where}: {problem}") from problem
    return _Answer(completion=completion, delay_seconds=delay_seconds, error=error)


def _load(model: Model, settings: ProviderSettings) -> Answerer:
    code = settings.code or ProjectCode(root=settings.root)
    try:
        return code.function(model.name)
    except CodeError as error:
        raise NotConfiguredError(f"{model}: {error}") from error


def _shortened(key: str) -> str:
    return repr(key if len(key) <= 40 else f"{key[:40]}…")
