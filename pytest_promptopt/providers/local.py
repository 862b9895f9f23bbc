"""Models that run on this machine, served by a child process that is started when needed."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from pytest_promptopt.errors import NotConfiguredError
from pytest_promptopt.providers.catalogue import CATALOGUE
from pytest_promptopt.providers.forcing import forced, require_forced
from pytest_promptopt.providers.openai import OpenAIProvider
from pytest_promptopt.providers.request import Completion, Model, Request, Tell
from pytest_promptopt.providers.server_process import ServedModel, ServerProcess
from pytest_promptopt.providers.settings import ProviderSettings
from pytest_promptopt.providers.weights import default_models_dir, provide_weights

# On two cores one slot answers as many short requests a second as two, and more than four; with
# several, answers depend on what else is asked at the moment, also without a prompt cache.
_SLOTS = 1
_CONTEXT_TOKENS = 8192
# Without a limit a small model may go on until its context is full, which takes minutes.
_DEFAULT_MAX_TOKENS = 1024
_KEY_VARIABLE = "LOCAL_SERVER_KEY"


class LocalProvider:
    """Answers ``local/name`` and ``local:path.gguf``.

    One server with one model at a time, because two bring a small machine to a standstill: a
    request for another model waits until no call is in flight, then the server is replaced. A
    server that died is started anew.
    """

    is_free = True
    most_in_flight = 4
    tells_likelihood = True

    def __init__(self, settings: ProviderSettings) -> None:
        self._settings = settings
        self._changed = asyncio.Condition()
        # More calls than slots, so that a free slot never waits for us; no more than that, so
        # that waiting in the server's queue does not count as the server's slowness.
        self._places = asyncio.Semaphore(2 * _SLOTS)
        self._in_flight = 0
        self._served: _Served | None = None
        self._failures: dict[Model, str] = {}

    async def complete(self, request: Request) -> Completion:
        """The local model's answer; raises ProviderError only.

        A prompt longer than the context is a RefusedError with status 400, and an answer that
        cannot be forced is one without.
        """
        sent = self._with_defaults(request if request.forced_answer is None else forced(request))
        async with self._served_model(request.model) as served, self._places:
            completion = await served.endpoint.complete(served.addressed(sent))
        if request.forced_answer is not None:
            require_forced(request, completion)
        return completion

    async def stream(self, request: Request, tell: Tell) -> Completion:
        """The same of an answer that is not forced, as it arrives."""
        sent = self._with_defaults(request)
        async with self._served_model(request.model) as served, self._places:
            return await served.endpoint.stream(served.addressed(sent), tell)

    async def close(self) -> None:
        """End the server."""
        async with self._changed:
            await self._stop()

    def _with_defaults(self, request: Request) -> Request:
        defaults: dict[str, Any] = {}
        if "max_completion_tokens" not in request.parameters:
            defaults["max_tokens"] = _DEFAULT_MAX_TOKENS
        if self._settings.deterministic:
            defaults["seed"] = request.sample
        return replace(request, parameters={**defaults, **request.parameters})

    @asynccontextmanager
    async def _served_model(self, model: Model) -> "AsyncIterator[_Served]":
        async with self._changed:
            await self._changed.wait_for(lambda: self._in_flight == 0 or self._serves(model))
            served = await self._serve(model)
            self._in_flight += 1
        try:
            yield served
        finally:
            # Without the lock, which a cancelled task could not wait for.
            self._in_flight -= 1
            if self._in_flight == 0:
                await asyncio.shield(self._wake())

    async def _serve(self, model: Model) -> "_Served":
        if self._served is not None and self._served.is_answering(model):
            return self._served
        if model in self._failures:
            raise NotConfiguredError(self._failures[model])
        await self._stop()
        try:
            self._served = await _Served.start(model, self._settings)
        except NotConfiguredError as error:
            self._failures[model] = error.message
            raise
        return self._served

    async def _wake(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def _serves(self, model: Model) -> bool:
        return self._served is not None and self._served.is_answering(model)

    async def _stop(self) -> None:
        served, self._served = self._served, None
        if served is not None:
            await served.close()


class _Served:
    """One server and the endpoint provider that asks it."""

    def __init__(self, model: Model, server: ServerProcess, settings: ProviderSettings) -> None:
        self._model = model
        self._server = server
        environ: Mapping[str, str] = {_KEY_VARIABLE: server.api_key}
        self.endpoint = OpenAIProvider(replace(settings, environ=environ))

    @classmethod
    async def start(cls, model: Model, settings: ProviderSettings) -> "_Served":
        server = await asyncio.to_thread(_start, model, settings)
        return cls(model, server, settings)

    def is_answering(self, model: Model) -> bool:
        return self._model == model and self._server.is_running

    def addressed(self, request: Request) -> Request:
        """The request as it goes to the endpoint."""
        model = replace(
            request.model, base_url=f"{self._server.address}/v1", key_variable=_KEY_VARIABLE
        )
        return replace(request, model=model)

    async def close(self) -> None:
        await self.endpoint.close()
        await asyncio.to_thread(self._server.stop)


def _start(model: Model, settings: ProviderSettings) -> ServerProcess:
    return ServerProcess.start(
        ServedModel(
            shown_name=str(model),
            path=_weights(model, settings),
            slots=_SLOTS,
            context_tokens=_CONTEXT_TOKENS,
            deterministic=settings.deterministic,
        )
    )


def _weights(model: Model, settings: ProviderSettings) -> Path:
    if model.is_file:
        path = settings.root / model.name
        if not path.is_file():
            raise NotConfiguredError(f"{model}: there is no file {path}")
        return path
    return provide_weights(
        CATALOGUE[model.name],
        directory=settings.models_dir or default_models_dir(),
        report=settings.report_work,
    )
