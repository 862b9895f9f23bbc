import itertools
import random
from pathlib import Path

import pytest

from pytest_promptopt.config import OPTIONS
from pytest_promptopt.errors import ProviderError, UsageError
from pytest_promptopt.evaluation.mutation_record import Cover, Fate, MutationRecord
from pytest_promptopt.mutation.mutants import MOST_MUTANTS
from pytest_promptopt.mutation.plan import MutationPlan
from pytest_promptopt.providers.request import Model, Request
from pytest_promptopt.reports.mutation import told
from pytest_promptopt.work.mutate import check_mutate_options
from pytest_promptopt.work.settings import read_settings
from tests.mutation.world import Scripted, examine, plan_of, subject_of

PROMPT = """\
model: scripted:model
modelParameters: {temperature: 0}
messages:
  - role: system
    content: |
      You are a patient clerk of a lamp shop.
      Route the ticket to one team, billing or shipping.
      Answer with the name in small letters.
      If the ticket is written in French, answer translate.
      Greet the customer first.
      Tickets about parcels go to shipping.
  - {role: user, content: "{{ticket}}"}
testData:
  - {id: paid, ticket: I paid twice, expected: billing}
  - {id: late, ticket: my parcel is late, expected: shipping}
  - {id: lost, ticket: my parcel is lost, expected: shipping}
evaluators:
  - {name: team, contains: "{{expected}}"}
"""


def clerk(request: Request) -> str:
    """Follows all sentences but the first, to the letter."""
    told, ticket = request.messages[0].content, request.messages[-1].content
    if "Route the ticket to one team" not in told or "Do not route" in told:
        return "I cannot help."
    team = "shipping" if "parcel" in ticket else "billing"
    if team == "shipping" and "Tickets about parcels go to shipping" not in told:
        team = "billing"
    if "in small letters" not in told or "Do not answer with" in told:
        team = team.capitalize()
    greets = "Greet the customer first" in told and "Do not greet" not in told
    return f"Hello! {team}" if greets else team


def covers(record: MutationRecord) -> dict[str, Cover]:
    return {s.text: of for s, of in zip(record.sentences, record.covers, strict=True)}


def test_three_untested_and_one_useless_sentence_are_found_out_exactly(tmp_path: Path) -> None:
    record = examine(plan_of(tmp_path, PROMPT), Scripted(answer=clerk))
    assert covers(record) == {
        "You are a patient clerk of a lamp shop.": Cover.USELESS,
        "Route the ticket to one team, billing or shipping.": Cover.HELD,
        "Answer with the name in small letters.": Cover.UNTESTED,
        "If the ticket is written in French, answer translate.": Cover.UNTESTED,
        "Greet the customer first.": Cover.UNTESTED,
        "Tickets about parcels go to shipping.": Cover.HELD,
    }
    advice = {s.text: s.advice for s in record.sentences}
    assert "input of this kind" in advice["If the ticket is written in French, answer translate."]
    changed = {m.kind: m.changed for m in record.of(4)}
    assert changed["dropped"] == ("paid", "late", "lost")


def test_sentences_are_told_with_their_line_in_the_file(tmp_path: Path) -> None:
    record = examine(plan_of(tmp_path, PROMPT), Scripted(answer=clerk))
    lines = PROMPT.splitlines()
    assert all(s.text in lines[s.line - 1] for s in record.sentences)


def test_equal_mutants_count_neither_for_nor_against_the_score(tmp_path: Path) -> None:
    record = examine(plan_of(tmp_path, PROMPT), Scripted(answer=clerk))
    noticed, others = record.having(Fate.NOTICED), record.having(Fate.UNNOTICED)
    assert len(record.having(Fate.EQUAL)) >= 2
    assert record.score == len(noticed) / (len(noticed) + len(others))
    assert record.interval is not None
    assert record.interval.low < record.score < record.interval.high


def test_a_mutant_ends_with_the_first_golden_that_notices_and_siblings_ask_it_first(
    tmp_path: Path,
) -> None:
    plan, models = plan_of(tmp_path, PROMPT), Scripted(answer=clerk)
    record = examine(plan, models)
    asked: dict[str, list[str]] = {}
    for request in models.asked:
        asked.setdefault(request.messages[0].content, []).append(request.messages[-1].content)
    by_kind = {(m.sentence, m.kind): m for m in record.mutants}
    assert by_kind[1, "dropped"].by == "paid"
    without = next(text for text in asked if "Route" not in text)
    assert asked[without] == ["I paid twice"] * record.repeats
    assert len(models.asked) == record.calls <= plan.most_calls


def test_a_model_that_takes_few_calls_is_asked_one_mutant_after_the_other(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, PROMPT, Model(provider="local", name="model"))
    models = Scripted(answer=clerk)
    record = examine(plan, models)
    given = models.asked[0].messages[0].content
    starts = (request.messages[0].content for request in models.asked)
    in_turn = [start for start, _ in itertools.groupby(s for s in starts if s != given)]
    assert len(in_turn) == len(set(in_turn)) == len(record.mutants)


def test_what_was_asked_is_not_asked_again_and_the_rest_is_after_the_budget(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, PROMPT)
    whole = Scripted(answer=clerk)
    told = examine(plan, whole)
    short = Scripted(answer=clerk, most=20)
    first = examine(plan, short)
    assert first.remark.startswith("the budget is spent")
    assert first.having(Fate.OPEN)
    assert first.score is None
    short.most = 1_000_000
    second = examine(plan, short)
    assert second.mutants == told.mutants
    assert len(short.asked) == len(whole.asked)


