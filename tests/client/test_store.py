import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_promptopt.client.store import (
    DAY_SECONDS,
    DamagedStoreError,
    Store,
    StoreError,
    count_held,
    set_aside,
)
from tests.client.asking import answer, ask

NOW = 1_000_000.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "answers.sqlite"


def keep(path: Path, *fingerprints: str, now: float = NOW) -> None:
    store = Store.open(path)
    for fingerprint in fingerprints:
        store.put(fingerprint, answer(f"to {fingerprint}"), now=now)
    store.close(now=now)


def held(path: Path, *fingerprints: str) -> list[str]:
    return [fingerprint for fingerprint in fingerprints if count_held(path, [fingerprint])]


def test_an_answer_outlives_the_store(path: Path) -> None:
    keep(path, "a")
    store = Store.open(path)
    completion = store.get("a", now=NOW)
    missing = store.get("b", now=NOW)
    store.close(now=NOW)

    assert completion == answer("to a", saved=True)
    assert missing is None


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX's")
def test_the_file_belongs_to_its_owner_alone(path: Path) -> None:
    before = os.umask(0)
    try:
        store = Store.open(path)
        store.put("a", answer(), now=NOW)
        modes = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()
                 if not file.name.endswith(".lock")}  # fmt: skip
        store.close(now=NOW)
    finally:
        os.umask(before)

    assert modes == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_answers_survive_kill_9_as_soon_as_put_returns(path: Path) -> None:
    code = """
import sys
from pathlib import Path
from pytest_promptopt.client.store import Store
from pytest_promptopt.providers.request import Completion
store = Store.open(Path(sys.argv[1]))
for number in range(1_000_000):
    store.put(f"f{number}", Completion(text="x" * 500), now=1.0)
    print(number, flush=True)
"""
    for _ in range(3):
        writer = subprocess.Popen(
            [sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        while int(writer.stdout.readline()) < 200:
            pass
        writer.kill()
        printed = f"200\n{writer.stdout.read()}"
        last = int(printed[: printed.rindex("\n")].split()[-1])
        writer.wait()
        writer.stdout.close()

        assert count_held(path, [f"f{number}" for number in range(last + 1)]) == last + 1


def test_processes_at_once_lose_nothing(path: Path) -> None:
    code = """
import sys
from pathlib import Path
from pytest_promptopt.client.store import Store
from pytest_promptopt.providers.request import Completion
store = Store.open(Path(sys.argv[1]))
for number in range(300):
    store.put(f"{sys.argv[2]}-{number}", Completion(text="x"), now=1.0)
store.close(now=1.0)
"""
    writers = [subprocess.Popen([sys.executable, "-c", code, str(path), name]) for name in "abcd"]

    assert [writer.wait() for writer in writers] == [0] * 4
    assert count_held(path, [f"{name}-{n}" for name in "abcd" for n in range(300)]) == 1200


def test_counting_writes_nothing_and_a_missing_store_holds_nothing(path: Path) -> None:
    assert count_held(path, ["a"]) == 0
    assert not path.parent.exists()

    keep(path, "a")
    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    assert count_held(path, ["a", "b", "a"]) == 2
    after = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    assert {name: after[name] for name in before} == before


def test_counting_takes_what_it_cannot_read_for_empty(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database" * 1000)

    assert count_held(path, ["a"]) == 0
    assert path.read_bytes() == b"no database" * 1000


def test_pruning_by_age_spares_what_is_still_used(path: Path) -> None:
    keep(path, "old", "used")
    later = NOW + 20 * DAY_SECONDS
    store = Store.open(path)
    store.get("used", now=later)
    removed = store.prune(max_age_days=30, max_bytes=10**9, now=NOW + 35 * DAY_SECONDS)
    store.close(now=later)

    assert removed == 1
    assert held(path, "old", "used") == ["used"]


def test_uses_are_kept_when_the_store_is_closed(path: Path) -> None:
    keep(path, "old", "used")
    store = Store.open(path)
    store.get("used", now=NOW + 20 * DAY_SECONDS)
    store.close(now=NOW + 20 * DAY_SECONDS)
    store = Store.open(path)
    store.prune(max_age_days=30, max_bytes=10**9, now=NOW + 35 * DAY_SECONDS)
    store.close(now=NOW)

    assert held(path, "old", "used") == ["used"]


def test_pruning_by_size_removes_the_longest_unused_and_shrinks_the_file(path: Path) -> None:
    store = Store.open(path)
    for number in range(200):
        store.put(f"{number}", answer("x" * 10_000), now=NOW + number)
    removed = store.prune(max_age_days=30, max_bytes=1_000_000, now=NOW + 200)
    store.close(now=NOW)

    assert 100 <= removed <= 110
    assert path.stat().st_size <= 1_300_000
    assert not count_held(path, [f"{number}" for number in range(removed)])
    assert count_held(path, [f"{number}" for number in range(removed, 200)]) == 200 - removed


def test_clearing_removes_everything(path: Path) -> None:
    keep(path, "a", "b")
    store = Store.open(path)
    store.clear()
    store.close(now=NOW)

    assert held(path, "a", "b") == []


def test_many_uses_are_noted_as_they_come(path: Path) -> None:
    fingerprints = [f"f{number}" for number in range(600)]
    keep(path, *fingerprints)
    store = Store.open(path)
    for fingerprint in fingerprints:
        store.get(fingerprint, now=NOW + 2 * DAY_SECONDS)
    connection = sqlite3.connect(path)
    (noted,) = connection.execute(
        "SELECT COUNT(*) FROM answers WHERE used_at > ?", (NOW,)
    ).fetchone()
    connection.close()
    store.close(now=NOW)

    assert noted == 500


def test_a_temporary_store_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SQLITE_TMPDIR", str(tmp_path))
    store = Store.temporary()
    for number in range(500):
        store.put(f"{number}", answer("x" * 20_000), now=NOW)
    files = list(tmp_path.iterdir())
    found = store.get("0", now=NOW)
    store.close(now=NOW)

    assert found is not None
    assert found.saved
    assert files == []


def test_another_schema_is_left_alone(path: Path) -> None:
    keep(path, "a")
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 7")
    connection.close()

    with pytest.raises(
        StoreError,
        match=r"it has schema 7 of another version of pytest-promptopt, this one reads schema 1",
    ):
        Store.open(path)


@pytest.mark.parametrize("content", [b"short", b"not a database " * 400])
def test_what_is_no_database_is_damaged_and_can_be_set_aside(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    for number in (1, 2):
        path.write_bytes(content)
        with pytest.raises(DamagedStoreError):
            Store.open(path)
        aside = set_aside(path)

        assert aside == path.with_name(f"answers.sqlite.damaged-{number}")
        assert aside.read_bytes() == content
        assert not path.exists()


def test_a_sound_store_is_not_set_aside(path: Path) -> None:
    keep(path, "a")

    assert set_aside(path) is None
    assert held(path, "a") == ["a"]


def test_the_log_goes_aside_with_its_database(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"overwritten" * 1000)
    path.with_name("answers.sqlite-wal").write_bytes(b"of the old database" * 1000)

    assert set_aside(path) is not None
    assert not path.with_name("answers.sqlite-wal").exists()
    keep(path, "b")
    assert held(path, "a", "b") == ["b"]


def test_what_the_log_can_restore_is_not_damaged(path: Path) -> None:
    store = Store.open(path)
    store.put("a", answer(), now=NOW)
    wal = path.with_name("answers.sqlite-wal").read_bytes()
    store.close(now=NOW)
    path.write_bytes(b"overwritten" * 1000)
    path.with_name("answers.sqlite-wal").write_bytes(wal)

    assert set_aside(path) is None
    assert held(path, "a") == ["a"]


def test_an_answer_that_cannot_be_read_is_missing(path: Path) -> None:
    keep(path, "a")
    connection = sqlite3.connect(path)
    connection.execute("UPDATE answers SET completion = '{}'")
    connection.commit()
    connection.close()
    store = Store.open(path)
    found = store.get("a", now=NOW)
    store.close(now=NOW)

    assert found is None


def test_a_folder_in_place_of_the_file_is_an_error_of_the_store(path: Path) -> None:
    path.mkdir(parents=True)

    with pytest.raises(StoreError):
        Store.open(path)


def test_processes_that_meet_the_same_damage_share_one_new_file(path: Path) -> None:
    code = """
import asyncio, sys
from pathlib import Path
from pytest_promptopt.client.cache import Cache
from tests.client.asking import Answering, ask

async def run():
    cache = Cache(Answering(), path=Path(sys.argv[1]), warn=print)
    for number in range(100):
        await cache.complete(ask(f"{sys.argv[2]}-{number}"))
    await cache.close()

asyncio.run(run())
"""
    path.parent.mkdir()
    path.write_bytes(b"overwritten" * 1000)
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(path), name],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        for name in "abcd"
    ]
    told = "".join(run.communicate()[0] for run in runs)

    assert [run.returncode for run in runs] == [0] * 4
    assert told == f"the cache {path} is damaged; it was set aside as answers.sqlite.damaged-1\n"
    fingerprints = [ask(f"{name}-{number}").fingerprint for name in "abcd" for number in range(100)]
    assert count_held(path, fingerprints) == 400
