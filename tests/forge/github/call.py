"""What an operation is asked and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.forge.github.records import Account, Repository, Token
from tests.forge.github.shapes import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that is well-formed and permitted."""

    token: Token | None
    repository: Repository
    parameters: Mapping[str, Any]
    query: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def author(self) -> Account:
        """Who writes."""
        assert self.token is not None, "only a token writes"
        return self.token.account


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A success, or a refusal in JSON; a list is sent in pages."""

    content: Json | list[Json]
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
