import io
import os
import sqlite3
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_promptopt.client.recording_file import read_lines
from pytest_promptopt.client.store import Store
from pytest_promptopt.errors import HistoryError, NotRecordedError, PromptoptError
from pytest_promptopt.history.scores import ScoreFile
from pytest_promptopt.optimization.journal import Journal, read_journal
from pytest_promptopt.optimization.memory import MemoryFile, Remembered
from pytest_promptopt.prompts.json_lines import LONGEST_LINE, json_lines
from pytest_promptopt.proposals.store import ProposalStore
from pytest_promptopt.providers.request import Completion

MIB = 1024 * 1024
MOST_HELD = 4 * LONGEST_LINE

TOO_LONG = "longer than 8 MiB"


def scores(path: Path) -> str:
    [problem] = ScoreFile(path).read().problems
    return problem.message


def proposal(path: Path) -> str:
    folder = path.parent / ".promptopt/proposals"
    folder.mkdir(parents=True)
    path.rename(folder / "a.json")
    return str(ProposalStore(path.parent).read("a"))


READERS: dict[str, Callable[[Path], object]] = {
    "memory": lambda path: MemoryFile(path).read(),
    "journal": Journal,
    "told journal": read_journal,
    "recording": lambda path: list(read_lines(path)),
    "scores": scores,
    "proposal": proposal,
}


def told(read: Callable[[Path], object], path: Path) -> str:
    try:
        return str(read(path))
    except PromptoptError as error:
        return str(error)


@pytest.fixture
def long_line(tmp_path: Path) -> Path:
    """A file whose only line is 70 MiB of what takes most memory as values."""
    path = tmp_path / "file"
    with path.open("wb") as file:
        file.write(b"[")
        for _ in range(70):
            file.write(b"[]," * (MIB // 3))
        file.write(b"0]\n")
    return path


@pytest.mark.parametrize("reader", READERS)
def test_a_line_of_seventy_megabytes_is_told_and_not_held(reader: str, long_line: Path) -> None:
    tracemalloc.start()
    try:
        message = told(READERS[reader], long_line)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < (10 if reader == "proposal" else 1) * MOST_HELD
    assert ("larger than 8 MiB" if reader == "proposal" else TOO_LONG) in message


def test_a_cached_answer_of_seventy_megabytes_is_asked_again(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "store")
    store.put("a", Completion(text="1"), now=0.0)
    with sqlite3.connect(tmp_path / "store") as connection:
        connection.execute("UPDATE answers SET completion = ?", ("[]," * (70 * MIB // 3),))
    connection.close()
    tracemalloc.start()
    try:
        assert store.get("a", now=0.0) is None
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        store.close(now=0.0)
    assert most < MIB


@pytest.mark.parametrize("reader", ["memory", "told journal", "recording", "scores"])
def test_a_pipe_is_told_and_not_waited_for(reader: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "file")
    with pytest.raises((OSError, HistoryError, NotRecordedError), match="not a regular file"):
        READERS[reader](tmp_path / "file")


def test_lines_around_a_long_one_are_read_with_their_places() -> None:
    long = b'"' + b"x" * (LONGEST_LINE + 3 * MIB) + b'"\n'
    file = io.BytesIO(b"1\n" + long + b"\n" + b"2")
    lines = list(json_lines(file))
    assert [(line.number, line.offset, line.length) for line in lines] == [
        (1, 0, 2),
        (2, 2, len(long)),
        (3, 2 + len(long), 1),
        (4, 3 + len(long), 1),
    ]
    assert [line.is_blank for line in lines] == [False, False, True, False]
    assert [line.is_torn for line in lines] == [False, False, False, True]
    assert (lines[0].value(), lines[3].value()) == (1, 2)
    with pytest.raises(ValueError, match=TOO_LONG):
        lines[1].value()


def test_an_answer_that_could_not_be_read_again_is_not_kept(tmp_path: Path) -> None:
    for _ in range(2):
        journal = Journal(tmp_path / "j")
        journal.begin("inputs")
        journal.keep("a", Completion(text="x" * LONGEST_LINE), role="task", about={})
        journal.close()
    assert [line["event"] for line in read_journal(tmp_path / "j")] == ["run"]


def test_separators_of_unicode_end_no_line(tmp_path: Path) -> None:
    entries = [Remembered(run="r", event="tried", note=f"a{sign}b") for sign in "\u2028\x85\x0b"]
    memory = MemoryFile(tmp_path / "m")
    memory.append(entries)
    assert memory.read() == tuple(entries)
