"""Text of models, goldens and prompts made safe to print.

It is hostile until proven otherwise: it could move the cursor, hide what stands there, or start
a line that a CI runner takes for a command.
"""

import re
import unicodedata

_BAR = "│ "
_CI_MARK = re.compile(r"##(?=\[|vso\[)")


def printable(text: str) -> str:
    """``text`` with control, bidirectional and invisible characters written out, on any lines."""
    text = text.replace("\r\n", "\n")
    if text.isascii() and text.replace("\n", "").isprintable():
        return _CI_MARK.sub("# #", text)
    return _CI_MARK.sub("# #", "".join(_visible(character) for character in text))


def _visible(character: str) -> str:
    if character in "\n\t":
        return character
    category = unicodedata.category(character)
    if category in {"Cc", "Cf", "Cs", "Zl", "Zp"} and not _joins_emoji(character):
        code = ord(character)
        return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
    return character


def _joins_emoji(character: str) -> bool:
    return character == "\N{ZERO WIDTH JOINER}"


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
