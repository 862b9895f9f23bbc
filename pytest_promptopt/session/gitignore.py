"""The folder ``.promptopt`` at the root of a project."""

import contextlib
from pathlib import Path

_IGNORED = "# Written by pytest-promptopt.\ncache/\nruns/\nproposals/\n"


def keep_out_of_git(root: Path) -> None:
    """Write the folder's ``.gitignore`` unless there is one.

    A folder that cannot be written to is left alone: whoever writes into it will say so.
    """
    path = root / ".promptopt" / ".gitignore"
    with contextlib.suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(_IGNORED)
