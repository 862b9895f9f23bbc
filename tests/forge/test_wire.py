"""The wire against a loopback server that misbehaves."""

import gzip
import re
import socket
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from pytest_promptopt.errors import ForgeError, UsageError
from pytest_promptopt.forge import wire as module
from pytest_promptopt.forge.wire import Call, PassingError, Wire
from pytest_promptopt.testing import Reply, WireServer, scripted

TOKEN = "ghs_0123456789abcdefghij"

READ = Call(deed="read acme/shop#7", path="/repos/acme/shop/pulls/7")
COMMENT = Call(
    deed="comment on acme/shop#7",
    path="/repos/acme/shop/issues/7/comments",
    method="POST",
    body={"body": "Half a pair: \ud800"},
)
EDIT = Call(deed="edit acme/shop#7", path="/repos/acme/shop/pulls/7", method="PATCH", body={})


HEADERS = {
    "authorization": f"Bearer {TOKEN}",
    "accept": "application/vnd.github+json",
    "x-github-api-version": "2022-11-28",
    "user-agent": "pytest-promptopt",
    "content-type": None,
}


@pytest.fixture
def server() -> Iterator[WireServer]:
    with WireServer() as running:
        yield running


@pytest.fixture
def wire(server: WireServer) -> Iterator[Wire]:
    with closing(Wire(api_url=f"{server.url}/api/v3", token=TOKEN, now=time.time)) as opened:
        yield opened


def test_a_request_names_us_the_version_and_the_token(server: WireServer, wire: Wire) -> None:
    call = Call(deed="list", path="/repos/acme/shop/pulls", query={"head": "acme:a/b&c"})
    server.behaviour = scripted([Reply(body=b"[]")])
    assert wire.send(call).content == b"[]"
    request = server.received[0]
    assert request.path == "/api/v3/repos/acme/shop/pulls?head=acme%3Aa%2Fb%26c"
    assert {name: request.headers.get(name) for name in HEADERS} == HEADERS


def test_a_body_is_json_even_if_it_holds_half_a_pair(server: WireServer, wire: Wire) -> None:
    wire.send(COMMENT)
    request = server.received[0]
    assert request.body == {"body": "Half a pair: \ud800"}
    assert request.headers["content-type"] == "application/json"


def test_an_answer_of_any_status_is_a_reply(server: WireServer, wire: Wire) -> None:
    server.behaviour = scripted(
        [Reply(status=404, body=b'{"message": "Not Found"}', headers={"Retry-After": "3"})]
    )
    reply = wire.send(READ)
    assert (reply.status, reply.said, reply.headers["retry-after"]) == (404, "Not Found", "3")


def test_a_token_that_the_server_repeats_is_not_shown(server: WireServer, wire: Wire) -> None:
    body = f'{{"message": "no such token: {TOKEN}"}}'.encode()
    server.behaviour = scripted([Reply(status=401, body=body)])
    assert wire.send(READ).said == "no such token: [token]"


def test_the_next_page_is_found_among_the_links(server: WireServer, wire: Wire) -> None:
    link = '<https://x.example/1?page=3>; rel="last", <https://x.example/1?page=2>; rel="next"'
    server.behaviour = scripted([Reply(body=b"[]", headers={"Link": link})], then=Reply(body=b"[]"))
    assert wire.send(READ).next_page == "https://x.example/1?page=2"
    assert wire.send(READ).next_page is None


def test_it_goes_where_the_same_server_sends_it(server: WireServer, wire: Wire) -> None:
    wire.send(READ, f"{server.url}/repositories/1/pulls?page=2")
    wire.send(READ, "/repositories/1")
    assert [request.path for request in server.received] == [
        "/repositories/1/pulls?page=2",
        "/repositories/1",
    ]


@pytest.mark.parametrize(
    "at",
    [
        "https://evil.example/repos",
        "//evil.example/repos",
        "https://127.0.0.1:{port}/repos",
        "http://127.0.0.1:1/repos",
        "http://someone@127.0.0.1:{port}/repos",
        "http://127.0.0.1:{port}\\@evil.example/",
        "http://[/",
        "\x00",
    ],
)
def test_it_goes_nowhere_else(server: WireServer, wire: Wire, at: str) -> None:
    with pytest.raises(ForgeError) as caught:
        wire.send(READ, at.replace("{port}", str(server.port)))
    assert str(caught.value) == (
        "Could not read acme/shop#7: 127.0.0.1 sends us to another host, which does not get the "
        "token."
    )
    assert server.received == []


