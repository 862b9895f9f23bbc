"""Text of models, goldens and prompts made safe to print.

It is hostile until proven otherwise: it could move the cursor, hide what stands there, or start
a line that a CI runner takes for a command.
"""

import re
import unicodedata

_CI_MARK = re.compile(r"##(?=\[|vso\[)")


def printable(text: str) -> str:
    """``text`` with control, bidirectional and invisible characters written out, on any lines."""
    text = text.replace("\r\n", "\n")
    if text.isascii() and text.replace("\n", "").isprintable():
        return _CI_MARK.sub("# #", text)
    return _CI_MARK.sub("# #", "".join(_visible(character) for character in text))


def one_line(text: str) -> str:
    """``text`` as :func:`printable` makes it, with line ends written out too.

    So that nothing but us begins a line of ours.
    """
    return printable(text).replace("\n", "\\n")


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
