"""``promptopt apply`` killed at any moment: the file is as it was or as it shall be."""

import os
import sys
import warnings
from collections.abc import Callable, Collection

from pytest_promptopt.cli.main import main
from tests.cli.test_apply import NEW, OLD, Applying
from tests.cli.test_apply import apply as apply
from tests.proposals.made import FILE, NAME

DONE = FILE.replace(OLD, NEW)
DEEDS = {"open", "os.mkdir", "os.remove", "os.rename", "shutil.copymode", "subprocess.Popen"}
"""What the interpreter announces before it does it."""


def killed(arguments: tuple[str, ...], at: int, deeds: Collection[str]) -> bool:
    """Whether the command, in a process of its own, came to its deed of this number, its last."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.addaudithook(_killer(at, deeds))
        try:
            main(("apply", *arguments))
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 137


def _killer(at: int, deeds: Collection[str]) -> Callable[[str, object], None]:
    left = at

    def hook(event: str, _: object) -> None:
        nonlocal left
        if event in deeds:
            left -= 1
            if left < 0:
                os._exit(137)

    return hook


def test_the_file_is_never_half_and_the_command_can_be_run_again(apply: Applying) -> None:
    proposal = apply.propose()
    seen = set()
    moment = 0
    while killed((proposal.id,), moment, DEEDS):
        moment += 1
        found = apply.path.read_bytes()
        seen.add(found)
        assert found in {FILE, DONE}
        status, _, err = apply(proposal.id)
        assert (status, err, apply.path.read_bytes()) == (0, "", DONE)
        assert apply.memory()[-1].event == "accepted"
        apply.path.write_bytes(FILE)
    assert moment > 5
    assert seen == {FILE, DONE}


def test_a_commit_is_made_or_said_to_be_missing(apply: Applying) -> None:
    proposal = apply.propose()
    first = apply.history.head
    endings = set()
    moment = 0
    while killed((proposal.id, "--commit"), moment, {"os.rename", "subprocess.Popen"}):
        moment += 1
        status, out, err = apply(proposal.id, "--commit")
        assert apply.path.read_bytes() == DONE
        assert status == (1 if "has changes that are not committed" in err else 0), (out, err)
        endings.add(status)
        assert (apply.history.head == first) is (status == 1)
        apply.history.git("reset", "--quiet", "--hard", first)
    assert apply.history.git("status", "--short", NAME) == ""
    assert moment > 5
    assert endings == {0, 1}
