import asyncio
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_promptopt.client.cache import Cache
from pytest_promptopt.client.store import count_held
from pytest_promptopt.errors import TransientError
from pytest_promptopt.providers.request import Usage
from tests.client.asking import Answering, answer, ask, failing


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "answers.sqlite"


@pytest.fixture
def warnings() -> list[str]:
    return []


def test_an_answer_is_asked_for_once_over_many_runs(path: Path, warnings: list[str]) -> None:
    async def run() -> tuple[list[str], bool, bool]:
        provider = Answering()
        cache = Cache(provider, path=path, warn=warnings.append)
        first = await cache.complete(ask())
        second = await cache.complete(ask())
        await cache.close()
        assert first.text == second.text == "re: Hello?"
        assert provider.closed == 1
        return provider.asked, first.saved, second.saved

    assert asyncio.run(run()) == (["Hello?"], False, True)
    assert asyncio.run(run()) == ([], True, True)
    assert warnings == []


def test_latency_tokens_and_cost_are_those_of_the_call(path: Path, warnings: list[str]) -> None:
    async def run() -> None:
        fields: dict[str, Any] = {
            "latency_seconds": 1.25,
            "cost_usd": 0.01,
            "usage": Usage(input_tokens=3),
            "notes": ("n",),
        }
        paid = answer(**fields)
        cache = Cache(Answering(lambda _: asyncio.sleep(0, paid)), path=path, warn=warnings.append)
        await cache.complete(ask())
        again = await cache.complete(ask())
        await cache.close()

        assert again == answer(saved=True, **fields)

    asyncio.run(run())


def test_samples_are_kept_apart(path: Path, warnings: list[str]) -> None:
    async def run() -> None:
        provider = Answering()
        cache = Cache(provider, path=path, warn=warnings.append)
        for sample in (0, 1, 0, 1):
            await cache.complete(ask(sample=sample))
        await cache.close()

        assert len(provider.asked) == 2

    asyncio.run(run())


def test_errors_are_never_kept(path: Path, warnings: list[str]) -> None:
    async def run() -> None:
        provider = failing(TransientError("busy"))
        cache = Cache(provider, path=path, warn=warnings.append)
        with pytest.raises(TransientError):
            await cache.complete(ask())
        assert (await cache.complete(ask())).text == "Hello."
        await cache.close()

    asyncio.run(run())


def test_a_damaged_file_is_set_aside_and_the_run_goes_on(path: Path, warnings: list[str]) -> None:
    async def run() -> None:
        path.parent.mkdir()
        path.write_bytes(b"overwritten" * 1000)
        cache = Cache(Answering(), path=path, warn=warnings.append)
        await cache.complete(ask())
        await cache.close()

        assert warnings == [
            f"the cache {path} is damaged; it was set aside as answers.sqlite.damaged-1"
        ]
        assert path.with_name("answers.sqlite.damaged-1").read_bytes() == b"overwritten" * 1000
        assert count_held(path, [ask().fingerprint]) == 1

    asyncio.run(run())


def test_damage_that_shows_during_the_run_loses_no_answer_of_it(
    path: Path, warnings: list[str]
) -> None:
    async def run() -> None:
        filler = Cache(Answering(), path=path, warn=warnings.append)
        for number in range(300):
            await filler.complete(ask(f"{number}" * 100))
        await filler.close()
        content = path.read_bytes()
        path.write_bytes(content[:8192] + b"\xff" * (len(content) - 8192))

        provider = Answering()
        cache = Cache(provider, path=path, warn=warnings.append)
        for number in range(300):
            await cache.complete(ask(f"{number}" * 100))
        await cache.close()

        assert len(warnings) == 1
        assert "damaged; it was set aside" in warnings[0]
        fingerprints = [ask(f"{number}" * 100).fingerprint for number in range(300)]
        assert count_held(path, fingerprints) == 300

    asyncio.run(run())


