"""Keys of choices, and the labels file that several write at a time."""

import threading
from pathlib import Path

import pytest

from pytest_promptopt.errors import PromptoptError
from pytest_promptopt.work.labelling import LabelsFile, keys_of


def test_keys_of_choices_are_digits_names_and_first_letters_that_mean_one_thing() -> None:
    keys = keys_of(["good", "Bad", "unsafe", "bland"])
    assert {key: keys[key] for key in ("1", "g", "good", "bad", "4")} == {
        "1": "good",
        "g": "good",
        "good": "good",
        "bad": "Bad",
        "4": "bland",
    }
    assert {"b", "u"}.isdisjoint(keys)


def test_grades_and_letters_are_their_own_keys_unless_these_are_taken() -> None:
    grades = ["5", "4", "1"]
    assert keys_of(grades) == {grade: grade for grade in grades}
    assert keys_of(["A", "B", "U"]) == {"1": "A", "2": "B", "3": "U", "b": "B"}
    many = [f"choice {n:02}" for n in range(12)]
    keys = keys_of(many)
    assert [keys[key] for key in "19bcd"] == [many[0], *many[8:]]


def test_lines_of_several_raters_stay_whole_while_others_are_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "a.labels.jsonl"

    def work(rater: str) -> None:
        file = LabelsFile(path, tmp_path)
        for number in range(60):
            line = f"{rater} {number}\n".encode()
            file.add(line)
            if number % 2 and not file.take_back(line):
                file.add(f"{rater} could not\n".encode())

    threads = [threading.Thread(target=work, args=(rater,)) for rater in ("ann", "ben")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = path.read_text().splitlines()
    for rater in ("ann", "ben"):
        assert [f"{rater} {n}" for n in range(0, 60, 2)] == [
            line
            for line in lines
            if line.startswith(rater) and not line.endswith("not") and int(line[4:]) % 2 == 0
        ]
        kept = sum(line.startswith(rater) for line in lines)
        assert kept == 30 + 2 * lines.count(f"{rater} could not")


def test_a_line_is_taken_back_only_from_the_end_and_may_be_gone(tmp_path: Path) -> None:
    file = LabelsFile(tmp_path / "a.labels.jsonl", tmp_path)
    assert file.take_back(b"1\n")
    file.add(b"1\n")
    file.add(b"2\n")
    assert not file.take_back(b"1\n")
    assert file.take_back(b"3\n")
    assert (tmp_path / "a.labels.jsonl").read_bytes() == b"1\n2\n"


def test_a_disk_that_is_full_is_told_and_leaves_no_half_line() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full")
    with pytest.raises(PromptoptError, match="cannot be written: No space left on device"):
        LabelsFile(Path("/dev/full"), Path("/")).add(b"1\n")
