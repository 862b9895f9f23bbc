import asyncio
from pathlib import Path

import pytest

from pytest_promptopt.evaluation.mutation_record import Cover, MutationRecord
from pytest_promptopt.mutation.shorter import Shorter
from pytest_promptopt.providers.request import Request
from tests.mutation.test_examination import PROMPT, clerk
from tests.mutation.world import Scripted, examine, plan_of

LISTED = """\
      Stay calm at first.

      Route the ticket to one team, billing or shipping.
      Tickets about parcels go to shipping. Stay calm. Stay calm too.
      - Be kind. Be patient.
      - You are fond of lamps.
"""


def shorten(tmp_path: Path, text: str, models: Scripted) -> tuple[MutationRecord, Shorter | None]:
    plan = plan_of(tmp_path, text)
    record = examine(plan, models)
    return record, asyncio.run(plan.shorten(record, models))


def test_the_prompt_without_its_useless_sentences_is_asked_all_goldens(tmp_path: Path) -> None:
    models = Scripted(answer=clerk)
    _, shorter = shorten(tmp_path, PROMPT, models)
    assert shorter is not None
    [text] = shorter.candidate.texts.values()
    assert text.startswith("Route the ticket to one team")
    assert shorter.sentence == (
        "Shorter, and as good: 1.000, was 1.000, on the 3 goldens that it was found on; no unseen "
        "golden was asked."
    )


def test_no_mark_or_blank_is_left_of_sentences_that_go_together(tmp_path: Path) -> None:
    start, end = PROMPT.index("      You are"), PROMPT.index("  - {role: user")
    record, shorter = shorten(
        tmp_path, PROMPT[:start] + LISTED + PROMPT[end:], Scripted(answer=clerk)
    )
    assert record.covers.count(Cover.USELESS) == 6
    assert shorter is not None
    assert shorter.candidate.texts[0] == (
        "Route the ticket to one team, billing or shipping.\n"
        "Tickets about parcels go to shipping.\n"
    )


@pytest.mark.parametrize("answers", ["nonsense", None])
def test_nothing_is_proposed_that_breaks_a_golden_or_where_all_sentences_tell(
    tmp_path: Path, answers: str | None
) -> None:
    def needs_one_of_two(request: Request) -> str:
        told = request.messages[0].content
        is_lost = "You are" not in told and "Stay calm" not in told
        return "nonsense" if is_lost else clerk(request)

    text = PROMPT.replace("      You are", "      Stay calm.\n      You are")
    models = Scripted(answer=needs_one_of_two if answers else clerk)
    if answers is None:
        text = PROMPT.replace("      You are a patient clerk of a lamp shop.\n", "")
    record, shorter = shorten(tmp_path, text, models)
    assert record.covers.count(Cover.USELESS) == (2 if answers else 0)
    assert shorter is None
