import pytest

from pytest_promptopt.providers.request import Completion
from pytest_promptopt.scoring.answer import read_answer
from pytest_promptopt.scoring.answer_stream import AnswerStream


def told(text: str, size: int, *, is_answer: bool = True) -> tuple[str, str]:
    """What is shown of the answer and besides, of a text that comes in pieces of a size."""
    shown = {True: "", False: ""}

    def show(piece: str, is_of_answer: bool) -> None:
        shown[is_of_answer] += piece

    stream = AnswerStream(show, is_answer=is_answer)
    for start in range(0, len(text), size):
        stream.tell(text[start : start + size])
    stream.end()
    return shown[True], shown[False]


@pytest.mark.parametrize(
    ("text", "answer", "besides"),
    [
        ("billing", "billing", ""),
        ("\n <think>a < b\n</think>\n\nyes <b>no</b>", "yes <b>no</b>", "a < b\n"),
        ("[THINK]hm[/THINK]yes", "yes", "hm"),
        ("<think>a</think> <reasoning x='1'>b</reasoning >c", "c", "ab"),
        ("<|begin_of_thought|>hm<|end_of_thought|>yes", "yes", "hm"),
        ("<b>bold</b>", "<b>bold</b>", ""),
        ("<", "<", ""),
        ("[1, 2", "[1, 2", ""),
        ("<" + "x" * 200, "<" + "x" * 200, ""),
        ("<think>cut o", "", "cut o"),
        ("<think>cut </thin", "", "cut </thin"),
        ("use `<think>` here", "use `<think>` here", ""),
        ("", "", ""),
    ],
)
def test_reasoning_is_told_from_the_answer_wherever_the_text_is_cut(
    text: str, answer: str, besides: str
) -> None:
    for size in (1, 2, 3, 7, 1000):
        assert told(text, size) == (answer, besides)
    assert read_answer(Completion(text=text)).text == answer


def test_in_channels_and_where_the_answer_has_a_place_nothing_is_one_yet() -> None:
    harmony = "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final"
    tagged = "I say <team>billing</team>"
    for size in (1, 5, 1000):
        assert told(harmony, size) == ("", harmony)
        assert told(tagged, size, is_answer=False) == ("", tagged)
