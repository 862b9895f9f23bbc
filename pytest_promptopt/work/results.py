"""The results of every subject on every golden, asked for when wanted and once only."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pytest_promptopt.errors import BudgetError, ProviderError, ScorerError
from pytest_promptopt.evaluation.evaluation import Evaluation, GoldenResult, Outcome
from pytest_promptopt.evaluation.gate import Verdict, judge
from pytest_promptopt.evaluation.judges import Judges
from pytest_promptopt.evaluation.reduction import result_without_score, score_golden
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.evaluation.trial import Trial
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.work.bridge import Bridge
from pytest_promptopt.work.entries import Entry

Asked = tuple[GoldenResult | None, Sequence[Trial]]
"""The trials of a golden, or the result that says why there are none."""


def do_nothing() -> None:
    """Nobody looks on."""


@dataclass(slots=True, kw_only=True)
class Results:
    """The results so far, by the subject's key and the golden's id, and the way to more.

    ``judges_together`` tells that verdicts are not the last word: they are then judged together.
    ``waiting`` is called about ten times a second while an answer is waited for, ``waited`` when
    it is there.
    """

    bridge: Bridge
    judges_together: bool = False
    waiting: Callable[[], None] = do_nothing
    waited: Callable[[], None] = do_nothing
    _known: dict[tuple[str, str], GoldenResult] = field(default_factory=dict)
    _asked: dict[tuple[str, str], Asked] = field(default_factory=dict)

    def ask_ahead(self, goldens: Iterable[tuple[Subject, Golden]]) -> None:
        """Have those of the goldens asked that can be asked, all at once and in this order."""
        askable = [
            (subject, golden)
            for subject, golden in goldens
            if subject.model is not None and not subject.missing_values(golden)
        ]
        if askable:
            self.bridge.plan(askable)

    def ask(self, subject: Subject, golden: Golden) -> Asked:
        """Wait for the answers, the judges' included."""
        missing = subject.missing_values(golden)
        if missing:
            where = f"golden {golden.id} ({golden.path}:{golden.line})"
            reason = f"{'; '.join(missing)} in {where}"
            return result_without_score(golden, reason, Outcome.ERROR), ()
        if subject.model is None:
            return result_without_score(golden, subject.model_error, Outcome.ERROR), ()
        try:
            return None, self.bridge.trials(subject, golden, self.waiting)
        except BudgetError as error:
            return result_without_score(golden, error.message, Outcome.NOT_RUN), ()
        except ProviderError as error:
            return result_without_score(golden, error.message, Outcome.ERROR), ()
        finally:
            self.waited()

    def keep(self, entry: Entry, result: GoldenResult) -> GoldenResult:
        """Take in a golden's result; it comes back with the one at the base beside it."""
        base = entry.base.subject if entry.base else None
        result = result.against(self._known.get((base.key, result.id)) if base else None)
        self._known[entry.subject.key, result.id] = result
        return result

    def score(self, entry: Entry, golden: Golden) -> GoldenResult:
        """The golden's result, asked for and scored now unless it is known."""
        return self.keep(entry, self._result(entry.subject, golden))

    def at_base(self, entry: Entry, golden: Golden) -> GoldenResult | None:
        """The golden's result at the base, None where it cannot be asked there."""
        base = entry.base
        if base is None or base.subject is None or base.unfillable(golden):
            return None
        key = base.subject.key, golden.id
        if key not in self._known:
            self._known[key] = _scored(base.subject, golden, self.ask(base.subject, golden))
        return self._known[key]

    def prepare_verdict(self, entry: Entry) -> None:
        """Wait for the answers to the goldens that have no result yet, here and at the base."""
        subject = entry.subject
        goldens = subject.prompt.goldens
        missing = [golden for golden in goldens if (subject.key, golden.id) not in self._known]
        labelled = [
            (judge, golden)
            for judge, golden in entry.asked_by_gate()
            if (judge.key, golden.id) not in self._known
        ]
        self.ask_ahead((*entry.asked(missing), *labelled))
        for asked, golden in (*((subject, golden) for golden in missing), *labelled):
            self._asked[asked.key, golden.id] = self.ask(asked, golden)
        for golden in goldens:
            self.at_base(entry, golden)

    def verdict(self, entry: Entry) -> Verdict | None:
        """The gate's, over all goldens of the prompt; None where it has no gate."""
        gate = entry.subject.prompt.gate
        if gate is None:
            return None
        base = entry.base.record if entry.base else None
        judges = Judges(records=entry.record.judges, own=self._of_judges(entry))
        return judge(
            gate,
            self.evaluation(entry),
            base,
            self.before(entry),
            judges,
            is_alone=not self.judges_together,
        )

    def _of_judges(self, entry: Entry) -> Mapping[str, Sequence[GoldenResult]]:
        """The results of the judges' own goldens."""
        return {
            name: [self._result(subject, golden) for golden in subject.prompt.goldens]
            for name, subject in entry.judges.items()
        }

    def evaluation(self, entry: Entry) -> Evaluation:
        """The results of all goldens; those without one are asked and scored now."""
        prompt = entry.subject.prompt
        results = tuple(self._result(entry.subject, golden) for golden in prompt.goldens)
        return Evaluation(location=prompt.location, results=results)

    def before(self, entry: Entry) -> Evaluation | None:
        """The results at the base; None where nothing is asked there."""
        if entry.base is None or entry.base.subject is None:
            return None
        key, prompt = entry.base.subject.key, entry.subject.prompt
        known = [self._known.get((key, golden.id)) for golden in prompt.goldens]
        results = tuple(result for result in known if result is not None)
        return Evaluation(location=prompt.location, results=results)

    def _result(self, subject: Subject, golden: Golden) -> GoldenResult:
        key = subject.key, golden.id
        if key not in self._known:
            asked = self._asked.pop(key, None) or self.ask(subject, golden)
            self._known[key] = _scored(subject, golden, asked)
        return self._known[key]


def _scored(subject: Subject, golden: Golden, asked: Asked) -> GoldenResult:
    """The result; an error where the project's own scorer raises."""
    failure, trials = asked
    if failure is not None:
        return failure
    try:
        return score_golden(subject, golden, trials)
    except ScorerError as error:
        return result_without_score(golden, str(error), Outcome.ERROR)
