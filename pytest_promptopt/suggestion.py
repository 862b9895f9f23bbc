"""A suggestion for a misspelt name: what it may have been meant to be."""

from collections.abc import Collection

from pytest_promptopt.errors import Problem, Severity

_SHOWN = 20
_SHORT, _LONG = 3, 7


def did_you_mean(name: str, known: Collection[str]) -> str:
    """The end of a sentence: what is known, and what ``name`` comes close to."""
    rest = len(known) - _SHOWN
    shown = ", ".join(list(known)[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
    return f" (known: {shown or 'none'}){close_to(name, known)}"


def close_to(name: str, known: Collection[str]) -> str:
    """The end of a sentence: what ``name`` comes close to, if anything."""
    import difflib

    close = misspelt(name, known) or next(iter(difflib.get_close_matches(name, known, n=1)), None)
    return f"; did you mean `{close}`?" if close else ""


def misspelt(name: str, known: Collection[str]) -> str | None:
    """The one of ``known`` that ``name``, which is none of them, plainly stands for.

    It is the same but for case, blanks, hyphens and underscores, or one slip away, in a name of
    seven letters or more two: a letter too few, too many or wrong, or two the wrong way round.
    """
    folded = _folded(name)
    names = {other: _folded(other) for other in known if other != name}
    same = next((other for other, text in names.items() if text == folded), None)
    if same is not None:
        return same
    near = {
        other: slips
        for other, text in names.items()
        if (slips := _slips(folded, text)) <= slips_allowed(text)
    }
    return min(near, key=near.__getitem__) if near else None


def slips_allowed(name: str) -> int:
    """How many slips a name that is known is recognised through."""
    if len(name) < _SHORT:
        return 0
    return 2 if len(name) >= _LONG else 1


def not_understood(
    what: str,
    known: Collection[str],
    *,
    path: str,
    line: int,
    name: str,
    effect: str = "is not understood and has no effect",
) -> Problem:
    """A name that is none of ``known``: an error where it is misspelt, else a warning."""
    meant = misspelt(name, known)
    if meant is None:
        message = f"{what} `{name}` {effect}"
        return Problem(path=path, line=line, message=message, severity=Severity.WARNING)
    message = f"{what} `{name}` is not understood; did you mean `{meant}`?"
    return Problem(path=path, line=line, message=message)


def _folded(name: str) -> str:
    return name.casefold().translate(dict.fromkeys(map(ord, " -_")))


def _slips(one: str, other: str) -> int:
    """Their distance by optimal string alignment."""
    if abs(len(one) - len(other)) > 2:
        return 3
    above: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        further, above, row = above, row, [i]
        for j, wanted in enumerate(other, start=1):
            slips = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != wanted))
            if i > 1 < j and letter == other[j - 2] and one[i - 2] == wanted:
                slips = min(slips, further[j - 2] + 1)
            row.append(slips)
    return row[-1]
