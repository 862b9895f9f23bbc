"""The diagnosis, made without a model: what good answers look like, and how others miss it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.optimization.case import Case
from pytest_promptopt.optimization.diagnosis.majority import Majority, majority_of
from pytest_promptopt.optimization.diagnosis.misses import Miss, MissKind, is_of_form, miss_of
from pytest_promptopt.optimization.diagnosis.profile import Profile, profile_of
from pytest_promptopt.optimization.diagnosis.tasks import stated_task
from pytest_promptopt.optimization.diagnosis.tolerance import NO_TOLERANCE, Tolerance, tolerance_of
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.text.excerpt import one_line
from pytest_promptopt.text.tags import quoted

LONGEST_TEXT = 1500
"""Characters of :meth:`Diagnosis.as_text`, which stands in every request to the optimizer model."""

_LONGEST_SENTENCE = 500
_LONGEST_ID = 40
_SHOWN = 5
_EXAMPLES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class MissGroup:
    """The misses of one kind; ``golden_ids`` are those of all its goldens, in the cases' order."""

    kind: MissKind
    count: int
    golden_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """How often one label was answered where another was expected."""

    expected: str
    answered: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRate:
    """How many of the scored answers to goldens with a tag passed."""

    tag: str
    passed: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """How a prompt does on some goldens.

    ``answers`` were scored and ``passed`` of them passed; ``unscored`` ones count nowhere else.
    ``misses``, ``confusions`` and all that is counted stand the most frequent first, ``tags`` the
    worst first. ``always_passed``, ``always_missed`` and ``varying`` are ids of goldens by what
    all their scored answers did. ``task`` says what every golden expects, ``majority`` what the
    commonest answer would score, ``tolerance`` what is no miss of form. ``scores`` are those of
    the scored answers by their golden.
    """

    profile: Profile
    answers: int = 0
    passed: int = 0
    unscored: int = 0
    misses: tuple[MissGroup, ...] = ()
    confusions: tuple[Confusion, ...] = ()
    missing_keys: Mapping[str, int] = field(default_factory=dict)
    extra_keys: Mapping[str, int] = field(default_factory=dict)
    tags: tuple[TagRate, ...] = ()
    always_passed: tuple[str, ...] = ()
    always_missed: tuple[str, ...] = ()
    varying: tuple[str, ...] = ()
    wrong_fields: Mapping[str, int] = field(default_factory=dict)
    missing_parts: Mapping[str, int] = field(default_factory=dict)
    extra_parts: Mapping[str, int] = field(default_factory=dict)
    scores: tuple[tuple[str, float], ...] = ()
    task: str = ""
    majority: Majority | None = None
    tolerance: Tolerance = NO_TOLERANCE

    @property
    def missed(self) -> int:
        """How many scored answers missed."""
        return self.answers - self.passed

    @property
    def missed_by_form(self) -> int:
        """How many misses could be mended by saying how to answer."""
        return sum(group.count for group in self.misses if is_of_form(group.kind, self.tolerance))

    def sentences(self) -> tuple[str, ...]:
        """The diagnosis for a reader, the most useful first; each sentence is a single line.

        What comes from goldens and answers stands in it as quoted JSON.
        """
        task = (f"Every expected answer is {self.task}.",) if self.task else ()
        majority = (self.majority.sentence,) if self.majority else ()
        found = (*self.profile.sentences(), *task, *self._facts(), *majority)
        return tuple(one_line(sentence, _LONGEST_SENTENCE) for sentence in found)

    def as_text(self) -> str:
        """As many of :meth:`sentences` as fit 1,500 characters, one a line."""
        lines: list[str] = []
        room = LONGEST_TEXT
        for sentence in self.sentences():
            line = f"- {sentence}"
            if len(line) + 1 <= room:
                lines.append(line)
                room -= len(line) + 1
        return "\n".join(lines)

    def _facts(self) -> Iterator[str]:
        if self.unscored:
            yield f"{_answers(self.unscored)} not scored and left out here."
        if not self.answers:
            return
        if any(0 < score < 1 for _, score in self.scores):
            yield self._grades()
        if not self.missed:
            yield f"All {self.answers} answers passed."
            return
        yield f"{self.missed} of {_answers(self.answers)} missed: {self._kinds()}."
        if self.confusions:
            yield f"Labels confused (expected → answered): {self._confused()}."
        for what, counts in (
            ("JSON keys left out", self.missing_keys),
            ("JSON keys too many", self.extra_keys),
            ("JSON fields with another value", self.wrong_fields),
            ("Words or items left out", self.missing_parts),
            ("Words or items too many", self.extra_parts),
        ):
            if counts:
                yield f"{what}: {_counted(counts)}."
        if self.varying:
            yield self._stability()
        if low := [rate for rate in self.tags if rate.passed < rate.count]:
            rates = (f"{quoted(rate.tag)} {rate.passed} of {rate.count}" for rate in low[:_SHOWN])
            yield f"Passed by tag, the worst first: {', '.join(rates)}."

    def _grades(self) -> str:
        low = sorted(self.scores, key=lambda item: item[1])[:_EXAMPLES]
        shown = ", ".join(f"{one_line(key, _LONGEST_ID)} {score:.2f}" for key, score in low)
        mean = fmean(score for _, score in self.scores)
        return f"Scores are graded: {mean:.2f} on average, the lowest {shown}."

    def _kinds(self) -> str:
        return "; ".join(
            f"{group.count} {group.kind.value} ({_ids(group.golden_ids)})" for group in self.misses
        )

    def _confused(self) -> str:
        return ", ".join(
            f"{quoted(found.expected)} → {quoted(found.answered)} ({found.count})"
            for found in self.confusions[:_SHOWN]
        )

    def _stability(self) -> str:
        return (
            f"Of the goldens {len(self.always_passed)} always pass, {len(self.always_missed)} "
            f"always miss, {len(self.varying)} vary ({_ids(self.varying)})."
        )


