"""Searches for a better prompt: what they are set up from, and what they would take."""

import math
import random
from collections.abc import Sequence
from functools import partial

from pytest_promptopt.client.estimate import likely_usage
from pytest_promptopt.errors import ProviderError
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.optimization.allowance import Allowance, PriceUsd, Role, Spent
from pytest_promptopt.optimization.batches import BATCHES
from pytest_promptopt.optimization.course import Course, Report
from pytest_promptopt.optimization.editable import editable_positions, targets
from pytest_promptopt.optimization.guards.guards import Guards
from pytest_promptopt.optimization.inputs import inputs_digest, usable
from pytest_promptopt.optimization.journal import Journal, Journaled
from pytest_promptopt.optimization.log_probability import measured_by_log_probability
from pytest_promptopt.optimization.memory import (
    Earlier,
    Memory,
    MemoryFile,
    openings,
)
from pytest_promptopt.optimization.optimizer import Optimizer, Patient, request_texts
from pytest_promptopt.optimization.plan import Plan, Sizes, plan
from pytest_promptopt.optimization.proposers.proposer import (
    made_proposer,
    requests_of,
)
from pytest_promptopt.optimization.result import (
    Counted,
    Failed,
    Result,
    Waited,
)
from pytest_promptopt.optimization.rival import Duel, Rival
from pytest_promptopt.optimization.scoreboard import Scoreboard, need_of
from pytest_promptopt.optimization.search import SearchState
from pytest_promptopt.optimization.settings import OptimizeSettings
from pytest_promptopt.optimization.shares import pulls_of
from pytest_promptopt.optimization.splits import Splits, widened
from pytest_promptopt.optimization.verdict import (
    FRESH_SAMPLES_FROM,
)
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.providers.provider import Provider
from pytest_promptopt.providers.request import Completion, Model, Request

_NO_CAP = 1_000_000


async def run_search(
    subject: Subject,
    settings: OptimizeSettings,
    *,
    provider: Provider,
    optimizer_model: Model,
    splits: Splits,
    journal: Journal,
    memory: MemoryFile | None = None,
    report: Report = lambda _event: None,
    price_usd: PriceUsd | None = None,
    rival: Rival | None = None,
    patience_seconds: float | None = None,
) -> Result:
    """Search for a better prompt, and judge the best one on the test split.

    With a ``rival`` it searches only where the prompt falls short of that, and the verdict is
    whether what it ends with is no more than the margin worse. An answer of the optimizer model
    that does not come within ``patience_seconds`` is an error; the search goes on without it.

    All models are asked through ``provider``. Deterministic: the same inputs, seed and answers
    give the same result, whatever the order of the answers. With the ``journal`` of a run that
    was killed it goes on from there and asks nothing twice. Nothing is written but the journal
    and the ``memory``.

    Raises :class:`UsageError` before anything is spent, where settings, caps, journal or memory
    do not fit. Whatever ends a search that has begun is the ``reason`` of its result.
    """
    parts = usable(subject, splits)
    if settings.shares_caps:
        parts = widened(parts, settings.seed)
    planned = plan_for(subject, settings, splits, price_usd=price_usd)
    own_requests = [
        path
        for name in settings.proposer_names
        for path in requests_of(made_proposer(name, settings))
    ]
    by_log_probability = measured_by_log_probability(subject, settings, parts.validation)
    editable = editable_positions(subject.prompt, settings.editable)
    run = inputs_digest(
        subject, settings, optimizer_model, splits, rival=rival.content if rival else None
    )
    allowance = Allowance(settings.caps, price_usd, partial(_tell_call, report, set()))
    # Tells of a missing price before anything is spent.
    allowance.need([Request(model=optimizer_model, messages=())])
    about = {
        "prompt": subject.key,
        "method": settings.method,
        "model": str(subject.model),
        "optimizer_model": str(optimizer_model),
    }
    journal.begin(run, about)
    kept = memory if settings.remember else None
    earlier = journal.once("memory", Earlier, lambda: kept.read() if kept else ())
    journal.tell(
        "splits",
        validation=[golden.id for golden in parts.validation],
        clusters={golden.id: golden.cluster for golden in parts.validation if golden.cluster},
    )
    calls = Journaled(provider=provider, journal=journal, allowance=allowance, role="task")
    goldens = subject.prompt.goldens or (*parts.train, *parts.validation, *parts.test)
    any_board = partial(Scoreboard, goldens=parts.train, calls=calls, allowance=allowance)
    board = partial(any_board, subject)
    rng = random.Random(settings.seed)
    search = SearchState(
        subject=subject,
        settings=planned.settings,
        splits=parts,
        validation=rng.sample(parts.validation, len(parts.validation)),
        editable=editable,
        targets=targets(subject.prompt, editable, is_narrowed=settings.editable is not None),
        board=board(samples=settings.samples, by_log_probability=by_log_probability),
        optimizer=Optimizer(
            optimizer_model,
            Journaled(
                provider=Patient(provider=provider, seconds=patience_seconds),
                journal=journal,
                allowance=allowance,
                role="optimizer",
            ),
            allowance,
            planned.settings,
            partial(_tell_wait, report, optimizer_model, patience_seconds),
        ),
        batches=BATCHES[settings.batch](planned.settings.batch_size, parts.train, rng),
        guards=Guards(subject.prompt, editable, goldens, requests=request_texts(own_requests)),
        journal=journal,
        memory=Memory(earlier=earlier),
        rng=rng,
        pulls=(
            partial(_shared_pulls, subject, parts.validation, settings.samples, allowance)
            if settings.shares_caps
            else lambda _number: planned.settings.pulls
        ),
    )
    opened = 1 + openings(search.memory.earlier, run)
    fresh = FRESH_SAMPLES_FROM * opened
    return await Course(
        search=search,
        plan=planned,
        allowance=allowance,
        again=board(first_sample=settings.samples),
        sealed=board(first_sample=fresh),
        duel=Duel.of(rival, any_board, sealed_from=fresh) if rival else None,
        opened=opened,
        name=run[:12],
        file=kept,
        report=report,
    ).result()


