"""Short expressions in JavaScript or Python that say no more than an evaluator of ours.

They are matched as text, never run.
"""

import ast
import re
from collections.abc import Callable, Mapping
from typing import Any

_STRING = r"""(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_VARIABLE = r"context\.vars\.(?P<var>\w+)|context\[['\"]vars['\"]\]\[['\"](?P<var2>\w+)['\"]\]"
_VALUE = rf"(?:{_STRING}|{_VARIABLE})"
_LOWER = r"\.(?:toLowerCase|lower)\(\)"
_OUTPUT = r"output(?:\.trim\(\)|\.strip\(\))?"
_PATH = r"(?P<path>(?:\??\.[A-Za-z_]\w*|\[['\"]\w+['\"]\])+)"
_BOUNDS: Mapping[str, tuple[str, int]] = {
    "<": ("max", -1),
    "<=": ("max", 0),
    ">": ("min", 1),
    ">=": ("min", 0),
}
_WORDS = r"""(?:\.split\((?:' '|" "|/\\s\+/)?\))"""


def entries_of(expression: str) -> list[dict[str, Any]] | None:
    """Evaluators that all pass where the expression is true; None where it says more than that."""
    text = re.sub(r"^return\s+", "", expression.strip()).rstrip(";").strip()
    parts = [part.strip() for part in re.split(r"&&|\band\b", text)]
    found = [_entry(part) for part in parts if part != "output"]
    entries = [entry for entry in found if entry is not None]
    return entries if entries and len(entries) == len(found) else None


def _entry(part: str) -> dict[str, Any] | None:
    for pattern, make in _FORMS:
        match = pattern.fullmatch(part)
        if match is not None:
            return make(match)
    return None


def _value(match: re.Match[str]) -> str:
    name = match["var"] or match["var2"]
    if name:
        return f"{{{{{name}}}}}"
    try:
        return str(ast.literal_eval(match["text"]))
    except (ValueError, SyntaxError):
        return match["text"][1:-1]


def _length(unit: str) -> Callable[[re.Match[str]], dict[str, Any]]:
    def make(match: re.Match[str]) -> dict[str, Any]:
        bound, step = _BOUNDS[match["sign"]]
        return {"length": {f"{bound}{unit}": max(int(match["number"]) + step, 0)}}

    return make


def _contains(match: re.Match[str]) -> dict[str, Any] | None:
    value, groups = _value(match), match.groupdict()
    if not value or (groups.get("lower") and value != value.lower() and "{{" not in value):
        return None
    exact = {} if groups.get("lower") else {"ignoreCase": False}
    key = "none" if groups.get("no") else "all"
    return {"contains": {key: value, **exact}}


def _edge(match: re.Match[str]) -> dict[str, Any]:
    named = "starts-with" if match["edge"].startswith("s") else "ends-with"
    return {"type": named, "value": _value(match)}


def _equals(match: re.Match[str]) -> dict[str, Any]:
    entry: dict[str, Any] = {"equals": _value(match)}
    return entry | ({"not": True} if match["sign"].startswith("!") else {})


def _pattern(match: re.Match[str]) -> dict[str, Any] | None:
    flags = match["flags"].replace("g", "").replace("u", "")
    if set(flags) - set("ims"):
        return None
    options = {"pattern": match["pattern"].replace("\\/", "/")}
    return {"regex": {**options, "flags": flags} if flags else options["pattern"]}


def _field(match: re.Match[str]) -> dict[str, Any] | None:
    """A field of an answer in JSON, as a schema."""
    names = re.findall(r"\w+", match["path"])
    if names[-1] == "length" or len(names) > 5:
        return None
    schema: dict[str, Any] = {"const": _field_value(match)}
    for name in reversed(names):
        schema = {"type": "object", "properties": {name: schema}, "required": [name]}
    return {"json": {"schema": schema}}


def _field_value(match: re.Match[str]) -> Any:
    literal = match["literal"]
    if literal is None:
        return _value(match)
    words = {"true": True, "false": False}
    return (
        words[literal] if literal in words else float(literal) if "." in literal else int(literal)
    )


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], dict[str, Any] | None]], ...] = (
    tuple(
        (re.compile(pattern), make)
        for pattern, make in (
            (rf"{_OUTPUT}\.length\s*(?P<sign>[<>]=?)\s*(?P<number>\d+)", _length("Characters")),
            (rf"len\({_OUTPUT}\)\s*(?P<sign>[<>]=?)\s*(?P<number>\d+)", _length("Characters")),
            (
                rf"{_OUTPUT}{_WORDS}\.length\s*(?P<sign>[<>]=?)\s*(?P<number>\d+)",
                _length("Words"),
            ),
            (rf"len\({_OUTPUT}{_WORDS}\)\s*(?P<sign>[<>]=?)\s*(?P<number>\d+)", _length("Words")),
            (
                rf"(?P<no>!)?output(?P<lower>{_LOWER})?\.includes\({_VALUE}(?:{_LOWER})?\)",
                _contains,
            ),
            (rf"{_VALUE}(?:{_LOWER})?\s+(?P<no>not\s+)?in\s+output(?P<lower>{_LOWER})?", _contains),
            (rf"output\.(?P<edge>startsWith|endsWith|startswith|endswith)\({_VALUE}\)", _edge),
            (rf"{_OUTPUT}\s*(?P<sign>===?|!==?)\s*{_VALUE}", _equals),
            (r"/(?P<pattern>(?:[^/\\\n]|\\.)+)/(?P<flags>[a-z]*)\.test\(output\)", _pattern),
            (
                rf"(?:output|JSON\.parse\(output\)|json\.loads\(output\)){_PATH}\s*===?\s*"
                rf"(?:{_VALUE}|(?P<literal>true|false|-?\d+(?:\.\d+)?))",
                _field,
            ),
        )
    )
)
