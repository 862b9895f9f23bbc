"""Comments in the conversation of a pull request."""

from dataclasses import replace
from datetime import datetime

from tests.forge.github.call import Call, Done
from tests.forge.github.refusal import LONGEST_BODY, TOO_LONG_BODY, RefusalError, failed, not_found
from tests.forge.github.shapes import Shapes
from tests.forge.github.store import Store

_LOCKED_URL = "https://docs.github.com/articles/locking-conversations/"


class Conversation:
    """The conversations of all pull requests, open or closed."""

    def __init__(self, store: Store, shapes: Shapes) -> None:
        self._store = store
        self._shapes = shapes

    def find(self, call: Call) -> Done:
        """The first comment first."""
        asked = self._store.wanted(call.repository, call.parameters["issue_number"])
        found = self._store.conversation(asked.repository, asked.number)
        if "since" in call.query:
            since = datetime.fromisoformat(call.query["since"])
            found = [one for one in found if one.updated_at >= since]
        return Done(content=[self._shapes.comment(one) for one in found])

    def create(self, call: Call) -> Done:
        asked = self._store.wanted(call.repository, call.parameters["issue_number"])
        if asked.is_locked:
            raise RefusalError(
                403,
                "Unable to create comment because issue is locked.",
                documentation_url=_LOCKED_URL,
            )
        made = self._store.comment(call.repository, asked.number, call.author, _body(call))
        content = self._shapes.comment(made)
        return Done(status=201, content=content, headers={"Location": content["url"]})

    def update(self, call: Call) -> Done:
        found = self._store.comments.get(call.parameters["comment_id"])
        if found is None or found.repository != call.repository.name:
            raise not_found()
        edited = replace(found, body=_body(call), updated_at=self._store.now())
        self._store.comments[edited.id] = edited
        return Done(content=self._shapes.comment(edited))


def _body(call: Call) -> str:
    """The text of a comment, refused where it is empty or too long."""
    body = str(call.body["body"])
    if not body.strip():
        raise failed("IssueComment", "Body cannot be blank", code="unprocessable", field="data")
    if len(body) > LONGEST_BODY:
        raise failed("IssueComment", TOO_LONG_BODY, code="unprocessable", field="data")
    return body
