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
_PARSED = r"(?:output|JSON\.parse\(output\)|json\.loads\(output\))"
_ITEMS = r"""(?P<items>(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[\s,])+)"""
_WORDS = r"""(?:\.split\((?:' '|" "|/\\s\+/)?\))"""


_COMMENT = re.compile(r"^\s*(?://|#)[^\n]*\n?", re.MULTILINE)
_NAMED = re.compile(
    r"(?:const|let|var)\s+(?P<name>\w+)\s*=\s*"
    r"(?P<value>JSON\.parse\(output\)|output(?:\.toLowerCase\(\)|\.trim\(\))?)\s*[;\n]\s*"
)
# A function that is called where it stands; what it throws is no pass.
_CALLED = re.compile(
    r"\(\(\)\s*=>\s*\{\s*(?:try\s*\{(?P<tried>.*)\}\s*catch\s*(?:\(\w+\)\s*)?"
    r"\{\s*return\s+false;?\s*\}|(?P<body>.*))\s*\}\)\(\);?",
    re.DOTALL,
)
_FENCED = re.compile(
    r"JSON\.parse\(output(?:\.replace\(/(?:[^/\\\n]|\\.)*```(?:[^/\\\n]|\\.)*/g?,\s*(?:''|\"\")\))?"
    r"(?:\.trim\(\))?\)"
)
_TRUTH = re.compile(r"\s*\?\s*(?:1|true)\s*:\s*(?:0|false)$")
# What is true of every answer in text.
_ALWAYS = re.compile(r"output|typeof\s+output\s*===?\s*(?:'string'|\"string\")")
_LONGEST = 2_000


def entries_of(expression: str) -> list[dict[str, Any]] | None:
    """Evaluators that all pass where the expression is true; None where it says more than that."""
    text = _bare(expression)
    if len(text) > _LONGEST:
        return None
    if "||" in text and "&&" not in text:
        return _any_of(text.split("||"))
    parts = [part.strip() for part in re.split(r"&&|\band\b", text)]
    found = [_entry(part) for part in parts if not _ALWAYS.fullmatch(part)]
    entries = [entry for entry in found if entry is not None]
    return entries if entries and len(entries) == len(found) else None


def _bare(expression: str) -> str:
    """The expression without comments, a name for what it looks at, and ``return``."""
    text = _COMMENT.sub("", expression[: 2 * _LONGEST]).strip()
    called = _CALLED.fullmatch(text)
    if called is not None:
        text = (called["tried"] or called["body"] or "").strip()
    text = _FENCED.sub("JSON.parse(output)", text)
    named = _NAMED.match(text)
    if named is not None:
        value = named["value"]
        text = re.sub(rf"\b{named['name']}\b", lambda _: value, text[named.end() :])
    text = re.sub(r"^return\s+", "", text).rstrip("; \n")
    is_one = text.count("?") - text.count("?.") == 1
    return _TRUTH.sub("", text) if is_one else text


def _any_of(parts: list[str]) -> list[dict[str, Any]] | None:
    """Texts of which the answer contains one, all of them minding case or none."""
    options = [(_entry(part.strip()) or {}).get("contains") for part in parts]
    texts = [option.get("all") for option in options if option is not None]
    exact = {option.get("ignoreCase", True) for option in options if option is not None}
    if len(texts) < len(parts) or len(exact) != 1 or not all(isinstance(t, str) for t in texts):
        return None
    return [{"contains": {"any": texts, **({} if exact == {True} else {"ignoreCase": False})}}]


def _entry(part: str) -> dict[str, Any] | None:
    for pattern, make in _FORMS:
        match = pattern.fullmatch(part)
        if match is not None:
            return make(match)
    return None


def _value(match: re.Match[str]) -> str:
    groups = match.groupdict()
    name = groups.get("var") or groups.get("var2")
    if name:
        return f"{{{{{name}}}}}"
    try:
        return str(ast.literal_eval(match["text"]))
    except (ValueError, SyntaxError):
        return match["text"][1:-1]


def _length(unit: str) -> Callable[[re.Match[str]], dict[str, Any]]:
    def make(match: re.Match[str]) -> dict[str, Any]:
        bound, step = _BOUNDS[match["sign"]]
        number = float(match["number"])
        whole = int(number) + step if number.is_integer() else int(number) + (bound == "min")
        return {"length": {f"{bound}{unit}": max(whole, 0)}}

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


def _listed(match: re.Match[str]) -> dict[str, Any] | None:
    """Some or every one of a list of texts."""
    texts = _texts(match)
    is_lower = match["lower"] is not None
    if not texts or (is_lower and any(text != text.lower() for text in texts)):
        return None
    key = "any" if match["how"] == "some" else "all"
    return {"contains": {key: texts, **({} if is_lower else {"ignoreCase": False})}}


def _texts(match: re.Match[str]) -> list[str]:
    try:
        return [str(text) for text in ast.literal_eval(f"[{match['items']}]")]
    except (ValueError, SyntaxError):
        return []


def _field(match: re.Match[str]) -> dict[str, Any] | None:
    """A field of an answer in JSON, as a schema."""
    return _schema(match["path"], {"const": _field_value(match)})


def _enum(match: re.Match[str]) -> dict[str, Any] | None:
    texts = _texts(match)
    return _schema(match["path"], {"enum": texts}) if texts else None


