import asyncio
import gzip
import json
import time
from email.utils import formatdate
from typing import Any

import pytest

from pytest_promptopt.errors import (
    NotConfiguredError,
    ProviderError,
    RefusedError,
    TransientError,
    UnreachableError,
)
from pytest_promptopt.providers.openai import OpenAIProvider
from pytest_promptopt.providers.request import Completion, FinishReason, Model, RateLimit, Usage
from pytest_promptopt.testing import Received, Reply, WireServer, scripted
from pytest_promptopt.testing.wire import Behaviour
from tests.providers.questions import KEY, ask, openai_model, question, settings

pytestmark = pytest.mark.usefixtures("way")


def failure(
    behaviour: Behaviour, *, key_variable: str | None = "OPENAI_API_KEY", **changes: Any
) -> ProviderError:
    with WireServer(behaviour) as server:
        model = openai_model(server.openai_url, key_variable=key_variable)
        with pytest.raises((RefusedError, TransientError)) as caught:
            ask(OpenAIProvider, question(model), **changes)
        assert KEY not in str(caught.value)
        caught.value.message = caught.value.message.replace(server.openai_url, "URL")
        return caught.value


def test_answer_comes_with_usage_and_latency() -> None:
    with WireServer(scripted([Reply(text="billing", usage=(12, 3), delay_seconds=0.05)])) as server:
        (answer,) = ask(
            OpenAIProvider,
            question(openai_model(server.openai_url), parameters={"temperature": 0}),
        )
    assert answer.text == "billing"
    assert answer.finish_reason is FinishReason.STOP
    assert answer.usage == Usage(input_tokens=12, output_tokens=3)
    assert 0.05 <= answer.latency_seconds < 1
    assert answer.notes == ()
    (received,) = server.received
    assert received.path == "/v1/chat/completions"
    assert received.headers["authorization"] == f"Bearer {KEY}"
    assert received.body == {
        "temperature": 0,
        "model": "gpt-x",
        "messages": [
            {"role": "system", "content": "Answer with one word."},
            {"role": "user", "content": "Which team?"},
        ],
    }


def listing(logprobs: object) -> Reply:
    choice = {"message": {"content": "a"}, "finish_reason": "stop", "logprobs": logprobs}
    return Reply(body=json.dumps({"choices": [choice]}).encode())


@pytest.mark.parametrize(
    ("logprobs", "expected"),
    [
        ({"content": [{"token": "a", "logprob": -1.5}, {"token": "", "logprob": -0.5}]}, -1.0),
        ({"content": [{"token": "a", "logprob": 1e-9}]}, 0.0),
        ({"content": [{"token": "a", "logprob": -1.5}, {"token": "b"}]}, None),
        ({"content": [{"token": "a", "logprob": float("-inf")}]}, None),
        ({"content": [{"token": "a", "logprob": -(10**400)}]}, None),
        ({"content": []}, None),
        ({"content": None}, None),
        ([], None),
        (None, None),
    ],
)
def test_log_probability_is_the_mean_over_all_tokens(
    logprobs: object, expected: float | None
) -> None:
    with WireServer(lambda _: listing(logprobs)) as server:
        (answer,) = ask(OpenAIProvider, question(openai_model(server.openai_url)))
    assert answer.text == "a"
    assert answer.log_probability == expected


def test_json_schema_is_asked_for() -> None:
    schema = {"name": "team", "schema": {"type": "object"}, "strict": True}
    with WireServer() as server:
        model = openai_model(server.openai_url)
        ask(
            OpenAIProvider,
            question(model, response_format="json_schema", json_schema=schema),
            question(model, response_format="json_object"),
        )
    formats = [received.body["response_format"] for received in server.received]
    assert formats == [
        {"type": "json_schema", "json_schema": schema},
        {"type": "json_object"},
    ]


