"""Text of models and goldens set off from ours."""

from pytest_promptopt.text.terminal import printable

_BAR = "│ "


def block(text: str, *, limit: int = 2000) -> str:
    """``text`` set off by a bar on every line, so that no line of it starts one of ours."""
    shown = (
        text if len(text) <= limit else f"{text[:limit]}… ({len(text) - limit:,} characters more)"
    )
    return "\n".join(f"{_BAR}{line}" for line in printable(shown).split("\n"))


def excerpt(text: str, limit: int = 60) -> str:
    """``text`` on one line, cut to ``limit`` characters, in quotes."""
    line = " ".join(printable(text[: limit * 4]).split())
    return f'"{line}"' if len(line) <= limit else f'"{line[: limit - 1]}…"'
