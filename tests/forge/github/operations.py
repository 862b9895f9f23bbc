"""All operations on repositories by the names that the description gives them."""

from collections.abc import Callable, Mapping

from tests.forge.github.call import Call, Done
from tests.forge.github.conversation import Conversation
from tests.forge.github.git_objects import GitObjects
from tests.forge.github.pull_requests import PullRequests
from tests.forge.github.records import Settings
from tests.forge.github.reviewing import Reviewing
from tests.forge.github.shapes import Shapes
from tests.forge.github.store import Store

Operations = Mapping[str, Callable[[Call], Done]]


def operations_on(store: Store, shapes: Shapes, settings: Settings) -> Operations:
    """The operations that read and change ``store``."""
    pull_requests = PullRequests(store, shapes, settings)
    reviewing = Reviewing(store, shapes, settings)
    conversation = Conversation(store, shapes)
    git_objects = GitObjects(store, shapes)
    return {
        "pulls/list": pull_requests.find,
        "pulls/create": pull_requests.create,
        "pulls/get": pull_requests.get,
        "pulls/update": pull_requests.update,
        "pulls/list-files": pull_requests.list_files,
        "pulls/list-review-comments": reviewing.list_comments,
        "pulls/create-review": reviewing.create,
        "issues/list-comments": conversation.find,
        "issues/create-comment": conversation.create,
        "issues/update-comment": conversation.update,
        "git/get-ref": git_objects.get_ref,
        "git/get-commit": git_objects.get_commit,
    }