def test_members_that_are_ours_are_no_parameters() -> None:
    with WireServer() as server:
        request = question(openai_model(server.openai_url), parameters={"stream": True, "n": 3})
        (answer,) = ask(OpenAIProvider, request)
    assert server.received[0].body.keys() == {"model", "messages"}
    assert answer.notes == (
        "stream was left out: it is not a parameter of a prompt",
        "n was left out: it is not a parameter of a prompt",
    )


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("length", FinishReason.LENGTH),
        ("content_filter", FinishReason.REFUSAL),
        ("tool_calls", FinishReason.OTHER),
    ],
)
def test_finish_reason_is_told(reason: str, expected: FinishReason) -> None:
    with WireServer(lambda _: Reply(finish_reason=reason)) as server:
        (answer,) = ask(OpenAIProvider, question(openai_model(server.openai_url)))
    assert answer.finish_reason is expected


def message_reply(message: dict[str, Any], finish_reason: str = "stop") -> Reply:
    choice = {"index": 0, "message": message, "finish_reason": finish_reason}
    return Reply(body=json.dumps({"choices": [choice]}).encode())


def test_refusal_is_the_text_and_the_reason() -> None:
    reply = message_reply({"content": None, "refusal": "I cannot help with that."})
    with WireServer(lambda _: reply) as server:
        (answer,) = ask(OpenAIProvider, question(openai_model(server.openai_url)))
    assert answer.text == "I cannot help with that."
    assert answer.finish_reason is FinishReason.REFUSAL


def test_reasoning_that_used_up_the_tokens_is_an_empty_cut_off_answer() -> None:
    reply = message_reply({"content": None, "reasoning_content": "Hm"}, "length")
    with WireServer(lambda _: reply) as server:
        (answer,) = ask(OpenAIProvider, question(openai_model(server.openai_url)))
    assert (answer.text, answer.finish_reason) == ("", FinishReason.LENGTH)
    assert answer.reasoning == "Hm"


@pytest.mark.parametrize(
    "message",
    [
        {"content": "a", "reasoning_content": "Hm"},
        {"content": "a", "reasoning": "Hm"},
        {"content": [{"type": "reasoning", "text": "Hm"}, {"type": "text", "text": "a"}]},
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]},
                     {"type": "text", "text": "a"}]},
    ],
)  # fmt: skip
def test_reasoning_is_kept_beside_the_answer(message: dict[str, Any]) -> None:
    with WireServer(lambda _: message_reply(message)) as server:
        (answer,) = ask(OpenAIProvider, question(openai_model(server.openai_url)))
    assert (answer.text, answer.reasoning) == ("a", "Hm")
    assert Completion.from_json(answer.to_json()).reasoning == "Hm"


def test_content_in_parts_is_joined() -> None:
    reply = message_reply({"content": [{"type": "text", "text": "a"}, {"text": "b"}]})
    with WireServer(lambda _: reply) as server:
        (answer,) = ask(OpenAIProvider, question(openai_model(server.openai_url)))
    assert answer.text == "ab"


def test_rate_limit_headers_are_told() -> None:
    headers = {
        "x-ratelimit-remaining-requests": "59",
        "x-ratelimit-reset-requests": "1m30.5s",
        "x-ratelimit-remaining-tokens": "149984",
        "x-ratelimit-reset-tokens": "20ms",
    }
    with WireServer(lambda _: Reply(headers=headers)) as server:
        (answer,) = ask(OpenAIProvider, question(openai_model(server.openai_url)))
    assert answer.rate_limit == RateLimit(
        requests_remaining=59,
        requests_reset_seconds=90.5,
        tokens_remaining=149984,
        tokens_reset_seconds=0.02,
    )


def test_missing_key_is_one_line_before_anything_is_sent() -> None:
    model = Model(provider="openai", name="gpt-5-mini", key_variable="OPENAI_API_KEY")
    with pytest.raises(NotConfiguredError) as caught:
        ask(OpenAIProvider, question(model), environ={})
    assert str(caught.value) == "openai/gpt-5-mini needs an API key: set OPENAI_API_KEY"


