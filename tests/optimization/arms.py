"""Candidates whose true rates are known, scored without any model."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

from pytest_promptopt.optimization.acceptance import ACCEPTANCES
from pytest_promptopt.optimization.allocation.allocator import Race
from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.case import Case, Wanted
from pytest_promptopt.optimization.presets import PRESETS
from pytest_promptopt.optimization.settings import override
from pytest_promptopt.prompts.golden import Golden


def made_goldens(count: int) -> tuple[Golden, ...]:
    return tuple(Golden(id=f"g{n}", variables={}, path="g", line=1) for n in range(count))


def made_case(golden: Golden, *, passed: bool) -> Case:
    return Case(golden=golden, answer="a", score=float(passed), passed=passed)


def made_candidates(count: int) -> list[Candidate]:
    return [Candidate(texts={0: f"arm {n}"}, origin="test") for n in range(count)]


class Arms:
    """A board on which a golden is passed where its difficulty is under the candidate's rate.

    Goldens are as difficult for all, so that candidates are compared as they would be: paired.
    """

    def __init__(self, rates: Mapping[str, float], goldens: Sequence[Golden], seed: int) -> None:
        rng = random.Random(seed)
        self._rates = rates
        self._difficulty = {golden.id: rng.random() for golden in goldens}
        self._noise = random.Random(seed + 1)
        self._cases: dict[str, dict[str, Case]] = {}
        self.cells: list[tuple[str, str]] = []

    async def ask(self, wanted: Wanted) -> None:
        for candidate, goldens in wanted:
            known = self._cases.setdefault(candidate.id, {})
            for golden in goldens:
                if golden.id in known:
                    continue
                self.cells.append((candidate.id, golden.id))
                luck = 0.5 * self._difficulty[golden.id] + 0.5 * self._noise.random()
                # Half shared, half own: the sum of both has the distribution of a triangle.
                rate = self._rates[candidate.id]
                level = (rate / 2) ** 0.5 if rate <= 0.5 else 1 - ((1 - rate) / 2) ** 0.5
                known[golden.id] = made_case(golden, passed=luck < level)

    def known(self, candidate: Candidate) -> Mapping[str, Case]:
        return self._cases.get(candidate.id, {})


def made_race(
    board: Arms,
    candidates: Sequence[Candidate],
    goldens: Sequence[Golden],
    *,
    keep: int = 1,
    pulls: int = 10_000,
    batch: Sequence[Golden] = (),
    **settings: Any,
) -> Race:
    parent = Candidate()
    return Race(
        board=board,
        candidates=candidates,
        goldens=goldens,
        keep=keep,
        pulls=pulls,
        settings=override(PRESETS["protegi"], settings, "test"),
        rng=random.Random(0),
        parents={candidate.id: parent for candidate in candidates},
        batches={candidate.id: batch for candidate in candidates},
        acceptance=ACCEPTANCES["better"](0.1),
    )
