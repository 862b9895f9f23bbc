"""Addresses that may be asked, and with which token: checked before anything is sent."""

import ipaddress
import re

from pytest_promptopt.errors import UsageError

_LABEL = "[A-Za-z0-9-]{1,63}"
_ADDRESS = re.compile(
    rf"(?P<scheme>https?)://(?P<host>{_LABEL}(\.{_LABEL})*|\[::1\])(:(?P<port>[0-9]{{1,5}}))?"
    r"(/[\w.~-]+)*/?",
    re.ASCII,
)
_REPOSITORY = re.compile(r"[\w-][\w.-]*/(?!\.{1,2}$)[\w.-]+", re.ASCII)
_SENDABLE = re.compile(r"[\x21-\x7e]+")


def check_address(address: str, name: str) -> str:
    """``address`` without a slash at its end; ``name`` says in errors where it was set.

    Raises UsageError unless it is https, or plain http on this machine, and nothing but host,
    port and path.
    """
    parts = _ADDRESS.fullmatch(address)
    if parts is None or int(parts["port"] or 0) > 65535:
        raise UsageError(f"{name} must be an address such as https://api.github.com")
    if parts["scheme"] == "http" and not _is_loopback(parts["host"]):
        raise UsageError(f"{name} must begin with https://: no token is sent in the open")
    return address.rstrip("/")


def check_repository(repository: str, name: str) -> str:
    """``repository``, if it is ``owner/name``; raises UsageError, which calls it ``name``."""
    if not _REPOSITORY.fullmatch(repository):
        raise UsageError(f"{name} must be a repository such as octocat/hello-world")
    return repository


def check_token(token: str, name: str) -> str:
    """``token``, if a header can carry it; raises UsageError, which calls it ``name``."""
    if not _SENDABLE.fullmatch(token):
        raise UsageError(
            f"{name} holds characters that no HTTP header can carry: set it again without spaces "
            "and line breaks"
        )
    return token


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
