"""Proposals as suggestions on the lines of a pull request."""

from collections.abc import Sequence

from pytest_promptopt.errors import ForgeError
from pytest_promptopt.evaluation.search_record import Offer, Rung
from pytest_promptopt.forge.forge import Forge, LineComment, PullRequest
from pytest_promptopt.proposals.suggestion import (
    NotSuggestableError,
    suggestion_block,
    suggestions,
)
from pytest_promptopt.publishing.climb import Climb
from pytest_promptopt.publishing.texts import is_for, suggestion_text

_BODY = "Rewritten prompts, each to be taken with one click."


def suggest(climbs: Sequence[Climb], pull_request: PullRequest, forge: Forge) -> None:
    """Offer those whose lines are all in the pull request's diff, by one review for all.

    What is suggested there already is left as it is. The others get a reason.
    """
    if not climbs:
        return
    try:
        comments = _comments(climbs, pull_request, forge)
        posted = forge.own_line_comments(pull_request.number)
        is_posted = [any(is_for(text, climb.proposal) for text in posted) for climb, _ in comments]
        new = [c for (_, c), is_there in zip(comments, is_posted, strict=True) if not is_there]
        url = pull_request.url
        if new:
            url = forge.review(
                pull_request.number,
                commit=pull_request.head_commit,
                body=_BODY,
                comments=[comment for part in new for comment in part],
            )
    except ForgeError as error:
        for climb in climbs:
            climb.reasons.append(f"no suggestion: {error}")
        return
    for climb, _ in comments:
        climb.offer = Offer(rung=Rung.SUGGEST, url=url)


def _comments(
    climbs: Sequence[Climb], pull_request: PullRequest, forge: Forge
) -> list[tuple[Climb, list[LineComment]]]:
    """The comments for each climb that can be suggested."""
    patches = {file.path: file.patch for file in forge.changed_files(pull_request.number)}
    found = []
    for climb in climbs:
        try:
            if climb.name not in patches:
                raise NotSuggestableError("the pull request does not change the file")
            replaced = suggestions(climb.before, climb.after, patches[climb.name])
        except NotSuggestableError as error:
            climb.reasons.append(f"no suggestion: {error}")
            continue
        comments = [
            LineComment(
                path=climb.name,
                first=part.first,
                last=part.last,
                body=suggestion_text(climb.proposal, suggestion_block(part.lines)),
            )
            for part in replaced
        ]
        found.append((climb, comments))
    return found
