"""The provider that hands each request to the provider of its model."""

from collections.abc import Awaitable, Callable

from pytest_promptopt.errors import BrokenOffError, NotConfiguredError, ProviderError
from pytest_promptopt.providers.provider import Provider
from pytest_promptopt.providers.request import Completion, Model, Request, Tell
from pytest_promptopt.providers.settings import ProviderSettings
from pytest_promptopt.registry import Registry

MakeProvider = Callable[[ProviderSettings], Provider]

PROVIDERS: Registry[MakeProvider] = Registry(
    "pytest_promptopt.providers",
    {
        "openai": "pytest_promptopt.providers.openai:OpenAIProvider",
        "anthropic": "pytest_promptopt.providers.anthropic:AnthropicProvider",
        "local": "pytest_promptopt.providers.local:LocalProvider",
        "scripted": "pytest_promptopt.providers.scripted:ScriptedProvider",
    },
)


def is_free(model: Model) -> bool:
    """Whether calls of the model cost nothing, by what its provider says."""
    return getattr(PROVIDERS.get(model.provider), "is_free", False)


def tells_likelihood(model: Model) -> bool:
    """Whether the model's provider tells how likely a given answer is."""
    return getattr(PROVIDERS.get(model.provider), "tells_likelihood", False)


def most_in_flight(model: Model) -> int | None:
    """How many calls the model's provider takes at once; None where that is to be found out."""
    return getattr(PROVIDERS.get(model.provider), "most_in_flight", None)


def embeds(model: Model) -> bool:
    """Whether the model's provider gives vectors of texts."""
    return getattr(PROVIDERS.get(model.provider), "embeds", False)


class Router:
    """The innermost provider: each other one is made when a request first needs it."""

    def __init__(
        self, settings: ProviderSettings, providers: Registry[MakeProvider] = PROVIDERS
    ) -> None:
        self._settings = settings
        self._known = providers
        self._made: dict[str, Provider] = {}

    async def complete(self, request: Request) -> Completion:
        """The answer of the model's own provider; raises ProviderError only.

        A forced answer that the model cannot be given is a NotConfiguredError, a failure after a
        piece of the answer was told a BrokenOffError.
        """
        if request.forced_answer is not None and not tells_likelihood(request.model):
            raise NotConfiguredError(
                f"{request.model} does not tell how likely a given answer is: use a local model"
            )
        provider = self._provider(request.model.provider)
        stream = getattr(provider, "stream", None)
        if request.tell is None or request.forced_answer is not None or stream is None:
            return await provider.complete(request)
        return await _watched(stream, request, request.tell)

    async def close(self) -> None:
        """Close every provider that was made."""
        for provider in self._made.values():
            await provider.close()

    def _provider(self, name: str) -> Provider:
        if name not in self._made:
            make = self._known.get(name)
            if make is None:
                raise NotConfiguredError(
                    f"there is no provider {name!r}: known are {', '.join(self._known.names())}"
                )
            self._made[name] = make(self._settings)
        return self._made[name]


async def _watched(
    stream: Callable[[Request, Tell], Awaitable[Completion]], request: Request, tell: Tell
) -> Completion:
    is_begun = False

    def told(text: str, *, is_reasoning: bool = False) -> None:
        nonlocal is_begun
        is_begun = True
        tell(text, is_reasoning=is_reasoning)

    try:
        return await stream(request, told)
    except ProviderError as error:
        if not is_begun:
            raise
        raise BrokenOffError(
            f"{error.message}; the answer broke off, and nothing of it is kept: run it again",
            status=error.status,
        ) from error
