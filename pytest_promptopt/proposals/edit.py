"""New contents of a prompt file, as a value."""

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.prompts.edits import Replacement, edit_texts
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.prompts.insertion import insert_messages, write_key
from pytest_promptopt.prompts.prompt import Prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A prompt file before and after; ``location`` is its path from the project's root."""

    location: str
    before: bytes
    after: bytes


def edit_of(
    candidate: Candidate,
    prompt: Prompt,
    goldens: Sequence[Golden],
    content: bytes,
    *,
    model: str | None = None,
) -> Edit:
    """The file ``content`` of ``prompt`` with the candidate's texts, demonstrations and ``answer``.

    ``goldens`` are those that demonstrations come from; with ``model`` the file names that one.
    Raises :class:`~pytest_promptopt.errors.PromptFileError` where the file cannot hold them.
    """
    replacements = [
        Replacement(path=("messages", position, "content"), text=text)
        for position, text in sorted(candidate.changed_texts(prompt, goldens).items())
    ]
    after = edit_texts(content, replacements, location=prompt.location)
    if candidate.demonstrations and candidate.shown_in is None:
        shown = candidate.apply_to(prompt, goldens).messages
        first = max(n for n, message in enumerate(prompt.messages) if message.role == "user")
        added = shown[first : first + len(shown) - len(prompt.messages)]
        messages = [(message.role, message.template.text) for message in added]
        after = insert_messages(after, first, messages, location=prompt.location)
    if candidate.answer is not None:
        after = write_key(after, "answer", candidate.answer.content, location=prompt.location)
    if model is not None:
        after = write_key(after, "model", model, location=prompt.location)
    return Edit(location=prompt.location, before=content, after=after)
