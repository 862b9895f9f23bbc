import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pytest_promptopt.codec import to_json
from pytest_promptopt.errors import HistoryError
from pytest_promptopt.history.scores import GoldenScore, SavedScore, ScoreFile
from pytest_promptopt.prompts.content import Content, ScoredContent
from pytest_promptopt.statistics.intervals import Interval
from tests.history.commits import History

CONTENT = ScoredContent(version="v", goldens="g", evaluators="e", files="f")
SCORE = SavedScore(
    content=CONTENT,
    model="openai/m",
    location="prompts/a.prompt.yml",
    samples=3,
    score=0.75,
    interval=Interval(low=0.5, high=1.0),
    goldens={
        "b": GoldenScore(score=1.0, passed=True),
        "ä\ud800": GoldenScore(score=0.5, passed=False),
    },
    recorded=date(2026, 11, 21),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".promptopt/scores.jsonl"


def written(path: Path, **changes: Any) -> None:
    """A file whose only line is that of ``SCORE`` with ``changes``; None removes a field."""
    data = {**to_json(SCORE), **changes}
    path.parent.mkdir()
    path.write_text(json.dumps({name: value for name, value in data.items() if value != ...}))


def test_scores_are_read_as_they_were_written(path: Path) -> None:
    other = replace(SCORE, model="local/m", interval=None, goldens={})
    assert ScoreFile(path).add([SCORE, other]) == 2
    saved = ScoreFile(path).read()
    assert saved.scores == (SCORE, other)
    assert saved.problems == ()


def test_a_score_is_one_line_with_its_keys_sorted(path: Path) -> None:
    ScoreFile(path).add([replace(SCORE, goldens={"b": GoldenScore(score=1, passed=True)})])
    assert path.read_text() == (
        '{"content": {"evaluators": "e", "files": "f", "goldens": "g", "version": "v"}, '
        '"goldens": {"b": [1, true]}, "interval": [0.5, 1.0], "location": "prompts/a.prompt.yml", '
        '"model": "openai/m", "recorded": "2026-11-21", "samples": 3, "score": 0.75}\n'
    )


def test_no_file_has_no_scores(path: Path) -> None:
    assert ScoreFile(path).read().scores == ()
    assert not path.parent.exists()


def test_scores_are_found_by_content_and_model(path: Path) -> None:
    other_model = replace(SCORE, model="local/m")
    other_goldens = replace(SCORE, content=replace(CONTENT, goldens="h"))
    ScoreFile(path).add([SCORE, other_model, other_goldens])
    saved = ScoreFile(path).read()
    assert saved.of(CONTENT) == (SCORE, other_model)
    assert saved.of(CONTENT, "local/m") == (other_model,)
    assert saved.of(replace(CONTENT, version="w")) == ()


def test_gate_and_samples_are_no_part_of_the_key() -> None:
    content = Content(
        text="t", model="m", parameters="p", goldens="g", evaluators="e", gate="x", files="f"
    )
    stricter = ScoredContent.of(replace(content, gate="y"))
    assert ScoredContent.of(content) == stricter
    assert ScoredContent.of(replace(content, parameters="q")) != stricter
    assert replace(SCORE, samples=1, location="b", recorded=date(2027, 1, 1)).key == SCORE.key


@pytest.mark.parametrize(
    "other",
    [
        replace(SCORE, model="openai/n"),
        replace(SCORE, content=replace(CONTENT, files="x")),
        replace(SCORE, content=replace(CONTENT, version="g", goldens="v")),
    ],
)
def test_everything_that_decides_the_score_is_part_of_the_key(other: SavedScore) -> None:
    assert other.key != SCORE.key


def test_what_is_known_is_not_written_again(path: Path) -> None:
    ScoreFile(path).add([SCORE])
    before = path.read_bytes()
    assert ScoreFile(path).add([replace(SCORE, recorded=date(2027, 1, 1))]) == 0
    assert path.read_bytes() == before


def test_a_new_score_of_the_same_key_wins_and_leaves_the_old_line(path: Path) -> None:
    ScoreFile(path).add([SCORE])
    before = path.read_bytes()
    better = replace(SCORE, score=1.0)
    assert ScoreFile(path).add([replace(SCORE, score=0.9), better]) == 1
    assert path.read_bytes().startswith(before)
    assert ScoreFile(path).read().scores == (better,)


def test_lines_of_others_stay_as_they_are(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"<<<<<<< ours\r\n\xff\r\n{}")
    ScoreFile(path).add([SCORE])
    assert path.read_bytes().startswith(b"<<<<<<< ours\r\n\xff\r\n{}\n{")
    assert ScoreFile(path).read().scores == (SCORE,)


def test_lines_that_cannot_be_read_are_warnings_with_their_place(path: Path) -> None:
    ScoreFile(path).add([SCORE])
    good = path.read_bytes()
    path.write_bytes(
        b"\xef\xbb\xbf" + good + b"\n<<<<<<< HEAD\n" + good[:40] + b"\n[1]\n" + b"[" * 100_000
    )
    saved = ScoreFile(path).read()
    assert saved.scores == (SCORE,)
    assert [str(problem) for problem in saved.problems] == [
        ".promptopt/scores.jsonl:3: a mark of a merge conflict: keep the lines of both sides, "
        "delete the mark",
        ".promptopt/scores.jsonl:4: not a saved score (not JSON), so it is left out; delete the "
        "line",
        ".promptopt/scores.jsonl:5: not a saved score (expected an object, got a list), so it is "
        "left out; delete the line",
        ".promptopt/scores.jsonl:6: not a saved score (nested more than 100 levels deep), so it "
        "is left out; delete the line",
    ]


def test_a_number_that_none_can_hold_leaves_the_line_out(path: Path) -> None:
    written(path, score=10**400)
    [problem] = ScoreFile(path).read().problems
    assert problem.message.startswith("not a saved score (`score`: ")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"content": ...}, "object missing required field `content`"),
        ({"content": {"version": "v"}}, "`content`: object missing required field `goldens`"),
        ({"model": 1}, "`model`: expected text, got a whole number"),
        ({"samples": True}, "`samples`: expected a whole number, got true or false"),
        ({"score": "1"}, "`score`: expected a number, got text"),
        ({"score": float("nan")}, "NaN is not JSON; use a number or null"),
        ({"score": True}, "`score`: expected a number, got true or false"),
        ({"score": 1.5}, "`score`: expected a number <= 1.0"),
        ({"interval": [0.1]}, "`interval`: expected a list of length 2, got 1"),
        ({"goldens": []}, "`goldens`: expected an object, got a list"),
        (
            {"goldens": {"a": [1, 1]}},
            "`goldens[...][1]`: expected true or false, got a whole number",
        ),
        ({"goldens": {"a": [2, True]}}, "`goldens[...][0]`: expected a number <= 1.0"),
        ({"recorded": "yesterday"}, "`recorded`: invalid RFC3339 encoded date"),
    ],
)
def test_a_field_of_the_wrong_type_leaves_the_line_out(
    path: Path, changes: dict[str, Any], reason: str
) -> None:
    written(path, **changes)
    saved = ScoreFile(path).read()
    assert saved.scores == ()
    assert [problem.message for problem in saved.problems] == [
        f"not a saved score ({reason}), so it is left out; delete the line"
    ]


