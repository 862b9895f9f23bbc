"""The limits in a provider's headers: how much may still be sent."""

import email.utils
import re
from collections.abc import Mapping
from datetime import datetime

from pytest_promptopt.providers.request import RateLimit

_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:([\d.]+)s)?(?:([\d.]+)ms)?")


def openai_rate_limit(headers: Mapping[str, str]) -> RateLimit | None:
    """From ``x-ratelimit-…`` headers, whose resets are durations such as ``6m0s``."""
    if "x-ratelimit-remaining-requests" not in headers and (
        "x-ratelimit-remaining-tokens" not in headers
    ):
        return None
    return RateLimit(
        requests_remaining=_count(headers.get("x-ratelimit-remaining-requests")),
        requests_reset_seconds=_duration(headers.get("x-ratelimit-reset-requests")),
        tokens_remaining=_count(headers.get("x-ratelimit-remaining-tokens")),
        tokens_reset_seconds=_duration(headers.get("x-ratelimit-reset-tokens")),
    )


def anthropic_rate_limit(headers: Mapping[str, str], *, now: float) -> RateLimit | None:
    """From ``anthropic-ratelimit-…`` headers, whose resets are RFC 3339 times.

    ``now`` is in seconds since 1970, for a server that does not tell its own time.
    """
    now = server_time(headers, now=now)
    prefix = "anthropic-ratelimit"
    if f"{prefix}-requests-remaining" not in headers and (
        f"{prefix}-tokens-remaining" not in headers
    ):
        return None
    return RateLimit(
        requests_remaining=_count(headers.get(f"{prefix}-requests-remaining")),
        requests_reset_seconds=_until(headers.get(f"{prefix}-requests-reset"), now),
        tokens_remaining=_count(headers.get(f"{prefix}-tokens-remaining")),
        tokens_reset_seconds=_until(headers.get(f"{prefix}-tokens-reset"), now),
    )


def server_time(headers: Mapping[str, str], *, now: float) -> float:
    """The time by the server's own clock, in seconds since 1970; ``now`` where it tells none.

    What it names as a time is to be compared with that: the clock of this machine may be wrong.
    """
    date = email.utils.parsedate_tz(headers.get("date", ""))
    try:
        return now if date is None else float(email.utils.mktime_tz(date))
    except (ValueError, OverflowError):
        return now


def _count(written: str | None) -> int | None:
    try:
        return int(written or "")
    except ValueError:
        return None


def _duration(written: str | None) -> float | None:
    match = _DURATION.fullmatch(written.strip()) if written else None
    if match is None or not any(match.groups()):
        return None
    try:
        days, hours, minutes, seconds, milliseconds = (float(part or 0) for part in match.groups())
    except ValueError:
        return None
    return days * 86400 + hours * 3600 + minutes * 60 + seconds + milliseconds / 1000


def _until(written: str | None, now: float) -> float | None:
    try:
        moment = datetime.fromisoformat(written or "")
    except ValueError:
        return None
    return max(0.0, moment.timestamp() - now)
