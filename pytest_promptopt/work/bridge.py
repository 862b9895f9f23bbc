"""The bridge from the main thread to the event loop in which models are asked."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import Future
from typing import Any, TypeVar

from pytest_promptopt.evaluation.runner import Key, Runner, key_of
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.evaluation.trial import Trial
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.providers.provider import Provider

T = TypeVar("T")
_POLL_SECONDS = 0.1
_CLOSE_SECONDS = 15.0
_RELEASED_AT_ONCE = 64


class Bridge:
    """An event loop in a background thread, with the client and the runner that live in it.

    The thread starts with the first call and ends with :meth:`close`, which may come at any
    time. Every method is for the main thread. ``planned`` counts the answers that :meth:`plan`
    asks for, judges' answers not included.
    """

    def __init__(self, provider: Provider, *, ahead: int) -> None:
        self.provider = provider
        self.planned = 0
        self._released: list[Key] = []
        self._runner = Runner(provider, ahead=ahead)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def plan(self, goldens: Iterable[tuple[Subject, Golden]]) -> None:
        """Have these asked in this order, ahead of :meth:`trials`."""
        planned = list(goldens)
        self.planned += sum(subject.samples for subject, _ in planned)
        self._started().call_soon_threadsafe(self._runner.plan, planned)

    def release(self, subject_key: str, golden_id: str) -> None:
        """Make room for another golden: this one's answers were taken.

        Told to the loop in batches: waking its thread takes longer than scoring a golden.
        """
        self._released.append((subject_key, golden_id))
        if len(self._released) >= _RELEASED_AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        released, self._released = self._released, []
        self._started().call_soon_threadsafe(self._runner.release, released)

    def trials(
        self, subject: Subject, golden: Golden, waiting: Callable[[], None]
    ) -> tuple[Trial, ...]:
        """Wait for all samples of a golden, calling ``waiting`` about ten times a second.

        Raises :class:`~pytest_promptopt.errors.ProviderError`.
        """
        answered = self._runner.answered(subject, golden)
        if answered is not None:
            self.release(*key_of(subject, golden))
            return answered
        self._flush()
        return self.wait(self._runner.trials(subject, golden), waiting)

    def wait(
        self, coroutine: Coroutine[Any, Any, T], waiting: Callable[[], None] = lambda: None
    ) -> T:
        """The result of ``coroutine``, run in the loop; a keyboard interrupt cancels it."""
        future: Future[T] = asyncio.run_coroutine_threadsafe(coroutine, self._started())
        try:
            while True:
                try:
                    return future.result(_POLL_SECONDS)
                except TimeoutError:
                    if future.done():
                        raise
                    waiting()
        except BaseException:
            future.cancel()
            raise

    def close(self) -> None:
        """Cancel what is in flight, close the client and end the thread. May be repeated.

        A thread that is stuck in code that is not ours is left behind; it ends with the process.
        """
        if self._is_closed:
            return
        self._is_closed = True
        loop, thread = self._started(), self._thread
        with contextlib.suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(self._close(), loop).result(_CLOSE_SECONDS)
            loop.call_soon_threadsafe(loop.stop)
            if thread is not None:
                thread.join()
            loop.close()

    async def _close(self) -> None:
        self._runner.cancel()
        await self.provider.close()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _started(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(
                target=self._loop.run_forever, name="promptopt-client", daemon=True
            )
            self._thread.start()
        return self._loop
