"""The one comment of a job on a pull request, kept up to date in place."""

from pytest_promptopt.forge.forge import Forge


def keep_comment(
    forge: Forge, number: int, marker: str, text: str, *, is_worth_a_comment: bool = True
) -> str:
    """Have the comment with this ``marker`` say ``text``; what was done, as a sentence.

    Nothing is sent where it says so already; one that was deleted by hand is made anew. A text
    that is not worth a comment of its own only replaces an earlier one. Raises
    :class:`~pytest_promptopt.errors.ForgeError`.
    """
    body = f"{marker}\n\n{text}"
    existing = forge.own_comment(number, marker)
    if existing is not None:
        if _same_text(existing.body, body):
            return f"the comment on pull request {number} says so already: {existing.url}"
        edited = forge.edit_comment(existing, body)
        if edited is not None:
            return f"updated the comment on pull request {number}: {edited.url}"
    if not is_worth_a_comment:
        return f"nothing to say on pull request {number}"
    added = forge.add_comment(number, body)
    return f"commented on pull request {number}: {added.url}"


def _same_text(one: str, other: str) -> bool:
    """Whether they are the same but for line ends, which the web page turns."""
    return one.replace("\r\n", "\n").rstrip() == other.replace("\r\n", "\n").rstrip()
