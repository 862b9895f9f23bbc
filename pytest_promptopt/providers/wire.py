"""The meaning of an HTTP answer: the JSON in it, or the error that it stands for."""

import email.utils
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_promptopt.errors import ProviderError, RefusedError, TransientError
from pytest_promptopt.providers.keys import without_secrets
from pytest_promptopt.providers.rate_limits import server_time
from pytest_promptopt.providers.request import Model

# 498 is how Groq says that it has no capacity for now.
_TRANSIENT = frozenset({408, 409, 425, 429, 498})
# Answered with 429, but another try costs time and changes nothing.
_EXHAUSTED = frozenset(
    {"insufficient_quota", "exceeded_current_quota_error", "billing_hard_limit_reached"}
)
# What a gateway or provider says where it refuses what one request holds.
_ABOUT_INPUT = re.compile(
    r"flagged|moderat|content[_ ]?(?:filter|policy|management)|responsible ?ai|safety|"
    r"context[_ ]length|context window|too long|too large|maximum (?:context|length)|max_length|"
    r"string_above",
    re.IGNORECASE,
)
_MESSAGE_KEYS = ("message", "msg", "detail", "error_message", "error_description", "description",
                 "title", "reason", "error")  # fmt: skip
_TITLE = re.compile(rb"<title[^>]*>([^<]{1,200})", re.IGNORECASE)
_SHOWN_CHARACTERS = 240
_MOST_TOKENS = 1e12


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What the body of an error says; ``parameter`` and ``code`` are empty where it does not.

    ``is_about_input`` tells that it concerns what this one request holds, not key or model.
    """

    message: str
    parameter: str = ""
    code: str = ""
    is_about_input: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who was asked, where, and with the key from which variable (None: without a key)."""

    model: Model
    address: str
    key_variable: str | None = None
    key: str | None = field(default=None, repr=False)

    def shown(self, text: str) -> str:
        """The text on one line, abbreviated and without secrets."""
        line = " ".join(without_secrets(text, self.key).split())
        return line if len(line) <= _SHOWN_CHARACTERS else f"{line[:_SHOWN_CHARACTERS]}…"


def read_refusal(body: bytes) -> Refusal:
    """What an error's body says, in any of the shapes that servers use."""
    try:
        content = _first(json.loads(body))
    except (ValueError, RecursionError):
        return Refusal(message=_page_title(body) or _plain_text(body))
    error = _first(content.get("error") or content.get("errors")) or content
    message = _message(error) or (json.dumps(content) if content else "")
    metadata = error.get("metadata")
    code = str(error.get("code") or error.get("type") or error.get("status") or "")
    parameter = _parameter(error)
    is_flagged = isinstance(metadata, dict) and "flagged_input" in metadata
    # `max_tokens` that is too large is so for every input.
    is_long = not parameter.startswith("max_") and _ABOUT_INPUT.search(f"{code} {message}")
    return Refusal(
        message=message, parameter=parameter, code=code, is_about_input=is_flagged or bool(is_long)
    )


def _first(value: Any) -> dict[str, Any]:
    """The object that ``value`` is, or the first of a list; a text as the message of one."""
    if isinstance(value, list):
        value = value[0] if value else {}
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return {"message": str(value)}
    return value if isinstance(value, dict) else {}


def _message(error: Mapping[str, Any]) -> str:
    for key in _MESSAGE_KEYS:
        value = error.get(key)
        if isinstance(value, str) and value:
            return value
        if isinstance(value, dict | list) and value:
            return _message(_first(value)) or json.dumps(value)
    return ""


def _parameter(error: Mapping[str, Any]) -> str:
    """The parameter that is named, also where FastAPI and the like name a place in the body."""
    told = error.get("detail") or _first(error.get("message")).get("detail")
    place = _first(told).get("loc") or error.get("loc")
    if isinstance(place, list):
        return next((str(step) for step in place if isinstance(step, str) and step != "body"), "")
    return str(error.get("param") or "")


def error_of_status(
    asked: Asked,
    status: int,
    headers: Mapping[str, str],
    refusal: Refusal,
    *,
    now: float,
) -> ProviderError:
    """The error that a status other than 2xx stands for; ``now`` is in seconds since 1970."""
    said = asked.shown(refusal.message)
    message = f"{asked.model}: {asked.address} answered {status}" + (f" ({said})" if said else "")
    if refusal.code in _EXHAUSTED:
        return RefusedError(f"{message}: the account's quota is used up", status=status)
    if status in _TRANSIENT or status >= 500:
        return TransientError(
            message, status=status, retry_after_seconds=retry_after_seconds(headers, now=now)
        )
    is_about_input = refusal.is_about_input and status not in (401, 404)
    remedy = "" if is_about_input else _remedy(asked, status, headers)
    if status == 401:
        # Servers repeat the key they were given, more or less masked.
        message = f"{asked.model}: {asked.address} answered 401"
    return RefusedError(
        f"{message}: {remedy}" if remedy else message,
        status=status,
        is_about_input=is_about_input,
    )


