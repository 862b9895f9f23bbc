"""The data of a configuration in JavaScript or TypeScript, read without running any of it."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

_START = re.compile(
    r"(?:module\.exports\s*=|export\s+default|(?:const|let|var)\s+(?:\w*[cC]onfig)\b[^=\n]*=)\s*(?:/\*.*?\*/\s*)?(?=[{\[])",
    re.DOTALL,
)
_TOKEN = re.compile(
    r"""(?P<blank>\s+|//[^\n]*|/\*.*?\*/)
    |(?P<string>'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`)
    |(?P<number>-?\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])
    |(?P<word>[A-Za-z_$][\w$]*)
    |(?P<sign>\.\.\.|=>|.)""",
    re.DOTALL | re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(u\{[0-9a-fA-F]+\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|\r?\n|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}
_CONSTANTS = {"true": "true", "false": "false", "null": "null", "undefined": "null"}
_OPEN, _CLOSE = ("{", "[", "("), ("}", "]", ")")
_MOST_DEPTH = 100


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    line: int


@dataclass(slots=True)
class JavaScriptData:
    """What could be read: JSON on the lines of the original, and what is no data, by line."""

    text: str = ""
    lost: list[tuple[int, str]] = field(default_factory=list)


def read_javascript(text: str) -> JavaScriptData | None:
    """The object that the file exports; None where none is found."""
    starts = [*_START.finditer(text)]
    if not starts:
        return None
    exported = [match for match in starts if not match[0].startswith(("const", "let", "var"))]
    start = (exported or starts)[0]
    return _Reader(text, start.end()).read()


class _Reader:
    """Writes the literals of an object as JSON, line by line."""

    def __init__(self, text: str, start: int) -> None:
        first = text.count("\n", 0, start) + 1
        self._tokens = [token for token in _tokens(text, start, first) if token.kind != "blank"]
        self._position = 0
        self._line = 1
        self._depth = 0
        self._data = JavaScriptData()
        self._parts: list[str] = []

    def read(self) -> JavaScriptData:
        self._value()
        self._data.text = "".join(self._parts)
        return self._data

    def _peek(self) -> _Token:
        last = _Token("end", "", self._line)
        return self._tokens[self._position] if self._position < len(self._tokens) else last

    def _take(self) -> _Token:
        token = self._peek()
        self._position += 1
        return token

    def _write(self, text: str, line: int) -> None:
        self._parts.append("\n" * max(line - self._line, 0) + text)
        self._line = max(line, self._line)

    def _value(self) -> None:
        token = self._peek()
        is_whole = self._is_literal()
        if token.text == "{" and token.kind == "sign":
            self._collection("}", self._pair)
        elif token.text == "[" and token.kind == "sign":
            self._collection("]", self._value)
        elif is_whole:
            self._take()
            self._write(_literal(token), token.line)
        else:
            self._lose()

    def _is_literal(self) -> bool:
        token = self._peek()
        following = self._tokens[self._position + 1 : self._position + 2]
        ends = not following or following[0].text in (",", "}", "]", ";", "as", "satisfies")
        is_text = token.kind == "string" and not (token.text[0] == "`" and "${" in token.text)
        is_constant = token.kind == "word" and token.text in _CONSTANTS
        return ends and (is_text or token.kind == "number" or is_constant)

    def _collection(self, close: str, entry: Callable[[], None]) -> None:
        if self._depth == _MOST_DEPTH:
            self._lose()
            return
        self._depth += 1
        opened = self._take()
        self._write(opened.text, opened.line)
        first = True
        while self._peek().kind != "end" and self._peek().text != close:
            if not first:
                self._write(", ", self._line)
            before = self._position
            entry()
            first = False
            if self._peek().text == ",":
                self._take()
            if self._position == before:
                self._take()
        closed = self._take()
        self._write(close, closed.line)
        self._depth -= 1
        self._skip_type()

    def _skip_type(self) -> None:
        """``as const`` and ``satisfies Config`` behind a value."""
        if self._peek().text in ("as", "satisfies"):
            self._skip()

    def _pair(self) -> None:
        key = self._peek()
        following = self._tokens[self._position + 1 : self._position + 2]
        if (
            key.kind not in ("word", "string", "number")
            or not following
            or following[0].text != ":"
        ):
            self._write(f'"({len(self._parts)})": ', key.line)
            self._lose()
            return
        self._take()
        self._take()
        name = _literal(key) if key.kind == "string" else json.dumps(key.text)
        self._write(f"{name}: ", key.line)
        self._value()

    def _lose(self) -> None:
        token = self._peek()
        start = self._position
        self._skip()
        words = "".join(token.text for token in self._tokens[start : start + 12])
        self._data.lost.append(
            (token.line, f"code is not run, so that this is left out: {words[:60]}")
        )
        self._write("null", token.line)

    def _skip(self) -> None:
        """Pass over an expression, to the comma or bracket behind it."""
        depth = 0
        while self._peek().kind != "end":
            token = self._peek()
            sign = token.text if token.kind == "sign" else ";"
            if depth == 0 and sign in (",", *_CLOSE):
                return
            depth += (sign in _OPEN) - (sign in _CLOSE)
            self._take()


def _tokens(text: str, start: int, line: int) -> Iterator[_Token]:
    for match in _TOKEN.finditer(text, start):
        yield _Token(str(match.lastgroup), match[0], line)
        line += match[0].count("\n")


def _literal(token: _Token) -> str:
    if token.kind == "string":
        return json.dumps(_ESCAPE.sub(_unescaped, token.text[1:-1]))
    return _CONSTANTS.get(token.text, token.text.replace("_", ""))


def _unescaped(match: re.Match[str]) -> str:
    code = match[1]
    if code[0] in "ux" and len(code) > 1:
        number = int(code[1:].strip("{}"), 16)
        return chr(number) if number < 0x110000 else "\N{REPLACEMENT CHARACTER}"
    return "" if code in ("\n", "\r\n") else _ESCAPES.get(code, code)
