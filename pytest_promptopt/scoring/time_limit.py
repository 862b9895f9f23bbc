"""The limit on the time that scoring a golden takes, for code that does not yield by itself."""

import ctypes
import faulthandler
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

_HAS_ALARM = hasattr(signal, "setitimer")
_LEAST_GRACE_SECONDS = 3.0
"""A busy machine may take so long to interrupt what could be interrupted."""
_LEAST_SECONDS = 1e-3


class OvertimeError(BaseException):
    """Raised inside what takes too long; no ``Exception``, which scorers catch to carry on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLimit:
    """Ends what runs for longer than ``seconds``.

    Code that comes back to the interpreter gets an :class:`OvertimeError`, on the main thread out
    of a wait too. Where that does not end it within the same time again, at least three seconds,
    the process ends, after the stack is written to the file descriptor ``stack_to``; not where
    that is None.
    """

    seconds: float = 120.0
    stack_to: int | None = None

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Run the block within the limit; raises :class:`OvertimeError` even where it caught it.

        Without effect under an IDE's debugger.
        """
        if "pydevd" in sys.modules:
            yield
            return
        is_main = threading.current_thread() is threading.main_thread()
        interrupted = _by_alarm if is_main and _HAS_ALARM else _by_watcher
        overtime: list[OvertimeError] = []
        with self._ending(), interrupted(self.seconds, overtime):
            yield
        if overtime:
            raise overtime[0]

    @contextmanager
    def _ending(self) -> Iterator[None]:
        """Without a thread of Python's: code that keeps the interpreter stops all of these."""
        if self.stack_to is None:
            yield
            return
        seconds = self.seconds + max(self.seconds, _LEAST_GRACE_SECONDS)
        faulthandler.dump_traceback_later(seconds, exit=True, file=self.stack_to)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()


@contextmanager
def _by_alarm(seconds: float, overtime: list[OvertimeError]) -> Iterator[None]:
    """By the process's alarm clock, which is left alone where it is set to ring before."""
    others, interval = signal.getitimer(signal.ITIMER_REAL)
    if 0 < others <= seconds:
        yield
        return

    def ring(*_: Any) -> None:
        overtime.append(OvertimeError())
        raise overtime[0]

    started = time.monotonic()
    handler = signal.signal(signal.SIGALRM, ring)
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, seconds)
            yield
        finally:
            # It rings once: what follows is not interrupted.
            signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.signal(signal.SIGALRM, handler)
        if others:
            left = max(others - (time.monotonic() - started), _LEAST_SECONDS)
            signal.setitimer(signal.ITIMER_REAL, left, interval)


@contextmanager
def _by_watcher(seconds: float, overtime: list[OvertimeError]) -> Iterator[None]:
    """By a second thread, which reaches this one between two of its instructions."""
    thread, lock = threading.get_ident(), threading.Lock()
    is_done = False

    def ring() -> None:
        with lock:
            if not is_done:
                overtime.append(OvertimeError())
                _raise_in(thread, OvertimeError)

    watcher = threading.Timer(seconds, ring)
    watcher.daemon = True
    watcher.start()
    try:
        yield
    finally:
        watcher.cancel()
        with lock:
            is_done = True
        _raise_in(thread, None)


def _raise_in(thread: int, error: Callable[[], BaseException] | None) -> None:
    """Have ``error`` raised in the thread; None takes back what was not raised yet."""
    what = None if error is None else ctypes.py_object(error)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), what)
