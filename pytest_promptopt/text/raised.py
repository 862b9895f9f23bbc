"""An exception of somebody else's code on one line, with its place."""

import traceback


def raised_by(error: BaseException) -> str:
    """What was raised, why and where."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({place.filename}:{place.lineno})"