def test_the_first_score_tells_git_how_to_merge_the_file(path: Path) -> None:
    ScoreFile(path).add([SCORE])
    attributes = path.with_name(".gitattributes")
    assert attributes.read_text() == "# Written by pytest-promptopt.\nscores.jsonl merge=union\n"


def test_attributes_of_the_project_are_left_alone(path: Path) -> None:
    path.parent.mkdir()
    path.with_name(".gitattributes").write_text("* text\n")
    ScoreFile(path).add([SCORE])
    assert path.with_name(".gitattributes").read_text() == "* text\n"


def test_branches_that_both_add_scores_merge_and_no_old_score_comes_back(history: History) -> None:
    scores = ScoreFile(history.folder / ".promptopt/scores.jsonl")
    scores.add([SCORE])
    history.commit("First")
    history.branch("other")
    theirs = replace(SCORE, model="openai/theirs")
    scores.add([theirs])
    history.commit("Theirs")
    history.switch("main")
    ours, again = replace(SCORE, model="openai/ours"), replace(SCORE, score=1.0)
    scores.add([ours, again])
    history.commit("Ours")
    history.merge("other")
    saved = scores.read()
    assert saved.problems == ()
    assert {score.model: score for score in saved.scores} == {
        "openai/m": again,
        "openai/ours": ours,
        "openai/theirs": theirs,
    }


def test_a_file_that_cannot_be_used_says_so(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(HistoryError, match=r"scores.jsonl: cannot be read: Is a directory"):
        ScoreFile(path).read()


def test_a_folder_that_cannot_be_written_says_so(path: Path) -> None:
    path.parent.write_text("a file")
    with pytest.raises(HistoryError, match=r"scores.jsonl: cannot be (read|written)"):
        ScoreFile(path).add([SCORE])
