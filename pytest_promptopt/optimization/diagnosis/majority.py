"""The commonest expected answer, and what giving it every time would score."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

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
    expecting = [golden for golden in goldens if golden.has_expected]
    counts = Counter(_content(golden) for golden in expecting)
    if not counts or counts.most_common(1)[0][1] < 2:
        return None
    [(content, _)] = counts.most_common(1)
    of_it = [golden for golden in expecting if _content(golden) == content]
    answer = as_text(of_it[0].expected)
    scores = _scores(goldens, subject, answer) if subject else None
    if scores is None:
        scores = [float(golden.has_expected and _content(golden) == content) for golden in goldens]
    weights = [golden.weight for golden in goldens]
    total = sum(weights)
    weighted = sum(score * weight for score, weight in zip(scores, weights, strict=True))
    return Majority(answer=answer, score=weighted / total) if total else None


def _scores(goldens: Sequence[Golden], subject: Subject, answer: str) -> list[float] | None:
    scores = []
    for golden in goldens:
        result = probed(subject, golden, answer)
        if result is None or result.score is None:
            return None
        scores.append(result.score)
    return scores


def _content(golden: Golden) -> Any:
    value = meant(golden.expected)
    if isinstance(value, str):
        return value.strip()
    return json.dumps(value, sort_keys=True, default=str)
