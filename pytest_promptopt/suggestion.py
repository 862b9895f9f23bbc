"""What a misspelt name may have been meant to be."""

from collections.abc import Collection

_SHOWN = 20


def did_you_mean(name: str, known: Collection[str]) -> str:
    """The end of a sentence: what is known, and what ``name`` comes close to."""
    import difflib

    rest = len(known) - _SHOWN
    shown = ", ".join(list(known)[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean `{close[0]}`?" if close else ""
    return f" (known: {shown or 'none'}){hint}"
