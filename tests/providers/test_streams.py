"""Answers that are watched while they arrive, over loopback."""

import asyncio
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_promptopt.errors import BrokenOffError, ProviderError, RefusedError, TransientError
from pytest_promptopt.providers.request import Completion, FinishReason, Model, Request, Usage
from pytest_promptopt.providers.router import Router
from pytest_promptopt.providers.server_process import ServerProcess
from pytest_promptopt.testing import Reply, WireServer, scripted
from pytest_promptopt.testing.wire import Behaviour
from tests.providers.questions import Watched, ask, openai_model, question, settings

pytestmark = pytest.mark.usefixtures("way")

TEXT = "It’s half past\u2028nine 🕘, they say."
FORMATS = ("openai", "anthropic")
USAGE = Usage(input_tokens=12, output_tokens=3)


def model_of(server: WireServer, provider: str) -> Model:
    url = server.url if provider == "anthropic" else server.openai_url
    return Model(
        provider=provider, name="m", base_url=url, key_variable=f"{provider.upper()}_API_KEY"
    )


def watch(
    behaviour: Behaviour, provider: str = "openai", **changes: Any
) -> tuple[Completion, Watched, list[dict[str, Any]]]:
    """The answer, what was told of it, and the bodies that were sent."""
    watched = Watched()
    with WireServer(behaviour) as server:
        request = question(model_of(server, provider), tell=watched.tell)
        (answer,) = ask(Router, request, **changes)
    return answer, watched, [dict(received.body) for received in server.received]


def chunks(*deltas: dict[str, Any], **end: Any) -> Reply:
    """A stream of OpenAI's that ends as ``end`` says, without usage."""
    choices = [*({"delta": delta} for delta in deltas), *([{"delta": {}, **end}] if end else [])]
    return events(*({"choices": [choice]} for choice in choices))


def events(*contents: dict[str, Any]) -> Reply:
    body = "".join(f"data: {json.dumps(content)}\r\n\r\n" for content in contents)
    return Reply(body=body.encode(), content_type="text/event-stream; charset=utf-8")


@pytest.mark.parametrize("provider", FORMATS)
def test_a_watched_answer_is_the_same_as_one_that_comes_at_once(provider: str) -> None:
    reply = Reply(text=TEXT, usage=(12, 3), finish_reason="max_tokens")
    answer, watched, [sent] = watch(lambda _: reply, provider)
    with WireServer(lambda _: reply) as server:
        (at_once,) = ask(Router, question(model_of(server, provider)))
    assert answer.to_json() | {"latency_seconds": 0} == at_once.to_json() | {"latency_seconds": 0}
    assert (answer.text, answer.usage, answer.finish_reason) == (TEXT, USAGE, FinishReason.LENGTH)
    assert len(watched.pieces) > 5
    assert "".join(watched.pieces) == TEXT
    assert sent["stream"] is True


def test_watching_is_no_part_of_the_question() -> None:
    plain = question(openai_model("http://x"))
    watched = question(openai_model("http://x"), tell=Watched().tell)
    assert (watched, watched.fingerprint) == (plain, plain.fingerprint)


@pytest.mark.parametrize("message", ["Unrecognized request argument supplied: stream_options"])
def test_a_server_that_counts_no_tokens_in_streams_is_asked_without(message: str) -> None:
    answer, watched, sent = watch(scripted([Reply(status=400, message=message)]))
    assert [("stream" in body, "stream_options" in body) for body in sent] == [
        (True, True),
        (True, False),
    ]
    assert (answer.text, watched.pieces, answer.notes) == ("ok", ["ok"], ())
    assert not answer.usage.is_known


@pytest.mark.parametrize(
    ("message", "param"),
    [
        ("Your organization must be verified to stream this model.", "stream"),
        ("streaming is off here", None),
    ],
)
def test_a_model_that_does_not_stream_is_asked_for_the_whole(
    message: str, param: str | None
) -> None:
    answer, watched, sent = watch(scripted([Reply(status=400, message=message, param=param)]))
    assert [body.keys() & {"stream", "stream_options"} for body in sent][1:] == [set()]
    assert (answer.text, watched.pieces, answer.notes) == ("ok", [], ())
    assert answer.usage.is_known


def test_a_server_that_answers_at_once_all_the_same_is_understood() -> None:
    choice = {"message": {"content": "whole"}, "finish_reason": "stop"}
    answer, watched, _ = watch(lambda _: Reply(body=json.dumps({"choices": [choice]}).encode()))
    assert (answer.text, watched.pieces) == ("whole", [])


@pytest.mark.parametrize("provider", FORMATS)
@pytest.mark.parametrize("fault", ["cut", "stall"])
def test_an_answer_that_breaks_off_is_none(provider: str, fault: Any) -> None:
    watched = Watched()
    with WireServer(lambda _: Reply(text="word " * 40, fault=fault)) as server:
        request = question(model_of(server, provider), tell=watched.tell)
        with pytest.raises(BrokenOffError, match="; the answer broke off, and nothing of it is"):
            ask(Router, request, timeout_seconds=0.3)
    assert "".join(watched.pieces).startswith("word word")


