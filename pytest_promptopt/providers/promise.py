"""The provider that holds another one to what a provider promises."""

import logging

from pytest_promptopt.errors import ProviderError, RefusedError
from pytest_promptopt.providers.provider import Provider
from pytest_promptopt.providers.request import Completion, Request
from pytest_promptopt.text.raised import raised_by

_LOGGER = logging.getLogger(__name__)


class Promised:
    """A provider that gives a Completion or raises a ProviderError, whatever ``provider`` does.

    Also one that wants to end the process: that would end the loop that everybody waits for.
    """

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    async def complete(self, request: Request) -> Completion:
        """The provider's answer; raises RefusedError for what is none."""
        try:
            answer: object = await self._provider.complete(request)
        except ProviderError:
            raise
        except (Exception, SystemExit, KeyboardInterrupt) as error:
            raise RefusedError(
                f"{request.model}: its provider raised {raised_by(error)}"
            ) from error
        if not isinstance(answer, Completion):
            raise RefusedError(
                f"{request.model}: its provider gave {type(answer).__name__}, expected a Completion"
            )
        return answer

    async def close(self) -> None:
        """Close the provider; one that fails at that has answered all there was to answer."""
        try:
            await self._provider.close()
        except (Exception, SystemExit, KeyboardInterrupt) as error:
            _LOGGER.warning("a provider was not closed: it raised %s", raised_by(error))
