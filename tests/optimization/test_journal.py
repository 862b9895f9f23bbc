import asyncio
import json
import random
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pytest_promptopt.errors import ProviderError, TransientError, UsageError
from pytest_promptopt.optimization.allowance import Allowance, Caps, Spent
from pytest_promptopt.optimization.inputs import inputs_digest
from pytest_promptopt.optimization.journal import Journal, Journaled
from pytest_promptopt.optimization.presets import read_optimize_settings
from pytest_promptopt.providers.request import Completion, Request
from tests.client.asking import Answering, ask, failing
from tests.optimization.world import (
    OPTIMIZER,
    Models,
    names_one_more_label,
    run,
    splits,
    subject,
)

KILLS = 20


class Killed(BaseException):
    """As a kill would: nothing of ours catches it."""


class Mortal(Models):
    """Dies instead of answering the call number ``dies_at``."""

    dies_at = 0
    begun = 0

    async def complete(self, request: Request) -> Completion:
        self.begun += 1
        if self.begun > self.dies_at:
            raise Killed
        return await super().complete(request)


def journaled(journal: Journal, provider: Any, allowance: Allowance | None = None) -> Journaled:
    allowance = allowance or Allowance(Caps())
    return Journaled(provider=provider, journal=journal, allowance=allowance, role="task")


def asked_twice(path: Path, *texts: str) -> tuple[list[str], list[str]]:
    """What a provider was asked before and after the journal was closed and opened."""
    providers = (Answering(), Answering())
    for provider in providers:
        journal = Journal(path)
        journal.begin("inputs")
        for text in texts:
            asyncio.run(journaled(journal, provider).complete(ask(text)))
        journal.close()
    return providers[0].asked, providers[1].asked


def test_an_answer_in_the_journal_is_not_asked_for_again(tmp_path: Path) -> None:
    assert asked_twice(tmp_path / "j", "a", "b") == (["a", "b"], [])


def test_a_torn_last_line_is_dropped_and_asked_for_again(tmp_path: Path) -> None:
    path = tmp_path / "j"
    asked_twice(path, "a", "b")
    path.write_bytes(path.read_bytes()[:-7])
    assert asked_twice(path, "a", "b") == (["b"], [])


def test_a_broken_line_within_is_told_with_its_number(tmp_path: Path) -> None:
    path = tmp_path / "j"
    path.write_text('{"event": "run", "inputs": "x"}\n{"event"\n', "utf-8")
    with pytest.raises(
        UsageError, match=r"j:2: not a line of a journal \(not JSON\); delete the file"
    ):
        Journal(path)


def test_a_journal_of_other_inputs_is_refused(tmp_path: Path) -> None:
    first = Journal(tmp_path / "j")
    first.begin("inputs")
    first.close()
    second = Journal(tmp_path / "j")
    with pytest.raises(UsageError, match="is the journal of other inputs"):
        second.begin("others")
    second.close()


def test_searches_with_other_settings_are_told_apart() -> None:
    settings = [read_optimize_settings("protegi", {"seed": seed}, "test") for seed in (0, 0, 1)]
    first, same, other = (inputs_digest(subject(), s, OPTIMIZER, splits()) for s in settings)
    assert first == same != other


def test_answers_from_the_journal_count_as_spent(tmp_path: Path) -> None:
    spent = []
    for _ in range(2):
        journal, allowance = Journal(tmp_path / "j"), Allowance(Caps())
        asyncio.run(journaled(journal, Answering(), allowance).complete(ask("a")))
        journal.close()
        spent.append(allowance.spent)
    assert spent == [Spent(task_calls=1, tokens=9, unpriced=1)] * 2


async def from_cache(_request: Request) -> Completion:
    return Completion(text="a", saved=True)


def test_an_answer_that_the_cache_had_stays_free_when_the_run_goes_on(tmp_path: Path) -> None:
    for _ in range(2):
        journal, allowance = Journal(tmp_path / "j"), Allowance(Caps())
        cache = Answering(from_cache)
        asyncio.run(journaled(journal, cache, allowance).complete(ask("a")))
        journal.close()
        assert allowance.spent == Spent(saved=1)


def test_an_error_is_replayed_until_it_is_forgotten(tmp_path: Path) -> None:
    def outcome(provider: Answering, *, forget: bool) -> str:
        journal = Journal(tmp_path / "j")
        try:
            return asyncio.run(journaled(journal, provider).complete(ask("a"))).text
        except ProviderError as error:
            return error.message
        finally:
            if forget:
                journal.forget_errors()
            journal.close()

    assert outcome(failing(TransientError("busy")), forget=False) == "busy"
    assert outcome(Answering(), forget=True) == "busy"
    assert outcome(Answering(), forget=False) == "re: a"


