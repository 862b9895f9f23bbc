"""The items of a prompt file: its goldens and its gate.

Asking belongs to an item's setup, scoring to its call, so that a provider that does not answer is
an error and an answer that misses is a failure.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from pytest_promptopt.errors import BudgetError, ProviderError, ScorerError
from pytest_promptopt.evaluation.base import Base
from pytest_promptopt.evaluation.evaluation import Evaluation, GoldenResult, Outcome
from pytest_promptopt.evaluation.gate import BaseResult, Verdict, judge
from pytest_promptopt.evaluation.reduction import score_golden
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.evaluation.trial import Trial
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.prompts.template import as_text
from pytest_promptopt.reports.failure import explain
from pytest_promptopt.reports.quoting import printable
from pytest_promptopt.session.state import STATE, State
from pytest_promptopt.session.subjects import Entry

_EXCERPT = 200


class GoldenMissedError(Exception):
    """A golden's answer is not good enough; ``args[0]`` explains it."""


class GateFailedError(Exception):
    """A prompt does not hold its gate; ``args[0]`` gives every reason."""


class PromptItem(pytest.Item):
    """What the items of a prompt file have in common.

    ``record`` is what the reports of this item carry to whoever sums them up.
    """

    def __init__(self, *, entry: Entry, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.subject = entry.subject
        self.base = entry.base
        self.content = entry.content
        self.is_unchanged = entry.is_unchanged
        self.record: dict[str, Any] = {}
        self.add_marker(pytest.mark.prompt)

    @property
    def state(self) -> State:
        """The run that this item belongs to."""
        return self.config.stash[STATE]

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Our own failures as text; a scorer's exception with the scorer's traceback."""
        error = excinfo.value
        if isinstance(error, GoldenMissedError | GateFailedError):
            return str(error)
        if isinstance(error, ScorerError) and error.__cause__ is not None:
            cause = pytest.ExceptionInfo.from_exception(error.__cause__)
            cause.traceback = cause.traceback.filter(lambda entry: not _is_ours(entry.path))
            return f"{error}\n{cause.getrepr(style='short', chain=False)}"
        return super().repr_failure(excinfo, style)

    def _describe(self, kind: str, **details: Any) -> None:
        prompt = self.subject.prompt
        self.record = {
            "kind": kind,
            "key": self.subject.key,
            "location": prompt.location,
            "model": str(self.subject.model or ""),
            "goldens": len(prompt.goldens),
            "base": _describe_base(self.base),
            "content": self.content and asdict(self.content),
            "samples": self.subject.samples,
            **details,
        }


class GoldenItem(PromptItem):
    """One golden of a prompt."""

    def __init__(self, *, golden: Golden, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.golden = golden
        self.trials: Sequence[Trial] = ()
        self.base_result: GoldenResult | None = None
        self.extra_keyword_matches.update(golden.tags)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the golden stands."""
        return self.config.rootpath / self.golden.path, self.golden.line - 1, self.name

    def setup(self) -> None:
        """Wait for the answers, the judges' included; no answer is an error."""
        failure, self.trials = ask_golden(self.state, self.subject, self.golden)
        self.base_result = base_result(self.state, self.base, self.golden)
        if failure is not None:
            self._keep(failure)
            pytest.fail(printable(failure.reason), pytrace=False)

    def runtest(self) -> None:
        """Score the answers."""
        result = score_golden(self.subject, self.golden, self.trials)
        self._keep(result)
        if result.outcome is Outcome.UNSCORED:
            pytest.skip(f"not scored: {printable(result.reason)}")
        if result.outcome is Outcome.MISSED and self.subject.prompt.gate is None:
            model = str(self.subject.model)
            raise GoldenMissedError(explain(self.golden, result, self.trials, model))

    def teardown(self) -> None:
        """Let go of the answers, of which there may be very many."""
        self.trials = ()

    def _keep(self, result: GoldenResult) -> None:
        self.state.results[self.subject.key, self.golden.id] = result
        before = self.base_result.to_json() if self.base_result else None
        self._describe("golden", result=result.to_json(), before=before, **self._excerpts(result))
        self.user_properties += [
            ("promptopt.outcome", result.outcome.value),
            ("promptopt.score", result.score),
            ("promptopt.tokens", result.input_tokens + result.output_tokens),
            ("promptopt.cost_usd", result.cost_usd),
            ("promptopt.latency_seconds", round(result.latency_seconds, 3)),
        ]

    def _excerpts(self, result: GoldenResult) -> dict[str, str]:
        if result.outcome is not Outcome.MISSED:
            return {}
        expected = "" if self.golden.expected is None else as_text(self.golden.expected)
        answer = self.trials[0].answer.text
        return {"expected": expected[:_EXCERPT], "answer": answer[:_EXCERPT]}


class GateItem(PromptItem):
    """The verdict on a prompt, over all its goldens, whichever of them were selected."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._answers: dict[str, tuple[GoldenResult | None, Sequence[Trial]]] = {}

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the gate stands in the prompt file."""
        gate = self.subject.prompt.gate
        return self.path, gate.line - 1 if gate else 0, self.name

    def setup(self) -> None:
        """Wait for the answers to the goldens that have no result yet, here and at the base."""
        prompt, key = self.subject.prompt, self.subject.key
        missing = [g for g in prompt.goldens if (key, g.id) not in self.state.results]
        self.state.ask_ahead(asked(self.subject, self.base, missing))
        for golden in missing:
            self._answers[golden.id] = ask_golden(self.state, self.subject, golden)
        for golden in prompt.goldens:
            base_result(self.state, self.base, golden)

    def runtest(self) -> None:
        """Score what is not scored yet and judge the whole."""
        verdict = self._verdict()
        self._describe(
            "gate",
            decision=verdict.decision.value,
            passed=verdict.passed,
            score=verdict.score,
            reasons=list(verdict.reasons),
            remarks=list(verdict.remarks),
        )
        self.user_properties += [
            ("promptopt.score", verdict.score),
            ("promptopt.verdict", verdict.decision.value),
        ]
        if not verdict.passed:
            reasons = "\n".join(f"  {printable(reason)}" for reason in verdict.reasons)
            raise GateFailedError(f"{self.subject.key} does not hold its gate:\n{reasons}")

    def teardown(self) -> None:
        """Let go of the answers."""
        self._answers.clear()

    def _verdict(self) -> Verdict:
        prompt = self.subject.prompt
        results = tuple(self._result(golden) for golden in prompt.goldens)
        if prompt.gate is None:
            raise AssertionError("a gate item stands only where the prompt has a gate")
        evaluation = Evaluation(location=prompt.location, results=results)
        return judge(prompt.gate, evaluation, self._base_result())

    def _base_result(self) -> BaseResult | None:
        base = self.base
        if base is None:
            return None
        evaluation = None
        if base.subject is not None:
            known = [
                self.state.results.get((base.subject.key, golden.id))
                for golden in self.subject.prompt.goldens
            ]
            results = tuple(result for result in known if result is not None)
            evaluation = Evaluation(location=self.subject.prompt.location, results=results)
        return BaseResult(
            label=base.label,
            evaluation=evaluation,
            identical=base.identical,
            remark=base.remark,
        )

    def _result(self, golden: Golden) -> GoldenResult:
        known = self.state.results.get((self.subject.key, golden.id))
        if known is not None:
            return known
        failure, trials = self._answers[golden.id]
        return failure or scored_or_error(self.subject, golden, trials)


class NoGoldensItem(PromptItem):
    """Says that a prompt has nothing to be scored by."""

    def reportinfo(self) -> tuple[Path, int, str]:
        """The top of the prompt file."""
        return self.path, 0, self.name

    def runtest(self) -> None:
        """Skip, with the remedy."""
        pytest.skip("no goldens: add some under `testData:` or name a file under `goldens:`")


def ask_golden(
    state: State, subject: Subject, golden: Golden
) -> tuple[GoldenResult | None, Sequence[Trial]]:
    """The trials of a golden, or the result that says why there are none."""
    missing = subject.missing_values(golden)
    if missing:
        where = f"golden {golden.id} ({golden.path}:{golden.line})"
        return _unanswered(golden, f"{'; '.join(missing)} in {where}"), ()
    if subject.model is None:
        return _unanswered(golden, subject.model_error), ()
    try:
        return None, state.workflow.trials(subject, golden, state.progress.draw)
    except BudgetError as error:
        return _unanswered(golden, error.message, Outcome.NOT_RUN), ()
    except ProviderError as error:
        return _unanswered(golden, error.message), ()
    finally:
        state.progress.erase()


def asked(
    subject: Subject, base: Base | None, goldens: Iterable[Golden]
) -> Iterator[tuple[Subject, Golden]]:
    """What has to be asked about ``goldens``, in the order in which it will be wanted."""
    for golden in goldens:
        yield subject, golden
        if base is not None and base.subject is not None:
            yield base.subject, golden


def base_result(state: State, base: Base | None, golden: Golden) -> GoldenResult | None:
    """The golden's result at the base, None where it cannot be asked there; kept in ``state``."""
    if base is None or base.subject is None or base.unfillable(golden):
        return None
    key = (base.subject.key, golden.id)
    if key not in state.results:
        failure, trials = ask_golden(state, base.subject, golden)
        state.results[key] = failure or scored_or_error(base.subject, golden, trials)
    return state.results[key]


def _unanswered(golden: Golden, reason: str, outcome: Outcome = Outcome.ERROR) -> GoldenResult:
    return GoldenResult(
        golden_id=golden.id,
        outcome=outcome,
        tags=golden.tags,
        required=golden.required,
        weight=golden.weight,
        reason=reason,
    )


def scored_or_error(subject: Subject, golden: Golden, trials: Sequence[Trial]) -> GoldenResult:
    """The result; an error where the project's own scorer raises."""
    try:
        return score_golden(subject, golden, trials)
    except ScorerError as error:
        return _unanswered(golden, str(error))


def _describe_base(base: Base | None) -> dict[str, Any] | None:
    if base is None:
        return None
    return {
        "key": base.subject.key if base.subject else None,
        "label": base.label,
        "version": base.version,
        "identical": base.identical,
        "remark": base.remark,
        "loosened": list(base.loosened),
    }


def _is_ours(path: Path | str) -> bool:
    return Path(path).is_relative_to(Path(__file__).parents[1])
