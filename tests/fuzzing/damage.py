"""Valid files with damage done to them: to their bytes, and to the values that they hold."""

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

TOKENS = (
    *(b"\0", b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\r", b"\x0b", b"\xe2\x80\xa8"),
    *(b"\n", b"\t", b"\n\n", b'"', b"'", b"|", b">-", b"{{", b"}}", b"{{x}}", b"{", b"[", b"]"),
    *(b"&a ", b"*a", b"<<: *a", b"? ", b": ", b"- ", b"---\n", b"!!python/x ", b"%YAML 9"),
    *(b"\\ud800", b"\\u0000", b"1e999", b"-0", b"NaN", b"Infinity", b"null", b"true", b"0x", b","),
    b"9" * 5_000,
    b"[" * 3_000,
    b'{"a":' * 1_500,
    b"a" * 3_000,
)  # fmt: skip
TEXTS = ("\ud800", "\0", "", " ", "{{x}}", "{{", "=1", "../x", "\u202e", "1e999")
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.sampled_from([10**400, -1, 2**63, 1e308, -1e308, 5e-324, 10**19]),
        st.floats(allow_nan=False),
        st.text(max_size=20),
        st.sampled_from(TEXTS),
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


@st.composite
def damaged(draw: st.DrawFn, seeds: tuple[bytes, ...]) -> bytes:
    """One of ``seeds`` with a few bytes of it changed, moved, doubled or taken out."""
    content = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.integers(0, 40)))
        other = draw(st.integers(0, len(content)))
        part, rest = content[start:end], content[:start] + content[end:]
        match draw(st.sampled_from(["token", "bytes", "out", "double", "move", "cut"])):
            case "token":
                content = content[:start] + draw(st.sampled_from(TOKENS)) + content[end:]
            case "bytes":
                content = content[:start] + draw(st.binary(max_size=3)) + content[end:]
            case "out":
                content = rest
            case "double":
                content = content[:other] + part + content[other:]
            case "move":
                content = rest[:other] + part + rest[other:]
            case _:
                content = content[:start]
    return content


@st.composite
def replaced(draw: st.DrawFn, value: Any) -> Any:
    """``value`` with something else in a place or two, or a key more, or one less."""
    changed = json.loads(json.dumps(value))
    for _ in range(draw(st.integers(1, 2))):
        places = list(_places(changed))
        if not places:
            return draw(VALUES)
        copies = json.loads(json.dumps([container[key] for container, key in places]))
        container, key = draw(st.sampled_from(places))
        match draw(st.sampled_from(["value", "value", "out", "more", "swap"])):
            case "value":
                container[key] = draw(VALUES)
            case "out":
                del container[key]
            case "more" if isinstance(container, dict):
                container[draw(st.text(max_size=8))] = draw(VALUES)
            case _:
                container[key] = draw(st.sampled_from(copies))
    return changed


@st.composite
def lines(draw: st.DrawFn, values: tuple[Any, ...]) -> bytes:
    """A file of JSON lines, one of which has something replaced."""
    index = draw(st.integers(0, len(values) - 1))
    changed = [*values]
    changed[index] = draw(replaced(changed[index]))
    return b"".join(json.dumps(value).encode() + b"\n" for value in changed)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every key or position in ``value`` with what it is in."""
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield value, key
            yield from _places(item)
