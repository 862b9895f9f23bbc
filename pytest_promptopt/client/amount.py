"""Amounts as people write them: ``2``, ``0.5``, ``250k``, ``1M``."""

import re
from decimal import Decimal

AMOUNT = r"(?:[0-9][0-9_]*(?:\.[0-9]+)?|\.[0-9]+)[kKmM]?"

_FACTORS = {"k": 1_000, "m": 1_000_000}


def parse_amount(text: str) -> Decimal | None:
    """The number that ``text`` stands for, exactly; None where it is not an amount."""
    if re.fullmatch(AMOUNT, text) is None:
        return None
    factor = _FACTORS.get(text[-1].lower())
    return Decimal(text[:-1]) * factor if factor else Decimal(text)