def _typed(match: re.Match[str]) -> dict[str, Any] | None:
    return _schema(match["path"], {} if match["kind"] == "undefined" else {"type": match["kind"]})


def _said(match: re.Match[str]) -> dict[str, Any] | None:
    """``String(output.a) === '5'``, which a number may be too."""
    text = _value(match)
    is_number = re.fullmatch(r"-?(?:0|[1-9]\d*)", text) is not None
    return _schema(match["path"], {"enum": [text, *([int(text)] if is_number else [])]})


def _same(match: re.Match[str]) -> dict[str, Any] | None:
    text = _value(match)
    pattern = {"type": "string", "pattern": f"^{_any_case(text)}$"}
    return None if "{{" in text else _schema(match["path"], pattern)


def _within(match: re.Match[str]) -> dict[str, Any] | None:
    """A text in a field, or among the texts of a list."""
    text = _value(match)
    if "{{" in text:
        return None
    if match["lower"]:
        return _schema(match["path"], {"type": "string", "pattern": _any_case(text)})
    in_text = {"type": "string", "pattern": re.escape(text)}
    in_list = {"type": "array", "contains": {"const": text}}
    return _schema(match["path"], {"anyOf": [in_text, in_list]})


def _any_case(text: str) -> str:
    """A pattern for the lower-case text in any case."""
    return "".join(
        f"[{c}{c.upper()}]" if c.upper() != c and len(c.upper()) == 1 else re.escape(c)
        for c in text
    )


def _bounded(match: re.Match[str]) -> dict[str, Any] | None:
    keys = {"<": "exclusiveMaximum", "<=": "maximum", ">": "exclusiveMinimum", ">=": "minimum"}
    number = float(match["number"])
    bound = int(number) if number.is_integer() else number
    return _schema(match["path"], {"type": "number", keys[match["sign"]]: bound})


def _schema(path: str, schema: dict[str, Any]) -> dict[str, Any] | None:
    """The schema of an answer whose field at ``path`` has that one."""
    names = re.findall(r"\w+", path)
    if "length" in names or len(names) > 5:
        return None
    for name in reversed(names):
        schema = {"type": "object", "properties": {name: schema}, "required": [name]}
    return {"json": {"schema": schema}}


def _field_value(match: re.Match[str]) -> Any:
    literal = match["literal"]
    if literal is None:
        return _value(match)
    words = {"true": True, "false": False}
    if literal in words:
        return words[literal]
    return float(literal) if "." in literal else int(literal)


_BOUND = r"\s*(?P<sign>[<>]=?)\s*(?P<number>-?\d+(?:\.\d+)?)"
_LITERAL = r"(?P<literal>true|false|-?\d+(?:\.\d+)?)"
_Make = Callable[[re.Match[str]], dict[str, Any] | None]
_PATTERNS: tuple[tuple[str, _Make], ...] = (
    (rf"{_OUTPUT}\.length{_BOUND}", _length("Characters")),
    (rf"len\({_OUTPUT}\){_BOUND}", _length("Characters")),
    (rf"{_OUTPUT}{_WORDS}\.length{_BOUND}", _length("Words")),
    (rf"len\({_OUTPUT}{_WORDS}\){_BOUND}", _length("Words")),
    (rf"(?P<no>!)?output(?P<lower>{_LOWER})?\.includes\({_VALUE}(?:{_LOWER})?\)", _contains),
    (rf"{_VALUE}(?:{_LOWER})?\s+(?P<no>not\s+)?in\s+output(?P<lower>{_LOWER})?", _contains),
    (rf"output\.(?P<edge>startsWith|endsWith|startswith|endswith)\({_VALUE}\)", _edge),
    (rf"{_OUTPUT}\s*(?P<sign>===?|!==?)\s*{_VALUE}", _equals),
    (r"/(?P<pattern>(?:[^/\\\n]|\\.)+)/(?P<flags>[a-z]*)\.test\(output\)", _pattern),
    (rf"{_PARSED}{_PATH}\s*===?\s*(?:{_VALUE}|{_LITERAL})", _field),
    (rf"{_PARSED}{_PATH}{_BOUND}", _bounded),
    (rf"typeof\s+{_PARSED}{_PATH}\s*===?\s*['\"](?P<kind>string|number|boolean)['\"]", _typed),
    (rf"typeof\s+{_PARSED}{_PATH}\s*!==?\s*['\"](?P<kind>undefined)['\"]", _typed),
    (rf"String\({_PARSED}{_PATH}\)\s*===?\s*{_STRING}", _said),
    (rf"{_PARSED}{_PATH}{_LOWER}\s*===?\s*{_STRING}", _same),
    (rf"{_PARSED}{_PATH}(?P<lower>{_LOWER})?\.includes\({_STRING}\)", _within),
    (rf"\[{_ITEMS}\]\.includes\({_PARSED}{_PATH}\)", _enum),
    (
        rf"\[{_ITEMS}\]\.(?P<how>some|every)\(\(?(?P<each>\w+)\)?\s*=>\s*"
        rf"output(?P<lower>{_LOWER})?\.includes\((?P=each)\)\)",
        _listed,
    ),
)
_FORMS = tuple((re.compile(pattern), make) for pattern, make in _PATTERNS)
