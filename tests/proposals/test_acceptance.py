from pathlib import Path

import pytest

from pytest_promptopt.proposals import acceptance
from pytest_promptopt.proposals.acceptance import take
from pytest_promptopt.proposals.merge import file_of, merge
from pytest_promptopt.proposals.proposal import ProposalError
from tests.proposals.made import FILE, NAME, made


def test_what_is_not_written_is_not_remembered_as_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    proposal = made(tmp_path)
    monkeypatch.setattr(acceptance, "replace_file", full)
    with pytest.raises(ProposalError, match="cannot be written: No space left"):
        take(proposal, merge(proposal, FILE), file_of(proposal, tmp_path), tmp_path)
    assert not (tmp_path / ".promptopt").exists()


def test_what_is_taken_and_cannot_be_remembered_is_told_as_taken(tmp_path: Path) -> None:
    proposal = made(tmp_path)
    (tmp_path / ".promptopt").mkdir()
    (tmp_path / ".promptopt/memory").write_text("in the way")
    with pytest.raises(ProposalError, match=rf"^taken into {NAME}, but not remembered: "):
        take(proposal, merge(proposal, FILE), file_of(proposal, tmp_path), tmp_path)
    assert b"Answer billing or shipping." in (tmp_path / NAME).read_bytes()
