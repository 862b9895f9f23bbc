"""The evaluators ``latency``, ``cost`` and ``tokens``: what an answer took."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import msgspec

from pytest_promptopt.codec import Count
from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden
from pytest_promptopt.providers.request import Completion
from pytest_promptopt.scoring.kinds import ScoringContext, declared_kind
from pytest_promptopt.scoring.options import Options
from pytest_promptopt.scoring.score import Score

_Above = Annotated[float, msgspec.Meta(gt=0, le=1e9)]


class LatencyOptions(Options, frozen=True):
    """How long the call may take that brought the answer, be it long ago."""

    max_seconds: _Above


class CostOptions(Options, frozen=True):
    """What the answer may cost."""

    max_usd: _Above


class TokensOptions(Options, frozen=True):
    """How many tokens the answer may have, those of its reasoning too."""

    bare = "max"

    max: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendingScorer:
    """Whether ``spent`` is at most ``most``; it is None where that is ``unknown``."""

    most: float
    spent: Callable[[Completion], float | None]
    shown: str
    unknown: str = ""

    def score(self, golden: Golden, completion: Completion) -> Score:  # noqa: ARG002
        """1 or 0; not scored where what was spent is not known."""
        spent = self.spent(completion)
        if spent is None:
            return Score.unscored(self.unknown)
        if spent <= self.most:
            return Score(value=1.0)
        shown, most = self.shown.format(spent), self.shown.format(self.most)
        return Score(value=0.0, reason=f"{shown}, expected {most} at most")


def _latency_scorer(
    options: LatencyOptions, _spec: EvaluatorSpec, _context: ScoringContext
) -> SpendingScorer:
    return SpendingScorer(
        most=options.max_seconds, spent=lambda answer: answer.latency_seconds, shown="{:.4g} s"
    )


def _cost_scorer(
    options: CostOptions, _spec: EvaluatorSpec, _context: ScoringContext
) -> SpendingScorer:
    return SpendingScorer(
        most=options.max_usd,
        spent=lambda answer: answer.cost_usd,
        shown="{:.4g} usd",
        unknown="the price of the model is not known; ini `prompt_prices` tells it",
    )


def _tokens_scorer(
    options: TokensOptions, _spec: EvaluatorSpec, _context: ScoringContext
) -> SpendingScorer:
    return SpendingScorer(
        most=options.max,
        spent=lambda answer: answer.usage.output_tokens if answer.usage.is_known else None,
        shown="{:,} tokens",
        unknown="the provider did not count tokens",
    )


LATENCY = declared_kind(LatencyOptions, _latency_scorer)
COST = declared_kind(CostOptions, _cost_scorer)
TOKENS = declared_kind(TokensOptions, _tokens_scorer)
