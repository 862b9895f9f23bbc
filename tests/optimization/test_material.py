import json

from hypothesis import given
from hypothesis import strategies as st

from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.case import Case
from pytest_promptopt.optimization.material import (
    case_line,
    data_block,
    fenced,
    pair_line,
    template_view,
)
from pytest_promptopt.prompts.golden import Golden
from tests.optimization.world import prompt


@given(st.text(alphabet="`~ab\n") | st.text())
def test_a_fence_is_longer_than_any_inside(text: str) -> None:
    fence, _, rest = fenced(text).partition("\n")
    assert set(fence) == {"`"}
    assert rest == f"{text}\n{fence}"
    assert fence not in text


@given(st.text())
def test_a_case_is_one_line_of_json_whatever_it_says(text: str) -> None:
    golden = Golden(id="g", variables={"ticket": text, "other": 1}, expected=text, path="g", line=1)
    case = Case(golden=golden, answer=text, score=0.0, passed=False, reasons=(text,))
    line = case_line(prompt(), case)
    assert len(line.splitlines()) == 1
    shown = json.loads(line)
    assert shown["input"].keys() == {"ticket"}
    assert shown["answer"] == text or " … " in shown["answer"]
    first, *inside, last = data_block([line]).split("\n")
    assert (first, inside, last) == (first, [line], first)


def test_of_a_long_text_the_beginning_and_the_end_are_shown() -> None:
    text = f"Dear shop, {'so ' * 700}what is the return address?"
    golden = Golden(id="g", variables={"ticket": text}, expected=text, path="g", line=1)
    shown = json.loads(pair_line(prompt(), golden))
    for value in (shown["input"]["ticket"], shown["expected"]):
        assert len(value) == 603
        assert value.startswith("Dear shop, so so")
        assert value.endswith("so what is the return address?")


def test_the_whole_prompt_is_shown_and_the_message_to_rewrite_is_marked() -> None:
    assert template_view(prompt(), Candidate(texts={0: "New."}), 0) == (
        "system message (the message to rewrite):\n```\nNew.\n```\n"
        "user message:\n```\nTicket: {{ticket}}\n```"
    )
