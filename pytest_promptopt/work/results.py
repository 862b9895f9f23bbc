"""The results of every subject on every golden, asked for when wanted and once only."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pytest_promptopt.errors import BudgetError, ProviderError, ScorerError
from pytest_promptopt.evaluation.evaluation import Evaluation, GoldenResult, Outcome
from pytest_promptopt.evaluation.gate import is_decided, judge
from pytest_promptopt.evaluation.judges import Judges
from pytest_promptopt.evaluation.listing import counted
from pytest_promptopt.evaluation.reduction import result_without_score, score_golden
from pytest_promptopt.evaluation.stopping import blocks, why_in_full
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.evaluation.trial import Trial
from pytest_promptopt.evaluation.verdict import Verdict, with_remark
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
    ``until_decided`` tells that goldens of prompts that are to :meth:`stop_early` are asked only
    until the verdict is decided.
    ``waiting`` is called about ten times a second while an answer is waited for, ``waited`` when
    it is there.
    """

    bridge: Bridge
    judges_together: bool = False
    until_decided: bool = False
    waiting: Callable[[], None] = do_nothing
    waited: Callable[[], None] = do_nothing
    _known: dict[tuple[str, str], GoldenResult] = field(default_factory=dict)
    _asked: dict[tuple[str, str], Asked] = field(default_factory=dict)
    _stopping: set[str] = field(default_factory=set)
    _decided: set[str] = field(default_factory=set)

    def ask_ahead(self, goldens: Iterable[tuple[Subject, Golden]]) -> None:
        """Have those of the goldens asked that can be asked, all at once and in this order."""
        askable = [
            (subject, golden)
            for subject, golden in goldens
            if subject.model is not None and not subject.missing_values(golden)
        ]
        if askable:
            self.bridge.plan(askable)

    def stop_early(self, entry: Entry) -> None:
        """Have its goldens asked only until the verdict is decided, if that may be given early."""
        if self.until_decided and not why_in_full(entry.subject, entry.base):
            self._stopping.add(entry.subject.key)

    def surely_asked(self, entry: Entry, goldens: Iterable[Golden]) -> Iterable[Golden]:
        """Those of the goldens that are asked whatever the others score."""
        if entry.subject.key not in self._stopping:
            return goldens
        first = {golden.id for golden in next(blocks(entry.subject.prompt.goldens), ())}
        return [golden for golden in goldens if golden.id in first]

    def decide(self, entry: Entry) -> None:
        """Ask and score goldens until the verdict is decided, where they are to stop early.

        Those that were not asked have a result that says so.
        """
        subject = entry.subject
        if subject.key not in self._stopping or subject.key in self._decided:
            return
        self._decided.add(subject.key)
        self.ask_ahead(entry.asked_by_gate())
        left = {golden.id: golden for golden in subject.prompt.goldens}
        for block in blocks(subject.prompt.goldens):
            for golden in block:
                del left[golden.id]
                self._known.pop((subject.key, golden.id), None)
            self.ask_ahead(entry.asked(block))
            for golden in block:
                self.at_base(entry, golden)
                self.score(entry, golden)
            self._leave_out(entry, [*left.values()])
            if self._is_decided(entry):
                break

    def decided(self, entry: Entry, golden: Golden) -> GoldenResult | None:
        """The golden's result, where it is known by now and no error."""
        found = self._known.get((entry.subject.key, golden.id))
        is_error = found is not None and found.outcome in {Outcome.ERROR, Outcome.NOT_RUN}
        return None if is_error else found

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
        base, here = entry.base, self._known.get((entry.subject.key, golden.id))
        if base is None or base.subject is None or base.unfillable(golden):
            return None
        if here is not None and here.outcome is Outcome.NOT_NEEDED:
            return None
        key = base.subject.key, golden.id
        if key not in self._known:
            self._known[key] = _scored(base.subject, golden, self.ask(base.subject, golden))
        return self._known[key]

    def prepare_verdict(self, entry: Entry) -> None:
        """Wait for the answers to the goldens that have no result yet, here and at the base."""
        self.decide(entry)
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
        self.decide(entry)
        found = judge(
            gate,
            self.evaluation(entry),
            entry.base.record if entry.base else None,
            self.before(entry),
            self._judges(entry),
            is_alone=not self.judges_together,
            is_watched=entry.subject.key in self._decided,
        )
        why = why_in_full(entry.subject, entry.base) if self.until_decided else ""
        return with_remark(found, f"all goldens were asked: {why}") if why else found

    def _is_decided(self, entry: Entry) -> bool:
        gate = entry.subject.prompt.gate
        return gate is None or is_decided(
            gate,
            self.evaluation(entry),
            entry.base.record if entry.base else None,
            self.before(entry),
            self._judges(entry),
            is_alone=not self.judges_together,
        )

    def _leave_out(self, entry: Entry, goldens: Sequence[Golden]) -> None:
        """Note that these were not asked."""
        total = len(entry.subject.prompt.goldens)
        asked = f"{total - len(goldens):,} of {counted(total, 'golden')}"
        reason = f"the verdict was decided by {asked}, in a random order"
        for golden in goldens:
            self.keep(entry, result_without_score(golden, reason, Outcome.NOT_NEEDED))

    def _judges(self, entry: Entry) -> Judges:
        return Judges(records=entry.record.judges, own=self._of_judges(entry))

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
