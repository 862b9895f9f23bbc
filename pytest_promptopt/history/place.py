"""The place of a path in a working tree."""

from pathlib import Path


def place_in(root: Path, path: Path) -> Path | None:
    """``path`` relative to ``root``, None where it lies outside.

    Links in the folders above are followed, a link in its place is not: it is what git keeps.
    ``root`` is resolved.
    """
    placed = path.parent.resolve() / path.name
    return placed.relative_to(root) if placed.is_relative_to(root) else None
