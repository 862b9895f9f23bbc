"""Tries, waits, pages and answers that are not understood, against a scripted server."""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import pytest

from pytest_promptopt.errors import ForgeError
from pytest_promptopt.forge.exchange import ForgeExchange, LimitError
from pytest_promptopt.forge.fields import Fields
from pytest_promptopt.forge.wire import Call, PassingError, Wire
from pytest_promptopt.testing import Reply, WireServer, scripted

READ = Call(deed="read acme/shop#7", path="/repos/acme/shop/pulls/7")
LIST = Call(deed="list the files of acme/shop#7", path="/files", query={"per_page": "100"})
EDIT = Call(deed="edit acme/shop#7", path="/repos/acme/shop/pulls/7", method="PATCH", body={})
COMMENT = Call(deed="comment on acme/shop#7", path="/comments", method="POST", body={})

DROPPED = Reply(fault="drop")
UNICORN = Reply(status=502, body=b"<html>Unicorn!</html>", content_type="text/html")


@dataclass(slots=True)
class Clock:
    """Time that passes only in sleep."""

    seconds: float = 1_000_000.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


@pytest.fixture
def server() -> Iterator[WireServer]:
    with WireServer() as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def exchange(server: WireServer, clock: Clock) -> Iterator[ForgeExchange]:
    with closing(Wire(api_url=server.url, token="ghs_0123456789", now=clock.now)) as wire:
        yield ForgeExchange(wire, sleep=clock.sleep, now=clock.now)


def found(answer: Any, **headers: str) -> Reply:
    return Reply(body=json.dumps(answer).encode(), headers=headers)


def refused(status: int, message: str, headers: Mapping[str, str] | None = None) -> Reply:
    body = json.dumps({"message": message}).encode()
    return Reply(status=status, body=body, headers=headers or {})


def name_of(entry: Fields) -> str:
    return entry.text("name")


OK = found({"name": "x"})


@pytest.mark.parametrize("call", [READ, EDIT])
@pytest.mark.parametrize("fault", [DROPPED, UNICORN])
def test_a_fault_is_tried_three_times(
    server: WireServer, exchange: ForgeExchange, clock: Clock, call: Call, fault: Reply
) -> None:
    server.behaviour = scripted([fault, fault, OK])
    assert exchange.ask(call, name_of) == "x"
    assert len(server.received) == 3
    # Writes are a second apart, which the pauses are already.
    assert clock.slept == [1.0, 4.0]


def test_a_fault_that_stays_is_an_error(server: WireServer, exchange: ForgeExchange) -> None:
    server.behaviour = scripted([], then=UNICORN)
    with pytest.raises(ForgeError) as caught:
        exchange.ask(READ, name_of)
    assert str(caught.value) == (
        "Could not read acme/shop#7: GitHub answered 502. Try again later; "
        "https://www.githubstatus.com tells of known trouble."
    )
    assert caught.value.status == 502
    assert len(server.received) == 3


@pytest.mark.parametrize("fault", [DROPPED, UNICORN])
def test_a_post_that_may_have_been_done_is_not_done_again(
    server: WireServer, exchange: ForgeExchange, fault: Reply
) -> None:
    server.behaviour = scripted([fault], then=OK)
    with pytest.raises(ForgeError, match="may or may not have done it"):
        exchange.ask(COMMENT, name_of)
    assert len(server.received) == 1


