import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_promptopt.errors import (
    NotConfiguredError,
    ProviderError,
    RefusedError,
    TransientError,
)
from pytest_promptopt.providers.request import Completion, FinishReason, Model, Usage
from pytest_promptopt.providers.scripted import ScriptedProvider
from tests.providers.questions import ask, question

Answered = Callable[..., Completion]


@pytest.fixture
def answered(tmp_path: Path) -> Answered:
    """The answer to a message, from a script with this content."""

    def answer(content: Any, message: str) -> Completion:
        written = content if isinstance(content, str) else json.dumps(content)
        (tmp_path / "answers.json").write_text(written, "utf-8")
        model = Model(provider="scripted", name="answers.json", is_file=True)
        (completion,) = ask(ScriptedProvider, question(model, ("user", message)), root=tmp_path)
        return completion

    return answer


def test_whole_message_then_longest_part_then_default(answered: Answered) -> None:
    script = {"a": "part", "ab": "longer part", "abc": "whole", "*": "default"}
    assert answered(script, "abc").text == "whole"
    assert answered(script, "xabx").text == "longer part"
    assert answered(script, "xax").text == "part"
    assert answered(script, "z").text == "default"


def test_answer_may_say_everything(answered: Answered) -> None:
    answer = {
        "text": "cut",
        "finish_reason": "length",
        "usage": [5, 6],
        "delay_seconds": 0.05,
    }
    completion = answered({"*": answer}, "x")
    assert completion.text == "cut"
    assert completion.finish_reason is FinishReason.LENGTH
    assert completion.usage == Usage(input_tokens=5, output_tokens=6)
    assert completion.latency_seconds >= 0.05


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (
            {"status": 429, "retry_after_seconds": 2},
            TransientError,
            "scripted:answers.json: scripted status 429",
        ),
        ({"status": 404, "message": "gone"}, RefusedError, "scripted:answers.json: gone"),
    ],
)
def test_error_may_be_scripted(
    answered: Answered, error: Any, kind: type[ProviderError], message: str
) -> None:
    with pytest.raises(kind) as caught:
        answered({"*": {"error": error}}, "x")
    assert str(caught.value) == message
    assert caught.value.status == error["status"]


def test_missing_answer_names_the_script_and_the_first_words(answered: Answered) -> None:
    with pytest.raises(RefusedError) as caught:
        answered({"refund": "b"}, "Where is my parcel? I ordered it three weeks ago.")
    assert str(caught.value) == (
        "scripted:answers.json has no answer to 'Where is my parcel? I ordered it three w…': "
        'add the message or a part of it, or "*" for everything else'
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "scripted:answers.json is not valid JSON in UTF-8: "),
        ([], "scripted:answers.json is a JSON list: expected an object of messages and their "),
        (
            {"a": {"txt": "b"}},
            "scripted:answers.json, 'a': expected a string or an object with delay_seconds, ",
        ),
        (
            {"a": {"error": {"code": 1}}},
            "scripted:answers.json, 'a': expected error to be an object with message, ",
        ),
        (
            {"a": {"finish_reason": "bored"}},
            "scripted:answers.json, 'a': 'bored' is not a valid FinishReason",
        ),
    ],
)
def test_script_that_cannot_be_used_says_why(
    answered: Answered, content: Any, message: str
) -> None:
    with pytest.raises(NotConfiguredError) as caught:
        answered(content, "a")
    assert str(caught.value).startswith(message)


def test_script_that_is_gone_says_so(tmp_path: Path) -> None:
    model = Model(provider="scripted", name="gone.json", is_file=True)
    with pytest.raises(NotConfiguredError, match=r"scripted:gone\.json cannot be read: No such"):
        ask(ScriptedProvider, question(model), root=tmp_path)


FUNCTIONS = """
from pytest_promptopt.errors import TransientError
from pytest_promptopt.providers.request import Completion, FinishReason

def shout(request):
    return request.messages[-1].content.upper()

def cut(request):
    return Completion(text="c", finish_reason=FinishReason.LENGTH)

def busy(request):
    raise TransientError("busy", status=503)

def broken(request):
    return 1 // 0

def nothing(request):
    return None

text = "no function"
"""


@pytest.fixture
def called(tmp_path: Path, request: pytest.FixtureRequest) -> Answered:
    """The answer of a function of a module under the root."""
    module = f"scripted_functions_{abs(hash(request.node.nodeid))}"
    (tmp_path / f"{module}.py").write_text(FUNCTIONS)

    def call(function: str) -> Completion:
        model = Model(provider="scripted", name=f"{module}:{function}", is_file=True)
        (completion,) = ask(ScriptedProvider, question(model, ("user", "hey")), root=tmp_path)
        return completion

    return call


def test_function_gives_text_or_completion(called: Answered) -> None:
    assert called("shout").text == "HEY"
    assert called("cut").finish_reason is FinishReason.LENGTH


def test_function_may_raise_provider_errors(called: Answered) -> None:
    with pytest.raises(TransientError, match="busy"):
        called("busy")


def test_function_that_breaks_is_named(called: Answered) -> None:
    with pytest.raises(RefusedError, match=r":broken raised ZeroDivisionError: ") as caught:
        called("broken")
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_function_that_gives_no_answer_is_named(called: Answered) -> None:
    with pytest.raises(RefusedError, match=":nothing returned NoneType, expected the text or a C"):
        called("nothing")


def test_what_is_no_function_is_named(called: Answered) -> None:
    with pytest.raises(NotConfiguredError, match=r"has no function `text` "):
        called("text")
    with pytest.raises(NotConfiguredError, match=r"has no function `gone` "):
        called("gone")
