"""The first look at the given prompt, before the first round."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pytest_promptopt.optimization.case import Case, mean_of
from pytest_promptopt.optimization.diagnosis.ceiling import ceiling_of
from pytest_promptopt.optimization.diagnosis.diagnosis import Diagnosis
from pytest_promptopt.optimization.diagnosis.headroom import LEAST_GAIN, Headroom, assess
from pytest_promptopt.optimization.proposers.contract import Contract
from pytest_promptopt.optimization.scoreboard import Scoreboard
from pytest_promptopt.optimization.search import GIVEN, SearchState
from pytest_promptopt.optimization.splits import LEAST_TEST_GOLDENS
from pytest_promptopt.optimization.stops import SearchStoppedError
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.statistics.clusters import members

_HIGH = 0.85
_WORTH_A_SEARCH = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The first look; None is what is switched off."""

    headroom: Headroom | None = None
    diagnosis: Diagnosis | None = None


async def look(search: SearchState, again: Scoreboard) -> Look:
    """Headroom and diagnosis of the given prompt on some goldens of ``train``.

    ``again`` asks for the second sample. Raises what the boards raise.
    """
    settings, train = search.settings, search.splits.train
    if not (settings.headroom or settings.diagnosis):
        return Look()
    goldens = search.rng.sample(train, min(settings.headroom_goldens, len(train)))
    first = await search.board.scores(GIVEN, goldens)
    if not settings.headroom:
        return Look(headroom=None, diagnosis=search.diagnosis_of(GIVEN))
    second = await again.scores(GIVEN, goldens) if settings.headroom_samples > 1 else {}
    samples = {
        golden_id: [case, *([second[golden_id]] if golden_id in second else [])]
        for golden_id, case in first.items()
    }
    headroom = assess(
        samples,
        subject=search.subject,
        ceiling=ceiling_of(search.subject, search.subject.prompt.goldens),
        least_gain=_least_gain(search.splits.test),
    )
    search.journal.tell("headroom", kind=headroom.kind.value, sentence=headroom.sentence)
    return Look(headroom=headroom, diagnosis=search.diagnosis_of(GIVEN, more=list(second.values())))


def _least_gain(test: Sequence[Golden]) -> float:
    """The least gain worth a search: what these goldens can show, within bounds."""
    shown = LEAST_TEST_GOLDENS / max(len(members([golden.cluster for golden in test])), 1)
    return min(max(LEAST_GAIN, shown), _WORTH_A_SEARCH)


def misses_little(search: SearchState) -> bool:
    """Whether the given prompt scored so high at the look that little can be gained."""
    score = mean_of(search.board.known(GIVEN).values())
    return score is not None and score >= _HIGH


async def score_given(search: SearchState) -> None:
    """The given prompt on all of validation; stops the search where nothing is missed there."""
    cases = await search.board.scores(GIVEN, search.validation)
    if is_perfect(cases.values(), search.validation):
        raise SearchStoppedError(
            f"the prompt passes all {len(cases)} goldens of validation already: nothing to gain"
        )


async def try_contract(search: SearchState, diagnosis: Diagnosis) -> None:
    """The contract as the first candidate, without a call of the optimizer model."""
    context = search.context(GIVEN, position=search.targets[0], diagnosis=diagnosis)
    for candidate in await Contract().propose(context):
        if search.admit(candidate):
            await search.board.ask([(candidate, search.validation)])
            if search.standing(candidate).cases:
                search.pool.append(candidate)


def is_perfect(cases: Collection[Case], goldens: Sequence[Golden]) -> bool:
    """Whether every golden was answered and passed, with the full score."""
    return len(cases) == len(goldens) and all(
        case.passed and case.score is not None and case.score >= 1 for case in cases
    )
