"""``promptopt label`` on a saved run, with keys as lines, and on a pseudo-terminal."""

import io
import json
import os
import pty
import subprocess
import sys
import termios
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from pytest_promptopt.cli.keyboard import keyboard
from pytest_promptopt.cli.main import main
from pytest_promptopt.prompts.labels import label_line
from pytest_promptopt.work.labelling import LabelsFile
from tests.cli.judged_run import ANSWERS, INPUTS, LABELS, PROMPT, kept, save

Label = Callable[..., tuple[int, str, str]]


@pytest.fixture
def label(
    judged_project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Label:
    save(judged_project)

    def label(*arguments: str, keys: str = "") -> tuple[int, str, str]:
        capsys.readouterr()
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{key}\n" for key in keys)))
        status = main(["label", "reply", *arguments])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return label


def test_labels_are_kept_and_correct_the_score(label: Label) -> None:
    status, out, err = label(keys="1yn")
    assert (status, err) == (0, "")
    assert [(choice, rater) for _, choice, rater in kept()] == [
        ("yes", "ann"),
        ("yes", "ann"),
        ("no", "ann"),
    ]
    assert sorted(ticket for ticket, _, _ in kept()) == ["Cup", "Kettle", "Lamp"]
    assert "3 of 3 answers labelled, by 1 rater\n" in out
    assert "before: 0.667 by the judge alone (" in out
    assert "\ncorrected by 3 labelled goldens: " in out
    first, *_ = LABELS.read_text(encoding="utf-8").splitlines()
    assert [*json.loads(first)] == ["answer", "at", "choice", "input", "rater"]
    assert "Grüße" in LABELS.read_text(encoding="utf-8")


def test_raters_see_input_answer_and_what_is_asked_and_not_what_was_said(label: Label) -> None:
    label(keys="yyy")
    _, out, _ = label("--rater", "ben", keys="yq")
    assert "│ ticket: Lamp\n" in out
    assert "│ Sorry!\\x1b[31m\n" in out
    assert "│ It is kind.\n" in out
    assert "SECRET" not in out
    assert "ann" not in out.partition("given")[0]


def test_what_a_rater_said_is_not_asked_again_and_others_come_after_what_has_no_label(
    label: Label,
) -> None:
    label(keys="yq")
    [(first, _, _)] = kept()
    _, out, _ = label("--rater", "ben", "--most", "2", keys="nn")
    assert "2 labels given" in out
    assert first not in [ticket for ticket, _, rater in kept() if rater == "ben"]
    _, out, _ = label("--rater", "ben", keys="n")
    assert kept()[-1] == (first, "no", "ben")
    _, out, _ = label("--rater", "ben", keys="n")
    assert "ben has labelled all answers of this run\n0 labels given\n" in out


def test_undo_takes_the_label_out_of_the_file_and_asks_again(label: Label) -> None:
    assert "there is nothing to undo" in label(keys="uyuq")[1]
    assert not LABELS.exists()
    label(keys="ysuunq")
    assert [choice for _, choice, _ in kept()] == ["no"]


def test_an_unknown_key_is_told_and_asked_again(label: Label) -> None:
    _, out, _ = label(keys=["x", "", "YES"])
    assert out.count(" is no key here; expected one of: 1/y yes  2/n no\n") == 2
    assert [choice for _, choice, _ in kept()] == ["yes"]


def test_a_file_without_an_end_of_its_last_line_gets_one(label: Label) -> None:
    label(keys="y")
    LABELS.write_text(LABELS.read_text().rstrip())
    label(keys="n")
    assert [choice for _, choice, _ in kept()] == ["yes", "no"]


def test_what_the_rater_said_elsewhere_meanwhile_stays(
    label: Label, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = LabelsFile.add

    def add_all(file: LabelsFile, line: bytes) -> None:
        for golden, text in ANSWERS.items():
            inputs = {"ticket": INPUTS[golden].removeprefix("ticket: ")}
            add(file, label_line(inputs, text, choice="no", rater="ann"))

    monkeypatch.setattr(LabelsFile, "add", add_all)
    _, out, _ = label(keys="yyy")
    assert out.count("ann has said it elsewhere meanwhile, which stays\n") == 2
    assert [choice for _, choice, _ in kept()] == ["no", "no", "no"]


def test_answers_of_changed_goldens_are_left_out(label: Label, judged_project: Path) -> None:
    path = judged_project / "prompts/reply.prompt.yml"
    path.write_text(PROMPT.replace('"Lamp"', '"Lamps"').replace("  - {id: b", "  - {id: bb"))
    _, _, err = label(keys="yyy")
    assert kept() == [("Cup", "yes", "ann")]
    assert "2 goldens changed or gone since the run, so left out" in err


def test_a_prompt_that_changed_is_labelled_where_the_run_is_named(
    label: Label, judged_project: Path
) -> None:
    (judged_project / "prompts/reply.prompt.yml").write_text(PROMPT.replace("Answer", "Reply"))
    status, _, err = label(keys="y")
    assert (status, kept()) == (2, [])
    assert "has changed since its last run (20261129T000000Z-" in err
    status, _, err = label("--run", "2026", keys="y")
    assert (status, len(kept())) == (0, 1)
    assert "labels are of the answers it gave then" in err


@pytest.mark.parametrize(
    ("content", "labels", "told", "status"),
    [
        (
            PROMPT.replace("kind, rubric", "same, equals"),
            "",
            "has no judge, in that run and in the file, whose ",
            2,
        ),
        (PROMPT, "<<<<<<< HEAD\n", "prompts/reply.labels.jsonl:1: ", 1),
        (PROMPT, "{}\n", "prompts/reply.labels.jsonl:1: expected a label", 1),
    ],
)
def test_what_cannot_be_labelled_is_told(
    label: Label, judged_project: Path, content: str, labels: str, told: str, status: int
) -> None:
    (judged_project / "prompts/reply.prompt.yml").write_text(content)
    LABELS.write_text(labels)
    found, _, err = label(keys="y")
    assert (found, told in err) == (status, True), err
    assert LABELS.read_text() == labels


def test_a_file_that_cannot_be_written_is_told(label: Label) -> None:
    LABELS.symlink_to("elsewhere")
    status, out, err = label(keys="y")
    assert status == 1
    assert "0 labels given" in out
    assert not LABELS.with_name("elsewhere").exists()
    assert "prompts/reply.labels.jsonl: cannot be written: it is a link; put a file there\n" in err


def test_without_a_run_or_a_name_nothing_is_asked(label: Label, judged_project: Path) -> None:
    assert label("--rater", " ")[0] == 2
    assert label("--run", "1999")[0] == 2
    for path in (judged_project / ".promptopt/runs").glob("*.json"):
        path.unlink()
    status, _, err = label()
    assert status == 2
    assert "there is no run yet; run pytest with --prompt-eval" in err


def on_terminal(judged_project: Path, *typed: bytes) -> tuple[int, str, bool]:
    """Exit code, what was printed, and whether the terminal is as before; typed when asked."""
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    command = [sys.executable, "-m", "pytest_promptopt.cli.main", "label", "reply"]
    process = subprocess.Popen(
        command,
        cwd=judged_project,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)),
        env={**os.environ, "LINES": "24", "COLUMNS": "80"},
    )
    shown = b""
    for keys in typed:
        until = shown.count(b"q quit") + 1
        while shown.count(b"q quit") < until:
            shown += os.read(ours, 4096)
        os.write(ours, keys)
    status = process.wait(30)
    os.set_blocking(ours, False)
    shown += os.read(ours, 65536)
    is_restored = termios.tcgetattr(theirs) == before
    os.close(ours)
    os.close(theirs)
    return status, shown.decode(), is_restored


