"""The board: variants × goldens, each pair asked once, however often it is wanted."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from pytest_promptopt.errors import ProviderError, ScorerError
from pytest_promptopt.evaluation.evaluation import GoldenResult
from pytest_promptopt.evaluation.reduction import score_golden
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.evaluation.trial import Trial, ask
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.providers.provider import Provider

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A subject under an id that no other on the board has."""

    id: str
    subject: Subject


class Cell(NamedTuple):
    """A golden to be answered by a variant."""

    variant: Variant
    golden: Golden


class Missing(NamedTuple):
    """Nothing was found in a cell, and why; it is never a 0 and not asked again."""

    reason: str


Trials = tuple[Trial, ...]
Wanted = Sequence[tuple[Variant, Sequence[Golden]]]


def _all(cells: Sequence[Cell]) -> int:
    return len(cells)


class Board(Generic[Found]):
    """What was found in every cell so far, and the only way to ask for more.

    ``ask`` brings a cell's answers or raises :class:`ProviderError`; all that are wanted are asked
    at once. ``read`` makes of answers, or of the error, what is found; it is called in the order
    in which cells were wanted, whatever the order of the answers. ``admit`` tells how many of the
    cells may be asked now, the first ones, and raises where none may.
    """

    def __init__(
        self,
        ask: Callable[[Cell], Awaitable[Trials]],
        read: Callable[[Cell, Trials | ProviderError], Found | Missing],
        *,
        admit: Callable[[Sequence[Cell]], int] = _all,
    ) -> None:
        self._ask = ask
        self._read = read
        self._admit = admit
        self._found: dict[str, dict[str, Found]] = {}
        self._missing: dict[tuple[str, str], Missing] = {}

    async def ask(self, wanted: Wanted) -> Sequence[Cell]:
        """Have these cells filled, as far as they are not; those that were asked now."""
        cells = [*self._unknown(wanted)]
        done = 0
        while done < len(cells):
            admitted = self._admit(cells[done:])
            await self._fill(cells[done : done + admitted])
            done += admitted
        return cells

    def known(self, variant_id: str) -> Mapping[str, Found]:
        """What was found of a variant by the golden's id, in the order it came in."""
        return self._found.get(variant_id, {})

    def missing(self, cell: Cell) -> str | None:
        """Why nothing was found in the cell; None where something was, or nothing was asked."""
        missing = self._missing.get((cell.variant.id, cell.golden.id))
        return missing and missing.reason

    @property
    def missing_count(self) -> int:
        """Cells in which nothing was found."""
        return len(self._missing)

    @property
    def asked_count(self) -> int:
        """Cells that were asked."""
        return self.missing_count + sum(map(len, self._found.values()))

    def _unknown(self, wanted: Wanted) -> Iterator[Cell]:
        seen = set()
        for variant, goldens in wanted:
            known = self.known(variant.id)
            for golden in goldens:
                key = variant.id, golden.id
                if golden.id not in known and key not in self._missing and key not in seen:
                    seen.add(key)
                    yield Cell(variant, golden)

    async def _fill(self, cells: Sequence[Cell]) -> None:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._answers(cell)) for cell in cells]
        for cell, task in zip(cells, tasks, strict=True):
            found = self._read(cell, task.result())
            if isinstance(found, Missing):
                self._missing[cell.variant.id, cell.golden.id] = found
            else:
                self._found.setdefault(cell.variant.id, {})[cell.golden.id] = found

    async def _answers(self, cell: Cell) -> Trials | ProviderError:
        try:
            return await self._ask(cell)
        except ProviderError as error:
            return error


def results_board(provider: Provider, sample: int = 0) -> Board[GoldenResult]:
    """A board of whole results, of one answer of the ``provider`` each: that of this number."""

    async def answers(cell: Cell) -> Trials:
        return (await ask(provider, cell.variant.subject, cell.golden, sample),)

    def read(cell: Cell, trials: Trials | ProviderError) -> GoldenResult | Missing:
        if isinstance(trials, ProviderError):
            return Missing(trials.message)
        try:
            result = score_golden(cell.variant.subject, cell.golden, trials)
        except ScorerError as error:
            return Missing(str(error))
        return result if result.score is not None else Missing(result.reason)

    return Board(answers, read)
