"""A value of a file, as a message tells what was found."""

from typing import Any

_LENGTH = 40


def kind_of(value: Any) -> str:
    """What kind of value it is, and which."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"a truth value ({str(value).lower()})"
        case str():
            return f"text ({shown(value)})"
        case int() | float():
            return f"a number ({value})"
        case list():
            return "a list"
        case _:
            return "a mapping"


def shown(value: Any) -> str:
    """The value alone, its text cut after 40 characters."""
    if isinstance(value, str):
        return repr(value[:_LENGTH])
    return str(value) if isinstance(value, int | float) and value is not True else kind_of(value)
