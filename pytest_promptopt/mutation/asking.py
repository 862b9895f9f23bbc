"""The way in which mutants are asked: one answer each, in no recording, and counted."""

from dataclasses import replace

from pytest_promptopt.errors import BudgetError
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.prompts.prompt import Reducer
from pytest_promptopt.providers.provider import Provider
from pytest_promptopt.providers.request import Completion, Request


class Sender:
    """Passes requests on without their origin, since answers to mutants are no recordings.

    ``calls`` counts what was sent, ``is_refused`` tells that the budget is gone.
    """

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self.calls = 0
        self.is_refused = False

    async def complete(self, request: Request) -> Completion:
        """The provider's answer."""
        try:
            completion = await self._provider.complete(replace(request, origin=None))
        except BudgetError:
            self.is_refused = True
            raise
        self.calls += not completion.saved
        return completion

    async def close(self) -> None:
        """Close the provider."""
        await self._provider.close()


def asked_once(subject: Subject) -> Subject:
    """The subject, scored by a single answer whatever it reduces several to."""
    return replace(subject, prompt=replace(subject.prompt, samples=1, reducer=Reducer()), samples=1)
