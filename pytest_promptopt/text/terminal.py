"""Text of models, goldens and prompts made safe to print.

It is hostile until proven otherwise: it could move the cursor, hide what stands there, or start
a line that a CI runner takes for a command.
"""

import re
import unicodedata

_CI_MARK = re.compile(r"##(?=\[|vso\[)")
_HALF = re.compile(r"[\ud800-\udbff]")
# What the next character may make something else of.
_UNDECIDED = re.compile(r"(?:\r|#|##(?:vso?|v)?|[\ud800-\udbff])\Z")


def printable(text: str) -> str:
    """``text`` with control, bidirectional and invisible characters written out, on any lines."""
    text = text.replace("\r\n", "\n")
    if text.isascii() and text.replace("\n", "").isprintable():
        return _CI_MARK.sub("# #", text)
    return _CI_MARK.sub("# #", "".join(_visible(character) for character in text))


class PrintablePieces:
    """What :func:`printable` makes of a text that comes in pieces, wherever it is cut."""

    def __init__(self) -> None:
        self._held = ""

    def next(self, text: str) -> str:
        """What can be printed now that ``text`` has come."""
        text = joined_pairs(self._held + text)
        undecided = _UNDECIDED.search(text)
        self._held = undecided[0] if undecided else ""
        return printable(text.removesuffix(self._held))

    def last(self) -> str:
        """What is left where nothing more comes."""
        held, self._held = self._held, ""
        return printable(held)


def joined_pairs(text: str) -> str:
    """``text`` with the halves of a character outside the first plane, cut in two, as one."""
    if not _HALF.search(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


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
