"""Two states of a file as a patch that ``git apply`` takes."""

import difflib
import re

_NO_NEWLINE = "\\ No newline at end of file"
_ODD = re.compile(rb"[^ !#-\[\]-~]")
_ESCAPES = {ord('"'): '\\"', ord("\\"): "\\\\", ord("\n"): "\\n", ord("\t"): "\\t"}


def unified_patch(name: str, before: bytes, after: bytes) -> str:
    """The patch from ``before`` to ``after``, both UTF-8; empty where they are the same.

    ``name`` is the file's path from the root of its repository, with slashes. Line ends and a
    byte order mark are kept, so that the patch has to be written without changing line ends.
    """
    if before == after:
        return ""
    old, new = _quoted(f"a/{name}"), _quoted(f"b/{name}")
    # Behind a name with a blank a tab says where it ends, as git writes it.
    end = "\t" if " " in name else ""
    lines = difflib.unified_diff(
        _lines(before), _lines(after), fromfile=f"{old}{end}", tofile=f"{new}{end}"
    )
    ended = (line if line.endswith("\n") else f"{line}\n{_NO_NEWLINE}\n" for line in lines)
    return f"diff --git {old} {new}\n{''.join(ended)}"


def _quoted(name: str) -> str:
    """The name as git writes it: in quotes with escapes where it holds odd bytes."""
    encoded = name.encode("utf-8", "surrogateescape")
    if not _ODD.search(encoded):
        return name
    return '"' + "".join(_escaped(byte) for byte in encoded) + '"'


def _escaped(byte: int) -> str:
    is_plain = not _ODD.match(bytes([byte]))
    return chr(byte) if is_plain else _ESCAPES.get(byte, f"\\{byte:03o}")


def _lines(content: bytes) -> list[str]:
    """Lines with their ends, split at newlines alone."""
    *whole, rest = content.decode().split("\n")
    return [f"{line}\n" for line in whole] + ([rest] if rest else [])