def test_key_that_no_header_can_carry_is_not_shown() -> None:
    with pytest.raises(NotConfiguredError) as caught:
        ask(
            OpenAIProvider,
            question(openai_model("http://localhost:1")),
            environ={"OPENAI_API_KEY": "sk-\u2026"},
        )
    assert str(caught.value) == (
        "openai/gpt-x cannot use OPENAI_API_KEY: it holds characters that no HTTP header can "
        "carry: set it again without spaces and line breaks"
    )


def test_no_key_goes_to_a_host_it_was_not_meant_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_ADMIN_KEY", KEY)
    monkeypatch.setenv("OPENAI_ORG_ID", KEY)
    monkeypatch.setenv("OPENAI_PROJECT_ID", KEY)
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", f"X-Secret: {KEY}")
    with WireServer() as server:
        ask(OpenAIProvider, question(openai_model(server.openai_url, key_variable=None)))
        ask(
            OpenAIProvider,
            question(openai_model(server.openai_url, key_variable="TEST_KEY")),
            environ={"TEST_KEY": "another"},
        )
    without, another = server.received
    assert "authorization" not in without.headers
    assert another.headers["authorization"] == "Bearer another"
    assert KEY not in str(server.received)


def test_wrong_key_names_the_variable_and_not_the_key() -> None:
    error = failure(lambda _: Reply(status=401, message=f"Incorrect API key provided: {KEY}"))
    assert isinstance(error, RefusedError)
    assert error.status == 401
    assert error.message == (
        "openai/gpt-x: URL answered 401: the key in OPENAI_API_KEY was not accepted: "
        "set OPENAI_API_KEY anew"
    )


def test_wanted_key_that_was_not_named_says_where_to_name_it() -> None:
    error = failure(lambda _: Reply(status=401), key_variable=None)
    assert error.message == (
        "openai/gpt-x: URL answered 401: it wants a key and none was sent: name the key's "
        "variable after the base URL in ini prompt_models"
    )


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "openai/gpt-x: URL answered 400 (no)"),
        (422, "openai/gpt-x: URL answered 422 (no)"),
        (
            403,
            "openai/gpt-x: URL answered 403 (no): the key in OPENAI_API_KEY may not use this model",
        ),
        (
            404,
            "openai/gpt-x: URL answered 404 (no): there is no model 'gpt-x' there: "
            "check its name and the base URL",
        ),
    ],
)
def test_refusal_says_what_to_do(status: int, message: str) -> None:
    error = failure(lambda _: Reply(status=status))
    assert isinstance(error, RefusedError)
    assert (error.status, error.message) == (status, message)


def test_redirect_is_not_followed() -> None:
    error = failure(lambda _: Reply(status=301, headers={"location": "https://new.example/v1"}))
    assert isinstance(error, RefusedError)
    assert error.message.endswith(
        "it has moved to https://new.example/v1: set the base URL to where it is now"
    )


@pytest.mark.parametrize("status", [408, 409, 429, 500, 503, 529])
def test_passing_fault_is_worth_another_try(status: int) -> None:
    error = failure(lambda _: Reply(status=status, message="busy"))
    assert isinstance(error, TransientError)
    assert (error.status, error.message) == (status, f"openai/gpt-x: URL answered {status} (busy)")
    assert error.retry_after_seconds is None


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"retry-after": "7"}, 7, 7),
        ({"retry-after": "1.5"}, 1.5, 1.5),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25, 0.25),
        ({"retry-after": "Fri, 21 Nov 1997 09:55:06 GMT"}, 0, 0),
    ],
)
def test_retry_after_is_counted_from_now(
    headers: dict[str, str], least: float, most: float
) -> None:
    error = failure(lambda _: Reply(status=429, headers=headers))
    assert isinstance(error, TransientError)
    assert error.retry_after_seconds is not None
    assert least <= error.retry_after_seconds <= most


def test_retry_after_may_be_a_date() -> None:
    in_ten_minutes = formatdate(time.time() + 600, usegmt=True)
    error = failure(lambda _: Reply(status=429, headers={"retry-after": in_ten_minutes}))
    assert isinstance(error, TransientError)
    assert error.retry_after_seconds is not None
    assert 500 <= error.retry_after_seconds <= 600


