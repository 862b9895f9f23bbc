import pytest

from pytest_promptopt.forge.fields import Fields
from pytest_promptopt.forge.records import Identity

BOT = {"login": "github-actions[bot]", "type": "Bot"}
ADA = {"login": "Ada", "type": "User"}
ME, ACTIONS, SOME_BOT = (
    Identity(login="ada", is_bot=False),
    Identity(login="github-actions", is_bot=True),
    Identity(login=None, is_bot=True),
)


@pytest.mark.parametrize(
    ("user", "me", "is_ours"),
    [
        (ADA, ME, True),
        ({**ADA, "login": "Adam"}, ME, False),
        ({**ADA, "type": "Bot"}, ME, False),
        (ADA, SOME_BOT, False),
        (BOT, ME, False),
        (BOT, SOME_BOT, True),
        (BOT, ACTIONS, True),
        ({**BOT, "type": "User"}, ACTIONS, False),
        ({**BOT, "login": "other[bot]"}, ACTIONS, False),
        (None, SOME_BOT, False),
        (None, ME, False),
    ],
)
def test_a_comment_is_ours_by_its_author(
    user: dict[str, str] | None, me: Identity, is_ours: bool
) -> None:
    assert me.wrote(Fields.of({"user": user})) is is_ours
