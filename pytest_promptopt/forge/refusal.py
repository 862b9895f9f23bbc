"""A refusal of GitHub's: what it says of a request that it does not do, and what would help."""

import re
from typing import Any

from pytest_promptopt.forge.fields import read_json

_SHOWN_CHARACTERS = 300
_CI_MARK = re.compile(r"##(?=\[)")

_UNLOCK = "Unlock the conversation of the pull request."

# By what GitHub says, in lower case; the first that fits.
_REMEDIES = (
    (
        "not permitted to create or approve pull requests",
        "Allow it under Settings → Actions → General → Bridge permissions, in the organization "
        "too, or use the token of an app or a person.",
    ),
    (
        "resource not accessible by",
        "The token needs the permission `pull-requests: write`, for branches `contents: write` "
        "too: give them to the job under `permissions:`. On a pull request from a fork the token "
        "may only read whatever the job asks for: use the form with two workflows of docs/ci.md.",
    ),
    ("is locked", _UNLOCK),
    ("lock prevents", _UNLOCK),
)
_REMEDIES_BY_STATUS = {
    401: "The token is wrong or has expired: set GITHUB_TOKEN, or GH_TOKEN, anew.",
    403: "Use a token that may do this.",
    404: "It is not there, or the token may not see it: check the repository, the number and "
    "what the token gives access to.",
}


def words_of(content: bytes) -> str:
    """What the body of a refusal says, as it says it: ``message`` and those of ``errors``."""
    try:
        body = read_json(content)
    except ValueError:
        return ""
    if not isinstance(body, dict):
        return ""
    errors = body.get("errors")
    parts = [body.get("message"), *map(_problem, errors if isinstance(errors, list) else ())]
    return "; ".join(part for part in parts if isinstance(part, str) and part)


def remedy_of(status: int, said: str) -> str:
    """What would help; empty where what GitHub ``said`` has to do."""
    lowered = said.lower()
    for words, remedy in _REMEDIES:
        if status in (403, 422) and words in lowered:
            return remedy
    if 300 <= status < 400:
        return "It has moved: name the repository as it is called now."
    if status >= 500:
        return "Try again later; https://www.githubstatus.com tells of known trouble."
    return _REMEDIES_BY_STATUS.get(status, "")


def shown(text: str) -> str:
    """``text`` on one line, abbreviated, without characters that hide or command anything."""
    cut = text[: 4 * _SHOWN_CHARACTERS]
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in cut).split())
    line = _CI_MARK.sub("# #", line)
    return line if len(line) <= _SHOWN_CHARACTERS else f"{line[:_SHOWN_CHARACTERS]}…"


def _problem(error: Any) -> Any:
    """One of ``errors``: a text, or an object with a message or with a field and a code."""
    if not isinstance(error, dict):
        return error
    return error.get("message") or f"{error.get('field', '')} {error.get('code', '')}".strip()
