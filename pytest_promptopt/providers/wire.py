"""What an HTTP answer means: the JSON in it, or the error that it stands for."""

import email.utils
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_promptopt.errors import ProviderError, RefusedError, TransientError
from pytest_promptopt.providers.keys import without_secrets
from pytest_promptopt.providers.request import Model

_TRANSIENT = frozenset({408, 409, 425, 429})
# Answered with 429, but another try costs time and changes nothing.
_EXHAUSTED = frozenset({"insufficient_quota", "billing_hard_limit_reached"})
_TITLE = re.compile(rb"<title[^>]*>([^<]{1,200})", re.IGNORECASE)
_SHOWN_CHARACTERS = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What the body of an error says; ``parameter`` and ``code`` are empty where it does not."""

    message: str
    parameter: str = ""
    code: str = ""


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
        content = json.loads(body)
    except ValueError:
        return Refusal(message=_page_title(body))
    if not isinstance(content, dict):
        return Refusal(message="")
    error = content.get("error", content)
    if not isinstance(error, dict):
        return Refusal(message=str(error))
    message = error.get("message") or error.get("detail") or ""
    return Refusal(
        message=message if isinstance(message, str) else json.dumps(message),
        parameter=str(error.get("param") or ""),
        code=str(error.get("code") or error.get("type") or ""),
    )


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
    remedy = _remedy(asked, status, headers)
    if status == 401:
        # Servers repeat the key they were given, more or less masked.
        message = f"{asked.model}: {asked.address} answered 401"
    return RefusedError(f"{message}: {remedy}" if remedy else message, status=status)


def read_object(asked: Asked, body: bytes, content_type: str) -> dict[str, Any]:
    """The JSON object that a successful answer consists of.

    Raises TransientError saying what came instead.
    """
    try:
        content = json.loads(body)
    except ValueError as error:
        raise unexpected(asked, _description(body, content_type)) from error
    if not isinstance(content, dict):
        raise unexpected(asked, f"JSON that is a {type(content).__name__}, not an object")
    if isinstance(content.get("error"), dict):
        said = asked.shown(read_refusal(body).message)
        raise unexpected(asked, f"an error in the body of a success ({said})")
    return content


def unexpected(asked: Asked, what: str) -> TransientError:
    """The error for a success that is not an answer."""
    return TransientError(f"{asked.model}: {asked.address} sent {what} instead of an answer")


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
        return max(0.0, email.utils.mktime_tz(date) - now)
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


def _page_title(body: bytes) -> str:
    title = _TITLE.search(body)
    return " ".join(title[1].decode("utf-8", "replace").split()) if title else ""
