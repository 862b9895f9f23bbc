"""The docs hang together, as files and as a site."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.test_docs import DOCS, ROOT, script

MARKDOWN = MarkdownIt("commonmark").enable("table")


@cache
def tokens(page: Path) -> list[Token]:
    return MARKDOWN.parse(page.read_text(encoding="utf-8"))


def links(page: Path) -> Iterator[str]:
    inline = (child for token in tokens(page) for child in token.children or ())
    for token in inline:
        if token.type in {"link_open", "image"}:
            yield str(token.attrs["href" if token.type == "link_open" else "src"])


@cache
def anchors(page: Path) -> frozenset[str]:
    """The names that GitHub gives to the page's headings."""
    found: Counter[str] = Counter()
    names = set()
    for opened, heading in zip(tokens(page), tokens(page)[1:], strict=False):
        if opened.type == "heading_open":
            words = "".join(child.content for child in heading.children or ())
            slug = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
            names.add(f"{slug}-{found[slug]}" if found[slug] else slug)
            found[slug] += 1
    return frozenset(names)


def leads_nowhere(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (page.parent / path) if path else page
    return not target.exists() or bool(anchor and anchor not in anchors(target))


@pytest.mark.parametrize("page", [*DOCS, ROOT / "CHANGELOG.md"], ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    inside = (link for link in links(page) if not re.match("https?:", link))
    assert [link for link in inside if leads_nowhere(page, link)] == []


def named(navigation: Any) -> Iterator[str]:
    for entry in navigation:
        for value in entry.values():
            if isinstance(value, str):
                yield value
            else:
                yield from named(value)


def test_every_page_has_one_place_in_the_sites_navigation() -> None:
    settings = tomllib.loads((ROOT / "docs" / "website.toml").read_text(encoding="utf-8"))
    assert sorted(named(settings["project"]["nav"])) == sorted(script("website").PAGES.values())


ADDRESS = "https://forge.example/o/r/blob/1a2b"


@pytest.mark.parametrize(
    ("source", "text", "expected"),
    [
        ("README.md", "[Gate](docs/gate.md#min)", "[Gate](gate.md#min)"),
        ("docs/ci.md", "[Start](../README.md#more)", "[Start](index.md#more)"),
        ("docs/ci.md", "[Gate](gate.md)", "[Gate](gate.md)"),
        ("README.md", "![a](docs/report/a.png)", "![a](report/a.png)"),
        ("docs/ci.md", "[a `b`](../src/a.py)", f"[a `b`]({ADDRESS}/src/a.py)"),
        ("README.md", "[all](tests/)", f"[all]({ADDRESS}/tests)"),
        ("README.md", "[x](https://y.example), [z](#z)", "[x](https://y.example), [z](#z)"),
        ("README.md", "`[a](b.md)`\n```md\n[a](b.md)\n```", "`[a](b.md)`\n```md\n[a](b.md)\n```"),
    ],
)
def test_links_of_a_page_lead_to_the_same_in_the_site(
    source: str, text: str, expected: str
) -> None:
    assert script("website").for_site(text, source, ADDRESS) == expected


def test_a_link_into_the_repository_is_words_where_its_address_is_unknown() -> None:
    site = script("website")
    assert site.repository({}) is None
    text = site.for_site("see [`a.py`](../src/a.py) and [CI](ci.md)", "docs/b.md", None)
    assert text == "see `a.py` and [CI](ci.md)"
