from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.prompts.answer_place import AnswerPlace
from pytest_promptopt.prompts.golden import Golden
from tests.optimization.world import START, prompt


def golden(ticket: str, expected: object) -> Golden:
    return Golden(id="g", variables={"ticket": ticket}, expected=expected, path="g", line=1)


def test_the_given_candidate_changes_nothing() -> None:
    assert Candidate().apply_to(prompt(), ()) == prompt()


def test_texts_replace_messages_by_their_position() -> None:
    applied = Candidate(texts={0: "New."}).apply_to(prompt(), ())
    assert [m.template.text for m in applied.messages] == ["New.", "Ticket: {{ticket}}"]


def test_the_id_depends_on_the_content_alone() -> None:
    one = Candidate(texts={0: "a", 1: "b"}, origin="reflect", note="x", parent="y")
    assert one.id == Candidate(texts={1: "b", 0: "a"}).id
    assert one.id != replace(one, demonstrations=("g",)).id


def test_examples_may_stand_as_text_at_the_end_of_a_message() -> None:
    candidate = Candidate(texts={0: "Route it."}, demonstrations=("g",), shown_in=0)
    goldens = [golden("Where is {{it}}?", "shipping")]
    applied = candidate.apply_to(prompt(), goldens)
    assert [m.template.fill({"ticket": "T"}) for m in applied.messages] == [
        "Route it.\n\nExamples:\n\nInput: Where is {{it}}?\nAnswer: shipping",
        "Ticket: T",
    ]
    assert candidate.changed_texts(prompt(), goldens).keys() == {0}
    assert candidate.id != replace(candidate, shown_in=None).id


def test_demonstrations_stand_before_the_question_as_it_is_asked() -> None:
    candidate = Candidate(texts={1: "Ticket now: {{ticket}}"}, demonstrations=("g",))
    applied = candidate.apply_to(prompt(), [golden("Hello", {"team": "x"})])
    assert [(m.role, m.template.text) for m in applied.messages] == [
        ("system", START),
        ("user", "Ticket now: Hello"),
        ("assistant", '{"team": "x"}'),
        ("user", "Ticket now: {{ticket}}"),
    ]


@given(st.text(alphabet="{}ticket#/ \n") | st.text())
def test_what_stands_in_a_golden_is_never_a_placeholder(text: str) -> None:
    candidate = Candidate(demonstrations=("g",))
    shown = candidate.apply_to(prompt(), [golden(text, text)]).messages[1:3]
    filled = [message.template.fill({"ticket": "wrong"}) for message in shown]
    assert filled == [f"Ticket: {text}", text]


def test_a_child_keeps_the_other_changes_and_names_its_parent() -> None:
    parent = Candidate(texts={1: "x {{ticket}}"}, demonstrations=("g",))
    child = parent.child(0, "New.", origin="reflect", note="why")
    assert child.texts == {0: "New.", 1: "x {{ticket}}"}
    assert (child.parent, child.origin, child.note) == (parent.id, "reflect", "why")
    assert child.demonstrations == ("g",)


def test_the_place_of_the_answer_changes_with_a_message_and_demonstrations_keep_to_it() -> None:
    place = AnswerPlace(mark="after", value="Team:")
    candidate = Candidate(texts={0: "Think."}, answer=place, demonstrations=("g",))
    assert candidate.id != replace(candidate, answer=None).id
    applied = candidate.apply_to(prompt(), [golden("Hello", "x")])
    assert applied.answer == place
    assert applied.messages[2].template.text == "Team: x"
    assert candidate.child(0, "Do.", origin="o").answer == place
