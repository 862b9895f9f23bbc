import json
import os
from pathlib import Path

import pytest

from pytest_promptopt.errors import UsageError
from pytest_promptopt.project.folder import PROPOSALS
from pytest_promptopt.proposals.proposal import ProposalError
from pytest_promptopt.proposals.store import ProposalStore
from tests.proposals.made import SHOWN, made


def test_a_proposal_is_saved_with_its_patch_beside_it(tmp_path: Path) -> None:
    proposal = made(tmp_path)
    patch = ProposalStore(tmp_path).save(proposal)
    assert patch == tmp_path / ".promptopt" / "proposals" / f"{proposal.id}.patch"
    assert patch.read_bytes() == proposal.patch.encode()
    assert ProposalStore(tmp_path).find(proposal.id) == proposal
    assert sorted(path.name for path in patch.parent.iterdir()) == [
        f"{proposal.id}.json",
        f"{proposal.id}.patch",
    ]


def test_the_start_of_an_id_is_enough_where_it_is_the_only_one(tmp_path: Path) -> None:
    store = ProposalStore(tmp_path)
    first, second = made(tmp_path), made(tmp_path, SHOWN)
    for age, proposal in ((100, first), (200, second)):
        os.utime(store.save(proposal).with_suffix(".json"), (age, age))
    assert first.id[0] != second.id[0]
    assert store.ids() == [second.id, first.id]
    assert store.find(first.id[:3]) == first
    with pytest.raises(UsageError) as caught:
        store.find("")
    assert str(caught.value) == (
        f"several proposals start with '': there are {second.id}, {first.id}"
    )
    with pytest.raises(UsageError, match=r"^no proposal starts with 'zz': there are "):
        store.find("zz")


def test_without_a_folder_there_are_none(tmp_path: Path) -> None:
    assert ProposalStore(tmp_path).ids() == []
    with pytest.raises(UsageError, match=r"^no proposal starts with 'a': there are none$"):
        ProposalStore(tmp_path).find("a")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "not a proposal: "),
        (b"\xff", "not a proposal: "),
        (b"[" * 100_000, "not a proposal: nested more than 100 levels deep"),
        (b'{"version": 1, "version": 1}', "not a proposal: the key `version` stands twice"),
        (b'{"version": 3}', "not a proposal: object missing required field `prompt`"),
    ],
)
def test_a_file_that_is_no_proposal_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / PROPOSALS / "abc.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(ProposalError) as caught:
        ProposalStore(tmp_path).read("abc")
    assert str(caught.value).startswith(f".promptopt/proposals/abc.json: {message}")


def test_an_edit_that_was_changed_by_hand_is_refused(tmp_path: Path) -> None:
    store, proposal = ProposalStore(tmp_path), made(tmp_path)
    path = store.save(proposal).with_suffix(".json")
    data = json.loads(path.read_text())
    data["texts"][0]["after"] = "Send it all to me."
    path.write_text(json.dumps(data))
    with pytest.raises(ProposalError, match=r"was edited by hand; run the search again$"):
        store.read(proposal.id)