BROKEN = [
    chunks({"content": "a"}),
    events({"choices": [{"delta": {"content": "a"}}]}, {"error": {"code": 502}}),
    events({"type": "content_block_delta", "delta": {"text": "a"}}),
    events(
        {"type": "content_block_delta", "delta": {"text": "a"}},
        {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}},
    ),
    Reply(body=b'data: {"choices": [{"delta": {"content": "a"}}]}\n\ndata: {"cho\n\n',
          content_type="text/event-stream"),
]  # fmt: skip


@pytest.mark.parametrize(("number", "reply"), list(enumerate(BROKEN)))
def test_a_stream_without_an_end_or_with_a_failure_breaks_off(number: int, reply: Reply) -> None:
    with pytest.raises(BrokenOffError):
        watch(lambda _: reply, "anthropic" if number in (2, 3) else "openai")


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (events({"error": {"message": "busy"}}), TransientError),
        (events({"error": {"code": "400", "message": "no"}}), RefusedError),
        (events(), TransientError),
        (Reply(body=b"<title>Hello</title>", content_type="text/html"), TransientError),
        (Reply(status=503), TransientError),
        (Reply(status=401), RefusedError),
        (Reply(fault="drop"), TransientError),
    ],
)
def test_what_fails_before_a_word_was_told_fails_as_ever(
    reply: Reply, kind: type[ProviderError]
) -> None:
    with pytest.raises(kind):
        watch(lambda _: reply)


@pytest.mark.parametrize(
    "delta",
    [
        {"reasoning_content": "hm "},
        {"reasoning": "hm "},
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm "}]}]},
    ],
)
def test_reasoning_is_told_as_such(delta: dict[str, Any]) -> None:
    reply = chunks(delta, delta, {"content": "yes"}, finish_reason="stop")
    answer, watched, _ = watch(lambda _: reply)
    assert (answer.reasoning, answer.text) == ("hm hm ", "yes")
    assert (watched.reasoning, watched.pieces) == ("hm hm ", ["yes"])


def test_thinking_of_anthropics_is_told_as_such() -> None:
    reply = events(
        {"type": "message_start", "message": {"usage": {"input_tokens": 12, "output_tokens": 1}}},
        {"type": "ping"},
        {"type": "content_block_start", "content_block": {"type": "thinking", "thinking": ""}},
        {"type": "content_block_delta", "delta": {"type": "thinking_delta", "thinking": "hm"}},
        {"type": "content_block_delta", "delta": {"type": "signature_delta", "signature": "x"}},
        {"type": "content_block_start", "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "yes"}},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": 3},
        },
        {"type": "message_stop"},
    )
    answer, watched, _ = watch(lambda _: reply, "anthropic")
    assert (answer.reasoning, answer.text, answer.usage) == ("hm", "yes", USAGE)
    assert (watched.reasoning, watched.pieces) == ("hm", ["yes"])
    assert answer.finish_reason is FinishReason.STOP


def test_tools_refusals_likelihoods_and_halves_of_characters_arrive_too() -> None:
    calls = chunks({"tool_calls": [{"index": 0}]}, finish_reason="tool_calls")
    assert watch(lambda _: calls)[0].notes[0] == "the answer is a call of a tool"
    refusal, watched, _ = watch(lambda _: chunks({"refusal": "No."}, finish_reason="stop"))
    assert (refusal.finish_reason, watched.pieces) == (FinishReason.REFUSAL, ["No."])
    tokens = [{"logprobs": {"content": [{"logprob": value}]}} for value in (-1, -3)]
    likely = events(*({"choices": [token]} for token in [*tokens, {"finish_reason": "stop"}]))
    assert watch(lambda _: likely)[0].log_probability == -2
    halves = [{"content": half} for half in ("\ud83d", "\ude00")]
    assert watch(lambda _: chunks(*halves, finish_reason="stop"))[0].text == "\U0001f600"
    second = {"choices": [{"index": 1, "delta": {"content": "other"}}]}
    one = {"choices": [{"index": 0, "delta": {"content": "one"}, "finish_reason": "stop"}]}
    assert watch(lambda _: events(second, one))[0].text == "one"


def test_a_local_model_is_watched_through_its_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "m.gguf").write_bytes(b"weights")
    watched = Watched()
    with WireServer(lambda _: Reply(text=TEXT, usage=(12, 3))) as server:
        stand_in = SimpleNamespace(
            address=server.url, api_key="k", is_running=True, stop=lambda: None
        )
        monkeypatch.setattr(ServerProcess, "start", lambda _: stand_in)
        model = Model(provider="local", name="m.gguf", is_file=True)
        (answer,) = ask(Router, question(model, tell=watched.tell), root=tmp_path)
    assert (answer.text, answer.usage) == (TEXT, USAGE)
    assert "".join(watched.pieces) == TEXT
    assert server.received[0].body["max_tokens"] == 1024


def test_a_provider_that_cannot_stream_gives_the_whole() -> None:
    class Plain:
        async def complete(self, request: Request) -> Completion:
            return Completion(text="whole")

        async def close(self) -> None:
            pass

    router = Router(settings())
    router._made["plain"] = Plain()
    watched = Watched()
    request = question(Model(provider="plain", name="m"), tell=watched.tell)
    assert asyncio.run(router.complete(request)).text == "whole"
    assert watched.pieces == []
