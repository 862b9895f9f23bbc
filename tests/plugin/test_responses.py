"""Where answers come from: the model, the cache, recordings."""

import json
import stat

import pytest

from tests.project import PROMPT, Project

COUNTING = """\
from pathlib import Path

def answer(request):
    with Path("asked.txt").open("a") as file:
        file.write("x")
    return Path("answer.txt").read_text()
"""
COUNTED = PROMPT.replace("scripted:answers.json", "scripted:answering:answer")


@pytest.fixture
def counted(project: Project) -> Project:
    project.write("answering.py", COUNTING)
    project.write("answer.txt", "1")
    project.write("asked.txt", "")
    project.write("prompts/a.prompt.yml", COUNTED)
    return project


def asked(project: Project) -> int:
    return len((project.path / "asked.txt").read_text())


def test_a_second_run_asks_nothing(counted: Project) -> None:
    counted.run().assert_outcomes(passed=1, failed=1)
    again = counted.run()
    again.assert_outcomes(passed=1, failed=1)
    assert asked(counted) == 2
    again.stdout.fnmatch_lines(["*, 2 of 2 goldens from the cache"])


def test_the_cache_works_without_pytests_cacheprovider(counted: Project) -> None:
    counted.run("-p", "no:cacheprovider")
    counted.run("-p", "no:cacheprovider")
    assert asked(counted) == 2


def test_listing_asks_nothing(counted: Project) -> None:
    counted.run("--co")
    assert asked(counted) == 0


def test_no_cache_asks_again_and_cache_clear_forgets(counted: Project) -> None:
    counted.run()
    counted.run("--prompt-no-cache")
    assert asked(counted) == 4
    counted.run("--prompt-cache-clear")
    assert asked(counted) == 6


def test_errors_are_not_kept(project: Project) -> None:
    project.write("prompts/a.prompt.yml", PROMPT)
    project.answers({"one": "1", "two": {"error": {"status": 404}}})
    project.run().assert_outcomes(passed=1, errors=1)
    path = project.path / ".promptopt" / "cache" / "answers.sqlite"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    project.answers({"one": "1", "two": "2"})
    project.run().assert_outcomes(passed=2)


def test_the_cache_stays_out_of_git(counted: Project) -> None:
    counted.run()
    ignored = (counted.path / ".promptopt" / ".gitignore").read_text()
    assert ignored.splitlines()[1:] == ["cache/", "runs/", "proposals/"]


def test_a_damaged_cache_is_set_aside_with_a_warning(counted: Project) -> None:
    path = counted.path / ".promptopt" / "cache" / "answers.sqlite"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not a database at all" * 100)
    result = counted.run()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*answers.sqlite*damaged*"])
    assert list(path.parent.glob("answers.sqlite.damaged-*"))


def test_what_was_recorded_is_replayed_without_a_model(counted: Project) -> None:
    counted.run("--prompt-responses", "record")
    (counted.path / "answering.py").write_text(
        "def answer(request):\n    raise SystemExit('asked')\n"
    )
    recordings = counted.path / "prompts" / "__recordings__" / "a.jsonl"
    first, second = (json.loads(line) for line in recordings.read_text().splitlines())
    assert first["text"] == second["text"] == "1"


def test_replay_answers_from_the_recordings_alone(project: Project) -> None:
    project.write("prompts/a.prompt.yml", PROMPT)
    project.run("--prompt-responses", "record").assert_outcomes(passed=1, failed=1)
    before = (project.path / "prompts" / "__recordings__" / "a.jsonl").read_bytes()
    project.run("--prompt-responses", "record", "--prompt-no-cache")
    assert (project.path / "prompts" / "__recordings__" / "a.jsonl").read_bytes() == before
    project.run("--prompt-responses", "replay").assert_outcomes(passed=1, failed=1)


def test_a_missing_recording_is_an_error_that_says_how_to_record(project: Project) -> None:
    project.write("prompts/a.prompt.yml", PROMPT)
    project.run("--prompt-responses", "record")
    project.write("prompts/a.prompt.yml", PROMPT.replace("q: two", "q: three"))
    result = project.run("--prompt-responses", "replay")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*--prompt-responses record` records it*"])


def test_replay_opens_no_socket_and_needs_no_key(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    project.write(
        "conftest.py",
        """\
        import socket

        def refuse(*arguments, **keywords):
            raise AssertionError("a socket was opened")

        def pytest_runtestloop():
            socket.socket.connect = refuse
            socket.socket.connect_ex = refuse
            socket.create_connection = refuse
        """,
    )
    project.write("prompts/a.prompt.yml", PROMPT.replace("scripted:answers.json", "openai/gpt-x"))
    result = project.run_apart("--prompt-responses", "replay")
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["*records it*"])
    result.stdout.no_fnmatch_line("*a socket was opened*")


def test_recordings_that_no_golden_asks_for_are_told_and_then_removed(project: Project) -> None:
    project.write("prompts/a.prompt.yml", PROMPT)
    project.run("--prompt-responses", "record")
    recordings = project.path / "prompts" / "__recordings__" / "a.jsonl"
    assert len(recordings.read_text().splitlines()) == 2
    project.write("prompts/a.prompt.yml", PROMPT[: PROMPT.index("  - {id: wrong")])
    project.run("--prompt-responses", "replay").stdout.fnmatch_lines(
        ["prompts/__recordings__/a.jsonl: 1 recording was not used;*"]
    )
    project.run("--prompt-responses", "record")
    assert len(recordings.read_text().splitlines()) == 1


def test_a_part_of_the_goldens_removes_no_recordings(project: Project) -> None:
    project.write("prompts/a.prompt.yml", PROMPT)
    project.run("--prompt-responses", "record")
    project.run("--prompt-responses", "record", "-k", "right")
    recordings = project.path / "prompts" / "__recordings__" / "a.jsonl"
    assert len(recordings.read_text().splitlines()) == 2
    result = project.run("--prompt-responses", "replay", "-k", "right")
    result.stdout.no_fnmatch_line("*were not used*")
