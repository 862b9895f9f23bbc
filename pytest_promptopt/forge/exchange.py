"""An exchange with GitHub, with patience: several tries, waits and pages, all of them bounded."""

import math
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from pytest_promptopt.errors import ForgeError
from pytest_promptopt.forge.fields import Fields, read_json
from pytest_promptopt.forge.limits import asked_wait_seconds
from pytest_promptopt.forge.refusal import remedy_of
from pytest_promptopt.forge.wire import Call, ForgeReply, PassingError, Wire

LONGEST_WAIT_SECONDS = 60.0
"""For all limits of an exchange together."""

SECONDS_BETWEEN_WRITES = 1.0
MOST_PAGES = 100

_PAUSES_SECONDS = (1.0, 4.0)
_MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 307, 308})

_Record = TypeVar("_Record")


class LimitError(ForgeError):
    """GitHub asks to wait for longer than we do."""


class ForgeExchange:
    """Asks over ``wire`` and reads the answers. ``now`` gives seconds since 1970.

    A fault is met with up to two more tries where that can do no harm, a limit with the wait
    that GitHub asks for. Writes are at least a second apart, as GitHub wants it.
    """

    def __init__(
        self,
        wire: Wire,
        *,
        sleep: Callable[[float], object],
        now: Callable[[], float],
    ) -> None:
        self._wire = wire
        self._sleep = sleep
        self._now = now
        self._left_seconds = LONGEST_WAIT_SECONDS
        self._next_write_at = 0.0

    def ask(
        self, call: Call, read: Callable[[Fields], _Record], *, at: str | None = None
    ) -> _Record:
        """What ``read`` makes of the object that GitHub answers with.

        ``read`` raises ValueError where the object is not as expected; ``at`` is where to ask, if
        that is not below the API's root. Raises ForgeError.
        """
        reply = self._success(call, at)
        return _understood(call, reply, lambda content: read(Fields.of(content)))

    def pages(self, call: Call, read: Callable[[Fields], _Record]) -> Iterator[_Record]:
        """What ``read`` makes of each object in a list, page after page as they are needed."""
        at: str | None = None
        for _ in range(MOST_PAGES):
            reply = self._success(call, at)
            yield from _understood(
                call, reply, lambda content: [read(entry) for entry in Fields.each_of(content)]
            )
            at = reply.next_page
            if at is None:
                return
        raise ForgeError(f"Could not {call.deed}: the list goes on after {MOST_PAGES} pages.")

    def _success(self, call: Call, at: str | None) -> ForgeReply:
        for _ in range(_MOST_REDIRECTS + 1):
            reply = self._persistent(call, at)
            at = reply.headers.get("location")
            if call.is_write or reply.status not in _REDIRECTS or at is None:
                break
        if not 200 <= reply.status < 300:
            raise ForgeError(_refused(call, reply), status=reply.status)
        return reply

    def _persistent(self, call: Call, at: str | None) -> ForgeReply:
        for pause in _PAUSES_SECONDS:
            try:
                return self._patient(call, at)
            except PassingError as error:
                if not error.may_repeat:
                    raise
            self._sleep(pause)
        return self._patient(call, at)

    def _patient(self, call: Call, at: str | None) -> ForgeReply:
        while True:
            reply = self._spaced(call, at)
            now = self._now()
            seconds = asked_wait_seconds(reply.status, reply.headers, reply.said, now=now)
            if seconds is None:
                break
            if seconds > self._left_seconds:
                raise LimitError(_limited(call, reply, seconds), status=reply.status)
            self._left_seconds -= seconds
            self._sleep(seconds)
        if reply.status >= 500:
            raise PassingError(
                _refused(call, reply), may_repeat=call.is_repeatable, status=reply.status
            )
        return reply

    def _spaced(self, call: Call, at: str | None) -> ForgeReply:
        if not call.is_write:
            return self._wire.send(call, at)
        # The clock may have been set back.
        seconds = min(self._next_write_at - self._now(), SECONDS_BETWEEN_WRITES)
        if seconds > 0:
            self._sleep(seconds)
        try:
            return self._wire.send(call, at)
        finally:
            self._next_write_at = self._now() + SECONDS_BETWEEN_WRITES


def _understood(call: Call, reply: ForgeReply, read: Callable[[Any], _Record]) -> _Record:
    try:
        content = read_json(reply.content)
    except ValueError as error:
        raise _not_understood(call, reply, "it is not JSON") from error
    try:
        return read(content)
    except ValueError as error:
        raise _not_understood(call, reply, str(error)) from error


def _not_understood(call: Call, reply: ForgeReply, problem: str) -> ForgeError:
    done = " It may well have been done." if call.is_write else ""
    return ForgeError(
        f"Asked to {call.deed}, GitHub gave an answer that is not understood: {problem}.{done} Is "
        "the API's address right? On GitHub Enterprise it ends in /api/v3.",
        status=reply.status,
    )


def _refused(call: Call, reply: ForgeReply) -> str:
    said = f" ({reply.said})" if reply.said else ""
    why = f"GitHub answered {reply.status}{said}"
    remedy = remedy_of(reply.status, reply.said)
    return f"{call.failed(why, is_refused=reply.status < 500)} {remedy}".rstrip()


def _limited(call: Call, reply: ForgeReply, seconds: float) -> str:
    wait = f"{math.ceil(seconds / 60)} minutes" if seconds >= 120 else f"{math.ceil(seconds)} s"
    said = f" ({reply.said})" if reply.said else ""
    return (
        f"Could not {call.deed}: GitHub limits how much it is asked{said} and wants us to wait "
        f"for {wait}. A run waits {LONGEST_WAIT_SECONDS:g} s at most: run it again later."
    )
