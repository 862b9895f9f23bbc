"""What happens when somebody takes a suggestion."""

import re

_FENCE = re.compile(r" {0,3}(?P<fence>`{3,}|~{3,})[ \t]*(?P<word>[^\s`]*)")


def suggested_lines(body: str) -> list[str]:
    """The lines of the one suggestion block of a comment."""
    blocks = _suggestions(body.replace("\r\n", "\n").split("\n"))
    assert len(blocks) == 1, f"the comment has {len(blocks)} suggestions"
    return blocks[0]


def apply(content: bytes, first: int, last: int, lines: list[str]) -> bytes:
    """The file with its lines ``first`` to ``last`` replaced; no line deletes them.

    A file whose replaced lines end with CRLF gets such lines.
    """
    old = content.split(b"\n")
    ending = b"\r" if old[first - 1].endswith(b"\r") else b""
    new = [line.encode() + ending for line in lines]
    return b"\n".join([*old[: first - 1], *new, *old[last:]])


def _suggestions(lines: list[str]) -> list[list[str]]:
    """The contents of all suggestion blocks; a fence inside another block is its text."""
    found = []
    rest = iter(lines)
    for line in rest:
        opening = _FENCE.match(line)
        if opening is None:
            continue
        content = []
        for inner in rest:
            closing = _FENCE.fullmatch(inner.rstrip())
            if closing and not closing["word"] and closing["fence"].startswith(opening["fence"]):
                break
            content.append(inner)
        if opening["word"] == "suggestion":
            found.append(content)
    return found
