"""Two rounds of each method, computed by hand and reproduced exactly.

Everything is scripted: the task model is right where the label of a ticket is named, validation
holds one ticket per label, and the optimizer model's replies stand in a list.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.result import Result
from pytest_promptopt.optimization.verdict import VerdictKind
from pytest_promptopt.providers.request import Request
from tests.optimization.world import START, Models, events, run, splits

AS_PUBLISHED = {"headroom": False, "diagnosis": False, "rounds": 2}


class Scripted:
    """Gives the replies in their order, and keeps the requests."""

    def __init__(self, *replies: str) -> None:
        self._replies: Iterator[str] = iter(replies)
        self.requests: list[str] = []

    def __call__(self, request: Request) -> str:
        self.requests.append(request.messages[-1].content)
        return next(self._replies)


def searched(
    tmp_path: Path, method: str, script: Scripted, **settings: Any
) -> tuple[Result, Models]:
    models = Models(optimizer=script)
    parts = splits(train=4, validation=4, test=6)
    result = run(tmp_path, models, method, parts=parts, **{**AS_PUBLISHED, **settings})
    return result, models


def candidate_id(text: str) -> str:
    return Candidate(texts={0: text}).id


def races(tmp_path: Path) -> list[tuple[Any, Any]]:
    return [(race["scores"], race["joined"]) for race in events(tmp_path, "raced")]


def parents(tmp_path: Path) -> list[Any]:
    return [line["parents"] for line in events(tmp_path, "round")]


GIVEN = Candidate().id
BILLING = f"{START} One team is billing."
NO_LABEL = "Which of our teams gets this one?"
TWO = "Give it to billing or to shipping."
FOUR = f"{START} The teams are billing, shipping, returns, technical."
TWO_AGAIN = "Decide between shipping and billing for this ticket."
FOUR_AGAIN = "Pick the fitting name: technical, returns, shipping or else billing."


def test_protegi(tmp_path: Path) -> None:
    script = Scripted(
        # Round 1: one critique of the 4 errors, one edit, a paraphrase of parent and edit.
        "<reason>No label is named.</reason>",
        f"<prompt>{BILLING}</prompt>",
        f"<prompt>{NO_LABEL}</prompt>",
        f"<prompt>{TWO}</prompt>",
        # Round 2, on the best: 2 errors are left.
        "<reason>Two labels are missing.</reason>",
        f"<prompt>{FOUR}</prompt>",
        f"<prompt>{TWO_AGAIN}</prompt>",
        f"<prompt>{FOUR_AGAIN}</prompt>",
    )
    result, models = searched(
        tmp_path,
        "protegi",
        script,
        parent_count=1,
        proposers="critique_edit:1,paraphrase:1",
        allocator="full",
        keep=2,
    )

    billing, nothing, two = map(candidate_id, (BILLING, NO_LABEL, TWO))
    four, two_again, four_again = map(candidate_id, (FOUR, TWO_AGAIN, FOUR_AGAIN))
    assert parents(tmp_path) == [[GIVEN], [two]]
    assert races(tmp_path) == [
        ({billing: 0.25, nothing: 0.0, two: 0.5}, [two, billing]),
        ({four: 1.0, two_again: 0.5, four_again: 1.0}, [four, four_again]),
    ]
    assert [(e["origin"], e["parent"], e["note"]) for e in events(tmp_path, "proposed")] == [
        ("critique_edit", GIVEN, "No label is named."),
        ("paraphrase", GIVEN, ""),
        ("paraphrase", GIVEN, ""),
        ("critique_edit", two, "Two labels are missing."),
        ("paraphrase", two, ""),
        ("paraphrase", two, ""),
    ]
    # Both of the last round pass everything; the one nearer to the start is chosen.
    assert result.chosen is not None
    assert result.chosen.texts == {0: FOUR}
    assert (result.before, result.after, result.rounds) == (0.0, 1.0, 2)
    assert result.reason == "all 2 rounds are done"
    assert result.verdict is not None
    assert result.verdict.kind is VerdictKind.IMPROVED
    # Given on validation 4; batches 4 + 4, races 3 × 4 + 3 × 4, the verdict 2 × 6.
    assert (models.task_calls, models.optimizer_calls) == (48, 8)
    assert '"expected": "returns"' in script.requests[4]
    assert '"expected": "billing"' not in script.requests[4]


def test_opro(tmp_path: Path) -> None:
    script = Scripted(
        f"<prompt>{BILLING}</prompt>",
        f"<prompt>{TWO}</prompt>",
        f"<prompt>{FOUR}</prompt>",
        f"<prompt>{NO_LABEL}</prompt>",
    )
    result, models = searched(tmp_path, "opro", script, proposers="trajectory:2")

    billing, two, four, nothing = map(candidate_id, (BILLING, TWO, FOUR, NO_LABEL))
    assert races(tmp_path) == [
        ({billing: 0.25, two: 0.5}, [two, billing]),
        ({four: 1.0, nothing: 0.0}, [four, nothing]),
    ]
    # Ascending: the start 0, then 25, then 50; and 3 examples in every request.
    listed = script.requests[2].split("```")[1].strip().splitlines()
    assert listed == [
        f'{{"prompt": "{START}", "score": 0}}',
        f'{{"prompt": "{BILLING}", "score": 25}}',
        f'{{"prompt": "{TWO}", "score": 50}}',
    ]
    assert all(request.count('"expected"') == 3 for request in script.requests)
    assert result.chosen is not None
    assert result.chosen.texts == {0: FOUR}
    # Given on validation 4; four candidates on 4; the verdict.
    assert (models.task_calls, models.optimizer_calls) == (4 + 16 + 12, 4)


def test_ape(tmp_path: Path) -> None:
    script = Scripted(
        f"<prompt>{BILLING}</prompt>",
        f"<prompt>{TWO}</prompt>",
        # Resampling: a paraphrase of each of the two best.
        f"<prompt>{TWO_AGAIN}</prompt>",
        f"<prompt>{NO_LABEL}</prompt>",
    )
    result, models = searched(
        tmp_path,
        "ape",
        script,
        stages="induce:2",
        proposers="paraphrase:1",
        parent_count=2,
        block=4,
        keep=2,
    )

    billing, two, two_again, nothing = map(candidate_id, (BILLING, TWO, TWO_AGAIN, NO_LABEL))
    assert parents(tmp_path) == [[GIVEN], [two, billing]]
    assert races(tmp_path) == [
        ({billing: 0.25, two: 0.5}, [two, billing]),
        ({two_again: 0.5, nothing: 0.0}, [two_again, nothing]),
    ]
    assert [request.count('"expected"') for request in script.requests] == [4, 4, 0, 0]
    assert result.chosen is not None
    assert result.chosen.texts == {0: TWO}
    assert (models.task_calls, models.optimizer_calls) == (4 + 16 + 12, 4)


def test_pe2(tmp_path: Path) -> None:
    script = Scripted(
        "<findings>1. No 2. Yes 3. No 4. Yes 5. Name the labels.</findings>",
        f"<prompt>{TWO}</prompt>",
        "<findings>Two are missing.</findings>",
        f"<prompt>{FOUR}</prompt>",
    )
    result, models = searched(tmp_path, "pe2", script, parent_count=1, proposers="reflect:1")

    two, four = map(candidate_id, (TWO, FOUR))
    assert parents(tmp_path) == [[GIVEN], [two]]
    assert races(tmp_path) == [({two: 0.5}, [two]), ({four: 1.0}, [four])]
    # The second turn goes on from the first.
    refine = next(r for r in models.asked if r.messages[-1].content == script.requests[1])
    assert [message.role for message in refine.messages] == ["system", "user", "assistant", "user"]
    assert "Must the prompt be edited" in refine.messages[1].content
    assert result.chosen is not None
    assert result.chosen.texts == {0: FOUR}
    # Batches: 2 are missed at once; then up to all 4 are looked through for 2 misses.
    assert models.optimizer_calls == 4
    assert 4 + 2 + 4 + 2 + 4 + 12 <= models.task_calls <= 4 + 2 + 4 + 4 + 4 + 12


def test_reflexion(tmp_path: Path) -> None:
    script = Scripted(
        "<reflection>The labels must be named.</reflection>",
        f"<prompt>{TWO}</prompt>",
        "<reflection>All four must be named.</reflection>",
        f"<prompt>{FOUR}</prompt>",
    )
    result, models = searched(tmp_path, "reflexion", script)

    two, four = map(candidate_id, (TWO, FOUR))
    assert parents(tmp_path) == [[GIVEN], [two]]
    assert races(tmp_path) == [({two: 0.5}, [two]), ({four: 1.0}, [four])]
    assert '{"reflection": "The labels must be named."}' in script.requests[2]
    assert '{"reflection": "All four must be named."}' in script.requests[3]
    assert result.chosen is not None
    assert result.chosen.texts == {0: FOUR}
    # Given 4, its batch 4, child 4, the child's batch 4, grandchild 4, the verdict.
    assert (models.task_calls, models.optimizer_calls) == (20 + 12, 4)


def test_gepa(tmp_path: Path) -> None:
    script = Scripted(
        # No better on the batch: never scored on validation.
        f"<prompt>{NO_LABEL}</prompt>",
        f"<prompt>{FOUR}</prompt>",
    )
    result, models = searched(tmp_path, "gepa", script)

    nothing, four = map(candidate_id, (NO_LABEL, FOUR))
    assert parents(tmp_path) == [[GIVEN], [GIVEN]]
    assert races(tmp_path) == [({nothing: None}, []), ({four: 1.0}, [four])]
    assert result.chosen is not None
    assert result.chosen.texts == {0: FOUR}
    # Given on validation 4; batches of 3 of the 4: parent 3 + 1 new in the next epoch's batch,
    # children 3 + 3, the accepted one on validation 4, the verdict 12.
    assert (models.task_calls, models.optimizer_calls) == (4 + 4 + 6 + 4 + 12, 2)
