"""The first lines of modules."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
MODULES = [
    path for folder in ("pytest_promptopt", "benchmarks") for path in (ROOT / folder).rglob("*.py")
]
NO_NOUN = re.compile(r"(What|How|Which|Where|Who|Whose|Whether|When|Why|From|In which)\b")


def test_a_module_says_what_it_is_by_a_noun() -> None:
    said = {path: ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "" for path in MODULES}
    assert [str(path) for path, line in said.items() if NO_NOUN.match(line)] == []
