"""Branches and commits over the API."""

import re

from tests.forge.github.bare import Bare
from tests.forge.github.call import Call, Done
from tests.forge.github.refusal import RefusalError, not_found
from tests.forge.github.shapes import Shapes
from tests.forge.github.store import Store


class GitObjects:
    """What a repository has, as git tells."""

    def __init__(self, store: Store, shapes: Shapes) -> None:
        self._store = store
        self._shapes = shapes

    def get_ref(self, call: Call) -> Done:
        """The ref of exactly that name."""
        name = call.parameters["ref"]
        found = self._bare(call).ref(name)
        if found is None:
            raise not_found()
        return Done(content=self._shapes.ref(call.repository, name, *found))

    def get_commit(self, call: Call) -> Done:
        sha = call.parameters["commit_sha"]
        if not re.fullmatch("[0-9a-f]{40}", sha):
            raise RefusalError(
                422, "The SHA parameter must be exactly 40 characters and contain only [0-9a-f]."
            )
        commit = self._bare(call).commit(sha)
        if commit is None:
            raise not_found()
        return Done(content=self._shapes.commit(call.repository, commit))

    def _bare(self, call: Call) -> Bare:
        bare = self._store.bare(call.repository.name)
        if bare.is_empty:
            raise RefusalError(409, "Git Repository is empty.")
        return bare
