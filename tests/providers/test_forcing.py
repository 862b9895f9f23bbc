import json
import re
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_promptopt.errors import RefusedError
from pytest_promptopt.providers import local
from pytest_promptopt.providers.forcing import forced, grammar_of
from pytest_promptopt.providers.local import LocalProvider
from pytest_promptopt.providers.request import Model
from pytest_promptopt.testing import Received, Reply, WireServer
from pytest_promptopt.testing.wire import Behaviour
from tests.providers.questions import ask, question

SMALL = Model(provider="local", name="small")


@dataclass(slots=True, kw_only=True)
class RunningServer:
    """What LocalProvider takes for the server that it started."""

    address: str
    api_key: str = "k"
    is_running: bool = True

    def stop(self) -> None:
        pass


def tells(text: str, *log_probabilities: Any) -> Reply:
    tokens = [{"token": "t", "logprob": value} for value in log_probabilities]
    choice = {
        "message": {"role": "assistant", "content": text},
        "finish_reason": "stop",
        "logprobs": {"content": tokens},
    }
    return Reply(body=json.dumps({"choices": [choice]}).encode())


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Asks the local provider for a forced answer of a server that behaves as told."""

    def asked(answer: str, behaviour: Behaviour) -> tuple[float | None, list[Received]]:
        with WireServer(behaviour) as server:
            started = RunningServer(address=server.url)
            monkeypatch.setattr(local, "_start", lambda _model, _settings: started)
            (completion,) = ask(LocalProvider, question(SMALL).forcing(answer))
            assert completion.text == answer
            return completion.log_probability, server.received

    return asked


def test_the_server_is_asked_for_the_one_answer_and_its_log_probabilities(wire: Any) -> None:
    found, (received,) = wire("billing", lambda _: tells("billing", -1.0, -0.5))
    assert found == -0.75
    assert received.path == "/v1/chat/completions"
    assert received.body == {
        "max_tokens": 8,
        "temperature": 0,
        "logprobs": True,
        "grammar": 'root ::= "billing"',
        "model": "small",
        "messages": [
            {"role": "system", "content": "Answer with one word."},
            {"role": "user", "content": "Which team?"},
        ],
    }


@pytest.mark.parametrize(
    "reply",
    [
        tells("Billing", -1.0),
        tells("billing"),
        tells("billing", -1.0, None),
        Reply(text="billing"),
    ],
)
def test_another_answer_or_no_log_probability_is_refused(wire: Any, reply: Reply) -> None:
    with pytest.raises(RefusedError) as caught:
        wire("billing", lambda _: reply)
    assert str(caught.value) == "local/small did not give the answer that it was to give"


@pytest.mark.parametrize("answer", ["a\0b", "a\ud800b"])
def test_what_no_model_can_write_is_refused_before_it_is_sent(answer: str) -> None:
    with pytest.raises(RefusedError, match="with NUL or with half a surrogate pair"):
        forced(question(SMALL, forced_answer=answer))


@pytest.mark.parametrize(
    ("text", "grammar"),
    [
        ("", 'root ::= ""'),
        ("two words 2", 'root ::= "two words 2"'),
        ('"', r'root ::= "\U00000022"'),
        ("\\n", r'root ::= "\U0000005Cn"'),
        ("a\nb", r'root ::= "a\U0000000Ab"'),
        ("ß🎉", r'root ::= "\U000000DF\U0001F389"'),
    ],
)
def test_grammar_quotes_what_has_a_meaning(text: str, grammar: str) -> None:
    assert grammar_of(text) == grammar


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_grammar_is_one_literal_that_reads_as_the_text(text: str) -> None:
    found = re.fullmatch(r'root ::= "((?:[A-Za-z0-9 ]|\\U[0-9A-F]{8})*)"', grammar_of(text))
    assert found is not None
    assert re.sub(r"\\U(.{8})", lambda code: chr(int(code[1], 16)), found[1]) == text
