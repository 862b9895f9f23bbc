import json
from typing import Any

import pytest

from pytest_promptopt.prompts.answer_place import WHOLE, read_place
from pytest_promptopt.providers.request import Completion
from pytest_promptopt.scoring import json_value
from pytest_promptopt.scoring.extraction import extract


def answer(place: Any, text: str) -> str:
    found = extract(Completion(text=text), read_place(place))
    assert found.lack == ""
    assert found.completion.whole is not None
    return found.completion.text


def lack(place: Any, text: str) -> str:
    """Why there is no answer; then the text is all that was said."""
    found = extract(Completion(text=text), read_place(place))
    assert (found.completion.text, found.completion.whole) == (text, None)
    return found.lack


@pytest.mark.parametrize(
    ("mark", "text", "found"),
    [
        ("Answer:", "2 + 2 is 4.\nAnswer: 4", "4"),
        ("Answer:", "Answer: 3\nNo, wait.\nAnswer: 4", "4"),
        ("Answer:", "**Answer:** 4 km", "4 km"),
        ("Answer:", "**Answer**: 4 km", "4 km"),
        ("Answer:", "So **Answer: 4 km**", "4 km"),
        ("Answer:", "__FINAL ANSWER : B__", "B"),
        ("Answer:", "Answer: **B**", "**B**"),
        ("Final answer", "The ***final\nanswer*** is 4", "is 4"),
        ("Answer:", "`Answer:` 4", "4"),
        ("Answer:", "So `Answer: 4`", "4"),
        ("Answer:", "Answer: `4`", "`4`"),
        ("####", "5 + 5 = 10\n#### 10", "10"),
        ("答案：", "所以答案:B", "B"),
        ("->", "a -> b", "b"),
    ],
)
def test_the_answer_stands_after_the_last_mark(mark: str, text: str, found: str) -> None:
    assert answer({"after": mark}, text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("I put it in `<answer>`.\n<answer>\nB\n</answer> Done.", "B"),
        ("<Answer id='1'>A</Answer><answer>B</ANSWER>", "B"),
        ("<answer>B</answer> or <answer>C", "B"),
        ("B</answer>", "B"),
        ("<answer></answer>", ""),
    ],
)
def test_the_answer_stands_in_the_last_closed_tag(text: str, found: str) -> None:
    assert answer({"tag": "answer"}, text) == found


@pytest.mark.parametrize(
    ("place", "text", "found"),
    [
        ({"regex": r"answer is (\w+)"}, "The answer is B.", "B"),
        ({"regex": r"(?i)ANSWER\s+(.*)"}, "answer  x y", "x y"),
        ({"line": "last"}, "First.\n\n  B  \n\n", "B"),
        ({"line": "first"}, "\nB\n\nBecause.", "B"),
        ({"line": "last"}, "So:\n```\nB\n```\n", "B"),
        ({"line": "first"}, "~~~text\nB\n~~~", "B"),
        ({"json": "label"}, '{"why": "so", "label": "B"}', "B"),
        ({"json": "a.0.n"}, 'Thus:\n```json\n{"a": [{"n": 4}]}\n```', "4"),
        ({"json": "n"}, 'See {x} and [so]: {"n": {"m": null}}.', '{"m": null}'),
        ({"json": "n"}, '{"n": null}', "null"),
    ],
)
def test_the_answer_stands_where_pattern_line_or_json_say(
    place: Any, text: str, found: str
) -> None:
    assert answer(place, text) == found


def test_reasoning_is_split_off_first() -> None:
    said = Completion(text="<think>Answer: A</think>So.\nAnswer: B")
    found = extract(said, read_place({"after": "Answer:"})).completion
    assert (found.text, found.whole, found.reasoning) == ("B", "So.\nAnswer: B", "Answer: A")
    whole = extract(said, WHOLE).completion
    assert (whole.text, whole.whole) == ("So.\nAnswer: B", None)


@pytest.mark.parametrize(
    ("place", "text", "why"),
    [
        ({"after": "A:"}, "DATA: 3", '"A:" does not stand in the text; the text ends "DATA: 3"'),
        ({"after": "A:"}, "A: \n", 'nothing stands behind the last "A:"; the text ends "A:"'),
        ({"after": "A:"}, "", '"A:" does not stand in the text; the text is empty'),
        ({"tag": "a"}, "<a>B", '<a> is never closed; the text ends "<a>B"'),
        ({"tag": "a"}, "B", '<a> does not stand in the text; the text ends "B"'),
        ({"regex": "q(z)"}, "B", '"q(z)" does not match; the text ends "B"'),
        ({"regex": "B|(z)"}, "B", '"B|(z)" matches without its first group; the text ends "B"'),
        ({"line": "last"}, "```\n```", "there is no line; the text ends"),
        ({"line": "last"}, " ", "there is no line; the text is empty"),
        ({"json": "n"}, '{"m": 1}', 'the JSON has no `n`; the text ends "{\\"m\\": 1}"'),
        ({"json": "n"}, '{"n": 1} {"n": 2}', "`n` was looked for in JSON: more than one JSON"),
        ({"json": "n"}, '{"n": 1, "n": 2}', '`n` was looked for in JSON: the key "n" stands twice'),
    ],
)  # fmt: skip
def test_what_is_not_there_says_what_was_looked_for_and_how_the_text_ends(
    place: Any, text: str, why: str
) -> None:
    assert lack(place, text).startswith(f"no answer: {why}")


def test_of_a_long_text_the_end_is_shown() -> None:
    assert lack({"after": "A:"}, "x" * 90 + "end").endswith(f'the text ends "…{"x" * 57}end"')


def test_a_pattern_that_backtracks_finds_no_answer_after_a_second() -> None:
    told = lack({"regex": r"^((\w+\s?)+)$"}, "a " * 2_000 + "!")
    assert "was not searched to the end: it took longer than 1 s" in told or "not match" in told


@pytest.mark.parametrize("text", ['["\\"' * 50_000, "[1," * 900, "[x] " * 250_000, "[1 x" * 9_000])
def test_brackets_in_vain_are_read_once_and_counted_within_bounds(text: str) -> None:
    """Counts what the decoder reads, and the lines that it counts for its errors."""
    read = counted = 0
    decode = json_value._DECODER.raw_decode

    def counting(text: str, start: int) -> Any:
        nonlocal read, counted
        try:
            return decode(text, start)
        except json.JSONDecodeError as error:
            read += error.pos - start
            counted += error.pos
            raise

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_value._DECODER, "raw_decode", counting)
        assert lack({"json": "n"}, text)
    assert read <= 2 * len(text)
    assert counted <= 2_000_000_000 + len(text)
