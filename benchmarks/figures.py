"""Results as plain JSON."""

import dataclasses
from typing import Any


def figures(value: Any) -> Any:
    """Records as objects of their fields and properties, without what commands printed."""
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value) if field.name != "output"]
        kind = value if isinstance(value, type) else type(value)
        names += [name for name, member in vars(kind).items() if isinstance(member, property)]
        return {name: figures(getattr(value, name)) for name in names}
    if isinstance(value, dict):
        return {key: figures(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [figures(member) for member in value]
    return value
