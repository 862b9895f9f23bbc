"""Reasons for which a search ends before its last round."""

from collections.abc import Iterator
from contextlib import contextmanager

from pytest_promptopt.errors import PromptoptError
from pytest_promptopt.text.raised import raised_by


class SearchStoppedError(PromptoptError):
    """The search cannot go on; the message says why, for a person to read."""


class CapReachedError(SearchStoppedError):
    """The next calls would exceed a cap; nothing of them was sent."""


class ForeignCodeError(SearchStoppedError):
    """A proposer or an allocator cannot go on; what was found before it stands."""


class AnswersMissingError(SearchStoppedError):
    """Models do not answer, or nothing can be scored; another run may fare better."""


@contextmanager
def stopped_by(what: str) -> Iterator[None]:
    """Stop the search where ``what``, which may be somebody else's code, raises or exits."""
    try:
        yield
    except SearchStoppedError:
        raise
    except (Exception, SystemExit) as error:
        raise ForeignCodeError(f"{what} raised {raised_by(error)}") from error
