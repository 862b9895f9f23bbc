"""Draw the rooms in ``architecture.md`` by the contract: ``python docs/architecture.py``."""

import ast
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
TARGET = Path(__file__).with_name("architecture.md")
PACKAGE = "pytest_promptopt"
BEGIN = "<!-- Written by docs/architecture.py; do not edit. -->\n"
END = "<!-- End. -->\n"

Layers = Sequence[Sequence[str]]


def layers() -> Layers:
    """The rooms of each layer, from the top down, by the contract on imports."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    contracts = tomllib.loads(text)["tool"]["importlinter"]["contracts"]
    [rows] = [contract["layers"] for contract in contracts if contract["type"] == "layers"]
    return [[name.strip().removeprefix(f"{PACKAGE}.") for name in row.split("|")] for row in rows]


def page(written: str) -> str:
    """The page with the rooms as they are now."""
    before, _, rest = written.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{''.join(_rooms(layers()))}{END}{after}"


def _rooms(rows: Layers) -> Iterator[str]:
    yield "```text\n"
    yield from (f"{'  '.join(rooms)}\n" for rooms in rows)
    yield "```\n\n"
    yield "| room | what lives there |\n|---|---|\n"
    yield from (_row(room) for rooms in rows for room in rooms)


def _row(room: str) -> str:
    path = ROOT / PACKAGE / room
    file, shown = (path / "__init__.py", f"{room}/") if path.is_dir() else (path, f"{room}.py")
    source = file.with_suffix(".py").read_text(encoding="utf-8")
    said = (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0].replace("``", "`")
    return f"| [`{shown}`](../{PACKAGE}/{shown}) | {said} |\n"


if __name__ == "__main__":
    TARGET.write_text(page(TARGET.read_text(encoding="utf-8")), encoding="utf-8")
