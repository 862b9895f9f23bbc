"""The metric of a task as a peer asks for it: by the question that was answered."""

from collections.abc import Iterable

from pytest_promptopt.evaluation.evaluation import GoldenResult, Outcome
from pytest_promptopt.evaluation.reduction import score_golden
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.evaluation.trial import Trial
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.prompts.template import as_text
from pytest_promptopt.providers.request import Completion


class Metric:
    """That of ``subject`` on answers to the questions of ``goldens``."""

    def __init__(self, *, subject: Subject, goldens: Iterable[Golden]) -> None:
        self._subject = subject
        self._goldens = {question_of(subject, golden): golden for golden in goldens}

    def score(self, question: str, answer: str) -> float:
        """How good the answer is, in [0, 1]."""
        return self._result(question, answer).score or 0.0

    def grade(self, question: str, answer: str) -> dict[str, object]:
        """The same, with whether that passes, and what was expected."""
        result = self._result(question, answer)
        expected = as_text(self._goldens[question].expected)
        return {
            "score": result.score or 0.0,
            "pass": result.outcome is Outcome.PASSED,
            "reason": f'Expected output "{answer}" to equal "{expected}"',
        }

    def _result(self, question: str, answer: str) -> GoldenResult:
        trial = Trial(completion=Completion(text=answer), judgements={})
        return score_golden(self._subject, self._goldens[question], (trial,))


def question_of(subject: Subject, golden: Golden) -> str:
    """The message that asks about ``golden``."""
    return subject.prompt.messages[1].template.fill(golden.variables)
