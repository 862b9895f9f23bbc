import pytest

from pytest_promptopt.forge.fields import Fields
from pytest_promptopt.forge.records import is_written_by

BOT = {"login": "github-actions[bot]", "type": "Bot"}
ADA = {"login": "Ada", "type": "User"}


@pytest.mark.parametrize(
    ("user", "login", "is_ours"),
    [
        (ADA, "ada", True),
        (ADA, "adam", False),
        (ADA, None, False),
        (BOT, "ada", False),
        (BOT, None, True),
        (None, None, False),
        (None, "ada", False),
    ],
)
def test_a_comment_is_ours_by_its_author(
    user: dict[str, str] | None, login: str | None, is_ours: bool
) -> None:
    assert is_written_by(Fields.of({"user": user}), login) is is_ours