def test_a_redirect_is_not_followed_by_itself(server: WireServer, wire: Wire) -> None:
    server.behaviour = scripted([Reply(status=302, headers={"Location": f"{server.url}/x"})])
    assert wire.send(READ).status == 302
    assert len(server.received) == 1


@pytest.mark.parametrize(
    ("reply", "cause"),
    [
        (Reply(fault="cut", body=b"{}" * 50), "peer closed connection without sending complete"),
        (Reply(fault="never"), "timed out"),
        (Reply(fault="slow", body=b"x" * 100), "not complete after 0.2 s"),
        (Reply(body=b"no gzip", headers={"Content-Encoding": "gzip"}), "incorrect header check"),
    ],
)
def test_without_an_answer_it_is_not_known_whether_a_post_was_done(
    server: WireServer, monkeypatch: pytest.MonkeyPatch, reply: Reply, cause: str
) -> None:
    monkeypatch.setattr(module, "TIMEOUT_SECONDS", 0.2)
    server.behaviour = scripted([reply])
    with (
        closing(Wire(api_url=server.url, token=TOKEN, now=time.time)) as wire,
        pytest.raises(PassingError) as caught,
    ):
        wire.send(COMMENT)
    assert re.fullmatch(
        rf"Could not comment on acme/shop#7 for certain: 127\.0\.0\.1:{server.port} did not answer "
        rf"\(.*{cause}.*\), and may or may not have done it\. Look at it there before trying "
        r"again\.",
        str(caught.value),
    )
    assert not caught.value.may_repeat


@pytest.mark.parametrize("call", [READ, EDIT])
def test_what_can_be_done_twice_may_be_tried_again(
    server: WireServer, wire: Wire, call: Call
) -> None:
    server.behaviour = scripted([Reply(fault="drop")])
    with pytest.raises(PassingError) as caught:
        wire.send(call)
    assert str(caught.value) == (
        f"Could not {call.deed}: 127.0.0.1:{server.port} did not answer (Server disconnected "
        "without sending a response.)."
    )
    assert caught.value.may_repeat


def test_a_post_that_was_never_sent_may_be_tried_again() -> None:
    with closing(socket.socket()) as deaf:
        deaf.bind(("127.0.0.1", 0))
        port = deaf.getsockname()[1]
        with (
            closing(Wire(api_url=f"http://127.0.0.1:{port}", token=TOKEN, now=time.time)) as wire,
            pytest.raises(PassingError) as caught,
        ):
            wire.send(COMMENT)
    assert str(caught.value).startswith(
        f"Could not comment on acme/shop#7: 127.0.0.1:{port} cannot be reached ("
    )
    assert caught.value.may_repeat


@pytest.mark.parametrize("is_packed", [False, True])
def test_an_answer_has_a_largest_size(
    server: WireServer, wire: Wire, monkeypatch: pytest.MonkeyPatch, is_packed: bool
) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 1_000_000)
    body, headers = b" " * 1_000_001, {}
    if is_packed:
        body, headers = gzip.compress(body), {"Content-Encoding": "gzip"}
    server.behaviour = scripted([Reply(body=body, headers=headers)])
    with pytest.raises(ForgeError) as caught:
        wire.send(READ)
    assert str(caught.value) == (
        "Asked to read acme/shop#7, GitHub gave an answer of over 1,000,000 bytes."
    )


def test_the_token_is_not_sent_in_the_open() -> None:
    with pytest.raises(UsageError, match="no token is sent in the open"):
        Wire(api_url="http://ghe.example", token=TOKEN, now=time.time)


def test_proxies_of_the_environment_are_not_asked_for_this_machine(
    server: WireServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    with closing(Wire(api_url=server.url, token=TOKEN, now=time.time)) as wire:
        assert wire.send(READ).status == 200
