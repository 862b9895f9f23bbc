"""Long lists in pages, linked as GitHub links them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

DEFAULT_SIZE = 30
LARGEST_SIZE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page; ``link`` is the header's value, empty where all is on one page."""

    items: Sequence[Any]
    link: str


def page_of(items: Sequence[Any], query: Mapping[str, str], url: str) -> Page:
    """The page that the query asks for; ``url`` is the list's without a query."""
    size = min(max(int(query.get("per_page", DEFAULT_SIZE)), 1), LARGEST_SIZE)
    number = max(int(query.get("page", 1)), 1)
    last = max(1, -(-len(items) // size))
    numbers = {}
    if number > 1:
        numbers = {"prev": min(number - 1, last), "first": 1}
    if number < last:
        numbers |= {"next": number + 1, "last": last}
    links = (
        f'<{url}?{urlencode({**query, "page": page})}>; rel="{name}"'
        for name, page in numbers.items()
    )
    shown = items[(number - 1) * size : number * size]
    return Page(items=shown, link=", ".join(links))
