"""Goldens in blocks, many that tell candidates apart; after each the worse half leaves."""

import math
from collections.abc import Sequence
from itertools import zip_longest
from statistics import pvariance

from pytest_promptopt.optimization.acceptance import independent_gains
from pytest_promptopt.optimization.allocation.allocator import Race, WithinPulls
from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.case import mean_of
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.statistics.evidence import evidence

_FIRST = 3
"""Goldens of the first block, fewer if the pulls do not reach."""


class Blocks(WithinPulls):
    """Successive halving with the rivals from earlier races taking part, all on the same goldens.

    Every other golden is one that some candidates pass and others miss, as far as there are any
    (APEX, arXiv 2606.11459). After every block the worse half leaves, and so does who is shown to
    be worse than the best at ``race_level``, by evidence that may be looked at after every block.
    Nothing is asked twice, so a rival costs only what it has not answered.
    """

    is_gate = False
    is_open = True

    async def best(self, race: Race) -> tuple[Candidate, ...]:
        """Who is left, the best first."""
        left = [*race.rivals, *race.candidates]
        halvings = max(1, math.ceil(math.log2(max(1.0, len(left) / race.keep))) + 1)
        pulls, done = race.pulls, 0
        while left:
            share = pulls // max(1, halvings - done)
            block = _block(race, left, share=share, pulls=pulls, least=0 if done else _FIRST)
            if not block:
                break
            pulls -= sum(_unanswered(race, left, golden) for golden in block)
            await race.board.ask([(candidate, block) for candidate in left])
            left = _ranked(race, race.scored(left))
            done += 1
            left = _survivors(race, left) if done < halvings else left[: race.keep]
        return tuple(left[: race.keep])


def _block(
    race: Race, left: Sequence[Candidate], *, share: int, pulls: int, least: int
) -> list[Golden]:
    """The next goldens that somebody has not answered, at most ``share`` answers but ``least``."""
    block: list[Golden] = []
    cost = 0
    for golden in _telling_in_turns(race):
        missing = _unanswered(race, left, golden)
        is_within = cost + missing <= share or (len(block) < least and cost + missing <= pulls)
        if missing and not is_within:
            break
        if missing:
            block.append(golden)
            cost += missing
    return block


def _unanswered(race: Race, left: Sequence[Candidate], golden: Golden) -> int:
    return sum(golden.id not in race.cases(candidate) for candidate in left)


def _ranked(race: Race, left: Sequence[Candidate]) -> list[Candidate]:
    """The best first on the goldens that all have answered; among equals the order stands."""
    shared = (
        set.intersection(*(set(race.cases(candidate)) for candidate in left)) if left else set()
    )

    def score(candidate: Candidate) -> float:
        return mean_of(c for key, c in race.cases(candidate).items() if key in shared) or 0.0

    return sorted(left, key=score, reverse=True)


def _survivors(race: Race, ranked: Sequence[Candidate]) -> list[Candidate]:
    """The better half, without those that are shown to be worse than the best."""
    if not ranked:
        return []
    best = race.cases(ranked[0])
    kept = [
        candidate
        for candidate in ranked
        if evidence(independent_gains(race.cases(candidate), best)) * race.settings.race_level < 1
    ]
    return kept[: max(race.keep, math.ceil(len(ranked) / 2))]


def _telling_in_turns(race: Race) -> list[Golden]:
    """Goldens by how much the answers so far differ on them, in turns with the given order.

    Only those that tell candidates apart would hide what a newcomer breaks of what all others do.
    """
    known = [race.cases(candidate) for candidate in (*race.rivals, *race.candidates)]

    def spread(golden: Golden) -> float:
        scores = [cases[golden.id].score or 0.0 for cases in known if golden.id in cases]
        return pvariance(scores) if scores else 0.0

    spreads = {golden.id: spread(golden) for golden in race.goldens}
    telling = sorted(race.goldens, key=lambda golden: -spreads[golden.id])
    told = [golden for golden in telling if spreads[golden.id]]
    turns = zip_longest(told, race.goldens)
    return list({g.id: g for turn in turns for g in turn if g is not None}.values())
