"""The commonest expected answer, and what giving it every time would score."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul

from pytest_promptopt.evaluation.evaluation import commonest_of
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.optimization.diagnosis.probe import probed
from pytest_promptopt.optimization.diagnosis.profile import meant
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.prompts.template import as_text
from pytest_promptopt.text.tags import quoted


@dataclass(frozen=True, slots=True, kw_only=True)
class Majority:
    """An answer, and its mean score in [0, 1] by the goldens' weights if it were given to all."""

    answer: str
    score: float

    @property
    def sentence(self) -> str:
        """To stand beside a score."""
        always = f"Always answering {quoted(self.answer)} would score {self.score:.2f}"
        if self.score < 1:
            return f"{always}."
        return f"{always}: these goldens tell no prompt that does the task from one that does not."


def majority_of(goldens: Sequence[Golden], subject: Subject | None = None) -> Majority | None:
    """The answer that most of ``goldens`` expect; None where no two expect the same.

    Its score is what the evaluators of ``subject`` say of it where that is told by the text
    alone, else the share of the goldens that expect just this.
    """
    contents = [_content(golden) if golden.has_expected else None for golden in goldens]
    weights = [golden.weight for golden in goldens]
    found = commonest_of([*zip(contents, weights, strict=True)])
    if found is None:
        return None
    content, share = found
    answer = as_text(goldens[contents.index(content)].expected)
    scores = _scores(goldens, subject, answer) if subject else None
    if scores is not None:
        share = sum(map(mul, scores, weights)) / sum(weights)
    return Majority(answer=answer, score=share)


def _scores(goldens: Sequence[Golden], subject: Subject, answer: str) -> list[float] | None:
    scores = []
    for golden in goldens:
        result = probed(subject, golden, answer)
        if result is None or result.score is None:
            return None
        scores.append(result.score)
    return scores


def _content(golden: Golden) -> str:
    value = meant(golden.expected)
    if isinstance(value, str):
        return value.strip()
    return json.dumps(value, sort_keys=True, default=str)
