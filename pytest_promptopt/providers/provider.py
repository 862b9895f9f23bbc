"""The seam between us and models."""

from typing import Protocol

from pytest_promptopt.providers.request import Completion, Request


class Provider(Protocol):
    """Something that answers requests.

    What stands around a provider (cache, recordings, budget, limits, retries) is a provider
    itself, so that each can be read and tested alone.

    Some attributes of a model's own provider may be left out: ``is_free`` says that its calls cost
    nothing, ``most_in_flight`` how many it takes at once, ``tells_likelihood`` that it answers with
    the log-probability of a forced answer, ``embeds`` that it answers with the vectors of the
    messages where that is the format. So may the method ``stream(request, tell)``, which gives and
    raises what ``complete`` does and meanwhile hands each piece of the answer to
    :class:`~pytest_promptopt.providers.request.Tell`; the router calls it where somebody watches.
    """

    async def complete(self, request: Request) -> Completion:
        """The model's answer.

        Safe to call concurrently. Raises :class:`~pytest_promptopt.errors.ProviderError` and
        nothing else where there is no answer.
        """
        ...

    async def close(self) -> None:
        """Release connections and processes; called once, after the last answer."""
        ...
