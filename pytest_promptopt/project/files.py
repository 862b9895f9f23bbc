"""Files that are written at once or not at all."""

import errno
import os
import shutil
from pathlib import Path


def not_written(path: object, error: OSError) -> str:
    """What to say of a file that could not be written."""
    return f"{path}: cannot be written: {error.strerror or error}"


def replace_file(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path``, keeping the permissions of what was there; raises OSError.

    A link is followed: the file that it leads to is replaced. What is there and is no file, such
    as a folder or a device, stays.
    """
    target = path.resolve()
    if target.exists() and not target.is_file():
        raise OSError(errno.EINVAL, "there is something that is no file", str(path))
    new = target.with_name(f".{target.name}.{os.getpid()}.new")
    # A process that was killed may have had the same number.
    new.unlink(missing_ok=True)
    try:
        with new.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, new)
        new.replace(target)
    finally:
        new.unlink(missing_ok=True)
