import asyncio
import json
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_promptopt.client.recording_file import recording_path
from pytest_promptopt.client.recordings import Recorder, Replay
from pytest_promptopt.errors import NotRecordedError
from pytest_promptopt.providers.request import Completion, Request, Usage
from pytest_promptopt.text.secrets import Secrets
from tests.client.asking import MINI, Answering, answer, ask


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    return tmp_path / "prompts" / "routing.prompt.yml"


@pytest.fixture
def recordings(origin: Path) -> Path:
    return origin.parent / "__recordings__" / "routing.jsonl"


def record(*requests: Request, text: str = "", unused: Path | None = None) -> list[str]:
    """Records the requests; gives the warnings."""

    async def behave(request: Request) -> Completion:
        return answer(text or f"re: {request.messages[-1].content}", latency_seconds=0.123)

    async def run() -> None:
        recorder = Recorder(
            Answering(behave), warn=warnings.append, secrets=Secrets(["hunter2-hunter2"])
        )
        for request in requests:
            await recorder.complete(request)
        if unused is not None:
            recorder.discard_unused(unused)
        await recorder.close()

    warnings: list[str] = []
    asyncio.run(run())
    return warnings


def replayed(*requests: Request) -> list[str]:
    async def run() -> list[str]:
        replay = Replay()
        try:
            return [(await replay.complete(request)).text for request in requests]
        finally:
            await replay.close()

    return asyncio.run(run())


@pytest.mark.parametrize("name", ["a.prompt.yml", "a.prompt.yaml"])
def test_recordings_stand_beside_the_prompt(name: str) -> None:
    assert recording_path(Path("p") / name) == Path("p/__recordings__/a.jsonl")


def test_a_recording_is_one_readable_line(origin: Path, recordings: Path) -> None:
    request = ask("Where is\n  my\tparcel? ✓ " + "x" * 100, sample=1, origin=origin)
    paid = answer(
        "Zürich\n“yes”", latency_seconds=1.5, cost_usd=0.1 + 0.2, usage=Usage(input_tokens=3)
    )

    async def run() -> None:
        recorder = Recorder(Answering(lambda _: asyncio.sleep(0, paid)), warn=print)
        assert await recorder.complete(request) == paid
        await recorder.close()

    asyncio.run(run())

    assert recordings.read_text(encoding="utf-8") == (
        f'{{"fingerprint": "{request.fingerprint}", "model": "openai/gpt-5-mini", "sample": 1, '
        f'"asked": "Where is my parcel? ✓ {"x" * 57}…", '
        '"text": "Zürich\\n“yes”", "finish_reason": "stop", '
        '"input_tokens": 3, "output_tokens": 0, "cost_usd": 0.3, "notes": []}\n'
    )


def test_what_was_recorded_is_replayed_as_saved(origin: Path) -> None:
    requests = [ask(f"{number}", sample=number % 3, origin=origin) for number in range(50)]
    assert record(*requests) == []

    async def run() -> None:
        replay = Replay()
        first = await replay.complete(requests[0])
        assert first == answer("re: 0", saved=True)
        await replay.close()

    asyncio.run(run())
    assert replayed(*requests) == [f"re: {number}" for number in range(50)]


def test_lines_are_sorted_and_the_same_answers_give_the_same_file(
    origin: Path, recordings: Path
) -> None:
    requests = [ask(f"{number}", origin=origin) for number in range(20)]
    record(*requests)
    before = recordings.read_bytes()
    modified = recordings.stat().st_mtime_ns
    record(*reversed(requests))

    assert recordings.read_bytes() == before
    assert recordings.stat().st_mtime_ns == modified
    fingerprints = [json.loads(line)["fingerprint"] for line in before.splitlines()]
    assert fingerprints == sorted(request.fingerprint for request in requests)
    assert [file.name for file in recordings.parent.iterdir()] == ["routing.jsonl"]


def test_recording_merges_with_what_is_there(origin: Path) -> None:
    first, second, third = (ask(text, origin=origin) for text in "abc")
    record(first, second)
    record(second, third, text="new")

    assert replayed(first, second, third) == ["re: a", "new", "new"]