def test_used_up_quota_is_not_worth_another_try() -> None:
    error = failure(lambda _: Reply(status=429, message="pay", code="insufficient_quota"))
    assert isinstance(error, RefusedError)
    assert error.message == "openai/gpt-x: URL answered 429 (pay): the account's quota is used up"


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (
            Reply(body=b'{"choices": [{"mess'),
            "openai/gpt-x: URL sent malformed or cut off JSON (19 bytes) instead of an answer",
        ),
        (
            Reply(body=b"<html><title>Bad\n gateway</title>", content_type="text/html"),
            "openai/gpt-x: URL sent an HTML page titled 'Bad gateway' instead of an answer",
        ),
        (Reply(body=b""), "openai/gpt-x: URL sent an empty body instead of an answer"),
        (
            Reply(body=b"hello", content_type="text/plain"),
            "openai/gpt-x: URL sent 5 bytes of text/plain instead of an answer",
        ),
        (
            Reply(body=b"[" * 100_000),
            "openai/gpt-x: URL sent malformed or cut off JSON (100000 bytes) instead of an answer",
        ),
        (
            Reply(body=b"[1]"),
            "openai/gpt-x: URL sent JSON that is a list, not an object instead of an answer",
        ),
        (
            Reply(body=b'{"choices": []}'),
            'openai/gpt-x: URL sent JSON without choices[0].message ({"choices": []}) '
            "instead of an answer",
        ),
        (
            Reply(body=b'{"object": "error", "message": "boom", "code": 40303}'),
            "openai/gpt-x: URL sent JSON without choices[0].message (boom) instead of an answer",
        ),
        (
            message_reply({"content": 5}),
            "openai/gpt-x: URL sent choices[0].message.content that is a int instead of an answer",
        ),
        (
            Reply(body=b'{"error": {"message": "upstream"}}'),
            "openai/gpt-x: URL sent an error in the body of a success (upstream) "
            "instead of an answer",
        ),
    ],
)
def test_success_without_an_answer_says_what_came_instead(reply: Reply, message: str) -> None:
    error = failure(lambda _: reply)
    assert isinstance(error, TransientError)
    assert error.message == message


def test_dropped_connection_is_worth_another_try() -> None:
    error = failure(lambda _: Reply(fault="drop"))
    assert isinstance(error, TransientError)
    assert error.message.startswith("openai/gpt-x: the connection to URL failed (")


def test_body_cut_in_the_middle_is_worth_another_try() -> None:
    error = failure(lambda _: Reply(fault="cut"))
    assert isinstance(error, TransientError)
    assert error.message.startswith("openai/gpt-x: the connection to URL failed (")


def test_nobody_there_is_worth_another_try() -> None:
    with pytest.raises(
        UnreachableError, match=r"is the server running at http://127\.0\.0\.1:9/v1"
    ):
        ask(OpenAIProvider, question(openai_model("http://127.0.0.1:9/v1")))


def test_an_address_that_is_none_says_so() -> None:
    with pytest.raises(NotConfiguredError) as caught:
        ask(OpenAIProvider, question(openai_model("http://256.256.256.256/v1")))
    assert caught.value.message == (
        "openai/gpt-x: 'http://256.256.256.256/v1' is no address (Invalid IPv4 address: "
        "'256.256.256.256'): mend the base URL"
    )


@pytest.mark.parametrize("proxy", ["ftp://me:secret@proxy", "socks5://proxy", "http://proxy:port"])
def test_a_proxy_that_cannot_be_used_says_what_to_do(
    proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy)
    with pytest.raises(
        NotConfiguredError, match=r"the proxy of the environment .* or name the host in NO_PROXY"
    ) as caught:
        ask(OpenAIProvider, question(openai_model("http://host.invalid/v1")))
    assert "secret" not in caught.value.message


