"""Running one cell."""

import datetime
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from benchmarks.machine import describe_machine
from benchmarks.optimization.baselines import rewritten, settings_of, with_examples
from benchmarks.optimization.cells import EXAMPLES, PEERS, Cell
from benchmarks.optimization.found import Found
from benchmarks.optimization.meter import Meter
from benchmarks.optimization.outcome import Outcome
from benchmarks.optimization.tasks import read_task
from pytest_promptopt.errors import ProviderError, UsageError
from pytest_promptopt.evaluation.board import Variant, results_board
from pytest_promptopt.evaluation.subject import Subject, SubjectSettings, build_subject
from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.journal import Journal
from pytest_promptopt.optimization.loop import run_search
from pytest_promptopt.optimization.splits import Splits, split_goldens
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.providers.provider import Provider
from pytest_promptopt.providers.request import Model


class Peer(Protocol):
    """Another project's optimizer."""

    async def search(
        self, cell: Cell, subject: Subject, splits: Splits, *, provider: Provider, model: Model
    ) -> Found:
        """What it finds within the cap; raises NotInstalledError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What cells are run with: the folder of the ``data``, and who answers.

    The ``model`` is task model and optimizer model. ``peers`` go by the first word of a method.
    """

    data: Path
    provider: Provider
    model: Model
    peers: Mapping[str, Peer]

    async def run(self, cell: Cell) -> Outcome:
        """Search within the cap, then score the prompt that was found on the test goldens.

        The search is given no test golden, so that nothing of its cap is kept for a verdict.
        Raises ProviderError where a test golden is not answered, NotInstalledError where a peer
        cannot be had.
        """
        subject = self._subject(cell)
        splits = split_goldens(subject.prompt.goldens)
        meter = Meter(self.provider)
        started = time.perf_counter()
        found = await self._found(cell, subject, replace(splits, test=()), meter)
        seconds = time.perf_counter() - started
        chosen = found.candidate
        return Outcome(
            cell=cell,
            date=f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}",
            machine=_machine(),
            calls=meter.calls,
            input_tokens=meter.input_tokens,
            output_tokens=meter.output_tokens,
            seconds=round(seconds, 1),
            reason=found.reason,
            texts={str(position): text for position, text in chosen.texts.items()},
            demonstrations=chosen.demonstrations,
            shown_in=chosen.shown_in,
            answer="" if chosen.answer is None else str(chosen.answer),
            after=await self._scores(subject, chosen, splits.test),
        )

    def _subject(self, cell: Cell) -> Subject:
        settings = SubjectSettings(
            resolve_model=lambda _name: self.model, root=Path.cwd(), model=self.model.name
        )
        return build_subject(read_task(cell.task, self.data), settings)

    async def _found(self, cell: Cell, subject: Subject, splits: Splits, meter: Meter) -> Found:
        if cell.method == "given":
            return Found(reason="as it stands")
        if cell.method in EXAMPLES:
            return with_examples(splits.train, EXAMPLES[cell.method], cell.seed)
        if cell.method == "rewrite":
            return await rewritten(subject, meter, self.model, cell.seed)
        if cell.method in PEERS:
            peer = self.peers[cell.method.partition("-")[0]]
            return await peer.search(cell, subject, splits, provider=meter, model=self.model)
        return await self._searched(cell, subject, splits, meter)

    async def _searched(self, cell: Cell, subject: Subject, splits: Splits, meter: Meter) -> Found:
        with tempfile.TemporaryDirectory(prefix="benchmark-optimization-") as folder:
            journal = Journal(Path(folder) / "journal.jsonl")
            try:
                result = await run_search(
                    subject,
                    settings_of(cell),
                    provider=meter,
                    optimizer_model=self.model,
                    splits=splits,
                    journal=journal,
                )
            except UsageError as error:
                return Found(reason=f"refused: {error}")
            finally:
                journal.close()
        return Found(candidate=result.chosen or Candidate(), reason=result.reason)

    async def _scores(
        self, subject: Subject, candidate: Candidate, goldens: Sequence[Golden]
    ) -> list[float]:
        prompt = candidate.apply_to(subject.prompt, subject.prompt.goldens)
        variant = Variant(id=candidate.id, subject=replace(subject, prompt=prompt))
        board = results_board(self.provider)
        for cell in await board.ask([(variant, goldens)]):
            missing = board.missing(cell)
            if missing is not None:
                raise ProviderError(f"{cell.golden.id}: {missing}")
        return [result.score or 0.0 for result in board.known(variant.id).values()]


def _machine() -> str:
    """Processor, cores and memory."""
    lines = describe_machine().splitlines()
    return next(line for line in lines if line.startswith("machine")).split(maxsplit=1)[1]
