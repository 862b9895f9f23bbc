"""The window of an endpoint: how many calls it takes at once."""

import asyncio
from collections import deque


class Window:
    """First come, first served slots whose number adapts to what the endpoint takes.

    Additive increase, multiplicative decrease (Chiu and Jain 1989): from ``first``, one more
    per success, which doubles it each round trip, until the first refusal; from then on one
    more per round trip. Refusals take away half of their share, once a round trip (Alizadeh et
    al. 2010, "Data Center TCP", equation 2, with the share of the last round trip in place of a
    moving average): an endpoint that refuses everything is halved, one that refuses a tenth at
    random is not starved. It stays between 1 and ``maximum``, and grows only while it is what
    holds calls back.
    """

    def __init__(self, *, first: int, maximum: int) -> None:
        self._maximum = maximum
        self._size = float(min(first, maximum))
        self._in_use = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._narrowed_at = float("-inf")
        self._answers = 0
        self._refusals = 0

    @property
    def size(self) -> int:
        """How many calls may be under way now."""
        return int(self._size)

    async def acquire(self) -> None:
        """Wait for a slot; give it back with :meth:`release`."""
        if self._in_use < self.size and not self._waiting:
            self._in_use += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self.release()
            raise

    def release(self) -> None:
        """Give a slot back."""
        self._in_use -= 1
        self._admit()

    def succeeded(self, *, is_wanted: bool) -> None:
        """Note an answer, before its slot is given back; ``is_wanted`` where calls queue."""
        self._answers += 1
        if not is_wanted and self._in_use < self.size:
            return
        is_untouched = self._narrowed_at == float("-inf")
        self._size = min(self._maximum, self._size + (1 if is_untouched else 1 / self._size))
        self._admit()

    def refused(self, *, began_at_seconds: float, now_seconds: float) -> None:
        """Note a refusal (429) of a call that began at ``began_at_seconds``."""
        self._refusals += 1
        if began_at_seconds < self._narrowed_at:
            return
        share = self._refusals / (self._refusals + self._answers)
        self._size = max(1.0, self._size * (1 - share / 2))
        self._narrowed_at = now_seconds
        self._answers = self._refusals = 0

    def _admit(self) -> None:
        while self._waiting and self._in_use < self.size:
            turn = self._waiting.popleft()
            if not turn.done():
                self._in_use += 1
                turn.set_result(None)
