"""Lines added to the ini file that pytest reads, the rest left as it was."""

import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from pytest_promptopt.errors import UsageError
from pytest_promptopt.project.ini import find_project

Values = Mapping[str, str | Sequence[str]]

# The sections that pytest reads in a file of this name, the usual one first.
_SECTIONS: Mapping[str, Sequence[str]] = {
    "pyproject.toml": ("tool.pytest.ini_options", "tool.pytest"),
    "setup.cfg": ("tool:pytest",),
}
_SECTION = ("pytest",)


def with_values(name: str, text: str, values: Values) -> str | None:
    """The ini file ``name`` with ``values`` in pytest's section; None where that cannot be done.

    A key stands right below the head of the section, which is added at the end if need be. What
    comes out is read as pytest does: it must say ``values`` and otherwise what it said before.
    """
    end = "\r\n" if "\r\n" in text else "\n"
    lines = [_line(name, key, value, end) for key, value in values.items()]
    added = _added(name, text, "".join(f"{line}{end}" for line in lines), end)
    before, after = _read(name, text), _read(name, added)
    if before is None or after is None:
        return None
    wanted = {**before, **{key: _plain(value) for key, value in values.items()}}
    return added if after == wanted else None


def shown(name: str, values: Values) -> Sequence[str]:
    """The lines to add by hand, with the head of their section."""
    head = f"[{_SECTIONS.get(name, _SECTION)[0]}]"
    return [
        head,
        *(line for k, v in values.items() for line in _line(name, k, v, "\n").split("\n")),
    ]


def _added(name: str, text: str, lines: str, end: str) -> str:
    sections = _SECTIONS.get(name, _SECTION)
    for section in sections:
        head = re.compile(
            rf"^\[\s*{re.escape(section)}\s*\][^\S\r\n]*(?:[#;][^\r\n]*)?\r?\n?", re.M
        )
        found = head.search(text)
        if found is not None:
            gap = "" if found[0].endswith("\n") else end
            return f"{text[: found.end()]}{gap}{lines}{text[found.end() :]}"
    gap = "" if not text else end if text.endswith("\n") else 2 * end
    return f"{text}{gap}[{sections[0]}]{end}{lines}"


def _line(name: str, key: str, value: str | Sequence[str], end: str) -> str:
    if name.endswith(".toml"):
        return f"{key} = {json.dumps(value, ensure_ascii=False)}"
    if isinstance(value, str):
        return f"{key} = {value}"
    return f"{key} = {value[0]}" if len(value) == 1 else f"{end}    ".join([f"{key} =", *value])


def _plain(value: object) -> str:
    """A value however it is written: a list of lines as the lines."""
    return "\n".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _read(name: str, text: str) -> dict[str, str] | None:
    """What pytest reads in a file of that name and text; None where it refuses it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(text.encode("utf-8"))
        try:
            project = find_project([Path(folder)])
        except UsageError:
            return None
        is_taken = project.file is not None and project.file.samefile(path)
    return {key: _plain(value) for key, value in project.ini.items()} if is_taken else {}
