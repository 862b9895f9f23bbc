import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pytest_promptopt.errors import (
    NotConfiguredError,
    ProviderError,
    RefusedError,
    TransientError,
)
from pytest_promptopt.providers.anthropic import AnthropicProvider
from pytest_promptopt.providers.request import FinishReason, Model, Usage
from pytest_promptopt.testing import Reply, WireServer
from pytest_promptopt.testing.wire import Behaviour
from tests.providers.questions import KEY, anthropic_model, ask, question

pytestmark = pytest.mark.usefixtures("way")


def failure(behaviour: Behaviour, **changes: Any) -> ProviderError:
    with WireServer(behaviour) as server:
        with pytest.raises((RefusedError, TransientError)) as caught:
            ask(AnthropicProvider, question(anthropic_model(server.url)), **changes)
        assert KEY not in str(caught.value)
        caught.value.message = caught.value.message.replace(server.url, "URL")
        return caught.value


def test_question_and_answer_are_translated() -> None:
    parameters = {
        "temperature": 0,
        "max_completion_tokens": 9,
        "stop": "END",
        "seed": 3,
    }
    with WireServer(lambda _: Reply(text="billing", usage=(12, 3))) as server:
        request = question(
            anthropic_model(server.url),
            ("system", "Be brief."),
            ("user", "One."),
            ("user", "Two."),
            ("assistant", "Three."),
            ("system", "Be kind."),
            ("user", "Four."),
            parameters=parameters,
        )
        (answer,) = ask(AnthropicProvider, request)
    assert answer.text == "billing"
    assert answer.finish_reason is FinishReason.STOP
    assert answer.usage == Usage(input_tokens=12, output_tokens=3)
    assert answer.notes == ("seed was left out: Anthropic has no such parameter",)
    (received,) = server.received
    assert received.path == "/v1/messages"
    assert KEY in (received.headers.get("x-api-key", "") + received.headers["authorization"])
    assert received.body == {
        "max_tokens": 9,
        "temperature": 0,
        "stop_sequences": ["END"],
        "model": "claude-x",
        "system": "Be brief.\n\nBe kind.",
        "messages": [
            {"role": "user", "content": "One.\n\nTwo."},
            {"role": "assistant", "content": "Three."},
            {"role": "user", "content": "Four."},
        ],
    }


def test_system_message_alone_is_asked_as_the_users() -> None:
    with WireServer() as server:
        ask(AnthropicProvider, question(anthropic_model(server.url), ("system", "Say hello.")))
    (received,) = server.received
    assert received.body == {
        "max_tokens": 4096,
        "model": "claude-x",
        "messages": [{"role": "user", "content": "Say hello."}],
    }


def test_json_schema_is_asked_for() -> None:
    schema = {"type": "object", "properties": {}, "additionalProperties": False}
    wrapper = {"name": "team", "schema": schema}
    with WireServer() as server:
        model = anthropic_model(server.url)
        _, plain = ask(
            AnthropicProvider,
            question(model, response_format="json_schema", json_schema=wrapper),
            question(model, response_format="json_object"),
        )
    assert server.received[0].body["output_config"] == {
        "format": {"type": "json_schema", "schema": schema}
    }
    assert "output_config" not in server.received[1].body
    assert plain.notes == ("json_object was left out: Anthropic knows a JSON schema or nothing",)


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("stop_sequence", FinishReason.STOP),
        ("max_tokens", FinishReason.LENGTH),
        ("refusal", FinishReason.REFUSAL),
        ("pause_turn", FinishReason.LENGTH),
        ("tool_use", FinishReason.OTHER),
    ],
)
def test_stop_reason_is_told(reason: str, expected: FinishReason) -> None:
    with WireServer(lambda _: Reply(finish_reason=reason)) as server:
        (answer,) = ask(AnthropicProvider, question(anthropic_model(server.url)))
    assert answer.finish_reason is expected


def test_only_text_blocks_are_the_answer_and_cached_tokens_count() -> None:
    content = {
        "content": [
            {"type": "thinking", "thinking": "Hm."},
            {"type": "text", "text": "a"},
            {"type": "text", "text": "b"},
        ],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 1, "cache_read_input_tokens": 20, "output_tokens": 4},
    }
    with WireServer(lambda _: Reply(body=json.dumps(content).encode())) as server:
        (answer,) = ask(AnthropicProvider, question(anthropic_model(server.url)))
    assert (answer.text, answer.reasoning) == ("ab", "Hm.")
    assert answer.usage == Usage(input_tokens=21, output_tokens=4, cached_tokens=20)


def test_rate_limit_headers_are_told() -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=60)).isoformat()
    headers = {
        "anthropic-ratelimit-requests-remaining": "49",
        "anthropic-ratelimit-requests-reset": soon,
        "anthropic-ratelimit-tokens-remaining": "1000",
        "anthropic-ratelimit-tokens-reset": "nonsense",
    }
    with WireServer(lambda _: Reply(headers=headers)) as server:
        (answer,) = ask(AnthropicProvider, question(anthropic_model(server.url)))
    assert answer.rate_limit is not None
    assert answer.rate_limit.requests_remaining == 49
    assert answer.rate_limit.requests_reset_seconds == pytest.approx(60, abs=5)
    assert answer.rate_limit.tokens_remaining == 1000
    assert answer.rate_limit.tokens_reset_seconds is None


