"""The rates of a model: how many requests and tokens it takes in a minute."""

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from pytest_promptopt.client.amount import AMOUNT, parse_amount
from pytest_promptopt.errors import UsageError

MINUTE_SECONDS = 60.0

_SHORTEST_WAIT_SECONDS = 0.001
_PART = re.compile(rf"({AMOUNT})\s*(rpm|tpm)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Requests and tokens per minute; None is without limit."""

    requests: int | None = None
    tokens: int | None = None


def parse_rates(lines: Iterable[str]) -> dict[str, Rate]:
    """The ini ``prompt_limits``: lines like ``openai/gpt-5-mini = 500 rpm, 200k tpm``.

    By ``provider/model``. Raises :class:`~pytest_promptopt.errors.UsageError`.
    """
    rates: dict[str, Rate] = {}
    for line in filter(None, map(str.strip, lines)):
        name, _, text = line.partition("=")
        rate = _parse_rate(text)
        if rate is None or not name.strip():
            raise UsageError(
                f"prompt_limits: found {line!r}, expected requests and tokens per minute "
                "like 'openai/gpt-5-mini = 500 rpm, 200k tpm'"
            )
        rates[name.strip()] = rate
    return rates


def _parse_rate(text: str) -> Rate | None:
    limits: dict[str, int] = {}
    for part in text.split(","):
        match = _PART.fullmatch(part.strip())
        amount = parse_amount(match[1]) if match else None
        if match is None or amount is None or amount < 1 or match[2].lower() in limits:
            return None
        limits[match[2].lower()] = int(amount)
    return Rate(requests=limits.get("rpm"), tokens=limits.get("tpm"))


@dataclass(slots=True, kw_only=True)
class Booking:
    """One request within the minute."""

    at_seconds: float
    tokens: int
    is_past: bool = False


class Minute:
    """What was sent to a model in the last sixty seconds, against its rate.

    A sliding window: in no sixty seconds more is sent than the rate says. A request that is
    larger than the whole rate goes when nothing else is in the window.
    """

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._bookings: deque[Booking] = deque()
        self._tokens = 0

    def wait_seconds(self, *, tokens: int, now_seconds: float) -> float:
        """0 where a request may go now, else how long to wait before asking again."""
        self._forget(now_seconds)
        if not self._bookings or not self._is_full(tokens):
            return 0.0
        until = self._bookings[0].at_seconds + MINUTE_SECONDS
        return max(_SHORTEST_WAIT_SECONDS, until - now_seconds)

    def book(self, *, tokens: int, now_seconds: float) -> Booking:
        """Note a request that is sent now, with the tokens that it will likely take."""
        booking = Booking(at_seconds=now_seconds, tokens=tokens)
        self._bookings.append(booking)
        self._tokens += tokens
        return booking

    def correct(self, booking: Booking, *, tokens: int) -> None:
        """Put the tokens that were taken in place of those that were likely."""
        if not booking.is_past:
            self._tokens += tokens - booking.tokens
            booking.tokens = tokens

    def _is_full(self, tokens: int) -> bool:
        requests_full = (
            self._rate.requests is not None and len(self._bookings) >= self._rate.requests
        )
        tokens_full = self._rate.tokens is not None and self._tokens + tokens > self._rate.tokens
        return requests_full or tokens_full

    def _forget(self, now_seconds: float) -> None:
        while self._bookings and self._bookings[0].at_seconds <= now_seconds - MINUTE_SECONDS:
            booking = self._bookings.popleft()
            booking.is_past = True
            self._tokens -= booking.tokens
