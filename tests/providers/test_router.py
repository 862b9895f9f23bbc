import json
from pathlib import Path

import pytest

from pytest_promptopt.errors import NotConfiguredError
from pytest_promptopt.providers.request import Model
from pytest_promptopt.providers.router import Router
from pytest_promptopt.testing import Reply, WireServer
from tests.providers.questions import anthropic_model, ask, openai_model, question


def test_each_request_goes_to_the_provider_of_its_model(tmp_path: Path) -> None:
    (tmp_path / "answers.json").write_text(json.dumps({"*": "scripted"}))
    with WireServer(lambda received: Reply(text=received.path)) as server:
        answers = ask(
            Router,
            question(openai_model(server.openai_url)),
            question(anthropic_model(server.url)),
            question(Model(provider="scripted", name="answers.json", is_file=True)),
            root=tmp_path,
        )
    assert [answer.text for answer in answers] == [
        "/v1/chat/completions",
        "/v1/messages",
        "scripted",
    ]


def test_unknown_provider_names_the_known_ones() -> None:
    with pytest.raises(NotConfiguredError) as caught:
        ask(Router, question(Model(provider="nobody", name="x")))
    assert str(caught.value).startswith(
        "there is no provider 'nobody': known are openai, anthropic, local, scripted"
    )


def test_forced_answer_goes_to_no_model_that_cannot_tell_how_likely_it_is() -> None:
    with WireServer() as server:
        for model in (openai_model(server.openai_url), anthropic_model(server.url)):
            with pytest.raises(NotConfiguredError) as caught:
                ask(Router, question(model).forcing("billing"))
            assert str(caught.value) == (
                f"{model} does not tell how likely a given answer is: use a local model"
            )
    assert server.received == []