def test_where_the_file_cannot_be_made_answers_are_kept_for_the_run(
    tmp_path: Path, warnings: list[str]
) -> None:
    async def run() -> None:
        (tmp_path / "cache").write_text("a file where the folder should be")
        provider = Answering()
        cache = Cache(provider, path=tmp_path / "cache" / "a.sqlite", warn=warnings.append)
        for _ in range(2):
            for text in "abc":
                await cache.complete(ask(text))
        await cache.close()

        assert provider.asked == ["a", "b", "c"]
        assert len(warnings) == 1
        assert "cannot be written" in warnings[0]
        assert "answers are kept for this run only" in warnings[0]

    asyncio.run(run())


@pytest.mark.skipif(os.name == "nt", reason="the limit of a file's size is POSIX's")
def test_a_full_disk_costs_no_answer_and_is_told_once(path: Path) -> None:
    code = """
import asyncio, resource, sys
from pathlib import Path
from tests.client.asking import Answering, answer, ask
from pytest_promptopt.client.cache import Cache

async def fill(cache, numbers):
    for number in numbers:
        await cache.complete(ask(str(number)))

async def run():
    provider = Answering(lambda _: asyncio.sleep(0, answer("x" * 2000)))
    cache = Cache(provider, path=Path(sys.argv[1]), warn=lambda text: print("WARNING", text))
    await fill(cache, range(50))
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
    await fill(cache, range(300))
    await fill(cache, range(300))
    await cache.close()
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print(len(provider.asked))

asyncio.run(run())
"""
    ended = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        check=True,
    )

    *told, asked = ended.stdout.splitlines()
    assert asked == "300"
    assert len(told) == 1
    assert "cannot be written" in told[0]
    assert count_held(path, [ask(str(number)).fingerprint for number in range(50)]) == 50


