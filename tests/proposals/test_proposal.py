import copy
import json
from pathlib import Path
from typing import Any

import pytest

from pytest_promptopt.proposals.proposal import Gain, Proposal, TextChange, blob_id
from pytest_promptopt.statistics.intervals import Interval
from tests.history.commits import History
from tests.proposals.made import BETTER, FILE, NAME, SHOWN, UNPROVEN, made, made_with_edit


def test_a_proposal_tells_what_changes_and_why(tmp_path: Path) -> None:
    proposal = made(tmp_path)
    assert proposal.location == NAME
    assert proposal.texts == (
        TextChange(
            position=0,
            role="system",
            before="Say who gets the ticket.",
            after="Answer billing or shipping.",
        ),
    )
    assert proposal.demonstrations is None
    assert proposal.gain == Gain(
        goldens=40,
        before=0.5,
        after=0.9,
        difference=0.4,
        interval=Interval(low=0.2, high=0.6),
        fixed=("refund",),
        broken=("late",),
    )
    assert (proposal.before, proposal.after) == (0.5, 0.75)
    assert (proposal.calls, proposal.cost_usd) == (100, 0.02)
    assert (proposal.candidate, proposal.run) == (BETTER.id, "0123456789ab")


@pytest.mark.parametrize("candidate", [BETTER, SHOWN], ids=["texts", "demonstrations"])
def test_json_gives_the_proposal_back(tmp_path: Path, candidate: Any) -> None:
    proposal = made(tmp_path, candidate)
    again = Proposal.from_json(json.loads(json.dumps(proposal.to_json())))
    assert again == proposal
    assert again.id == proposal.id


def test_only_what_unseen_goldens_say_is_proven(tmp_path: Path) -> None:
    assert made(tmp_path).is_proven
    unproven = made(tmp_path, verdict=UNPROVEN)
    assert not unproven.is_proven
    assert unproven.gain is None


def test_the_id_goes_by_the_edit_and_not_by_its_scores(tmp_path: Path) -> None:
    proposal = made(tmp_path)
    assert len(proposal.id) == 12
    assert made(tmp_path, verdict=UNPROVEN).id == proposal.id
    assert made(tmp_path, SHOWN).id != proposal.id
    assert made(tmp_path, content=FILE + b"# more\n").id != proposal.id


@pytest.mark.parametrize("content", [b"", FILE, b"\xef\xbb\xbfa\r\n\x00"])
def test_the_blob_id_is_that_of_git(history: History, content: bytes) -> None:
    history.write("file", content)
    assert blob_id(content) == history.git("hash-object", "--no-filters", "file")


def test_the_patch_names_the_file_from_the_root_of_the_repository(history: History) -> None:
    proposal, edit = made_with_edit(history.folder / "sub")
    assert proposal.location == NAME
    assert f"--- a/sub/{NAME}\n" in proposal.patch
    patch = history.folder.parent / "it.patch"
    patch.write_bytes(proposal.patch.encode())
    history.git("apply", str(patch))
    assert (history.folder / "sub" / NAME).read_bytes() == edit.after


def test_without_a_repository_the_patch_names_it_from_the_root_of_the_project(
    tmp_path: Path,
) -> None:
    assert f"--- a/{NAME}\n" in made(tmp_path).patch


WRONG: list[tuple[tuple[str | int, ...], Any, str]] = [
    (("version",), 1, "`version` must be 3; it was written by another release"),
    (("prompt",), None, "`prompt`: expected text, got nothing"),
    (("note",), "\ud800", "a text holds half of a surrogate pair"),
    (("location",), "../a.prompt.yml", "`location` must be the path of a *.prompt.yml within"),
    (("location",), "/etc/a.prompt.yml", "`location` must be the path of a *.prompt.yml within"),
    (("location",), "conftest.py", "`location` must be the path of a *.prompt.yml within"),
    (("blob",), "0123", "`blob` must be a git id of 40 hex digits"),
    (("texts",), {}, "`texts`: expected a list, got an object"),
    (("texts", 0), "x", "`texts[0]`: expected an object, got text"),
    (("texts", 0, "position"), -1, "`texts[0].position`: expected a whole number >= 0"),
    (("texts", 0, "position"), True, "`texts[0].position`: expected a whole number, got true"),
    (("texts", 0, "role"), "root", "`texts[0].role`: invalid enum value 'root'"),
    (("texts", 0, "after"), 5, "`texts[0].after`: expected text, got a whole number"),
    (("demonstrations", "position"), -1, "`demonstrations.position`: expected a whole number >="),
    (("demonstrations", "messages", 1), [], "`demonstrations.messages[1]`: expected an object"),
    (("before",), 1.5, "`before`: expected a number <= 1.0"),
    (("after",), True, "`after`: expected a number, got true or false"),
    (("gain", "interval"), [0.1], "`gain.interval`: expected a list of length 2, got 1"),
    (("gain", "interval"), [0.1, "x"], "`gain.interval[1]`: expected a number, got text"),
    (("gain", "fixed"), [1], "`gain.fixed[0]`: expected text, got a whole number"),
    (("calls",), 1.5, "`calls`: expected a whole number, got a number"),
    (("cost_usd",), -1, "`cost_usd`: expected a number >= 0.0"),
]


@pytest.mark.parametrize(("path", "value", "message"), WRONG)
def test_a_field_that_is_wrong_is_named(
    tmp_path: Path, path: tuple[str | int, ...], value: Any, message: str
) -> None:
    data = copy.deepcopy(json.loads(json.dumps(made(tmp_path, SHOWN).to_json())))
    parent = data
    for step in path[:-1]:
        parent = parent[step]
    parent[path[-1]] = value
    with pytest.raises(ValueError, match=r"must be|holds|expected|invalid") as caught:
        Proposal.from_json(data)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("value", [None, [], "x", 1])
def test_what_is_no_object_is_no_proposal(value: Any) -> None:
    with pytest.raises(ValueError, match=r"^expected an object, got "):
        Proposal.from_json(value)
