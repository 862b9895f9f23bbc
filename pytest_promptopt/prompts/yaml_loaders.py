"""Loaders for YAML 1.2, where PyYAML's own scanners read something else."""

import re
from collections.abc import Sequence
from typing import Any

import yaml

_FAST: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BLANK = "\0 \t\r\n\x85\u2028\u2029"
_FLOW = ",[]{}"
# What the fast scanner takes for a key in ``[?x]``, and for no text in ``[:x:]``.
_SIGN_FIRST = re.compile(r"[\[{,:]\s*[?:][^\s,\[\]{}]")
# The other scanner takes a thousand times as long, which a broken file is not worth.
_MOST_CHARACTERS = 1_000_000


class Yaml12Loader(yaml.SafeLoader):
    """Reads ``?`` and ``:`` as YAML 1.2 does: in flow context too they may begin a plain text.

    See the specification, section 7.3.3; ``:smile:`` is a text also before a bracket. Slow, and
    exact about tabs in block scalars.
    """

    def check_key(self) -> bool:
        """Whether ``?`` begins a key, not a text."""
        return self.peek(1) in _BLANK

    def check_value(self) -> bool:
        """Whether ``:`` begins a value, not a text; after a quoted key no blank is needed."""
        follows = _BLANK + _FLOW if self.flow_level else _BLANK
        is_adjacent = self.flow_level and self.index and self.buffer[self.pointer - 1] in "\"'}]"
        return bool(is_adjacent) or self.peek(1) in follows

    def check_plain(self) -> bool:
        """Whether a plain text begins here."""
        sign, following = self.peek(), self.peek(1)
        if sign in "-?:":
            return following not in (_BLANK + _FLOW if self.flow_level else _BLANK)
        return sign not in _BLANK + ",[]{}#&*!|>'\"%@`"

    def scan_plain(self) -> yaml.ScalarToken:
        """The plain text that begins here."""
        chunks: list[str] = []
        spaces: list[str] = []
        start = end = self.get_mark()
        while self.peek() != "#" and (length := self._plain_length()):
            self.allow_simple_key = False
            chunks += [*spaces, self.prefix(length)]
            self.forward(length)
            end = self.get_mark()
            spaces = self.scan_plain_spaces(self.indent + 1, start) or []
            if not spaces or (not self.flow_level and self.column <= self.indent):
                break
        return yaml.ScalarToken("".join(chunks), True, start, end)

    def _plain_length(self) -> int:
        length = 0
        is_key = self.flow_level and self.peek() != ":"
        ends_key = _BLANK + _FLOW if is_key else _BLANK
        while True:
            sign = self.peek(length)
            if sign in _BLANK or (self.flow_level and sign in _FLOW):
                return length
            if sign == ":" and self.peek(length + 1) in ends_key:
                return length
            length += 1


def loaders(text: str) -> Sequence[Any]:
    """The loaders to try in turn on ``text``: what one refuses the next may read."""
    if len(text) > _MOST_CHARACTERS:
        return (_FAST,)
    return (Yaml12Loader,) if _SIGN_FIRST.search(text) else (_FAST, Yaml12Loader)
