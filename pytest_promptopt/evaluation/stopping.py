"""The order in which goldens are asked until the gate's verdict is decided, and the looks at it."""

import hashlib
from collections.abc import Iterator, Sequence

from pytest_promptopt.evaluation.base import Base
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.prompts.prompt import GateSettings
from pytest_promptopt.statistics.clusters import looks

_LEAST_STEP = 10
_MOST_LOOKS = 20


def drawn(goldens: Sequence[Golden]) -> Sequence[Golden]:
    """The goldens in a random order, by a hash of the id: new ones leave the others in theirs.

    Those of a cluster come one after another, by a hash of its name.
    """
    return sorted(goldens, key=lambda g: (_digest(g.cluster or f"golden {g.id}"), _digest(g.id)))


def blocks(goldens: Sequence[Golden]) -> Iterator[Sequence[Golden]]:
    """The goldens in that order, in parts after each of which it is looked at the verdict.

    A part is asked at once and all of it counts, so that the same goldens are asked however many
    calls are in flight. It ends where a cluster does.
    """
    order = drawn(goldens)
    step = max(_LEAST_STEP, -(-len(order) // _MOST_LOOKS))
    start = 0
    for stop in looks([golden.cluster for golden in order], step):
        yield order[start:stop]
        start = stop


def why_in_full(subject: Subject, base: Base | None) -> str:
    """Why a gate's verdict cannot be given early; empty where it may be."""
    gate = subject.prompt.gate
    if gate is None:
        return "there is no gate to decide"
    if subject.labels:
        return "labels correct its score"
    limits = (gate, *gate.tags.values(), *gate.evaluators.values())
    is_compared = base is not None and base.subject is not None
    if not any(map(_has_minimum, limits)) and not (is_compared and any(map(_has_drop, limits))):
        return "the gate has no `min`, and no `maxDrop` against a base"
    return ""


def _has_minimum(limit: GateSettings) -> bool:
    return limit.minimum is not None


def _has_drop(limit: GateSettings) -> bool:
    return limit.max_drop is not None


def _digest(name: str) -> bytes:
    return hashlib.sha256(f"until decided {name}".encode()).digest()