def test_a_proxy_is_not_asked_for_what_is_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with WireServer(scripted([Reply(text="billing")])) as server:
        url = server.openai_url.replace("http://", "HTTP://")
        (answer,) = ask(OpenAIProvider, question(openai_model(url)))
    assert answer.text == "billing"


@pytest.mark.parametrize("fault", ["never", "slow"])
def test_answer_that_takes_too_long_is_given_up(fault: Any) -> None:
    error = failure(lambda _: Reply(fault=fault), timeout_seconds=0.4)
    assert isinstance(error, TransientError)
    assert error.message == "openai/gpt-x: URL did not answer within 0.4 s"


def test_half_a_surrogate_pair_is_sent_as_a_replacement_character() -> None:
    with WireServer() as server:
        ask(OpenAIProvider, question(openai_model(server.openai_url), ("user", "cut \ud83d! 😀")))
        assert server.received[0].question == "cut \ufffd! 😀"


def refusing(**refusals: Reply) -> Behaviour:
    """Refuse each of these members of a body; answer a body without them."""

    def behave(received: Received) -> Reply:
        named = [name for name in refusals if name in received.body]
        return refusals[named[0]] if named else Reply()

    return behave


TOO_NEW = Reply(
    status=400,
    message=(
        "Unsupported parameter: 'max_tokens' is not supported with this model. "
        "Use 'max_completion_tokens' instead."
    ),
    code="unsupported_parameter",
    param="max_tokens",
)
ONLY_DEFAULT = Reply(
    status=400,
    message=(
        "Unsupported value: 'temperature' does not support 0 with this model. "
        "Only the default (1) value is supported."
    ),
    code="unsupported_value",
    param="temperature",
)


def test_refused_parameters_are_renamed_or_left_out_and_told() -> None:
    behaviour = refusing(max_tokens=TOO_NEW, temperature=ONLY_DEFAULT)
    parameters = {"max_tokens": 8, "temperature": 0, "seed": 1}
    with WireServer(behaviour) as server:
        request = question(openai_model(server.openai_url), parameters=parameters)
        first, second = ask(OpenAIProvider, request, request)
    assert first.text == "ok"
    assert first.notes == (
        "max_tokens was sent as max_completion_tokens: openai/gpt-x wants it so",
        "temperature was left out: openai/gpt-x does not accept it",
    )
    assert second.notes == first.notes
    assert len(server.received) == 4, "what was refused once is not sent again"
    last = server.received[-1].body
    assert last.keys() == {"model", "messages", "max_completion_tokens", "seed"}


def test_concurrent_calls_share_what_was_refused() -> None:
    with WireServer(refusing(temperature=ONLY_DEFAULT), latency_seconds=0.05) as server:
        request = question(openai_model(server.openai_url), parameters={"temperature": 0})

        async def asked() -> list[str]:
            provider = OpenAIProvider(settings())
            answers = await asyncio.gather(*(provider.complete(request) for _ in range(20)))
            await provider.close()
            return [answer.text for answer in answers]

        assert asyncio.run(asked()) == ["ok"] * 20
    assert len(server.received) == 40


@pytest.mark.parametrize(
    "message",
    [
        "Unrecognized request argument supplied: seed",
        '[{"loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]',
        "`seed` is deprecated for this model.",
        "`top_p` and `seed` cannot both be specified for this model.",
    ],
)
def test_refused_parameter_is_read_from_the_message(message: str) -> None:
    with WireServer(refusing(seed=Reply(status=400, message=message))) as server:
        request = question(openai_model(server.openai_url), parameters={"seed": 1, "top_p": 0.5})
        (answer,) = ask(OpenAIProvider, request)
    assert answer.notes == ("seed was left out: openai/gpt-x does not accept it",)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=400, message="Invalid 'seed': above maximum value.", param="seed"),
        Reply(status=400, message="Unsupported parameter: 'messages'", param="messages"),
        Reply(status=400, message="response_format is not supported", code="unsupported_value"),
    ],
)
def test_other_refusals_leave_the_question_as_it_is(reply: Reply) -> None:
    with WireServer(lambda _: reply) as server:
        request = question(openai_model(server.openai_url), parameters={"seed": 1})
        with pytest.raises(RefusedError):
            ask(OpenAIProvider, request)
    assert len(server.received) == 1


