"""Text of goldens and answers, as data within a text of ours."""

import re
from typing import Any

from pytest_promptopt.text.excerpt import excerpt

# A tag in quoted data must not close or open one of the request that it stands in.
_TAG = re.compile(r"<(?=[A-Za-z/!?])")


def quoted(value: Any) -> str:
    """``value`` as short JSON on one line, in which no tag opens or closes."""
    return _TAG.sub(r"\\u003c", excerpt(value))
