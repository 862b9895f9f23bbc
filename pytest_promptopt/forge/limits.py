"""The time that GitHub asks to wait before anything else is sent."""

import re
from collections.abc import Mapping

from pytest_promptopt.providers.rate_limits import server_time

_SECONDS = re.compile(r"[0-9]{1,10}")
_LEAST_SECONDS = 1.0
_UNNAMED_SECONDS = 60.0
"""What GitHub's documentation asks for where the answer names no time."""


def asked_wait_seconds(
    status: int, headers: Mapping[str, str], said: str, *, now: float
) -> float | None:
    """The wait that an answer asks for, None where it is not about a limit.

    ``now`` is in seconds since 1970, for an answer that tells no time. The limits are
    GitHub's primary and secondary ones:
    https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api.
    """
    if status not in (403, 429):
        return None
    retry_after = _seconds(headers.get("retry-after"))
    if retry_after is not None:
        return max(_LEAST_SECONDS, retry_after)
    reset = _seconds(headers.get("x-ratelimit-reset"))
    if reset is not None and headers.get("x-ratelimit-remaining") == "0":
        return max(_LEAST_SECONDS, reset - server_time(headers, now=now))
    if status == 429 or "rate limit" in said.lower():
        return _UNNAMED_SECONDS
    return None


def _seconds(written: str | None) -> float | None:
    return float(written) if written and _SECONDS.fullmatch(written) else None