def _tell_call(
    report: Report, met: set[str], role: Role, answer: Completion | ProviderError, spent: Spent
) -> None:
    """Tell what is spent, and an error the first time it is met."""
    if isinstance(answer, ProviderError) and answer.message not in met:
        met.add(answer.message)
        report(Failed(role=role, message=answer.message))
    report(Counted(spent=spent))


def _tell_wait(
    report: Report, model: Model, most_seconds: float | None, left: int, asked: int, seconds: float
) -> None:
    report(Waited(model=model, open=left, asked=asked, seconds=seconds, most_seconds=most_seconds))


def plan_for(
    subject: Subject,
    settings: OptimizeSettings,
    splits: Splits,
    *,
    price_usd: PriceUsd | None = None,
) -> Plan:
    """What :func:`run_search` would take; raises :class:`UsageError` where a cap is too small."""
    parts = usable(subject, splits)
    goldens = (*parts.train, *parts.validation, *parts.test)
    judges = max(map(subject.further_calls, goldens), default=0)
    tokens, cost_usd = 0.0, 0.0
    if goldens and subject.model is not None:
        request = subject.request(goldens[0], 0)
        usage = likely_usage(request)
        tokens = float(usage.total_tokens)
        cost_usd = (price_usd(request.model, usage) or 0.0) if price_usd else 0.0
    sizes = Sizes(
        train=len(parts.train),
        validation=len(parts.validation),
        test=len(parts.test),
        calls_per_answer=1 + judges,
        tokens_per_call=tokens,
        usd_per_call=cost_usd,
    )
    return plan(settings, sizes)


def _shared_pulls(
    subject: Subject, validation: Sequence[Golden], samples: int, allowance: Allowance, number: int
) -> int:
    """What a round may take of what is left; without a cap all that it could use."""
    need = need_of(allowance, subject, validation[0], range(samples), is_likely=True)
    room = pulls_of(number, allowance.room(need))
    return _NO_CAP if math.isinf(room) else int(room)
