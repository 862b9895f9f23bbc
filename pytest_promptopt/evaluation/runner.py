"""The runner, which asks goldens ahead of whoever wants their answers."""

import asyncio
from collections import deque
from collections.abc import Iterable

from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.evaluation.trial import Trial, ask
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.providers.provider import Provider

Key = tuple[str, str]


class Runner:
    """Trials of goldens, asked in the planned order.

    At most ``ahead`` goldens are asked for or answered without having been taken, so that memory
    does not grow with their number. All methods belong to one event loop, except :meth:`answered`.
    """

    def __init__(self, provider: Provider, *, ahead: int) -> None:
        self._provider = provider
        self._ahead = ahead
        self._planned: deque[tuple[Subject, Golden]] = deque()
        self._taken: set[Key] = set()
        self._tasks: dict[Key, asyncio.Task[tuple[Trial, ...]]] = {}

    def plan(self, goldens: Iterable[tuple[Subject, Golden]]) -> None:
        """Ask for these in this order, as there is room."""
        self._planned.extend(goldens)
        self._fill()

    def answered(self, subject: Subject, golden: Golden) -> tuple[Trial, ...] | None:
        """The trials if all are there; from any thread. :meth:`release` them when taken."""
        task = self._tasks.get(key_of(subject, golden))
        if task is None or not task.done() or task.cancelled() or task.exception() is not None:
            return None
        return task.result()

    async def trials(self, subject: Subject, golden: Golden) -> tuple[Trial, ...]:
        """All samples of a golden, planned or not; raises :class:`ProviderError`."""
        key = key_of(subject, golden)
        task = self._tasks.pop(key, None) or self._start(subject, golden)
        self._taken.add(key)
        try:
            return await task
        finally:
            task.cancel()
            self._fill()

    def release(self, keys: Iterable[Key]) -> None:
        """Forget goldens whose trials were taken without :meth:`trials`."""
        for key in keys:
            self._taken.add(key)
            self._tasks.pop(key, None)
        self._fill()

    def cancel(self) -> None:
        """Give up whatever was not taken."""
        self._planned.clear()
        for task in self._tasks.values():
            task.cancel()

    def _fill(self) -> None:
        while self._planned and len(self._tasks) < self._ahead:
            subject, golden = self._planned.popleft()
            key = key_of(subject, golden)
            if key not in self._taken and key not in self._tasks:
                self._tasks[key] = self._start(subject, golden)

    def _start(self, subject: Subject, golden: Golden) -> asyncio.Task[tuple[Trial, ...]]:
        task = asyncio.ensure_future(self._ask(subject, golden))
        task.add_done_callback(_retrieve)
        return task

    async def _ask(self, subject: Subject, golden: Golden) -> tuple[Trial, ...]:
        if subject.samples == 1:
            return (await ask(self._provider, subject, golden, 0),)
        samples = range(subject.samples)
        return tuple(
            await asyncio.gather(*(ask(self._provider, subject, golden, n) for n in samples))
        )


def key_of(subject: Subject, golden: Golden) -> Key:
    """What tells a golden from all others of the run: the subject's key and its id."""
    return subject.key, golden.id


def _retrieve(task: asyncio.Task[tuple[Trial, ...]]) -> None:
    """Look at the exception of a task nobody waits for, so that the loop does not report it."""
    if not task.cancelled():
        task.exception()