def test_single_keys_work_on_a_terminal_which_is_restored(judged_project: Path) -> None:
    save(judged_project)
    status, shown, is_restored = on_terminal(judged_project, b"y", b"\x1b[A", b"\x03")
    assert (status, is_restored) == (130, True), shown
    assert "'\\x1b[A' is no key here" in shown
    assert "1 label given" in shown
    assert len(kept()) == 1


def test_long_answers_are_cut_to_the_screen_until_they_are_wanted_whole(
    judged_project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for golden in ANSWERS:
        monkeypatch.setitem(ANSWERS, golden, "word\n" * 70 + "the end")
    save(judged_project)
    status, shown, is_restored = on_terminal(judged_project, b"s", b"a", b"ss")
    assert (status, is_restored) == (0, True)
    assert shown.count("│ … (a shows all of it)") == 3
    assert shown.count("the end") == 1


def _raise(*_: object) -> None:
    raise KeyError


def test_an_exception_restores_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    with os.fdopen(theirs, "r") as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        monkeypatch.setattr(sys, "stdout", terminal)
        stack = ExitStack()
        keys = stack.enter_context(keyboard())
        assert termios.tcgetattr(terminal) != before
        os.write(ours, "é1".encode())
        assert [keys(), keys()] == ["é", "1"]
        stack.push(_raise)
        with pytest.raises(KeyError):
            stack.close()
        assert termios.tcgetattr(terminal) == before
    os.close(ours)
