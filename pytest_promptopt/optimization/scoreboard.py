"""What every candidate scored on every golden, asked for when it is wanted and once only."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from pytest_promptopt.errors import (
    BudgetError,
    PromptFileError,
    ProviderError,
    RefusedError,
    ScorerError,
)
from pytest_promptopt.evaluation.evaluation import GoldenResult, Outcome
from pytest_promptopt.evaluation.reduction import score_golden
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.evaluation.trial import Trial, ask
from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.case import Case
from pytest_promptopt.optimization.journal import Journaled
from pytest_promptopt.optimization.ledger import Ledger, Need
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

Wanted = Sequence[tuple[Candidate, Sequence[Golden]]]


class Board(Protocol):
    """Where selectors get scores from."""

    async def ask(self, wanted: Wanted) -> None:
        """Have these candidates scored on these goldens, as far as that is not known."""
        ...

    def known(self, candidate: Candidate) -> Mapping[str, Case]:
        """The scored cases of a candidate by their golden's id, in the order they came in."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    """A golden to be answered by a candidate, or to be told how likely its answer is."""

    candidate: Candidate
    subject: Subject
    golden: Golden
    is_likelihood: bool


class Scoreboard:
    """The matrix of candidates and goldens.

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
        ledger: Ledger,
        *,
        samples: int = 1,
        first_sample: int = 0,
        by_log_probability: Collection[str] = (),
    ) -> None:
        self._subject = replace(subject, prompt=_reducible(subject.prompt, samples))
        self._goldens = goldens
        self._calls = calls
        self._ledger = ledger
        self._samples = range(first_sample, first_sample + samples)
        self._by_log_probability = by_log_probability
        self._cases: dict[str, dict[str, Case]] = {}
        self._missing: dict[tuple[str, str], str] = {}
        self._asked = 0

    async def ask(self, wanted: Wanted) -> None:
        """Score what is not known.

        Raises :class:`CapReachedError` before anything is sent that would exceed a cap, and
        :class:`AnswersMissingError` where too many answers are missing.
        """
        items = list(self._unknown(wanted))
        needs = [self._need(item) for item in items]
        done = 0
        while done < len(items):
            admitted = self._ledger.admit("task", needs[done:])
            await self._answer(items[done : done + admitted])
            done += admitted
        if items:
            self._check_missing(items)

    async def scores(self, candidate: Candidate, goldens: Sequence[Golden]) -> Mapping[str, Case]:
        """The cases of ``candidate`` on those of ``goldens`` that have an answer, in that order."""
        await self.ask([(candidate, goldens)])
        known = self.known(candidate)
        return {golden.id: known[golden.id] for golden in goldens if golden.id in known}

    def known(self, candidate: Candidate) -> Mapping[str, Case]:
        """The cases so far."""
        return self._cases.get(candidate.id, {})

    def _unknown(self, wanted: Wanted) -> Iterable[_Item]:
        seen = set()
        for candidate, goldens in wanted:
            prompt = candidate.apply_to(self._subject.prompt, self._goldens)
            subject = replace(self._subject, prompt=prompt)
            known = self._cases.get(candidate.id, {})
            for golden in goldens:
                key = candidate.id, golden.id
                if golden.id not in known and key not in self._missing and key not in seen:
                    seen.add(key)
                    yield _Item(
                        candidate=candidate,
                        subject=subject,
                        golden=golden,
                        is_likelihood=golden.id in self._by_log_probability,
                    )

    def _need(self, item: _Item) -> Need:
        if item.is_likelihood:
            return self._ledger.need([likelihood_request(item.subject, item.golden)])
        return need_of(self._ledger, item.subject, item.golden, self._samples)

    async def _answer(self, items: Sequence[_Item]) -> None:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._trials(item)) for item in items]
        for item, task in zip(items, tasks, strict=True):
            self._enter(item, task.result())

    async def _trials(self, item: _Item) -> tuple[Trial, ...] | ProviderError:
        samples = self._samples[:1] if item.is_likelihood else self._samples
        answered = await asyncio.gather(*(self._trial(item, sample) for sample in samples))
        errors = [trial for trial in answered if isinstance(trial, ProviderError)]
        if errors:
            return errors[0]
        return tuple(trial for trial in answered if isinstance(trial, Trial))

    async def _trial(self, item: _Item, sample: int) -> Trial | ProviderError:
        about = {"candidate": item.candidate.id, "golden": item.golden.id, "sample": sample}
        calls = replace(self._calls, about=about)
        try:
            if item.is_likelihood:
                return await ask_likelihood(calls, item.subject, item.golden)
            return await ask(calls, item.subject, item.golden, sample)
        except ProviderError as error:
            return error
        except PromptFileError as error:
            return RefusedError(str(error))

    def _enter(self, item: _Item, trials: tuple[Trial, ...] | ProviderError) -> None:
        self._asked += 1
        key = item.candidate.id, item.golden.id
        if isinstance(trials, BudgetError):
            raise CapReachedError(f"the budget of the run is spent: {trials.message}")
        if isinstance(trials, ProviderError):
            self._missing[key] = trials.message
            return
        case = self._scored(item, trials)
        if isinstance(case, str):
            self._missing[key] = case
            return
        self._cases.setdefault(item.candidate.id, {})[item.golden.id] = case
        self._calls.journal.tell(
            "scored",
            candidate=item.candidate.id,
            golden=item.golden.id,
            first_sample=self._samples[0],
            score=case.score,
            passed=case.passed,
        )

    def _scored(self, item: _Item, trials: tuple[Trial, ...]) -> Case | str:
        """The case, or why there is none."""
        if item.is_likelihood:
            return likelihood_case(item.golden, trials[0].completion)
        try:
            result = score_golden(item.subject, item.golden, trials)
        except ScorerError as error:
            return str(error)
        if result.score is None:
            return result.reason
        return _case(item.golden, trials, result)

    def _check_missing(self, items: Sequence[_Item]) -> None:
        missing = [
            self._missing[key]
            for item in items
            if (key := (item.candidate.id, item.golden.id)) in self._missing
        ]
        total = len(self._missing)
        is_too_many = total >= _LEAST_MISSING and total > MISSING_SHARE * self._asked
        if missing and (is_too_many or total == self._asked):
            raise AnswersMissingError(
                f"{total} of {self._asked} answers are missing, which tells nothing about the "
                f"prompts; the last: {missing[-1]}"
            )


def _reducible(prompt: Prompt, samples: int) -> Prompt:
    """The prompt with a reducer that so many samples can satisfy."""
    is_out_of_reach = prompt.reducer.kind == "at-least" and prompt.reducer.count > samples
    return replace(prompt, reducer=Reducer()) if is_out_of_reach else prompt


def judges_of(subject: Subject, golden: Golden) -> int:
    """How many judges are asked about an answer to ``golden``."""
    evaluators = subject.evaluators_for(golden)
    return sum(evaluator.judge is not None for evaluator in evaluators)


def need_of(
    ledger: Ledger,
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
    judges = judges_of(subject, golden)
    total = Need()
    for sample in samples:
        answer = ledger.need([subject.request(golden, sample)], is_likely=is_likely)
        total += Need(
            calls=1 + judges,
            tokens=answer.tokens * (1 + _JUDGE_SIZE * judges),
            nano_usd=answer.nano_usd * (1 + _JUDGE_SIZE * judges),
        )
    return total


def mean_score(cases: Iterable[Case]) -> float | None:
    """Mean of the scores by the goldens' weights; None without any."""
    scored = [(case.score, case.golden.weight) for case in cases if case.score is not None]
    total = sum(weight for _, weight in scored)
    return sum(score * weight for score, weight in scored) / total if total else None


def _case(golden: Golden, trials: Sequence[Trial], result: GoldenResult) -> Case:
    answer = trials[0].answer
    return Case(
        golden=golden,
        answer=answer.text,
        score=result.score,
        passed=result.outcome is Outcome.PASSED,
        reasons=tuple(mark.reason for mark in result.evaluators if mark.reason),
        finish_reason=answer.finish_reason,
    )
