"""A message of a conversation with a model."""

from dataclasses import dataclass
from typing import Literal

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Who speaks, and the text."""

    role: Role
    content: str