def test_prompts_with_the_same_request_have_it_each(origin: Path) -> None:
    other = origin.with_name("other.prompt.yml")
    record(ask(origin=origin), ask(origin=other))

    assert replayed(ask(origin=origin), ask(origin=other)) == ["re: Hello?"] * 2


def test_unused_recordings_are_kept_unless_all_of_the_prompt_was_asked(
    origin: Path, recordings: Path
) -> None:
    first, second = (ask(text, origin=origin) for text in "ab")
    record(first, second)
    record(first)
    assert len(recordings.read_bytes().splitlines()) == 2

    record(first, unused=origin)
    assert len(recordings.read_bytes().splitlines()) == 1

    record(ask("c", origin=origin), unused=origin)
    assert replayed(ask("c", origin=origin)) == ["re: c"]
    assert len(recordings.read_bytes().splitlines()) == 1


def test_recording_one_model_keeps_what_another_answered(origin: Path, recordings: Path) -> None:
    other = replace(MINI, name="gpt-5-nano")
    record(ask("a", origin=origin), ask("b", origin=origin, model=other))
    record(ask("c", origin=origin), unused=origin)

    assert replayed(ask("c", origin=origin), ask("b", origin=origin, model=other)) == [
        "re: c",
        "re: b",
    ]
    assert len(recordings.read_bytes().splitlines()) == 2


def test_two_files_that_differ_in_their_ending_have_recordings_each(tmp_path: Path) -> None:
    (tmp_path / "a.prompt.yml").touch()
    assert recording_path(tmp_path / "a.prompt.yml").name == "a.jsonl"
    assert recording_path(tmp_path / "a.prompt.yaml").name == "a.yaml.jsonl"


def test_a_request_that_failed_keeps_its_recording(origin: Path) -> None:
    async def run() -> None:
        async def fail(request: Request) -> Completion:
            raise NotRecordedError("no answer today")

        recorder = Recorder(Answering(fail), warn=print)
        with pytest.raises(NotRecordedError):
            await recorder.complete(ask(origin=origin))
        recorder.discard_unused(origin)
        await recorder.close()

    record(ask(origin=origin))
    asyncio.run(run())

    assert replayed(ask(origin=origin)) == ["re: Hello?"]


def test_replay_counts_what_was_not_asked(origin: Path, recordings: Path) -> None:
    requests = [ask(text, origin=origin) for text in "abc"]
    record(*requests)

    async def run() -> None:
        replay = Replay()
        await replay.complete(requests[0])
        assert replay.unused() == {recordings: 2}
        for request in requests:
            await replay.complete(request)
        assert replay.unused() == {}
        await replay.close()

    asyncio.run(run())


def test_a_miss_says_which_file_and_how_to_record(origin: Path) -> None:
    with pytest.raises(NotRecordedError) as caught:
        replayed(ask(origin=origin, sample=2))

    assert str(caught.value) == (
        "no answer by openai/gpt-5-mini to this request (sample 2) in "
        "__recordings__/routing.jsonl; `pytest --prompt-eval --prompt-responses record` records it"
    )


def test_a_request_without_prompt_file_is_neither_recorded_nor_replayed(tmp_path: Path) -> None:
    assert record(ask()) == []
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(NotRecordedError, match="only what a prompt file asks is recorded"):
        replayed(ask())


