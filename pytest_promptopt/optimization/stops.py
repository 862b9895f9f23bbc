"""Reasons for which a search ends before its last round."""

from pytest_promptopt.errors import PromptoptError


class SearchStoppedError(PromptoptError):
    """The search cannot go on; the message says why, for a person to read."""


class CapReachedError(SearchStoppedError):
    """The next calls would exceed a cap; nothing of them was sent."""


class AnswersMissingError(SearchStoppedError):
    """Models do not answer, or nothing can be scored; another run may fare better."""
