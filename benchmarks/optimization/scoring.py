"""The metric of a task as a peer asks for it: by the question that was answered."""

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_promptopt.evaluation.reduction import score_golden
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.evaluation.trial import Trial
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.prompts.template import as_text
from pytest_promptopt.providers.request import Completion

_PASSES = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """That of ``subject`` on answers to the questions of ``goldens``."""

    subject: Subject
    goldens: Sequence[Golden]

    def score(self, question: str, answer: str) -> float:
        """How good the answer is, in [0, 1]."""
        trial = Trial(completion=Completion(text=answer), judgements={})
        return score_golden(self.subject, self._asking(question), (trial,)).score or 0.0

    def grade(self, question: str, answer: str) -> dict[str, object]:
        """The same, with whether that passes, and what was expected."""
        score = self.score(question, answer)
        expected = as_text(self._asking(question).expected)
        reason = f'Expected output "{answer}" to equal "{expected}"'
        return {"score": score, "pass": score >= _PASSES, "reason": reason}

    def _asking(self, question: str) -> Golden:
        return next(g for g in self.goldens if question_of(self.subject, g) == question)


def question_of(subject: Subject, golden: Golden) -> str:
    """The message that asks about ``golden``."""
    return subject.prompt.messages[1].template.fill(golden.variables)
