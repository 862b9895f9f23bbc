from typing import Any

import pytest

from pytest_promptopt.prompts.answer_place import WHOLE, AnswerPlace, PlaceError, read_place


@pytest.mark.parametrize("raw", [None, "whole"])
def test_without_a_place_all_that_is_said_is_the_answer(raw: Any) -> None:
    assert read_place(raw) == WHOLE


@pytest.mark.parametrize(
    ("mark", "value"),
    [
        ("after", "Answer:"),
        ("tag", "answer"),
        ("regex", r" answer is (\w+)"),
        ("line", "last"),
        ("json", "result.label"),
    ],
)
def test_a_place_is_one_mark_and_reads_back_as_it_is_written(mark: Any, value: str) -> None:
    place = read_place({mark: value})
    assert place == AnswerPlace(mark=mark, value=value)
    assert place.content == {mark: value}


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ("hole", "`answer` must be `whole` or one of {after: "),
        ([], "found a list"),
        ({}, "found a mapping"),
        ({"aftre": "x"}, "`answer.aftre` is not understood (known: after, tag, regex, line, json); "
         "did you mean `after`?"),
        ({"after": "a", "tag": "b"}, "`answer` has `after` and `tag`, where one of them says it"),
        ({"after": " "}, "`answer.after` is blank: write what to look for"),
        ({"after": "{{mark}}:"}, "`answer.after` holds {{mark}}, and no placeholder is "
         "filled there"),
        ({"json": 0}, "`answer.json` must be text, found a number (0)"),
        ({"tag": "<a>"}, "`answer.tag` must be a tag's name alone, such as `answer`, found '<a>'"),
        ({"line": "lst"}, "`answer.line` must be `last` or `first`, found 'lst'"),
        ({"regex": "("}, "`answer.regex` cannot be used: missing ) at position 1"),
        ({"regex": "(a{1000}){1000}"}, "`answer.regex` cannot be used: repeats of repeats add up"),
        ({"regex": "a"}, "`answer.regex` has no group: put brackets around what is the answer"),
    ],
)  # fmt: skip
def test_what_can_be_no_place_says_what_was_expected(raw: Any, told: str) -> None:
    with pytest.raises(PlaceError) as caught:
        read_place(raw)
    assert told in str(caught.value)
