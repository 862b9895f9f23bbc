"""The scores of every candidate on every golden, asked for when wanted and once only."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from pytest_promptopt.errors import (
    BudgetError,
    PromptFileError,
    ProviderError,
    RefusedError,
    ScorerError,
)
from pytest_promptopt.evaluation import board
from pytest_promptopt.evaluation.board import Cell, Missing, Trials, Variant
from pytest_promptopt.evaluation.evaluation import GoldenResult, Outcome
from pytest_promptopt.evaluation.reduction import score_golden
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.evaluation.trial import Trial, ask
from pytest_promptopt.optimization.allowance import Allowance, Need
from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.case import Case, Wanted
from pytest_promptopt.optimization.journal import Journaled
from pytest_promptopt.optimization.log_probability import (
    ask_likelihood,
    likelihood_case,
    likelihood_request,
)
from pytest_promptopt.optimization.stops import AnswersMissingError, CapReachedError
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.prompts.prompt import Prompt, Reducer

MISSING_SHARE = 0.2
"""The search stops when more of its answers are missing."""

_LEAST_MISSING = 5
_JUDGE_SIZE = 2


class Scoreboard:
    """The board of candidates.

    Every candidate is asked the same goldens with the same sample numbers, ``samples`` from
    ``first_sample`` on. An answer that is missing (an error, or not scored) is no case and never
    a 0; it is not asked for again. Cases come in in the order they were asked for, whatever the
    order of the answers. Goldens whose ids are in ``by_log_probability`` are scored by how likely
    their expected answer is, asked for once.
    """

    def __init__(
        self,
        subject: Subject,
        goldens: Sequence[Golden],
        calls: Journaled,
        allowance: Allowance,
        *,
        samples: int = 1,
        first_sample: int = 0,
        by_log_probability: Collection[str] = (),
    ) -> None:
        self._subject = replace(subject, prompt=_reducible(subject.prompt, samples))
        self._goldens = goldens
        self._calls = calls
        self._allowance = allowance
        self._samples = range(first_sample, first_sample + samples)
        self._by_log_probability = by_log_probability
        self._needs: dict[tuple[str, str], Need] = {}
        self._board: board.Board[Case] = board.Board(self._trials, self._enter, admit=self._admit)

    async def ask(self, wanted: Wanted) -> None:
        """Score what is not known.

        Raises :class:`CapReachedError` before anything is sent that would exceed a cap, and
        :class:`AnswersMissingError` where too many answers are missing.
        """
        self._needs.clear()
        asked = await self._board.ask(
            [(self._variant(candidate), goldens) for candidate, goldens in wanted]
        )
        self._check_missing(asked)

    async def scores(self, candidate: Candidate, goldens: Sequence[Golden]) -> Mapping[str, Case]:
        """The cases of ``candidate`` on those of ``goldens`` that have an answer, in that order."""
        await self.ask([(candidate, goldens)])
        known = self.known(candidate)
        return {golden.id: known[golden.id] for golden in goldens if golden.id in known}

    def known(self, candidate: Candidate) -> Mapping[str, Case]:
        """The cases so far."""
        return self._board.known(candidate.id)

    def _variant(self, candidate: Candidate) -> Variant:
        prompt = candidate.apply_to(self._subject.prompt, self._goldens)
        return Variant(id=candidate.id, subject=replace(self._subject, prompt=prompt))

    def _is_likelihood(self, cell: Cell) -> bool:
        return cell.golden.id in self._by_log_probability

    def _admit(self, cells: Sequence[Cell]) -> int:
        return self._allowance.admit("task", [self._need(cell) for cell in cells])

    def _need(self, cell: Cell) -> Need:
        """What the cell takes; worked out once, though it may wait for many admissions."""
        key = cell.variant.id, cell.golden.id
        if key not in self._needs:
            self._needs[key] = self._need_now(cell)
        return self._needs[key]

    def _need_now(self, cell: Cell) -> Need:
        subject = cell.variant.subject
        if self._is_likelihood(cell):
            return self._allowance.need([likelihood_request(subject, cell.golden)])
        return need_of(self._allowance, subject, cell.golden, self._samples)

    async def _trials(self, cell: Cell) -> Trials:
        samples = self._samples[:1] if self._is_likelihood(cell) else self._samples
        answered = await asyncio.gather(*(self._trial(cell, sample) for sample in samples))
        for trial in answered:
            if isinstance(trial, ProviderError):
                raise trial
        return tuple(trial for trial in answered if isinstance(trial, Trial))

    async def _trial(self, cell: Cell, sample: int) -> Trial | ProviderError:
        variant, golden = cell
        about = {"candidate": variant.id, "golden": golden.id, "sample": sample}
        calls = replace(self._calls, about=about)
        try:
            if self._is_likelihood(cell):
                return await ask_likelihood(calls, variant.subject, golden)
            return await ask(calls, variant.subject, golden, sample)
        except ProviderError as error:
            return error
        except PromptFileError as error:
            return RefusedError(str(error))

    def _enter(self, cell: Cell, trials: Trials | ProviderError) -> Case | Missing:
        if isinstance(trials, BudgetError):
            raise CapReachedError(f"the budget of the run is spent: {trials.message}")
        if isinstance(trials, ProviderError):
            return Missing(trials.message)
        case = self._scored(cell, trials)
        if isinstance(case, Case):
            self._calls.journal.tell(
                "scored",
                candidate=cell.variant.id,
                golden=cell.golden.id,
                first_sample=self._samples[0],
                score=case.score,
                passed=case.passed,
            )
        return case

    def _scored(self, cell: Cell, trials: Trials) -> Case | Missing:
        if self._is_likelihood(cell):
            return likelihood_case(cell.golden, trials[0].completion)
        subject = cell.variant.subject
        try:
            result = score_golden(subject, cell.golden, trials)
        except ScorerError as error:
            return Missing(str(error))
        if result.score is None:
            return Missing(result.reason)
        return _case(subject, cell.golden, trials, result)

    def _check_missing(self, asked: Sequence[Cell]) -> None:
        reasons = [reason for cell in asked if (reason := self._board.missing(cell)) is not None]
        missing, total = self._board.missing_count, self._board.asked_count
        is_too_many = missing >= _LEAST_MISSING and missing > MISSING_SHARE * total
        if reasons and (is_too_many or missing == total):
            raise AnswersMissingError(
                f"{missing} of {total} answers are missing, which tells nothing about the "
                f"prompts; the last: {reasons[-1]}"
            )


def _reducible(prompt: Prompt, samples: int) -> Prompt:
    """The prompt with a reducer that so many samples can satisfy."""
    is_out_of_reach = prompt.reducer.count > samples
    return replace(prompt, reducer=Reducer()) if is_out_of_reach else prompt


def need_of(
    allowance: Allowance,
    subject: Subject,
    golden: Golden,
    samples: Iterable[int],
    *,
    is_likely: bool = False,
) -> Need:
    """What a golden's answers take at most, or likely.

    What a judge takes is not known before it has something to judge: it is put at twice what
    the answer takes.
    """
    judges = subject.further_calls(golden)
    total = Need()
    for sample in samples:
        answer = allowance.need([subject.request(golden, sample)], is_likely=is_likely)
        total += Need(
            calls=1 + judges,
            tokens=answer.tokens * (1 + _JUDGE_SIZE * judges),
            nano_usd=answer.nano_usd * (1 + _JUDGE_SIZE * judges),
        )
    return total


def _case(subject: Subject, golden: Golden, trials: Sequence[Trial], result: GoldenResult) -> Case:
    """The case; what a pattern says of an answer is for who wrote it, and not for a prompt."""
    answer = trials[0].answer
    specs = (*subject.prompt.evaluators, *golden.evaluators)
    patterns = {spec.name for spec in specs if spec.kind == "regex"}
    told = (m for m in result.evaluators if not m.optional and m.name not in patterns)
    return Case(
        golden=golden,
        answer=answer.text,
        score=result.score,
        passed=result.outcome is Outcome.PASSED,
        reasons=tuple(mark.reason for mark in told if mark.reason),
        finish_reason=answer.finish_reason,
        tokens=(result.input_tokens + result.output_tokens) // len(trials),
        cost_usd=None if result.cost_usd is None else result.cost_usd / len(trials),
        seconds=result.latency_seconds,
        result=result,
    )