def test_a_file_that_can_only_be_read_is_still_used(
    path: Path, warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        first = Cache(Answering(), path=path, warn=warnings.append)
        await first.complete(ask("a"))
        await first.close()

        def refuse(*_: object) -> int:
            raise PermissionError(13, "Permission denied")

        # Tests may run as root, whom no mode keeps from writing.
        monkeypatch.setattr("pytest_promptopt.client.store.os.open", refuse)
        provider = Answering()
        cache = Cache(provider, path=path, warn=warnings.append)
        for text in "abab":
            await cache.complete(ask(text))
        assert provider.asked == ["b"]
        cache.clear()
        await cache.complete(ask("a"))
        await cache.close()

        assert provider.asked == ["b", "a"]
        assert warnings == [
            f"the cache {path} cannot be written ([Errno 13] Permission denied); answers are kept "
            "for this run only. The ini prompt_cache_dir names another folder"
        ]
        assert count_held(path, [ask("b").fingerprint]) == 0

    asyncio.run(run())


def test_a_temporary_cache_keeps_answers_for_the_run_only(warnings: list[str]) -> None:
    async def run() -> list[str]:
        provider = Answering()
        cache = Cache.temporary(provider, warn=warnings.append)
        await cache.complete(ask())
        assert (await cache.complete(ask())).saved
        await cache.close()
        return provider.asked

    assert asyncio.run(run()) == ["Hello?"]
    assert asyncio.run(run()) == ["Hello?"]


def test_clearing_and_pruning(path: Path, warnings: list[str]) -> None:
    async def run() -> None:
        provider = Answering()
        days = [0.0]
        cache = Cache(provider, path=path, warn=warnings.append, clock=lambda: days[0] * 86_400)
        await cache.complete(ask("a"))
        cache.clear()
        await cache.complete(ask("a"))
        days[0] = 40.0
        await cache.complete(ask("b"))
        assert cache.prune(max_age_days=30, max_bytes=10**9) == 1
        await cache.complete(ask("b"))
        await cache.close()

        assert provider.asked == ["a", "a", "b"]

    asyncio.run(run())


@pytest.mark.parametrize("moment", ["prune", "clear", "ask"])
def test_a_file_that_stays_locked_is_told_once_and_costs_no_answer(
    path: Path, warnings: list[str], monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    async def run() -> None:
        monkeypatch.setattr("pytest_promptopt.client.store.BUSY_SECONDS", 0.01)
        provider = Answering()
        cache = Cache(provider, path=path, warn=warnings.append)
        await cache.complete(ask("a"))
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        if moment == "prune":
            assert cache.prune(max_age_days=0, max_bytes=0) == 0
        elif moment == "clear":
            cache.clear()
        for text in "bcbc":
            await cache.complete(ask(text))
        other.close()
        await cache.close()

        assert provider.asked == ["a", "b", "c"]
        assert len(warnings) == 1
        assert "cannot be written (database is locked)" in warnings[0]

    asyncio.run(run())


def test_damage_in_a_folder_that_cannot_be_written_costs_no_answer(
    path: Path, warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        def refuse(*_: object) -> None:
            raise PermissionError(13, "Permission denied")

        path.parent.mkdir()
        path.write_bytes(b"overwritten" * 1000)
        monkeypatch.setattr(Path, "rename", refuse)
        provider = Answering()
        cache = Cache(provider, path=path, warn=warnings.append)
        for text in "aa":
            await cache.complete(ask(text))
        await cache.close()

        assert provider.asked == ["a"]
        assert len(warnings) == 1
        assert "cannot be written" in warnings[0]

    asyncio.run(run())


@pytest.mark.skipif(os.name == "nt", reason="the limit of a file's size is POSIX's")
def test_no_room_even_for_the_run_is_told_once() -> None:
    code = """
import asyncio, resource
from pytest_promptopt.client.cache import Cache
from tests.client.asking import Answering, answer, ask

async def run():
    provider = Answering(lambda _: asyncio.sleep(0, answer("x" * 50_000)))
    cache = Cache.temporary(provider, warn=lambda text: print("WARNING", text))
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, resource.RLIM_INFINITY))
    for number in range(200):
        assert await cache.complete(ask(str(number)))
    await cache.close()
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

asyncio.run(run())
"""
    ended = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        check=True,
    )

    (told,) = ended.stdout.splitlines()
    assert "answers cannot be kept for this run" in told


def test_a_killed_run_sends_again_only_what_was_in_flight(path: Path) -> None:
    code = """
import asyncio, sys
from pathlib import Path
from tests.client.asking import Answering, answer, ask
from pytest_promptopt.client.cache import Cache

async def behave(request):
    number = int(request.messages[-1].content)
    await asyncio.sleep(0.001 if number < 100 else 60)
    return answer()

async def run():
    cache = Cache(Answering(behave), path=Path(sys.argv[1]), warn=print)
    tasks = [asyncio.create_task(cache.complete(ask(str(n)))) for n in range(200)]
    await asyncio.gather(*tasks[:100])
    print("ready", flush=True)
    await asyncio.gather(*tasks)

asyncio.run(run())
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.kill()
    process.wait()
    process.stdout.close()

    async def rerun() -> list[str]:
        provider = Answering()
        cache = Cache(provider, path=path, warn=print)
        await asyncio.gather(*(cache.complete(ask(str(number))) for number in range(200)))
        await cache.close()
        return provider.asked

    assert asyncio.run(rerun()) == [str(number) for number in range(100, 200)]


@pytest.mark.parametrize(
    "change",
    [
        "used_at = 'yesterday'",
        'completion = replace(completion, \'"latency_seconds":0.0\', \'"latency_seconds":"soon"\')',
        "completion = '[[[['",
    ],
)
def test_a_row_that_somebody_changed_costs_a_call_at_most(
    path: Path, warnings: list[str], change: str
) -> None:
    async def run() -> str:
        cache = Cache(Answering(), path=path, warn=warnings.append)
        completion = await cache.complete(ask())
        await cache.close()
        return completion.text

    asyncio.run(run())
    with sqlite3.connect(path) as connection:
        connection.execute(f"UPDATE answers SET {change}")
    connection.close()
    assert asyncio.run(run()) == "re: Hello?"
    assert warnings == []
