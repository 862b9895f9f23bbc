"""Numbers that remember how they were written, for where they become text again."""

from typing import Self


class WrittenInt(int):
    """An int from a file: ``+4915112345678`` and ``0x1F`` stay as they are in a message."""

    written: str

    def __new__(cls, written: str) -> Self:
        """The number that ``written`` is in YAML or JSON."""
        number = super().__new__(cls, written, 0 if written[:2] in {"0o", "0x"} else 10)
        number.written = written
        return number

    def __getnewargs__(self) -> tuple[str]:  # type: ignore[override]
        return (self.written,)


class WrittenFloat(float):
    """A float from a file: ``1.10`` and ``5.00`` stay as they are in a message."""

    written: str

    def __new__(cls, written: str) -> Self:
        """The number that ``written`` is in YAML or JSON."""
        number = super().__new__(cls, written)
        number.written = written
        return number

    def __getnewargs__(self) -> tuple[str]:  # type: ignore[override]
        return (self.written,)