def test_a_prompt_that_passes_nothing_is_not_mutated(tmp_path: Path) -> None:
    models = Scripted(answer=lambda _: "nonsense")
    record = examine(plan_of(tmp_path, PROMPT), models)
    assert not record.mutants
    assert record.remark.startswith("no golden passed twice")
    assert len(models.asked) <= 6


def test_a_prompt_whose_own_answers_turn_is_too_noisy_and_says_what_to_do(tmp_path: Path) -> None:
    def flips(request: Request) -> str:
        return "no" if request.sample else clerk(request)

    record = examine(plan_of(tmp_path, PROMPT), Scripted(answer=flips))
    assert not record.mutants
    assert "3 of 3 goldens that passed missed when the same prompt was asked again" in record.remark
    assert "temperature: 0" in record.remark
    assert "paid, late, lost" in record.remark


def test_a_miss_must_be_repeated_where_answers_vary(tmp_path: Path) -> None:
    rng = random.Random(1)

    def unsure(request: Request) -> str:
        told = clerk(request)
        is_first = request.sample == 0 and "Greet" not in request.messages[0].content
        return "no" if is_first else f"{told} {rng.random()}"

    text = PROMPT.replace("temperature: 0", "temperature: 1")
    record = examine(plan_of(tmp_path, text), Scripted(answer=unsure))
    assert record.repeats == 4
    by_kind = {(m.sentence, m.kind): m.fate for m in record.mutants}
    assert by_kind[4, "dropped"] is Fate.UNNOTICED
    assert by_kind[1, "dropped"] is Fate.NOTICED
    assert not record.having(Fate.EQUAL)


def test_an_answer_that_does_not_come_leaves_its_mutant_open(tmp_path: Path) -> None:
    def fails(request: Request) -> str:
        if "Greet" not in request.messages[0].content:
            raise ProviderError("the server said 500")
        return clerk(request)

    record = examine(plan_of(tmp_path, PROMPT), Scripted(answer=fails))
    assert [mutant.sentence for mutant in record.having(Fate.OPEN)] == [4]
    assert covers(record)["Greet the customer first."] is Cover.OPEN
    assert "1 mutant not decided: some of their answers did not come" in [*told(record)]


def test_mutants_cannot_be_asked_of_recordings() -> None:
    given = {"prompt_mutate": True, "prompt_responses": "replay"}
    ini = {option.ini: option.default for option in OPTIONS}
    with pytest.raises(UsageError, match="--prompt-mutate asks new questions"):
        check_mutate_options(read_settings(given.get, ini.get))


def test_goldens_that_were_not_selected_are_asked_too(tmp_path: Path) -> None:
    subject, content = subject_of(tmp_path, PROMPT)
    models = Scripted(answer=clerk)
    plan = MutationPlan.of(subject, content, {"paid": True})
    assert [golden.id for golden in plan.unknown] == ["late", "lost"]
    record = examine(plan, models)
    assert record.passed == 3
    assert len(models.asked) <= plan.most_calls
    part = MutationPlan.of(subject, content, {"paid": True, "late": False, "lost": True})
    assert [golden.id for golden in part.goldens] == ["paid", "lost"]


def test_a_prompt_of_placeholders_alone_says_that_nothing_can_be_broken(tmp_path: Path) -> None:
    text = PROMPT[: PROMPT.index("  - role")] + PROMPT[PROMPT.index("  - {role: user") :]
    models = Scripted(answer=clerk)
    record = examine(plan_of(tmp_path, text), models)
    first, *_ = told(record)
    assert first == "mutation score: none; no sentence of the prompt can be broken"
    assert not models.asked


def test_goldens_whose_answers_vary_do_not_hide_that_all_others_are_equal(tmp_path: Path) -> None:
    def varies_on_one(request: Request) -> str:
        is_varied = request.messages[-1].content == "my parcel is lost"
        return f"{clerk(request)} {len(models.asked)}" if is_varied else clerk(request)

    models = Scripted(answer=varies_on_one)
    record = examine(plan_of(tmp_path, PROMPT), models)
    assert covers(record)["You are a patient clerk of a lamp shop."] is Cover.USELESS
    assert covers(record)["Greet the customer first."] is Cover.UNTESTED


@pytest.mark.parametrize("count", [1, 500])
def test_a_prompt_of_one_sentence_and_one_of_500_are_examined_within_the_cap(
    tmp_path: Path, count: int
) -> None:
    rules = "".join(f"      Rule {n} says that lamp {n} is blue.\n" for n in range(count))
    text = (
        PROMPT[: PROMPT.index("      You are")] + rules + PROMPT[PROMPT.index("  - {role: user") :]
    )
    plan = plan_of(tmp_path, text)
    assert 0 < len(plan.mutants.chosen) <= MOST_MUTANTS
    sentences = {mutant.sentence for mutant in plan.mutants.chosen}
    assert len(sentences) == min(count, MOST_MUTANTS)
    lines = " ".join(plan.lines)
    assert ("more left out (at most 200)" in lines) == (count == 500)
    if count == 1:
        assert "dropped" not in {mutant.kind for mutant in plan.mutants.chosen}