def test_decisions_are_written_once_over_all_runs(tmp_path: Path) -> None:
    for _ in range(3):
        journal = Journal(tmp_path / "j")
        journal.begin("inputs")
        journal.tell("round", number=1, parents=["a"])
        journal.tell("raced", scores={"a": 1.0}, left=["a"], joined=[])
        journal.close()
    lines = [json.loads(line)["event"] for line in (tmp_path / "j").read_text().splitlines()]
    assert lines == ["run", "round", "raced"]


def test_what_was_noted_once_stands(tmp_path: Path) -> None:
    found = []
    for value in ("first", "second"):
        journal = Journal(tmp_path / "j")
        found.append(journal.once("memory", list[str], lambda value=value: [value]))  # type: ignore[misc]
        journal.close()
    assert found == [["first"], ["first"]]


def test_only_its_owner_can_read_a_journal(tmp_path: Path) -> None:
    Journal(tmp_path / "j").close()
    assert (tmp_path / "j").stat().st_mode & 0o777 == 0o600


def test_a_run_killed_anywhere_goes_on_to_the_same_result_for_the_same_calls(
    tmp_path: Path,
) -> None:
    unbroken = Models(optimizer=names_one_more_label)
    expected = run(tmp_path, unbroken, journal="unbroken")
    expected_lines = decided(tmp_path / "unbroken")
    total = len(unbroken.asked)
    assert total == expected.spent.calls
    for at in random.Random(7).sample(range(total), KILLS):
        name = f"killed-{at}"
        mortal = Mortal(optimizer=names_one_more_label, jitter=random.Random(at))
        mortal.dies_at = at
        assert is_killed(tmp_path, mortal, name)
        heir = Models(optimizer=names_one_more_label, jitter=random.Random(-at))
        assert run(tmp_path, heir, journal=name) == expected
        assert len(mortal.asked) + len(heir.asked) == total
        assert decided(tmp_path / name) == expected_lines


def test_a_finished_run_is_repeated_without_a_call(tmp_path: Path) -> None:
    expected = run(tmp_path, Models(optimizer=names_one_more_label))
    again = Models(optimizer=names_one_more_label)
    assert run(tmp_path, again) == expected
    assert again.asked == []


def test_a_journal_whose_lines_told_less_when_they_were_written_is_gone_on_with(
    tmp_path: Path,
) -> None:
    expected = run(tmp_path, Models(optimizer=names_one_more_label), journal="j")
    told = [json.loads(line) for line in (tmp_path / "j").read_text("utf-8").splitlines()]
    for line in told:
        line.pop("clusters", None)
    (tmp_path / "j").write_text("".join(f"{json.dumps(line)}\n" for line in told), "utf-8")
    before = decided(tmp_path / "j")
    assert run(tmp_path, Models(optimizer=names_one_more_label), journal="j") == expected
    assert decided(tmp_path / "j") == before


def is_killed(tmp_path: Path, mortal: Mortal, name: str) -> bool:
    try:
        run(tmp_path, mortal, journal=name)
    except BaseException as error:
        return is_kill(error)
    return False


def is_kill(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return any(is_kill(inner) for inner in error.exceptions)
    return isinstance(error, Killed)


def decided(path: Path) -> list[Mapping[str, Any]]:
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [line for line in lines if line["event"] != "call"]


SLOW_RUN = """
import asyncio, sys
from pathlib import Path
from tests.optimization.world import (
    OPTIMIZER,
    Models,
    names_one_more_label,
    run,
    splits,
    subject,
)

class Slow(Models):
    async def complete(self, request):
        await asyncio.sleep(0.01)
        print("asked", flush=True)
        return await super().complete(request)

run(Path(sys.argv[1]), Slow(optimizer=names_one_more_label), journal="killed")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_run_that_is_killed_by_the_system_goes_on(tmp_path: Path) -> None:
    expected = run(tmp_path, Models(optimizer=names_one_more_label), journal="unbroken")
    victim = subprocess.Popen(
        [sys.executable, "-c", SLOW_RUN, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert victim.stdout is not None
    for _ in range(expected.spent.calls // 2):
        assert victim.stdout.readline() == "asked\n"
    victim.kill()
    victim.communicate()
    heir = Models(optimizer=names_one_more_label)
    assert run(tmp_path, heir, journal="killed") == expected
    assert 0 < len(heir.asked) < expected.spent.calls
