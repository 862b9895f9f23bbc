"""The share of promptfoo's assertions that are understood: `python -m benchmarks.imports FOLDER`.

FOLDER holds copies of repositories with configurations; nothing of them is run or fetched.
"""

import sys
from collections import Counter
from pathlib import Path

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.prompts.formats.importing import Import, import_file

PATTERN = "*promptfooconfig*"


def main(folder: Path) -> None:
    checks: Counter[tuple[str, bool]] = Counter()
    taken, refused = 0, []
    seen: set[bytes] = set()
    for path in sorted(path for path in folder.rglob(PATTERN) if path.is_file()):
        content = path.read_bytes()
        if content in seen:
            continue
        seen.add(content)
        try:
            result = _imported(path, folder)
        except PromptFileError as error:
            refused.append(str(error.problems[-1]))
            continue
        taken += 1
        checks += result.imported.checks
    print(f"{taken + len(refused)} configurations, of which {len(refused)} give nothing:")
    print("".join(f"  {line}\n" for line in refused))
    print(table(checks), end="")


def _imported(path: Path, folder: Path) -> Import:
    """The import of the file as one of its repository, the folder right under ``folder``."""
    root = folder / path.relative_to(folder).parts[0]
    return import_file(path, root=root, into=path.parent / "prompts")


def table(checks: Counter[tuple[str, bool]]) -> str:
    """A row a type, the commonest first."""
    kinds: Counter[str] = Counter()
    for (named, _), count in checks.items():
        kinds[named] += count
    understood = sum(count for (_, is_understood), count in checks.items() if is_understood)
    share = understood / checks.total() if checks else 0
    rows = [f"| all | {understood} of {checks.total()} | {share:.0%} |"]
    for named, count in sorted(kinds.items(), key=lambda item: (-item[1], item[0])):
        has = checks[named, True]
        rows.append(f"| `{named}` | {has} of {count} | {has / count:.0%} |")
    return "\n".join(["| type | with a counterpart | |", "|---|---|---|", *rows, ""])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
