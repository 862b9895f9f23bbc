"""The ledger of a run: what was asked, and what it took."""

from dataclasses import dataclass, replace

from pytest_promptopt.client.estimate import estimated_usage
from pytest_promptopt.client.retries import Fault
from pytest_promptopt.providers.pricing import Prices
from pytest_promptopt.providers.provider import Provider
from pytest_promptopt.providers.request import Completion, Request

_ESTIMATED = "tokens are estimated: the provider told none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """The counts at one moment.

    ``sent`` counts tries, ``answered`` those that brought an answer, ``retries`` those that
    repeat a failed one. Tokens and cost are those of ``answered``; ``unpriced`` of them have an
    unknown price. ``saved`` counts requests that the cache or a recording answered,
    ``saved_usd`` what these cost when they were sent.
    """

    sent: int = 0
    answered: int = 0
    in_flight: int = 0
    retries: int = 0
    saved: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    priced_usd: float = 0.0
    unpriced: int = 0
    saved_usd: float = 0.0

    @property
    def cost_usd(self) -> float | None:
        """What was spent; None where the price of an answer is unknown."""
        return None if self.unpriced else self.priced_usd


class Ledger:
    """Keeps the :class:`Tally`.

    Written by the event loop's thread alone; a tally is replaced, never changed, so any thread
    may read it at any time.
    """

    def __init__(self) -> None:
        self._tally = Tally()
        self._sent: dict[str, bool] = {}

    @property
    def tally(self) -> Tally:
        """The counts now."""
        return self._tally

    def sent(self) -> None:
        """Note a try that goes out."""
        tally = self._tally
        self._tally = replace(tally, sent=tally.sent + 1, in_flight=tally.in_flight + 1)

    def landed(self, completion: Completion | None) -> None:
        """Note the end of a try: its answer, or None where it brought none."""
        tally = replace(self._tally, in_flight=self._tally.in_flight - 1)
        if completion is not None:
            tally = replace(
                tally,
                answered=tally.answered + 1,
                input_tokens=tally.input_tokens + completion.usage.input_tokens,
                output_tokens=tally.output_tokens + completion.usage.output_tokens,
                priced_usd=tally.priced_usd + (completion.cost_usd or 0.0),
                unpriced=tally.unpriced + (completion.cost_usd is None),
            )
        self._tally = tally

    def faulted(self, fault: Fault) -> None:
        """Note a failed try."""
        if fault.is_retried:
            self._tally = replace(self._tally, retries=self._tally.retries + 1)

    def delivered(self, fingerprint: str, completion: Completion) -> None:
        """Note an answer that reaches the asker; asking again in the same run saves nothing."""
        if fingerprint in self._sent:
            return
        self._sent[fingerprint] = not completion.saved
        if completion.saved:
            tally = self._tally
            self._tally = replace(
                tally,
                saved=tally.saved + 1,
                saved_usd=tally.saved_usd + (completion.cost_usd or 0.0),
            )

    def was_sent(self, fingerprint: str) -> bool:
        """Whether the answer was first had in this run, by asking for it."""
        return self._sent.get(fingerprint, False)


class Metered:
    """Stands at the provider: counts each try in the ledger and gives each answer its cost."""

    def __init__(self, provider: Provider, ledger: Ledger, prices: Prices) -> None:
        self._provider = provider
        self._ledger = ledger
        self._prices = prices

    async def complete(self, request: Request) -> Completion:
        """The answer, with ``cost_usd`` from the prices where the provider gave none."""
        self._ledger.sent()
        completion: Completion | None = None
        try:
            completion = self._priced(request, await self._provider.complete(request))
            return completion
        finally:
            self._ledger.landed(completion)

    async def close(self) -> None:
        """Close the provider."""
        await self._provider.close()

    def _priced(self, request: Request, completion: Completion) -> Completion:
        if not completion.usage.is_known:
            usage = estimated_usage(request, completion)
            completion = replace(completion, usage=usage, notes=(*completion.notes, _ESTIMATED))
        if completion.cost_usd is not None:
            return completion
        cost_usd = self._prices.cost_usd(request.model, completion.usage)
        if cost_usd and not completion.usage.is_known:
            # What is estimated has no cost that is known, unless nothing costs anything there.
            return completion
        return replace(completion, cost_usd=cost_usd)


class Tallied:
    """Stands at the asker: counts in the ledger what was answered without being sent."""

    def __init__(self, provider: Provider, ledger: Ledger) -> None:
        self._provider = provider
        self._ledger = ledger

    async def complete(self, request: Request) -> Completion:
        """The answer, unchanged."""
        completion = await self._provider.complete(request)
        self._ledger.delivered(request.fingerprint, completion)
        return completion

    async def close(self) -> None:
        """Close the provider."""
        await self._provider.close()
