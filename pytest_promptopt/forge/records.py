"""GitHub's answers as records of the forge. Every function raises ValueError naming the field."""

from dataclasses import dataclass

from pytest_promptopt.forge.fields import Fields
from pytest_promptopt.forge.forge import ChangedFile, Comment, PullRequest


def pull_request_of(entry: Fields) -> PullRequest:
    """A pull request, on its own or in a list."""
    head = entry.part("head")
    return PullRequest(
        number=entry.number("number"),
        url=entry.text("html_url"),
        title=entry.text("title"),
        body=_text_or_empty(entry, "body"),
        is_open=entry.text("state") == "open",
        # A list has no `merged`.
        is_merged=entry.has("merged_at"),
        is_locked=entry.flag("locked"),
        head_repository=head.part("repo").text("full_name") if head.has("repo") else None,
        head_branch=head.text("ref"),
        head_commit=head.commit("sha"),
        base_branch=entry.part("base").text("ref"),
    )


def comment_of(entry: Fields) -> Comment:
    """A comment in a conversation."""
    return Comment(
        id=entry.number("id"),
        url=entry.text("html_url"),
        body=_text_or_empty(entry, "body"),
    )


def changed_file_of(entry: Fields) -> ChangedFile:
    """A file of a pull request."""
    patch = entry.text("patch") if entry.has("patch") else None
    return ChangedFile(path=entry.text("filename"), patch=patch)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who we are: a person or a bot, by its ``login``; None for a bot that is not told."""

    login: str | None
    is_bot: bool

    def wrote(self, entry: Fields) -> bool:
        """Whether a comment is ours; of a bot that is not told, whether any bot's."""
        if not entry.has("user"):
            return False
        user = entry.part("user")
        if (user.text("type") == "Bot") is not self.is_bot:
            return False
        return self.login is None or _plain(user.text("login")) == _plain(self.login)


def _plain(login: str) -> str:
    """GitHub writes the login of a bot with and without its ending."""
    return login.lower().removesuffix("[bot]")


def _text_or_empty(entry: Fields, name: str) -> str:
    return entry.text(name) if entry.has(name) else ""
