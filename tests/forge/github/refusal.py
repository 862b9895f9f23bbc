"""How GitHub says no."""

from collections.abc import Mapping, Sequence
from typing import Any

LONGEST_BODY = 65_536
"""The most characters that a comment, a review or a pull request has as its text."""

TOO_LONG_BODY = f"Body is too long (maximum is {LONGEST_BODY} characters)"
RATE_LIMITS_URL = (
    "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"
)
SECONDARY_LIMIT = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
)


class RefusalError(Exception):
    """An answer other than success; without a ``documentation_url`` it gets the operation's."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        errors: Sequence[Mapping[str, Any]] | Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
        documentation_url: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = list(errors)
        self.headers = headers or {}
        self.documentation_url = documentation_url

    def content(self, documentation_url: str) -> dict[str, Any]:
        """The answer's body."""
        return {
            "message": self.message,
            **({"errors": self.errors} if self.errors else {}),
            "documentation_url": self.documentation_url or documentation_url,
            "status": str(self.status),
        }


def not_found() -> RefusalError:
    """What is not there, or not for everybody to see."""
    return RefusalError(404, "Not Found")


def invalid(resource: str, fields: Sequence[str]) -> RefusalError:
    """Members whose values name nothing that exists."""
    errors = [{"resource": resource, "field": field, "code": "invalid"} for field in fields]
    return RefusalError(422, "Validation Failed", errors=errors)


def failed(resource: str, message: str, *, code: str = "custom", field: str = "") -> RefusalError:
    """A rule that was broken, in GitHub's words."""
    error = {"resource": resource, "code": code, "message": message}
    return RefusalError(
        422, "Validation Failed", errors=[error | ({"field": field} if field else {})]
    )


def unprocessable(problems: Sequence[str]) -> RefusalError:
    """What reviews answer: all problems in one sentence, none of which says where it is."""
    return RefusalError(422, "Unprocessable Entity", errors=[_sentence(problems)])


def _sentence(parts: Sequence[str]) -> str:
    if len(parts) < 3:
        return " and ".join(parts)
    return f"{', '.join(parts[:-1])}, and {parts[-1]}"