def test_a_post_that_was_never_sent_is_tried_again(
    server: WireServer, exchange: ForgeExchange, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = Wire.send
    faults = [PassingError("cannot be reached", may_repeat=True)]

    def send(wire: Wire, call: Call, at: str | None) -> Any:
        if faults:
            raise faults.pop()
        return sent(wire, call, at)

    monkeypatch.setattr(Wire, "send", send)
    server.behaviour = scripted([], then=OK)
    assert exchange.ask(COMMENT, name_of) == "x"
    assert clock.slept == [1.0]


@pytest.mark.parametrize("call", [READ, EDIT, COMMENT])
@pytest.mark.parametrize(
    ("limit", "seconds"),
    [
        (refused(429, "slow down", {"Retry-After": "7"}), 7.0),
        (
            refused(
                403,
                "API rate limit exceeded",
                {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1000040"},
            ),
            40.0,
        ),
        (refused(403, "You have exceeded a secondary rate limit."), 60.0),
    ],
)
def test_a_limit_is_waited_for(
    server: WireServer,
    exchange: ForgeExchange,
    clock: Clock,
    call: Call,
    limit: Reply,
    seconds: float,
) -> None:
    server.behaviour = scripted([limit], then=OK)
    assert exchange.ask(call, name_of) == "x"
    assert clock.slept == [seconds]


def test_a_longer_wait_is_an_error_that_names_it(
    server: WireServer, exchange: ForgeExchange, clock: Clock
) -> None:
    server.behaviour = scripted([refused(403, "API rate limit", {"Retry-After": "2341"})])
    with pytest.raises(LimitError) as caught:
        exchange.ask(COMMENT, name_of)
    assert str(caught.value) == (
        "Could not comment on acme/shop#7: GitHub limits how much it is asked (API rate limit) and "
        "wants us to wait for 40 minutes. A run waits 60 s at most: run it again later."
    )
    assert clock.slept == []


def test_all_waits_of_a_run_count_together(
    server: WireServer, exchange: ForgeExchange, clock: Clock
) -> None:
    limit = refused(429, "", {"Retry-After": "25"})
    server.behaviour = scripted([limit, OK, limit, OK, limit])
    assert exchange.ask(READ, name_of) == "x"
    assert exchange.ask(READ, name_of) == "x"
    with pytest.raises(LimitError, match=r"wait for 25 s\. A run waits 60 s at most"):
        exchange.ask(READ, name_of)
    assert clock.slept == [25.0, 25.0]


def test_writes_are_a_second_apart(
    server: WireServer, exchange: ForgeExchange, clock: Clock
) -> None:
    server.behaviour = scripted([], then=OK)
    exchange.ask(COMMENT, name_of)
    exchange.ask(READ, name_of)
    exchange.ask(EDIT, name_of)
    assert clock.slept == [1.0]
    clock.seconds += 0.75
    exchange.ask(COMMENT, name_of)
    assert clock.slept == [1.0, 0.25]
    clock.seconds += 5.0
    exchange.ask(COMMENT, name_of)
    assert clock.slept == [1.0, 0.25]


def test_a_clock_that_is_set_back_makes_no_long_pause(
    server: WireServer, exchange: ForgeExchange, clock: Clock
) -> None:
    server.behaviour = scripted([], then=OK)
    exchange.ask(COMMENT, name_of)
    clock.seconds -= 3600.0
    exchange.ask(COMMENT, name_of)
    assert clock.slept == [1.0]


def test_pages_are_read_as_they_are_needed(server: WireServer, exchange: ForgeExchange) -> None:
    server.behaviour = lambda received: (
        found([{"name": "c"}])
        if "page=2" in received.path
        else found(
            [{"name": "a"}, {"name": "b"}], Link=f'<{server.url}/lists/9?page=2>; rel="next"'
        )
    )
    names = exchange.pages(LIST, name_of)
    assert [next(names), next(names)] == ["a", "b"]
    assert [request.path for request in server.received] == ["/files?per_page=100"]
    assert list(names) == ["c"]
    assert server.received[1].path == "/lists/9?page=2"


def test_a_list_without_an_end_is_an_error(
    server: WireServer, exchange: ForgeExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytest_promptopt.forge.exchange.MOST_PAGES", 3)
    page = found([{"name": "a"}], Link=f'<{server.url}/files>; rel="next"')
    server.behaviour = scripted([], then=page)
    with pytest.raises(ForgeError) as caught:
        list(exchange.pages(LIST, name_of))
    assert str(caught.value) == (
        "Could not list the files of acme/shop#7: the list goes on after 3 pages."
    )
    assert len(server.received) == 3


def test_a_next_page_elsewhere_is_not_asked(server: WireServer, exchange: ForgeExchange) -> None:
    page = found([{"name": "a"}], Link='<https://evil.example/files>; rel="next"')
    server.behaviour = scripted([page])
    with pytest.raises(ForgeError, match="another host, which does not get the token"):
        list(exchange.pages(LIST, name_of))


@pytest.mark.parametrize("status", [301, 307, 308])
def test_reading_follows_a_repository_that_was_renamed(
    server: WireServer, exchange: ForgeExchange, status: int
) -> None:
    moved = Reply(status=status, headers={"Location": f"{server.url}/repositories/9/pulls/7"})
    server.behaviour = scripted([moved, OK])
    assert exchange.ask(READ, name_of) == "x"
    assert server.received[1].path == "/repositories/9/pulls/7"


@pytest.mark.parametrize("call", [EDIT, COMMENT])
def test_writing_does_not(server: WireServer, exchange: ForgeExchange, call: Call) -> None:
    moved = Reply(status=307, body=b"", headers={"Location": f"{server.url}/repositories/9"})
    server.behaviour = scripted([moved], then=OK)
    with pytest.raises(ForgeError) as caught:
        exchange.ask(call, name_of)
    assert str(caught.value) == (
        f"Could not {call.deed}: GitHub answered 307. It has moved: name the repository as it is "
        "called now."
    )
    assert len(server.received) == 1


def test_redirects_come_to_an_end(server: WireServer, exchange: ForgeExchange) -> None:
    around = Reply(status=301, body=b"", headers={"Location": f"{server.url}/around"})
    server.behaviour = scripted([], then=around)
    with pytest.raises(ForgeError, match="GitHub answered 301"):
        exchange.ask(READ, name_of)
    assert len(server.received) == 4


def test_a_redirect_to_another_host_is_not_followed(
    server: WireServer, exchange: ForgeExchange
) -> None:
    server.behaviour = scripted([Reply(status=301, headers={"Location": "https://evil.example"})])
    with pytest.raises(ForgeError, match="another host, which does not get the token"):
        exchange.ask(READ, name_of)


def test_a_refusal_says_what_github_said_and_what_would_help(
    server: WireServer, exchange: ForgeExchange
) -> None:
    server.behaviour = scripted([refused(401, "Bad credentials")])
    with pytest.raises(ForgeError) as caught:
        exchange.ask(READ, name_of)
    assert str(caught.value) == (
        "Could not read acme/shop#7: GitHub answered 401 (Bad credentials). The token is wrong or "
        "has expired: set GITHUB_TOKEN, or GH_TOKEN, anew."
    )
    assert caught.value.status == 401
    assert len(server.received) == 1


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"<html>Log in</html>", "it is not JSON"),
        (b"", "it is not JSON"),
        (b"[" * 100_000, "it is not JSON"),
        (b"[]", "it must be an object"),
        (b'{"name": 7}', "`name` must be text"),
    ],
)
def test_an_answer_that_is_not_understood_is_an_error(
    server: WireServer, exchange: ForgeExchange, body: bytes, problem: str
) -> None:
    server.behaviour = scripted([], then=Reply(body=body))
    with pytest.raises(ForgeError) as read:
        exchange.ask(READ, name_of)
    assert str(read.value) == (
        f"Asked to read acme/shop#7, GitHub gave an answer that is not understood: {problem}. Is "
        "the API's address right? On GitHub Enterprise it ends in /api/v3."
    )
    with pytest.raises(ForgeError) as written:
        exchange.ask(COMMENT, name_of)
    assert f"{problem}. It may well have been done. Is" in str(written.value)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"{}", "it must be a list"),
        (b'[{"name": "a"}, 7]', "`[1]` must be an object"),
        (b'[{"name": null}]', "`[0].name` must be text"),
    ],
)
def test_so_is_a_list_that_is_not_understood(
    server: WireServer, exchange: ForgeExchange, body: bytes, problem: str
) -> None:
    server.behaviour = scripted([Reply(body=body)])
    with pytest.raises(ForgeError) as caught:
        list(exchange.pages(LIST, name_of))
    assert f"not understood: {problem}. Is the API's" in str(caught.value)
