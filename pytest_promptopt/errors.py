"""The tree of everything that can go wrong.

::

    PromptoptError
    ├── UsageError              an option or ini value that cannot be meant
    ├── PromptFileError         a prompt or goldens file that cannot be used
    ├── PromptNotFoundError     an application asked for a prompt that is not there
    ├── PromptInputError        an application gave other inputs than the prompt asks for
    ├── HistoryError            the repository cannot tell what was asked of it
    ├── ForgeError              GitHub did not do what was asked of it
    ├── ReportError             a report of a run that cannot be used
    ├── ScorerError             a scorer raised instead of scoring
    └── ProviderError           no answer from a model
        ├── NotConfiguredError  a model, key or extra is missing; nothing was sent
        ├── RefusedError        the provider will refuse the next call too (400, 401, 403, 404)
        ├── TransientError      worth another try (408, 409, 429, 5xx, connection, timeout)
        │   └── UnreachableError    nobody listens at the address
        ├── BrokenOffError      an answer that somebody watched arriving did not come to its end
        ├── NotRecordedError    a replay found no recording
        └── BudgetError         the budget does not allow the call; nothing was sent

Messages say where, what was found, what was expected and what to do. They never hold keys or
the contents of prompts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from pytest_promptopt.text.terminal import one_line


class PromptoptError(Exception):
    """Root of all errors of this package."""


class UsageError(PromptoptError):
    """An option or ini value that cannot be meant."""


class Severity(StrEnum):
    """How much a problem in a file matters."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing in a file that is wrong or was not understood.

    ``path`` and ``message`` are on one line and safe to print, ``line`` counts from 1.
    """

    path: str
    line: int
    message: str
    severity: Severity = Severity.ERROR

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", one_line(self.path))
        object.__setattr__(self, "message", one_line(self.message))

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


class PromptFileError(PromptoptError):
    """A prompt or goldens file that cannot be used: all its problems, in file order.

    The message tells the first twenty of them."""

    _SHOWN = 20

    def __init__(self, problems: Sequence[Problem]) -> None:
        lines = [str(problem) for problem in problems[: self._SHOWN]]
        rest = len(problems) - len(lines)
        super().__init__("\n".join([*lines, *([f"and {rest} more like these"] if rest else [])]))
        self.problems = tuple(problems)

    @classmethod
    def at(cls, path: str, line: int, message: str) -> "PromptFileError":
        """The error of a single problem."""
        return cls([Problem(path=path, line=line, message=message)])


class PromptNotFoundError(PromptoptError, FileNotFoundError):
    """There is no prompt file of that name; says where it was looked for."""


class PromptInputError(PromptoptError):
    """The inputs are not the ones that the prompt's placeholders ask for."""


class HistoryError(PromptoptError):
    """The repository cannot tell what was asked of it; says what would help."""


class ForgeError(PromptoptError):
    """The forge did not do what was asked; says what, why and what would help.

    ``status`` is the HTTP status where there was one.
    """

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class ReportError(PromptoptError):
    """A report of a run that cannot be used; says where it is wrong."""


class ScorerError(PromptoptError):
    """A scorer raised instead of scoring; the exception is the ``__cause__``."""


class ProviderError(PromptoptError):
    """No answer from a model.

    ``status`` is the HTTP status where there was one, ``attempts`` how often it was tried.
    """

    def __init__(self, message: str, *, status: int | None = None, attempts: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.attempts = attempts


class NotConfiguredError(ProviderError):
    """A model, key or extra is missing; nothing was sent."""


class RefusedError(ProviderError):
    """The provider refuses the call and would refuse it again.

    ``is_about_input`` tells that it is for what this one request holds: others may be answered.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        attempts: int = 1,
        is_about_input: bool = False,
    ) -> None:
        super().__init__(message, status=status, attempts=attempts)
        self.is_about_input = is_about_input


class TransientError(ProviderError):
    """A fault that another try may not meet.

    ``retry_after_seconds`` is what the server asked for, counted from now.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        attempts: int = 1,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(message, status=status, attempts=attempts)
        self.retry_after_seconds = retry_after_seconds


class UnreachableError(TransientError):
    """Nobody listens at the address, or nobody knows it."""


class BrokenOffError(ProviderError):
    """An answer broke off after its beginning was shown: another try would show it twice."""


class NotRecordedError(ProviderError):
    """A replay found no recording of the answer."""


class BudgetError(ProviderError):
    """The budget does not allow the call; nothing was sent."""
