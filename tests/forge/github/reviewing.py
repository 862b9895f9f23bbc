"""Reviews and their comments on lines."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tests.forge.github.call import Call, Done
from tests.forge.github.placing import (
    Patches,
    problem_with,
    side_of,
    standings,
    start_side_of,
)
from tests.forge.github.records import PullRequest, Review, ReviewComment, Settings
from tests.forge.github.refusal import LONGEST_BODY, TOO_LONG_BODY, unprocessable
from tests.forge.github.shapes import Shapes
from tests.forge.github.store import Store

_STATES = {"APPROVE": "APPROVED", "COMMENT": "COMMENTED", "REQUEST_CHANGES": "CHANGES_REQUESTED"}


class Reviewing:
    """The reviews of all pull requests. One that has a bad comment is refused as a whole."""

    def __init__(self, store: Store, shapes: Shapes, settings: Settings) -> None:
        self._store = store
        self._shapes = shapes
        self._settings = settings

    def list_comments(self, call: Call) -> Done:
        """The comments of all submitted reviews, with their lines at the head of now."""
        asked = self._store.wanted(call.repository, call.parameters["pull_number"])
        found = _sorted(self._store.review_comments(asked), call.query)
        bare = self._store.bare(asked.repository)
        places = standings(bare, asked, found, longest=self._settings.longest_patch)
        return Done(
            content=[
                self._shapes.review_comment(
                    one, commit=place.commit, lines=place.lines, position=place.position
                )
                for one, place in zip(found, places, strict=True)
            ]
        )

    def create(self, call: Call) -> Done:
        asked = self._store.wanted(call.repository, call.parameters["pull_number"])
        commit = call.body.get("commit_id", asked.head_commit)
        drafts = call.body.get("comments", [])
        if asked.is_locked:
            raise unprocessable(["lock prevents review"])
        _check_texts(call.body.get("body", ""), drafts)
        self._check_commit(asked, commit)
        patches = self._patches(asked, commit)
        problems = [problem for one in drafts if (problem := problem_with(patches, one))]
        if problems:
            raise unprocessable(problems)
        return Done(content=self._shapes.review(self._add(call, asked, commit, patches)))

    def _check_commit(self, asked: PullRequest, commit: str) -> None:
        bare = self._store.bare(asked.repository)
        if commit not in bare.commits_between(asked.base_commit, asked.head_commit):
            raise unprocessable(["The commitOID is not part of the pull request"])

    def _patches(self, asked: PullRequest, commit: str) -> Patches:
        return Patches(
            self._store.bare(asked.repository),
            base=asked.base_commit,
            commit=commit,
            longest=self._settings.longest_patch,
        )

    def _add(self, call: Call, asked: PullRequest, commit: str, patches: Patches) -> Review:
        identifier = self._store.new_id()
        now = self._store.now()
        made = Review(
            id=identifier,
            repository=asked.repository,
            number=asked.number,
            author=call.author,
            body=call.body.get("body", ""),
            state=_STATES.get(call.body.get("event", ""), "PENDING"),
            commit=commit,
            comments=tuple(
                self._comment(call, asked, identifier, commit, patches, draft, now)
                for draft in call.body.get("comments", [])
            ),
            submitted_at=now if "event" in call.body else None,
        )
        self._store.reviews[made.id] = made
        return made

    def _comment(
        self,
        call: Call,
        asked: PullRequest,
        review: int,
        commit: str,
        patches: Patches,
        draft: Mapping[str, Any],
        now: datetime,
    ) -> ReviewComment:
        place = patches.place(draft["path"], side_of(draft), draft["line"])
        assert place is not None, "the review was checked"
        start = draft.get("start_line")
        return ReviewComment(
            id=self._store.new_id(),
            review=review,
            repository=asked.repository,
            number=asked.number,
            author=call.author,
            body=draft["body"],
            commit=commit,
            path=draft["path"],
            side=side_of(draft),
            line=draft["line"],
            start_side=None if start is None else start_side_of(draft),
            start_line=start,
            position=place.position,
            diff_hunk=place.diff_hunk,
            created_at=now,
            updated_at=now,
        )


def _check_texts(body: str, drafts: Sequence[Mapping[str, Any]]) -> None:
    texts = [draft["body"] for draft in drafts]
    if any(len(text) > LONGEST_BODY for text in (body, *texts)):
        raise unprocessable([TOO_LONG_BODY])
    if not all(texts) or not (body or texts):
        raise unprocessable(["Body can't be blank"])
    sides = {draft[name] for draft in drafts for name in ("side", "start_side") if name in draft}
    if not sides <= {"LEFT", "RIGHT"}:
        raise unprocessable(["Variable $side of type DiffSide was provided invalid value"])


def _sorted(comments: list[ReviewComment], query: Mapping[str, str]) -> list[ReviewComment]:
    if "since" in query:
        since = datetime.fromisoformat(query["since"])
        comments = [one for one in comments if one.updated_at >= since]
    # GitHub ignores a direction without a sort; nothing edits these, so both sorts are one.
    if "sort" in query and query.get("direction") == "desc":
        comments = comments[::-1]
    return comments
