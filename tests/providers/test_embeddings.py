"""The vectors that an endpoint gives, and what it may give instead."""

import json
from typing import Any

import pytest

from pytest_promptopt.errors import ProviderError
from pytest_promptopt.providers.openai import OpenAIProvider
from pytest_promptopt.providers.request import Completion, Usage
from pytest_promptopt.testing import Received, Reply, WireServer, scripted
from tests.providers.questions import ask, openai_model, question

pytestmark = pytest.mark.usefixtures("way")


def embedded(body: Any) -> tuple[Completion, Received]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    with WireServer(scripted([Reply(body=content)])) as server:
        asked = question(
            openai_model(server.openai_url),
            ("user", "one"),
            ("user", "two"),
            response_format="embedding",
        )
        [answer] = ask(OpenAIProvider, asked)
    [received] = server.received
    return answer, received


def data(*vectors: Any) -> dict[str, Any]:
    return {"data": [{"embedding": vector} for vector in vectors]}


def test_each_message_is_a_text_and_the_answer_its_vectors() -> None:
    answer, received = embedded({**data([1, 0.12345678], [0, 1]), "usage": {"prompt_tokens": 5}})
    assert answer.text == "[[1.0,0.123457],[0.0,1.0]]"
    assert answer.usage == Usage(input_tokens=5)
    assert received.path == "/v1/embeddings"
    assert received.body == {"model": "gpt-x", "input": ["one", "two"], "encoding_format": "float"}


def test_vectors_in_another_order_are_told_by_their_index() -> None:
    entries = [{"index": 1, "embedding": [0.5]}, {"index": 0, "embedding": [2]}]
    assert embedded({"data": entries})[0].text == "[[2.0],[0.5]]"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "without the vectors of 2 texts in `data`"),
        (data([1.0]), "without the vectors of 2 texts in `data`"),
        (data([], []), "without the vectors of 2 texts in `data`"),
        ({"data": "none"}, "without the vectors of 2 texts in `data`"),
        (data([1.0, 2.0], [1.0]), "vectors of different lengths"),
        (b'{"data": [{"embedding": [NaN]}, {"embedding": [1]}]}', "something else than finite"),
        (data(["a"], [1.0]), "something else than finite numbers"),
    ],
)
def test_what_is_no_vectors_is_no_answer(body: Any, message: str) -> None:
    with pytest.raises(ProviderError, match=message):
        embedded(body)
