"""The evaluator ``finish``: why the model stopped."""

from dataclasses import dataclass
from typing import Literal

from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden
from pytest_promptopt.providers.request import Completion
from pytest_promptopt.scoring.kinds import ScoringContext, declared_kind
from pytest_promptopt.scoring.options import Options
from pytest_promptopt.scoring.score import Score

_SAID = {
    "stop": "ended by itself",
    "length": "was cut off at its limit",
    "refusal": "was refused",
    "other": "ended for another reason",
}


class FinishOptions(Options, frozen=True):
    """Why the model must have stopped: by itself, unless another reason is named."""

    bare = "reason"

    reason: Literal["stop", "length", "refusal", "other"] = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishScorer:
    """Whether the model stopped for that ``reason``."""

    reason: str

    def score(self, golden: Golden, completion: Completion) -> Score:  # noqa: ARG002
        """1 or 0."""
        found = completion.finish_reason.value
        if found == self.reason:
            return Score(value=1.0)
        return Score(value=0.0, reason=f"the answer {_SAID[found]}")


def _finish_scorer(
    options: FinishOptions, _spec: EvaluatorSpec, _context: ScoringContext
) -> FinishScorer:
    return FinishScorer(reason=options.reason)


FINISH = declared_kind(FinishOptions, _finish_scorer)
