"""Files that were meant to be prompt files and whose names do not say so."""

import re
from pathlib import Path

from pytest_promptopt.prompts.library import is_prompt_file

_ENDINGS = (".yml", ".yaml", ".json")
_NEAR_ENDING = re.compile(r"\.prompts?\.(ya?ml|json)$", re.IGNORECASE)
_MESSAGES = re.compile(
    r"""^(messages|[ \t]*\{[^\n]*"messages"|[ \t]*"messages")[ \t]*:""", re.MULTILINE
)
_ROLE = re.compile(r"""\brole["']?[ \t]*:""")
_BYTES_READ = 64 * 1024


def has_near_name(path: Path) -> bool:
    """Whether the name ends nearly like a prompt file's: ``.prompts.yml``, ``.prompt.YML`` …"""
    return not is_prompt_file(path) and _NEAR_ENDING.search(path.name) is not None


def has_messages(path: Path) -> bool:
    """Whether a YAML or JSON file that is not called a prompt file begins like one inside."""
    if is_prompt_file(path) or path.suffix.lower() not in _ENDINGS:
        return False
    try:
        with path.open("rb") as file:
            text = file.read(_BYTES_READ).decode("utf-8", errors="replace")
    except OSError:
        return False
    return bool(_MESSAGES.search(text) and _ROLE.search(text))


def proper_name(path: Path) -> str:
    """What the file would have to be called; JSON is YAML too."""
    stem = re.sub(r"\.prompts?$", "", path.stem, flags=re.IGNORECASE)
    return f"{stem}.prompt.yaml" if path.suffix.lower() == ".yaml" else f"{stem}.prompt.yml"