def test_server_that_refuses_everything_is_asked_a_bounded_number_of_times() -> None:
    def refuse(received: Received) -> Reply:
        names = [name for name in received.body if name not in ("model", "messages")]
        text = f"Unsupported parameter: '{names[0]}'. Use 'max_tokens' instead." if names else ""
        return Reply(status=400, message=text)

    with WireServer(refuse) as server:
        request = question(
            openai_model(server.openai_url),
            parameters={"max_completion_tokens": 1, "max_tokens": 1, "seed": 1},
        )
        with pytest.raises(RefusedError):
            ask(OpenAIProvider, request)
    assert len(server.received) <= 5


def test_many_calls_are_in_flight_at_once() -> None:
    with WireServer(latency_seconds=0.5) as server:
        request = question(openai_model(server.openai_url))

        async def asked() -> int:
            provider = OpenAIProvider(settings(timeout_seconds=30))
            answers = await asyncio.gather(*(provider.complete(request) for _ in range(200)))
            await provider.close()
            return len(answers)

        assert asyncio.run(asked()) == 200
    assert server.max_in_flight == 200


def choice_reply(choice: dict[str, Any], **rest: Any) -> Reply:
    return Reply(body=json.dumps({"choices": [choice], **rest}).encode())


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"error": {"code": 400, "message": "no"}}', 400),
        (b'{"error": {"code": "402", "message": "pay"}}', 402),
        (b'{"object": "error", "message": "no", "code": 404}', 404),
        (b'{"error": {"code": 429, "message": "busy"}}', None),
        (b'{"error": {"code": 502, "message": "busy"}}', None),
    ],
)
def test_a_refusal_inside_a_success_is_final(body: bytes, status: int | None) -> None:
    error = failure(lambda _: Reply(body=body))
    assert isinstance(error, TransientError if status is None else RefusedError)
    assert error.status == status


@pytest.mark.parametrize(
    "choice",
    [
        {
            "message": {"content": ""},
            "finish_reason": "error",
            "error": {"code": 502, "message": "upstream"},
        },
        {"message": {"content": "par"}, "finish_reason": "error", "error": "upstream"},
        {"message": {"content": "par"}, "finish_reason": "network_error"},
        {"message": {"content": ""}, "finish_reason": "ERROR", "error": "upstream"},
        {"error": "upstream", "finish_reason": "error"},
        {"message": None, "error": {"message": "upstream"}},
    ],
)
def test_a_failure_inside_a_success_is_worth_another_try(choice: dict[str, Any]) -> None:
    error = failure(lambda _: choice_reply(choice))
    assert isinstance(error, TransientError)
    assert "sent an error in the body of a success (" in error.message
    assert "upstream" in error.message or "network_error" in error.message


@pytest.mark.parametrize(
    ("choice", "reason", "text"),
    [
        ({"message": {"role": "assistant"}, "finish_reason": "length"}, FinishReason.LENGTH, ""),
        ({"message": None, "finish_reason": "content_filter"}, FinishReason.REFUSAL, ""),
        ({"message": {}, "finish_reason": "stop"}, FinishReason.STOP, ""),
        ({"finish_reason": "length", "index": 0}, FinishReason.LENGTH, ""),
        ({"message": {"content": None}, "finish_reason": "MAX_TOKENS"}, FinishReason.LENGTH, ""),
        (
            {"message": {"content": ""}, "finish_reason": "content_filter: SAFETY"},
            FinishReason.REFUSAL,
            "",
        ),
        ({"message": {"content": ["a", "b"]}, "finish_reason": "eos"}, FinishReason.STOP, "ab"),
        ({"message": {"content": "no"}, "finish_reason": "sensitive"}, FinishReason.REFUSAL, "no"),
        (
            {"message": {"content": [{"type": "refusal", "refusal": "I can't."}]}},
            FinishReason.REFUSAL,
            "I can't.",
        ),
    ],
)
def test_a_message_without_content_is_what_its_finish_reason_says(
    choice: dict[str, Any], reason: FinishReason, text: str
) -> None:
    with WireServer(lambda _: choice_reply(choice)) as server:
        (answer,) = ask(OpenAIProvider, question(openai_model(server.openai_url)))
    assert (answer.text, answer.finish_reason) == (text, reason)


