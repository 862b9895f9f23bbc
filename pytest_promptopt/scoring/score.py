"""The protocol of scorers: what each is given and gives back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, runtime_checkable

from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.providers.request import Completion, Request

NO_BASE = "there is no base; name one by --prompt-base, or let the evaluator be `optional: true`"
"""Why nothing is compared in a run without a base."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How good an answer is by one evaluator.

    ``value`` is in [0, 1], higher is better, and None where the answer could not be scored;
    ``reason`` then says why, and for a score under 1 what is amiss, for a person to read.
    ``named`` is the label that an answer names, of several that there are, or the choice that a
    judge makes, and ``wanted`` the right one, where that is what was looked at.
    """

    value: float | None
    reason: str = ""
    named: str = ""
    wanted: str = ""

    @classmethod
    def unscored(cls, reason: str) -> "Score":
        """Not scored, which is neither 0 nor a miss."""
        return cls(value=None, reason=reason)


@runtime_checkable
class Scorer(Protocol):
    """Scores an answer by looking at it. Pure: same golden and completion, same score."""

    def score(self, golden: Golden, completion: Completion) -> Score:
        """The score of ``completion``; raises what the project's own code raises."""
        ...


@runtime_checkable
class Demanding(Protocol):
    """A scorer that asks something of goldens. Pure, like its scores."""

    def flaw(self, golden: Golden) -> str:
        """Why no answer to ``golden`` can have a score of 1, empty where one can."""
        ...


class JudgeScorer(Protocol):
    """Scores an answer by asking a model about it."""

    def question(self, golden: Golden, completion: Completion) -> Request:
        """What to ask the judge about ``completion``.

        Raises :class:`~pytest_promptopt.errors.PromptFileError` where the golden lacks a value
        that the question needs.
        """
        ...

    def read(self, answer: Completion) -> Score:
        """The score that the judge's ``answer`` names; not scored where it names none."""
        ...


class Inquiry(NamedTuple):
    """What is asked about: a golden, the ``answer`` to it, and the ``request`` that brought it.

    ``base`` is the answer of the prompt at the base, or why there is none.
    """

    golden: Golden
    answer: Completion
    request: Request
    base: Completion | str = NO_BASE


@runtime_checkable
class AskingScorer(Protocol):
    """Scores an answer by what models say to any number of questions."""

    def calls(self, golden: Golden) -> int:
        """How many questions there are about an answer to ``golden``, at most."""
        ...

    def questions(self, inquiry: Inquiry) -> Sequence[Request] | Score:
        """What to ask, or the score where nothing has to be asked.

        Raises like :meth:`JudgeScorer.question`.
        """
        ...

    def read_all(self, golden: Golden, answers: Sequence[Completion]) -> Score:
        """The score by the ``answers`` to the questions, in their order."""
        ...


@runtime_checkable
class Comparing(Protocol):
    """A scorer that may want to see the answer of the prompt at the base."""

    @property
    def wants_base(self) -> bool:
        """Whether it does, which may take a call."""
        ...


@runtime_checkable
class Choosing(Protocol):
    """A judge that makes one of some choices, which people can make too: its labels."""

    @property
    def choices(self) -> Mapping[str, float]:
        """Each with its score; empty where it does not choose."""
        ...


@dataclass(frozen=True, slots=True)
class _OneQuestion:
    judge: JudgeScorer

    def calls(self, golden: Golden) -> int:  # noqa: ARG002
        return 1

    def questions(self, inquiry: Inquiry) -> Sequence[Request]:
        return (self.judge.question(inquiry.golden, inquiry.answer),)

    def read_all(self, golden: Golden, answers: Sequence[Completion]) -> Score:  # noqa: ARG002
        return self.judge.read(answers[0])


AnyScorer = Scorer | JudgeScorer | AskingScorer


class Threshold(NamedTuple):
    """From which score on an answer passes: ``least``, or if it ``is_strict`` only above."""

    least: float = 1.0
    is_strict: bool = False

    def passes(self, value: float) -> bool:
        """Whether a score of ``value`` is good enough."""
        return value > self.least if self.is_strict else value >= self.least

    @property
    def negated(self) -> "Threshold":
        """What 1 − a score passes where the score itself does not."""
        return Threshold(1 - self.least, is_strict=not self.is_strict)

    def __str__(self) -> str:
        return f"{'above ' if self.is_strict else ''}{self.least:g}"


FULL = Threshold()
"""Only what is wholly right passes."""
ABOVE_NOTHING = Threshold(0.0, is_strict=True)
"""That of judges: each choice with a score passes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluator:
    """A scorer with the name and threshold that the file gives it.

    ``weight`` is how much it counts in a golden's score; one that is ``optional`` never counts.
    ``vote`` is what an answer counts as when several are put to the vote, None where that is for
    others to say. Of ``direct`` and ``asking`` one is the scorer, the other None; ``demanding`` is
    it too, if it asks something of goldens. One that ``wants_base`` compares with the answer there.
    ``is_judge`` tells that a model's opinion is what scores, by one of ``choices`` where there are
    any. One that ``is_quick`` needs no time limit.
    """

    name: str
    scorer: AnyScorer = field(compare=False)
    threshold: Threshold = FULL
    weight: float = 1.0
    optional: bool = False
    vote: Callable[[str], str] | None = field(default=None, compare=False)
    is_judge: bool = False
    is_quick: bool = False
    choices: Mapping[str, float] = field(default_factory=dict)
    direct: Scorer | None = field(init=False, compare=False)
    asking: AskingScorer | None = field(init=False, compare=False)
    demanding: Demanding | None = field(init=False, compare=False)
    wants_base: bool = field(init=False, compare=False)

    def __post_init__(self) -> None:
        # Told apart once: for a protocol it takes long.
        direct: Scorer | None = None
        asking: AskingScorer | None = None
        if isinstance(self.scorer, Scorer):
            direct = self.scorer
        elif isinstance(self.scorer, AskingScorer):
            asking = self.scorer
        else:
            asking = _OneQuestion(self.scorer)
        object.__setattr__(self, "direct", direct)
        object.__setattr__(self, "asking", asking)
        demanding = self.scorer if isinstance(self.scorer, Demanding) else None
        object.__setattr__(self, "demanding", demanding)
        wants_base = isinstance(self.scorer, Comparing) and self.scorer.wants_base
        object.__setattr__(self, "wants_base", wants_base)

    def passes(self, value: float) -> bool:
        """Whether a score of ``value`` is good enough."""
        return self.threshold.passes(value)