def diagnose(
    cases: Sequence[Case], goldens: Sequence[Golden], subject: Subject | None = None
) -> Diagnosis:
    """The diagnosis of ``cases``, several a golden being fine; ``goldens`` give the profile.

    Both hold what the search may learn from, and nothing else. What takes the prompt or its
    evaluators is left out without ``subject``.
    """
    profile = profile_of(goldens)
    scored = [case for case in cases if case.score is not None]
    tolerance = tolerance_of(subject, goldens) if subject else NO_TOLERANCE
    misses = [miss_of(case, profile, tolerance) for case in scored if not case.passed]
    outcomes = _outcomes(scored)
    return Diagnosis(
        profile=profile,
        answers=len(scored),
        passed=len(scored) - len(misses),
        unscored=len(cases) - len(scored),
        misses=_groups(misses),
        confusions=_confusions(misses),
        missing_keys=_counts(key for miss in misses for key in miss.missing_keys),
        extra_keys=_counts(key for miss in misses for key in miss.extra_keys),
        wrong_fields=_counts(key for miss in misses for key in miss.wrong_fields),
        missing_parts=_counts(part for miss in misses for part in miss.missing_parts),
        extra_parts=_counts(part for miss in misses for part in miss.extra_parts),
        scores=tuple((case.golden.id, case.score) for case in scored if case.score is not None),
        task=stated_task(subject.prompt, goldens) if subject else "",
        majority=majority_of(goldens, subject),
        tolerance=tolerance,
        tags=_tag_rates(scored),
        always_passed=tuple(key for key, passed in outcomes.items() if all(passed)),
        always_missed=tuple(key for key, passed in outcomes.items() if not any(passed)),
        varying=tuple(key for key, passed in outcomes.items() if any(passed) and not all(passed)),
    )


def _outcomes(scored: Iterable[Case]) -> Mapping[str, list[bool]]:
    outcomes: dict[str, list[bool]] = defaultdict(list)
    for case in scored:
        outcomes[case.golden.id].append(case.passed)
    return outcomes


def _groups(misses: Sequence[Miss]) -> tuple[MissGroup, ...]:
    counts = Counter(miss.kind for miss in misses)
    return tuple(
        MissGroup(
            kind=kind,
            count=count,
            golden_ids=tuple(dict.fromkeys(m.golden_id for m in misses if m.kind is kind)),
        )
        for kind, count in counts.most_common()
    )


def _confusions(misses: Iterable[Miss]) -> tuple[Confusion, ...]:
    pairs = Counter(
        (miss.expected_label, miss.answered_label)
        for miss in misses
        if miss.kind is MissKind.WRONG_LABEL
    )
    return tuple(
        Confusion(expected=expected, answered=answered, count=count)
        for (expected, answered), count in pairs.most_common()
    )


def _counts(keys: Iterable[str]) -> Mapping[str, int]:
    return dict(Counter(keys).most_common())


def _tag_rates(scored: Iterable[Case]) -> tuple[TagRate, ...]:
    passed: dict[str, list[bool]] = defaultdict(list)
    for case in scored:
        for tag in dict.fromkeys(case.golden.tags):
            passed[tag].append(case.passed)
    rates = [TagRate(tag=tag, passed=sum(marks), count=len(marks)) for tag, marks in passed.items()]
    return tuple(sorted(rates, key=lambda rate: (rate.passed / rate.count, -rate.count)))


def _answers(count: int) -> str:
    return f"{count} answer{'' if count == 1 else 's'}"


def _ids(ids: Sequence[str]) -> str:
    shown = ", ".join(one_line(golden_id, _LONGEST_ID) for golden_id in ids[:_EXAMPLES])
    more = len(ids) - _EXAMPLES
    return f"{shown} and {more} more" if more > 0 else shown


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{quoted(key)} ({count})" for key, count in list(counts.items())[:_SHOWN])
