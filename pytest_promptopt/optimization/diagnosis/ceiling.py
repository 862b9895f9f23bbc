"""The ceiling of goldens that contradict each other: no prompt can pass all of them."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pytest_promptopt.evaluation.evaluation import Outcome
from pytest_promptopt.evaluation.listing import listed
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.optimization.diagnosis.probe import probed
from pytest_promptopt.optimization.diagnosis.profile import meant
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.prompts.shown import inputs_of
from pytest_promptopt.prompts.template import as_text

_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceiling:
    """At most ``most`` of ``count`` goldens can pass; ``golden_ids`` are those that contradict."""

    most: int
    count: int
    golden_ids: tuple[str, ...]

    @property
    def lost(self) -> float:
        """The share of the goldens that nothing can gain."""
        return 1 - self.most / self.count

    @property
    def sentence(self) -> str:
        """What it means and what to do."""
        return (
            f"No prompt can pass all goldens, at most {self.most} of {self.count}: "
            f"{listed(self.golden_ids, shown=_SHOWN)} ask the same and expect different answers."
        )


def ceiling_of(subject: Subject, goldens: Sequence[Golden]) -> Ceiling | None:
    """The ceiling of ``goldens``; None where no two contradict each other.

    They do where the prompt asks the same of both and no answer that one expects passes both.
    """
    alike: dict[str, list[Golden]] = {}
    for golden in goldens:
        if golden.has_expected:
            asked = json.dumps(inputs_of(subject.prompt, golden), sort_keys=True, default=str)
            alike.setdefault(asked, []).append(golden)
    groups = [group for group in alike.values() if len(group) > 1]
    lost = [(group, len(group) - _most_passed(subject, group)) for group in groups]
    ids = [golden.id for group, count in lost if count for golden in group]
    if not ids:
        return None
    most = len(goldens) - sum(count for _, count in lost)
    return Ceiling(most=most, count=len(goldens), golden_ids=tuple(ids))


def _most_passed(subject: Subject, group: Sequence[Golden]) -> int:
    """How many of the goldens the best of their expected answers passes."""
    contents = [json.dumps(meant(g.expected), sort_keys=True, default=str) for g in group]
    counts = Counter(contents)
    if len(counts) == 1:
        return len(group)
    answers = dict(zip(contents, group, strict=True)).values()
    return max(*counts.values(), *(_passed(subject, group, answer) for answer in answers))


def _passed(subject: Subject, group: Sequence[Golden], answer: Golden) -> int:
    results = (probed(subject, golden, as_text(answer.expected)) for golden in group)
    return sum(result is not None and result.outcome is Outcome.PASSED for result in results)