def test_a_call_of_a_tool_is_an_empty_answer_with_a_note() -> None:
    choice = {"message": {"tool_calls": [{"id": "1"}]}, "finish_reason": "tool_calls"}
    with WireServer(lambda _: choice_reply(choice)) as server:
        (answer,) = ask(OpenAIProvider, question(openai_model(server.openai_url)))
    assert (answer.text, answer.notes) == ("", ("the answer is a call of a tool",))


UNKNOWN = Usage(is_known=False)


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (None, UNKNOWN),
        ({}, UNKNOWN),
        ({"prompt_tokens": -1, "completion_tokens": -1}, UNKNOWN),
        ({"prompt_tokens": 3, "completion_tokens": None}, UNKNOWN),
        (
            {"prompt_tokens": "12", "completion_tokens": "3"},
            Usage(input_tokens=12, output_tokens=3),
        ),
        (
            {"prompt_tokens": 32, "completion_tokens": 9, "total_tokens": 135,
             "completion_tokens_details": {"reasoning_tokens": 94}},
            Usage(input_tokens=32, output_tokens=103),
        ),
        (
            {"prompt_tokens": 100, "completion_tokens": 5,
             "prompt_tokens_details": {"cached_tokens": 64}},
            Usage(input_tokens=100, output_tokens=5, cached_tokens=64),
        ),
        ({"prompt_tokens": 3.0, "completion_tokens": 2.0}, Usage(input_tokens=3, output_tokens=2)),
        ({"prompt_tokens": True, "completion_tokens": 2}, UNKNOWN),
        ({"prompt_tokens": 10**30, "completion_tokens": 2}, UNKNOWN),
        (
            {"prompt_tokens": 10, "completion_tokens": 5,
             "completion_tokens_details": {"reasoning_tokens": 30}},
            Usage(input_tokens=10, output_tokens=35),
        ),
        (
            {"prompt_tokens": 100, "completion_tokens": 5, "cached_tokens": 64},
            Usage(input_tokens=100, output_tokens=5, cached_tokens=64),
        ),
        (
            {"prompt_tokens": 100, "completion_tokens": 5, "prompt_cache_hit_tokens": 64},
            Usage(input_tokens=100, output_tokens=5, cached_tokens=64),
        ),
    ],
)  # fmt: skip
def test_usage_is_what_is_told_and_unknown_else(usage: Any, expected: Usage) -> None:
    choice = {"message": {"content": "a"}, "finish_reason": "stop"}
    with WireServer(lambda _: choice_reply(choice, usage=usage)) as server:
        (answer,) = ask(OpenAIProvider, question(openai_model(server.openai_url)))
    assert answer.usage == expected
    assert Completion.from_json(answer.to_json()).usage == expected


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'[{"error": {"code": 400, "message": "API key not valid"}}]', "API key not valid"),
        (b'{"detail": [{"loc": ["body", "seed"], "msg": "extra fields"}]}', "extra fields"),
        (b'{"errors": [{"message": "no route"}]}', "no route"),
        (b'{"fault": {"code": 7}}', '{"fault": {"code": 7}}'),
        (b"model is loading", "model is loading"),
    ],
)
def test_a_message_of_any_shape_is_told(body: bytes, said: str) -> None:
    assert said in failure(lambda _: Reply(status=400, body=body)).message