def test_missing_key_is_one_line_before_anything_is_sent() -> None:
    model = Model(provider="anthropic", name="claude-x", key_variable="ANTHROPIC_API_KEY")
    with pytest.raises(NotConfiguredError) as caught:
        ask(AnthropicProvider, question(model), environ={})
    assert str(caught.value) == "anthropic/claude-x needs an API key: set ANTHROPIC_API_KEY"


def test_token_is_sent_where_there_is_no_key() -> None:
    with WireServer() as server:
        model = anthropic_model(server.url, key_variable="ANTHROPIC_API_KEY")
        ask(AnthropicProvider, question(model), environ={"ANTHROPIC_AUTH_TOKEN": "token-1"})
    assert server.received[0].headers["authorization"] == "Bearer token-1"


def test_no_key_goes_to_a_host_it_was_not_meant_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", KEY)
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", f"X-Secret: {KEY}")
    with WireServer() as server:
        ask(AnthropicProvider, question(anthropic_model(server.url, key_variable=None)))
        ask(
            AnthropicProvider,
            question(anthropic_model(server.url, key_variable="TEST_KEY")),
            environ={"TEST_KEY": "another"},
        )
    without, another = server.received
    assert "authorization" not in without.headers
    assert "x-api-key" not in without.headers
    assert "another" in str(another.headers)
    assert KEY not in str(server.received)


def test_parameter_that_the_model_refuses_is_left_out_and_told() -> None:
    def behave(received: Any) -> Reply:
        if "temperature" in received.body:
            return Reply(status=400, message="temperature: Extra inputs are not permitted")
        return Reply()

    with WireServer(behave) as server:
        request = question(anthropic_model(server.url), parameters={"temperature": 0})
        (answer,) = ask(AnthropicProvider, request)
    assert answer.notes == ("temperature was left out: anthropic/claude-x does not accept it",)


@pytest.mark.parametrize(
    ("reply", "status", "message"),
    [
        (
            Reply(status=401, message=f"invalid x-api-key {KEY}"),
            401,
            "anthropic/claude-x: URL answered 401: the key in ANTHROPIC_API_KEY was not accepted: "
            "set ANTHROPIC_API_KEY anew",
        ),
        (
            Reply(status=404, message="model: claude-x"),
            404,
            "anthropic/claude-x: URL answered 404 (model: claude-x): there is no model 'claude-x' "
            "there: check its name and the base URL",
        ),
        (
            Reply(status=400, message=f"prompt is too long {KEY}"),
            400,
            "anthropic/claude-x: URL answered 400 (prompt is too long [key])",
        ),
    ],
)
def test_refusal_says_what_to_do(reply: Reply, status: int, message: str) -> None:
    error = failure(lambda _: reply)
    assert isinstance(error, RefusedError)
    assert (error.status, error.message) == (status, message)


@pytest.mark.parametrize("status", [429, 500, 529])
def test_passing_fault_is_worth_another_try(status: int) -> None:
    error = failure(lambda _: Reply(status=status, headers={"retry-after": "3"}))
    assert isinstance(error, TransientError)
    assert (error.status, error.retry_after_seconds) == (status, 3)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(fault="drop"),
        Reply(fault="cut"),
        Reply(body=b'{"content": [{"te'),
        Reply(body=b"<html></html>", content_type="text/html"),
        Reply(body=b"{}"),
        Reply(body=b'{"type": "error", "error": {"type": "overloaded_error"}}'),
        Reply(body=b'{"content": [{"type": "text", "text": "par"}], "stop_reason": "error"}'),
    ],
)
def test_broken_answer_is_worth_another_try(reply: Reply) -> None:
    assert isinstance(failure(lambda _: reply), TransientError)


@pytest.mark.parametrize("fault", ["never", "slow"])
def test_answer_that_takes_too_long_is_given_up(fault: Any) -> None:
    error = failure(lambda _: Reply(fault=fault), timeout_seconds=0.4)
    assert error.message == "anthropic/claude-x: URL did not answer within 0.4 s"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"stop_reason": "refusal"}', FinishReason.REFUSAL),
        (b'{"content": null, "stop_reason": "max_tokens"}', FinishReason.LENGTH),
        (b'{"content": [], "stop_reason": "end_turn", "usage": null}', FinishReason.STOP),
    ],
)
def test_an_answer_without_content_is_what_its_stop_reason_says(
    body: bytes, reason: FinishReason
) -> None:
    with WireServer(lambda _: Reply(body=body)) as server:
        (answer,) = ask(AnthropicProvider, question(anthropic_model(server.url)))
    assert (answer.text, answer.finish_reason) == ("", reason)
    assert not answer.usage.is_known


def test_a_call_of_a_tool_has_a_note() -> None:
    body = b'{"content": [{"type": "tool_use", "name": "f"}], "stop_reason": "tool_use"}'
    with WireServer(lambda _: Reply(body=body)) as server:
        (answer,) = ask(AnthropicProvider, question(anthropic_model(server.url)))
    assert (answer.text, answer.notes) == ("", ("the answer is a call of a tool",))
