"""The calls and tokens of a search, whoever makes it."""

from dataclasses import dataclass, replace

from pytest_promptopt.providers.provider import Provider
from pytest_promptopt.providers.request import Completion, Request


@dataclass(slots=True)
class Meter:
    """Hands on what ``provider`` answers as if it had been sent, and counts it.

    What the cache holds costs a search no less than in the run that filled it.
    """

    provider: Provider
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    async def complete(self, request: Request) -> Completion:
        """The answer; raises ProviderError."""
        completion = await self.provider.complete(request)
        self.calls += 1
        self.input_tokens += completion.usage.input_tokens
        self.output_tokens += completion.usage.output_tokens
        return replace(completion, saved=False)

    async def close(self) -> None:
        """Nothing: the provider belongs to somebody else."""
