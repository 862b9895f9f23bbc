import pytest

from pytest_promptopt.providers.request import Completion, FinishReason
from pytest_promptopt.scoring.answer import read_answer
from tests.scoring.entries import verdict


@pytest.mark.parametrize(
    ("text", "answer", "reasoning"),
    [
        ("<think>Paris?</think>London", "London", "Paris?"),
        ("<think>\nParis?\n</think>\n\nLondon\n", "London", "Paris?"),
        ("<THINKING>Paris?</THINKING> London", "London", "Paris?"),
        ("<reasoning>Paris?</reasoning>London", "London", "Paris?"),
        ("<think></think>London", "London", ""),
        ("Paris?</think>London", "London", "Paris?"),
        ("Well.\n<think>Paris?</think>London", "Well.\nLondon", "Paris?"),
        ("<think>a</think><think>b</think>London", "London", "a\n\nb"),
        ("<think effort=1>Paris?</think >London", "London", "Paris?"),
        ("<think>a <think>b</think> c</think>London", "London", "a <think>b\n\n c"),
        ("<mm:think>Paris?</mm:think>London", "London", "Paris?"),
        ("<thoughts>Paris?</thoughts>London", "London", "Paris?"),
        ("assistantanalysisParis?assistantfinalLondon", "London", "Paris?"),
        ("[THINK]Paris?[/THINK]London", "London", "Paris?"),
        ("◁think▷Paris?◁/think▷London", "London", "Paris?"),
        (
            "<|START_THINKING|>Paris?<|END_THINKING|><|START_RESPONSE|>London<|END_RESPONSE|>",
            "London",
            "Paris?",
        ),
        (
            "<|begin_of_thought|>Paris?<|end_of_thought|>"
            "<|begin_of_solution|>London<|end_of_solution|>",
            "London",
            "Paris?",
        ),
        (
            "<|channel|>analysis<|message|>Paris?<|end|>"
            "<|start|>assistant<|channel|>final<|message|>London<|return|>",
            "London",
            "Paris?",
        ),
        ("<|channel|>final <|constrain|>json<|message|>{}", "{}", ""),
        ("analysisParis?assistantfinalLondon", "London", "Paris?"),
    ],
)
def test_the_answer_is_what_stands_beside_the_reasoning(
    text: str, answer: str, reasoning: str
) -> None:
    found = read_answer(Completion(text=text))
    assert (found.text, found.reasoning) == (answer, reasoning)
    assert found.finish_reason is FinishReason.STOP


@pytest.mark.parametrize(
    "text",
    [
        "<think>Paris is the capital of",
        "<|channel|>analysis<|message|>Paris is the capital of",
        "[THINK]Paris is the capital of",
    ],
)
def test_reasoning_that_is_never_closed_is_an_answer_cut_off(text: str) -> None:
    found = read_answer(Completion(text=text))
    assert (found.text, found.reasoning) == ("", "Paris is the capital of")
    assert found.finish_reason is FinishReason.LENGTH


@pytest.mark.parametrize(
    "text", ["London", "", "I think <b>London</b>", "Write `<think>` and `</think>`", "analysis: x"]
)
def test_a_completion_without_marks_is_the_answer(text: str) -> None:
    completion = Completion(text=text)
    assert read_answer(completion) is completion


@pytest.mark.parametrize(
    "text",
    [
        "```html\n<think>Paris?</think>\n```\nLondon",
        "London\n~~~\n</think>\n~~~\nis it",
        "```\n<reasoning>a\n```\n\n```\nb</reasoning>\n```",
    ],
)
def test_marks_in_a_code_block_are_part_of_the_answer(text: str) -> None:
    completion = Completion(text=text)
    assert read_answer(completion) is completion


def test_a_code_block_in_the_reasoning_hides_no_mark() -> None:
    read = read_answer(Completion(text="<think>a\n```\nb</think>London\n```\nc\n```"))
    assert (read.text, read.reasoning) == ("London\n```\nc\n```", "a\n```\nb")


def test_what_the_provider_gave_of_the_reasoning_stays_in_front() -> None:
    found = read_answer(Completion(text="<think>b</think>c", reasoning="a"))
    assert (found.text, found.reasoning) == ("c", "a\n\nb")


def test_a_judge_is_read_without_its_reasoning() -> None:
    judge = {
        "llm": {
            "prompt": "{{completion}}",
            "choices": [{"choice": "good", "score": 1}, {"choice": "bad", "score": 0}],
        }
    }
    assert verdict(judge, "<think>It may be good.</think>bad").value == 0
    assert verdict(judge, "<think>It is good").value is None
