"""The items of a prompt file: its goldens and its gate.

Asking belongs to an item's setup, scoring to its call, so that a provider that does not answer is
an error and an answer that misses is a failure.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from _pytest._code.code import ReprExceptionInfo

from pytest_promptopt.errors import PromptFileError, ScorerError
from pytest_promptopt.evaluation.evaluation import GoldenResult, Outcome
from pytest_promptopt.evaluation.listing import listed
from pytest_promptopt.evaluation.record import PromptRecord
from pytest_promptopt.evaluation.reduction import result_without_score, score_golden
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.evaluation.trial import Trial
from pytest_promptopt.evaluation.verdict import Verdict
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.reports.failure import explain
from pytest_promptopt.session.longrepr import longrepr_of
from pytest_promptopt.session.state import STATE
from pytest_promptopt.text.terminal import one_line, printable
from pytest_promptopt.work.entries import Entry
from pytest_promptopt.work.results import Results


class GoldenMissedError(Exception):
    """A golden's answer is not good enough; ``args[0]`` explains it."""


class GateFailedError(Exception):
    """A prompt does not hold its gate; ``args[0]`` gives every reason."""


class PromptItem(pytest.Item):
    """What the items of a prompt file have in common.

    ``record`` is what the reports of this item carry to whoever sums them up, None while there
    is nothing to tell.
    """

    def __init__(self, *, entry: Entry, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.entry = entry
        self.subject = entry.subject
        self.is_unchanged = entry.is_unchanged
        self.record: PromptRecord | None = None

    @property
    def results(self) -> Results:
        """Those of the run that this item belongs to."""
        return self.config.stash[STATE].results

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Our own failures as text; a scorer's exception with the scorer's traceback."""
        error = excinfo.value
        if isinstance(error, GoldenMissedError | GateFailedError):
            return self._told(str(error))
        if isinstance(error, ScorerError):
            place, _, said = str(error).partition(": ")
            told = f"{printable(said)}\nevaluator at {place}"
            cause = error.__cause__
            return self._told(f"{told}\n{_traceback(cause)}" if cause else told)
        return super().repr_failure(excinfo, style)

    def _told(self, text: str) -> ReprExceptionInfo:
        path, line, _ = self.reportinfo()
        return longrepr_of(text, path, (line or 0) + 1)


class GoldenItem(PromptItem):
    """One golden of a prompt; its ``path`` is the file that the golden stands in."""

    def __init__(self, *, golden: Golden, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.golden = golden
        self.decided: GoldenResult | None = None
        self.trials: Sequence[Trial] = ()
        self.extra_keyword_matches.update(golden.tags)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the golden stands."""
        return self.path, self.golden.line - 1, self.name

    def setup(self) -> None:
        """Wait for the answers, the judges' included; no answer is an error.

        Where the gate's verdict is decided without this golden, nothing is asked.
        """
        self.results.decide(self.entry)
        self.decided = self.results.decided(self.entry, self.golden)
        if self.decided is not None:
            if self.decided.outcome is Outcome.NOT_NEEDED:
                self._keep(self.decided)
                pytest.skip(f"not needed: {self.decided.reason}")
            return
        failure, self.trials = self.results.ask(self.subject, self.golden)
        self.results.at_base(self.entry, self.golden)
        if failure is not None:
            self._keep(failure)
            reason = failure.reason.removeprefix(f"{self.subject.prompt.location}: ")
            pytest.fail(one_line(reason), pytrace=False)

    def runtest(self) -> None:
        """Score the answers."""
        try:
            result = self.decided or score_golden(self.subject, self.golden, self.trials)
        except ScorerError as error:
            self._keep(result_without_score(self.golden, str(error), Outcome.ERROR))
            raise
        result = self._keep(result)
        if result.outcome is Outcome.UNSCORED:
            pytest.skip(f"not scored: {one_line(result.reason)}")
        if result.outcome is Outcome.MISSED and self.subject.prompt.gate is None:
            model = str(self.subject.model)
            raise GoldenMissedError(explain(result, model))

    def teardown(self) -> None:
        """Let go of the answers, of which there may be very many."""
        self.trials = ()

    def fail_unforeseen(self, reason: str) -> None:
        """Take note of an error that is neither the model's nor a scorer's."""
        self._keep(result_without_score(self.golden, reason, Outcome.ERROR))

    def _keep(self, result: GoldenResult) -> GoldenResult:
        result = self.results.keep(self.entry, result)
        self.record = replace(self.entry.record, results=(result,))
        self.user_properties += [
            ("promptopt.outcome", result.outcome.value),
            ("promptopt.score", result.score),
            ("promptopt.tokens", result.input_tokens + result.output_tokens),
            ("promptopt.cost_usd", result.cost_usd),
            ("promptopt.latency_seconds", round(result.latency_seconds, 3)),
        ]
        return result


class GateItem(PromptItem):
    """The verdict on a prompt, over all its goldens, whichever of them were selected."""

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the gate stands in the prompt file."""
        gate = self.subject.prompt.gate
        return self.path, gate.line - 1 if gate else 0, self.name

    def setup(self) -> None:
        """Wait for the answers to the goldens that have no result yet, here and at the base."""
        self.results.prepare_verdict(self.entry)

    def runtest(self) -> None:
        """Score what is not scored yet and judge the whole."""
        verdict = self.results.verdict(self.entry)
        if verdict is None:
            raise AssertionError("a gate item stands only where the prompt has a gate")
        self.record = replace(self.entry.record, verdict=verdict)
        self.user_properties += [
            ("promptopt.score", verdict.score),
            ("promptopt.verdict", verdict.decision.value),
        ]
        if not verdict.passed:
            raise GateFailedError(gate_failure(self.subject.key, verdict, self._moved()))

    def _moved(self) -> str:
        """The goldens that broke since the base, or else those that missed."""
        before = self.results.before(self.entry)
        missed = self.results.evaluation(self.entry).having(Outcome.MISSED)
        ids = [result.id for result in missed]
        word = "missed"
        if before is not None:
            passed = {result.id for result in before.having(Outcome.PASSED)}
            ids, word = [golden_id for golden_id in ids if golden_id in passed], "broken"
        return f", {len(ids)} {word}: {listed(ids)}" if ids else ""


class NoGoldensItem(PromptItem):
    """Says that a prompt has nothing to be scored by."""

    def reportinfo(self) -> tuple[Path, int, str]:
        """The top of the prompt file."""
        return self.path, 0, self.name

    def runtest(self) -> None:
        """Skip, with the remedy."""
        self.record = self.entry.record
        pytest.skip("no goldens: add some under `testData:` or name a file under `goldens:`")


class UnreadableItem(pytest.Item):
    """Stands in for the goldens of a prompt file that cannot be used: an error."""

    def __init__(self, *, error: PromptFileError, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.error = error

    def reportinfo(self) -> tuple[Path, int, str]:
        """The first thing in the prompt file that is wrong."""
        shown = self.nodeid.partition("::")[0]
        lines = [
            p.line for p in self.error.problems if (self.config.rootpath / p.path) == self.path
        ]
        return self.path, lines[0] - 1 if lines else 0, shown

    def setup(self) -> None:
        """Fail with everything that is wrong."""
        pytest.fail(printable(str(self.error)), pytrace=False)

    def runtest(self) -> None:
        """Never reached."""


def gate_name(subject: Subject) -> str:
    """That of the item of its gate."""
    return f"gate{subject.suffix}"


def gate_failure(key: str, verdict: Verdict, moved: str) -> str:
    """Why a prompt does not hold its gate; ``moved`` follows the few words of the first line."""
    reasons = "\n".join(f"  {one_line(reason)}" for reason in verdict.reasons)
    return f"{one_line(verdict.headline + moved)}\n{key} does not hold its gate:\n{reasons}"


def lost_record(entry: Entry, golden: Golden, reason: str) -> PromptRecord:
    """What the report of a golden carries whose item ended with its process."""
    result = result_without_score(golden, reason, Outcome.ERROR)
    return replace(entry.record, results=(result,))


def _traceback(cause: BaseException) -> str:
    """The traceback without our part of it."""
    info = pytest.ExceptionInfo.from_exception(cause)
    info.traceback = info.traceback.filter(lambda entry: not _is_ours(entry.path))
    return str(info.getrepr(style="short", chain=False))


def _is_ours(path: Path | str) -> bool:
    return Path(path).is_relative_to(Path(__file__).parents[1])
