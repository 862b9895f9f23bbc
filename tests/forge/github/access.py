"""Who asks, and what they may do."""

import base64
import binascii
from collections.abc import Mapping

from tests.forge.github.records import Repository, Token
from tests.forge.github.refusal import RefusalError, not_found
from tests.forge.github.store import Store

# The permissions of which one is needed; a repository's pull requests are issues, too.
_EITHER = ("issues", "pull_requests")
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "pulls/list": ("pull_requests",),
    "pulls/create": ("pull_requests",),
    "pulls/get": ("pull_requests",),
    "pulls/update": ("pull_requests",),
    "pulls/list-files": ("pull_requests",),
    "pulls/list-review-comments": ("pull_requests",),
    "pulls/create-review": ("pull_requests",),
    "issues/list-comments": _EITHER,
    "issues/create-comment": _EITHER,
    "issues/update-comment": _EITHER,
    "git/get-ref": ("contents",),
    "git/get-commit": ("contents",),
}
_AUTHENTICATION_URL = "https://docs.github.com/rest"
_INTEGRATION = {
    "installation": "Resource not accessible by integration",
    "user": "Resource not accessible by personal access token",
}


def read_token(store: Store, authorization: str | None) -> Token | None:
    """The token of a request, None where it has none; refuses one that is not known."""
    if authorization is None:
        return None
    scheme, _, given = authorization.partition(" ")
    text = _password(given) if scheme.lower() == "basic" else given
    token = store.tokens.get(text)
    if token is None or scheme.lower() not in ("basic", "bearer", "token"):
        raise RefusalError(401, "Bad credentials", documentation_url=_AUTHENTICATION_URL)
    return token


def require(token: Token | None, repository: Repository, operation: str, *, is_write: bool) -> None:
    """Refuse what the token may not do."""
    names = _NEEDED[operation]
    if token is None and is_write and not repository.is_private:
        raise RefusalError(401, "Requires authentication")
    if not _is_visible(token, repository):
        raise not_found()
    if not _may(token, repository, names, is_write=is_write):
        assert token is not None
        raise forbidden(token, names, is_write=is_write)


def forbidden(token: Token, names: tuple[str, ...], *, is_write: bool) -> RefusalError:
    """The token lacks the permissions named."""
    level = "write" if is_write else "read"
    accepted = "; ".join(f"{name}={level}" for name in names)
    return RefusalError(
        403, _INTEGRATION[token.kind], headers={"X-Accepted-GitHub-Permissions": accepted}
    )


def may_use_git(token: Token | None, repository: Repository, *, is_push: bool) -> bool:
    """Whether the bearer may fetch from, or push to, a repository."""
    return _is_visible(token, repository) and _may(
        token, repository, ("contents",), is_write=is_push
    )


def _is_visible(token: Token | None, repository: Repository) -> bool:
    return not repository.is_private or (token is not None and _holds(token, repository))


def _may(
    token: Token | None, repository: Repository, names: tuple[str, ...], *, is_write: bool
) -> bool:
    if not repository.is_private and not is_write:
        return True
    if token is None or not _holds(token, repository):
        return False
    levels = {token.permissions.get(name) for name in names}
    return "write" in levels or (not is_write and "read" in levels)


def _holds(token: Token, repository: Repository) -> bool:
    return token.repositories is None or repository.name.lower() in token.repositories


def _password(given: str) -> str:
    try:
        return base64.b64decode(given, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""