@pytest.mark.parametrize(
    "body",
    [
        b'[{"error": {"message": "Unknown name \\"temperature\\": Cannot find field."}}]',
        b'{"error": {"message": "invalid temperature: only 1 is allowed for this model"}}',
        b'{"detail": [{"loc": ["body", "temperature"], "msg": "extra fields not permitted"}]}',
        b"temperature is not supported",
        b'{"error": {"message": "temperature must be 1 for this model"}}',
        b'{"error": {"message": "This model does not accept Temperature"}}',
        b'{"object": "error", "message": {"detail": [{"type": "extra_forbidden", '
        b'"loc": ["body", "temperature", 0], "msg": "Extra inputs are not permitted"}]}}',
    ],
)
def test_a_refused_parameter_is_understood_in_any_shape(body: bytes) -> None:
    def behaviour(received: Received) -> Reply:
        return Reply(status=400, body=body) if "temperature" in received.body else Reply()

    with WireServer(behaviour) as server:
        model = openai_model(server.openai_url)
        (answer,) = ask(OpenAIProvider, question(model, parameters={"temperature": 0}))
    assert answer.notes == (f"temperature was left out: {model} does not accept it",)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (403, {"code": 403, "message": "no", "metadata": {"flagged_input": "x"}}),
        (403, {"message": "Your input was flagged by moderation"}),
        (400, {"code": "content_filter", "message": "filtered"}),
        (400, {"code": "context_length_exceeded", "message": "too many tokens"}),
    ],
)
def test_a_refusal_of_one_input_says_so(status: int, error: dict[str, Any]) -> None:
    refused = failure(lambda _: Reply(status=status, body=json.dumps({"error": error}).encode()))
    assert isinstance(refused, RefusedError)
    assert refused.is_about_input
    assert "may not use this model" not in refused.message


def test_a_setting_that_is_too_large_is_not_about_one_input() -> None:
    refused = failure(
        lambda _: Reply(status=400, message="max_tokens is too large", param="max_tokens")
    )
    assert isinstance(refused, RefusedError)
    assert not refused.is_about_input


def test_groqs_498_is_worth_another_try() -> None:
    assert isinstance(failure(lambda _: Reply(status=498)), TransientError)


def test_a_format_that_is_refused_is_left_out_only_where_it_is_not_needed() -> None:
    def behaviour(received: Received) -> Reply:
        refusal = Reply(status=400, message="not supported", param="response_format")
        return refusal if "response_format" in received.body else Reply()

    schema = {"name": "x", "schema": {"type": "object"}}
    with WireServer(behaviour) as server:
        model = openai_model(server.openai_url)
        judging = question(
            model, response_format="json_schema", json_schema=schema, is_format_needed=False
        )
        (answer,) = ask(OpenAIProvider, judging)
        needed = question(model, response_format="json_schema", json_schema=schema)
        with pytest.raises(RefusedError):
            ask(OpenAIProvider, judging, needed)
    assert answer.notes == (f"response_format was left out: {model} does not accept it",)


@pytest.mark.parametrize(
    ("headers", "sent"),
    [
        ({}, "more than 32 MiB"),
        ({"content-encoding": "gzip"}, "an answer packed with gzip, which was not asked for"),
    ],
)
def test_an_answer_without_bound_is_refused(headers: dict[str, str], sent: str) -> None:
    body = gzip.compress(b" " * 1_000_000) if headers else b" " * (33 << 20)
    error = failure(lambda _: Reply(body=body, headers=headers))
    assert isinstance(error, RefusedError)
    assert error.message == f"openai/gpt-x: URL sent {sent}"


@pytest.mark.parametrize("escape", [lambda c: c, lambda c: f"\\u{ord(c):04x}"])
def test_a_key_that_an_answer_repeats_is_taken_out_however_it_is_escaped(escape: Any) -> None:
    said = "".join(map(escape, KEY))
    body = f'{{"choices": [{{"message": {{"content": "{said}!"}}, "finish_reason": "stop"}}]}}'
    with WireServer(lambda _: Reply(body=body.encode())) as server:
        (answer,) = ask(OpenAIProvider, question(openai_model(server.openai_url)))
    assert answer.text == "[key]!"
