"""Answers that were paid for are not asked again."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pytest_promptopt.client.store import DamagedStoreError, Store, StoreError, set_aside
from pytest_promptopt.providers.provider import Provider
from pytest_promptopt.providers.request import Completion, Request


class Cache:
    """Keeps each answer as it arrives, and gives it again; errors are never kept.

    With a ``path``, answers outlive the run and the process. Where that file cannot be written,
    ``warn`` is told once and answers are kept for this run only; what it holds is still used if
    it can be read. A damaged file is set aside. Without a path (see :meth:`temporary`) answers
    are kept for this run from the start.
    """

    def __init__(
        self,
        provider: Provider,
        *,
        path: Path | None,
        warn: Callable[[str], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._provider = provider
        self._path: Path | None = None
        self._warn = warn
        self._clock = clock
        self._told: set[str] = set()
        self._readonly: Store | None = None
        self._store = Store.temporary() if path is None else self._opened(path)

    @classmethod
    def temporary(cls, provider: Provider, *, warn: Callable[[str], None]) -> "Cache":
        """A cache for one run, which leaves nothing behind."""
        return cls(provider, path=None, warn=warn)

    async def complete(self, request: Request) -> Completion:
        """The answer that is kept, else the provider's."""
        fingerprint = request.fingerprint
        completion = self._get(fingerprint)
        if completion is None:
            completion = await self._provider.complete(request)
            self._put(fingerprint, completion)
        return completion

    def prune(self, *, max_age_days: float, max_bytes: int) -> int:
        """Remove answers unused for longer, then the longest unused beyond the size.

        Gives the number of answers removed.
        """
        try:
            return self._store.prune(
                max_age_days=max_age_days, max_bytes=max_bytes, now=self._clock()
            )
        except StoreError as error:
            self._recover(error)
            return 0

    def clear(self) -> None:
        """Remove all answers; from a file that cannot be written they are no longer read."""
        self._forget_readonly()
        try:
            self._store.clear()
        except StoreError as error:
            self._recover(error)
            self._forget_readonly()

    async def close(self) -> None:
        """Close the files, then the provider."""
        self._forget_readonly()
        _close(self._store, self._clock())
        await self._provider.close()

    def _get(self, fingerprint: str) -> Completion | None:
        try:
            completion = self._store.get(fingerprint, now=self._clock())
        except StoreError as error:
            self._recover(error)
            completion = None
        if completion is None and self._readonly is not None:
            try:
                return self._readonly.get(fingerprint, now=self._clock())
            except StoreError:
                self._forget_readonly()
        return completion

    def _put(self, fingerprint: str, completion: Completion) -> None:
        for _ in range(2):  # the second time into what recovering left
            try:
                self._store.put(fingerprint, completion, now=self._clock())
            except StoreError as error:
                self._recover(error)
            else:
                return

    def _opened(self, path: Path) -> Store:
        try:
            store = Store.open(path)
        except DamagedStoreError:
            return self._replaced(path)
        except StoreError as error:
            self._warn_unwritable(path, error)
            self._readonly = _open_readonly(path)
            return Store.temporary()
        self._path = path
        return store

    def _replaced(self, path: Path) -> Store:
        try:
            aside = set_aside(path)
            store = Store.open(path)
        except StoreError as error:
            self._warn_unwritable(path, error)
            return Store.temporary()
        self._path = path
        if aside is not None:
            self._warn(f"the cache {path} is damaged; it was set aside as {aside.name}")
        return store

    def _recover(self, error: StoreError) -> None:
        """Go on after a failure of the file: with a new one, or for this run only."""
        path, self._path = self._path, None
        if path is None:
            self._warn_once(
                f"answers cannot be kept for this run ({error}): a request that is asked again "
                "is sent again. Free some room for temporary files"
            )
        elif isinstance(error, DamagedStoreError):
            _close(self._store, self._clock())
            self._store = self._replaced(path)
        else:
            self._warn_unwritable(path, error)
            self._readonly, self._store = self._store, Store.temporary()

    def _forget_readonly(self) -> None:
        if self._readonly is not None:
            _close(self._readonly, self._clock())
            self._readonly = None

    def _warn_unwritable(self, path: Path, error: StoreError) -> None:
        self._warn_once(
            f"the cache {path} cannot be written ({error}); answers are kept for this run only. "
            "The ini prompt_cache_dir names another folder"
        )

    def _warn_once(self, message: str) -> None:
        if message not in self._told:
            self._told.add(message)
            self._warn(message)


def _open_readonly(path: Path) -> Store | None:
    try:
        return Store.open_readonly(path)
    except StoreError:
        return None


def _close(store: Store, now: float) -> None:
    # The answers are on disk since they arrived; what closing writes is only when they were used.
    with suppress(StoreError):
        store.close(now=now)
