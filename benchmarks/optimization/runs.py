"""Running one cell."""

import datetime
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.machine import describe_machine
from benchmarks.optimization.baselines import settings_of
from benchmarks.optimization.cells import PEERS, Cell
from benchmarks.optimization.dspy_peer import DspyPeer
from benchmarks.optimization.found import Found
from benchmarks.optimization.outcome import Outcome
from benchmarks.optimization.tasks import ignores_case, read_task
from pytest_promptopt.errors import ProviderError, UsageError
from pytest_promptopt.evaluation.board import Variant, results_board
from pytest_promptopt.evaluation.subject import Subject, SubjectSettings, build_subject
from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.journal import Journal
from pytest_promptopt.optimization.loop import run_search
from pytest_promptopt.optimization.splits import Splits, split_goldens
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.providers.models import resolve_model
from pytest_promptopt.providers.provider import Provider
from pytest_promptopt.providers.request import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What cells are run with: the folder of the ``data``, and who answers."""

    data: Path
    provider: Provider
    peer: DspyPeer

    async def run(self, cell: Cell) -> Outcome:
        """Search within the cap, then score the prompt before and after on the test goldens.

        The search is given no test golden, so that nothing of its cap is kept for a verdict.
        Raises ProviderError where a test golden is not answered, NotInstalledError where a peer
        cannot be had.
        """
        subject = self._subject(cell)
        splits = split_goldens(subject.prompt.goldens)
        if cell.method in PEERS:
            self.peer.install()
        started = time.perf_counter()
        found = await self._searched(cell, subject, replace(splits, test=()))
        seconds = time.perf_counter() - started
        before = await self._scores(subject, Candidate(), splits.test)
        after = await self._scores(subject, found.candidate, splits.test)
        return Outcome(
            cell=cell,
            date=f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}",
            machine=_machine(),
            task_calls=found.task_calls,
            optimizer_calls=found.optimizer_calls,
            seconds=round(seconds, 1),
            reason=found.reason,
            texts={str(position): text for position, text in found.candidate.texts.items()},
            demonstrations=found.candidate.demonstrations,
            before=before,
            after=after,
        )

    def _subject(self, cell: Cell) -> Subject:
        settings = SubjectSettings(resolve_model=_model, root=Path.cwd(), model=cell.task_model)
        return build_subject(read_task(cell.task, self.data), settings)

    async def _searched(self, cell: Cell, subject: Subject, splits: Splits) -> Found:
        if cell.method == "given":
            return Found(reason="as it stands")
        optimizer_model = _model(cell.optimizer_model or cell.task_model)
        if cell.method in PEERS:
            return await self.peer.search(
                cell,
                subject,
                splits,
                provider=self.provider,
                optimizer_model=optimizer_model,
                ignores_case=ignores_case(cell.task),
            )
        return await self._optimized(cell, subject, splits, optimizer_model)

    async def _optimized(
        self, cell: Cell, subject: Subject, splits: Splits, optimizer_model: Model
    ) -> Found:
        with tempfile.TemporaryDirectory(prefix="benchmark-optimization-") as folder:
            journal = Journal(Path(folder) / "journal.jsonl")
            try:
                result = await run_search(
                    subject,
                    settings_of(cell, len(splits.validation)),
                    provider=self.provider,
                    optimizer_model=optimizer_model,
                    splits=splits,
                    journal=journal,
                )
            except UsageError as error:
                return Found(reason=f"refused: {error}")
            finally:
                journal.close()
        return Found(
            candidate=result.chosen or Candidate(),
            task_calls=result.spent.task_calls,
            optimizer_calls=result.spent.optimizer_calls,
            reason=result.reason,
        )

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


def _model(name: str) -> Model:
    return resolve_model(name, aliases={}, environ={}, root=Path.cwd())


def _machine() -> str:
    """Processor, cores and memory."""
    lines = describe_machine().splitlines()
    return next(line for line in lines if line.startswith("machine")).split(maxsplit=1)[1]