def test_replay_opens_no_socket(origin: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket")

    record(ask(origin=origin))

    async def run() -> None:
        monkeypatch.setattr(socket, "socket", refuse)
        monkeypatch.setattr(socket, "create_connection", refuse)
        replay = Replay()
        assert (await replay.complete(ask(origin=origin))).text == "re: Hello?"
        await replay.close()
        monkeypatch.undo()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"<<<<<<< HEAD\n", "not JSON"),
        (b"[]\n", "no valid `fingerprint`"),
        (b"[" * 100_000 + b"\n", "nested more than 100 levels deep"),
        (b"{}\n", "no valid `fingerprint`"),
        (b'{"fingerprint": "a", "text": 1}\n', "`text`: expected text, got a whole number"),
        (
            b'{"fingerprint": "a", "text": "", "finish_reason": "x", "input_tokens": 1, '
            b'"output_tokens": 1, "cost_usd": null, "notes": []}\n',
            "`finish_reason`: invalid enum value 'x'",
        ),
    ],
)
def test_a_damaged_line_is_named_before_anything_is_asked(
    origin: Path, recordings: Path, content: bytes, problem: str
) -> None:
    record(ask("a", origin=origin))
    good = recordings.read_bytes()
    recordings.write_bytes(good + b"\n" + content)
    message = (
        f"{recordings}:3: not a recording ({problem}); take the file from git again, or delete "
        "the line and record its answer with `pytest --prompt-eval --prompt-responses record`"
    )

    async def run() -> None:
        provider = Answering()
        for client in (Replay(), Recorder(provider, warn=print)):
            with pytest.raises(NotRecordedError) as caught:
                await client.complete(ask("a", origin=origin))
            assert str(caught.value) == message
        assert provider.asked == []

    asyncio.run(run())


@pytest.mark.parametrize(
    ("question", "text", "kind"),
    [
        ("Hello?", "it is sk-ant-abcdefghij0123456789", "an API key"),
        ("my token ghp_abcdefghijklmnopqrstuvwxyz0123456789", "ok", "a GitHub token"),
        ("Hello?", "hunter2-hunter2", "the value of a secret environment variable"),
    ],
)
def test_what_looks_like_a_secret_is_not_recorded(
    origin: Path, recordings: Path, question: str, text: str, kind: str
) -> None:
    warnings = record(
        ask(question, origin=origin), ask(question, origin=origin, sample=1), text=text
    )

    assert warnings == [
        f"{origin}: an answer was not recorded, since it or its message seems to hold {kind}; "
        "replay will miss it"
    ]
    assert not recordings.exists()


def test_what_could_not_be_read_again_is_not_recorded(origin: Path) -> None:
    [warning] = record(ask("long", origin=origin), text="x" * 9_000_000)
    assert "seems to hold more than 8 MiB; replay will miss it" in warning
    record(ask("a", origin=origin))
    assert replayed(ask("a", origin=origin)) == ["re: a"]


def test_answers_that_utf8_cannot_hold_are_recorded(origin: Path) -> None:
    record(ask(origin=origin), text="half a pair: \ud83d")

    assert replayed(ask(origin=origin)) == ["half a pair: \ud83d"]


def test_windows_line_ends_and_a_missing_last_one_are_read(origin: Path, recordings: Path) -> None:
    requests = [ask(text, origin=origin) for text in "abc"]
    record(*requests)
    unix = recordings.read_bytes()
    recordings.write_bytes(unix.replace(b"\n", b"\r\n").rstrip())
    assert replayed(*requests) == ["re: a", "re: b", "re: c"]

    record(requests[0])
    assert recordings.read_bytes() == unix


def test_recordings_that_cannot_be_written_are_told(origin: Path) -> None:
    origin.parent.mkdir()
    origin.parent.joinpath("__recordings__").write_text("a file where the folder should be")

    (warning,) = record(ask(origin=origin))

    assert "routing.jsonl were not written" in warning


def test_a_file_that_changes_under_the_replay_is_an_error(origin: Path, recordings: Path) -> None:
    first, second = (ask(text, origin=origin) for text in "ab")
    record(first)
    answers_of_first = recordings.read_bytes()
    recordings.unlink()
    record(second)
    answers_of_second = recordings.read_bytes()
    recordings.write_bytes(answers_of_first)

    async def run() -> None:
        replay = Replay()
        await replay.complete(first)
        recordings.write_bytes(answers_of_second)
        with pytest.raises(NotRecordedError, match="changed while it was replayed"):
            await replay.complete(first)
        await replay.close()

    asyncio.run(run())