def read_object(asked: Asked, body: bytes, content_type: str) -> dict[str, Any]:
    """The JSON object that a successful answer consists of.

    Raises TransientError saying what came instead, or what :func:`failed_within` gives.
    """
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise unexpected(asked, _description(body, content_type)) from error
    if not isinstance(content, dict):
        raise unexpected(asked, f"JSON that is a {type(content).__name__}, not an object")
    if content.get("error"):
        raise failed_within(asked, body)
    return content


def failed_within(asked: Asked, body: bytes) -> ProviderError:
    """The error for a failure that comes in the body of a success."""
    refusal = read_refusal(body)
    what = f"an error in the body of a success ({asked.shown(refusal.message)})"
    return _told_within(asked, what, refusal)


def unexpected(asked: Asked, what: str) -> TransientError:
    """The error for a success that is not an answer."""
    return TransientError(f"{asked.model}: {asked.address} sent {what} instead of an answer")


def without(asked: Asked, what: str, content: Mapping[str, Any]) -> ProviderError:
    """The error for a success that lacks what an answer has; tells what it says instead."""
    refusal = read_refusal(json.dumps(content).encode())
    said = asked.shown(refusal.message)
    return _told_within(asked, f"JSON without {what}" + (f" ({said})" if said else ""), refusal)


def _told_within(asked: Asked, what: str, refusal: Refusal) -> ProviderError:
    """The error that the body of a success tells: a final one where its code is that of one."""
    error = unexpected(asked, what)
    status = int(refusal.code) if re.fullmatch(r"4\d\d", refusal.code, re.ASCII) else None
    if status is None or status in _TRANSIENT:
        return error
    return RefusedError(error.message, status=status, is_about_input=refusal.is_about_input)


def count(counts: object, name: str) -> int | None:
    """How many tokens are told under ``name``, also as text; None where no number is."""
    told = counts.get(name) if isinstance(counts, dict) else None
    if isinstance(told, bool) or not isinstance(told, int | float | str):
        return None
    try:
        number = float(told)
    except (ValueError, OverflowError):
        return None
    return int(number) if 0 <= number < _MOST_TOKENS and number.is_integer() else None


def retry_after_seconds(headers: Mapping[str, str], *, now: float) -> float | None:
    """How long the server asks to wait: ``retry-after-ms``, else ``retry-after``, never negative.

    ``retry-after`` is in seconds or an HTTP date (RFC 9110, section 10.2.3).
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return max(0.0, milliseconds / 1000)
    written = headers.get("retry-after")
    seconds = _number(written)
    if seconds is not None:
        return max(0.0, seconds)
    date = email.utils.parsedate_tz(written) if written else None
    if date is None:
        return None
    try:
        return max(0.0, email.utils.mktime_tz(date) - server_time(headers, now=now))
    except (ValueError, OverflowError):
        return None


def _number(written: str | None) -> float | None:
    try:
        number = float(written or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _remedy(asked: Asked, status: int, headers: Mapping[str, str]) -> str:
    if status == 401 and asked.key_variable is None:
        return (
            "it wants a key and none was sent: name the key's variable after the base URL "
            "in ini prompt_models"
        )
    if status == 401:
        return f"the key in {asked.key_variable} was not accepted: set {asked.key_variable} anew"
    if status == 402:
        return f"the account of the key in {asked.key_variable} has to be paid up"
    if status == 403:
        return f"the key in {asked.key_variable} may not use this model"
    if status == 404:
        return f"there is no model {asked.model.name!r} there: check its name and the base URL"
    if status in (301, 302, 303, 307, 308):
        target = asked.shown(headers.get("location", "").partition("?")[0])
        return f"it has moved to {target}: set the base URL to where it is now"
    return ""


def _description(body: bytes, content_type: str) -> str:
    kind = content_type.partition(";")[0].strip() or "no content type"
    if not body.strip():
        return "an empty body"
    if b"<html" in body[:1000].lower():
        title = _page_title(body)
        return f"an HTML page{f' titled {title!r}' if title else ''}"
    if body.lstrip()[:1] in (b"{", b"["):
        return f"malformed or cut off JSON ({len(body)} bytes)"
    return f"{len(body)} bytes of {kind}"


def _plain_text(body: bytes) -> str:
    return "" if b"<html" in body[:1000].lower() else body[:1000].decode("utf-8", "replace").strip()


def _page_title(body: bytes) -> str:
    title = _TITLE.search(body)
    return " ".join(title[1].decode("utf-8", "replace").split()) if title else ""
