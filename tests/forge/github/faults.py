"""What goes wrong on demand."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tests.forge.github.refusal import RATE_LIMITS_URL

UNICORN = (
    "<!DOCTYPE html>\n<html><head><title>Unicorn! &middot; GitHub</title></head>"
    "<body><p>We had issues producing the response to your request.</p></body></html>\n"
)

What = Literal["answer", "drop", "lose"]


@dataclass(slots=True, kw_only=True)
class Fault:
    """What the next ``left`` requests get of which ``METHOD /path`` contains ``match``.

    ``drop`` closes the connection before anything is done, ``lose`` after all is done.
    """

    left: int
    match: str
    what: What
    status: int = 0
    headers: Mapping[str, str]
    message: str = ""

    @property
    def body(self) -> bytes:
        """GitHub's own pages for a server's errors, JSON else."""
        if self.status >= 500:
            return UNICORN.encode()
        content = {"message": self.message, "documentation_url": RATE_LIMITS_URL}
        return json.dumps(content | {"status": str(self.status)}).encode()

    @property
    def content_type(self) -> str:
        return "text/html" if self.status >= 500 else "application/json; charset=utf-8"


class Faults:
    """The faults to come; of several that match a request the first is taken."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self._faults.append(fault)

    def take(self, method: str, path: str) -> Fault | None:
        """The fault of a request, which is then used up."""
        for fault in self._faults:
            if fault.left and fault.match in f"{method} {path}":
                fault.left -= 1
                return fault
        return None
