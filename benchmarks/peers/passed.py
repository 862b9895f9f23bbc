"""The results of a run as pytest tells them."""

import re

_PASSED = re.compile(r"(\d+) passed")


def count_passed(output: str) -> int:
    """The number of passed tests in pytest's last line."""
    found = _PASSED.findall(output)
    return int(found[-1]) if found else 0
