"""The long text of a report, with its first line for pytest's short summary."""

from os import PathLike

from _pytest._code.code import (
    ReprEntryNative,
    ReprExceptionInfo,
    ReprFileLocation,
    ReprTraceback,
)


def longrepr_of(
    text: str, path: PathLike[str] | str, line: int, *, told: str = ""
) -> ReprExceptionInfo:
    """``text`` as pytest takes it for the outcome of what stands at ``line`` of ``path``, from 1.

    Unlike a plain text it also tells older releases of pytest, and JUnit, what to show in short:
    its first line, without ``told``, which is the file that stands before it anyway.
    """
    first = text.partition("\n")[0]
    short = first.removeprefix(f"{told}:")
    entry = ReprEntryNative([f"{text}\n"])
    return ReprExceptionInfo(
        reprtraceback=ReprTraceback([entry], None, style="native"),
        reprcrash=ReprFileLocation(str(path), line, first if short == first else f"line {short}"),
    )
