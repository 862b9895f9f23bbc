"""The rows of the first screen: what became of each prompt, and how to draw it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pytest_promptopt.evaluation.evaluation import Outcome
from pytest_promptopt.evaluation.record import PromptRecord
from pytest_promptopt.history.scores import SavedScore
from pytest_promptopt.reports.summary import (
    Tone,
    against,
    against_base,
    cost_cell,
    decision,
    interval_text,
    judgement,
    leaning,
    score_text,
    spread,
    told_always,
    tone,
)
from pytest_promptopt.reports.whisker import Whisker, whisker_of

_VERSIONS_SHOWN = 12
_TREND_WIDTH, _TREND_HEIGHT, _LEAST_SPAN = 72, 20, 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """The scores of the versions of a prompt, the oldest first."""

    scores: tuple[float, ...]

    @property
    def label(self) -> str:
        """The same in words."""
        return "scores of the last versions: " + ", ".join(f"{score:.3f}" for score in self.scores)

    @property
    def points(self) -> tuple[tuple[float, float], ...]:
        """Where each is drawn; what differs little is not drawn as if it differed much."""
        low, high = min(self.scores), max(self.scores)
        span = max(high - low, _LEAST_SPAN)
        low = (low + high - span) / 2
        step = (_TREND_WIDTH - 8) / (len(self.scores) - 1)
        height = _TREND_HEIGHT - 8
        return tuple(
            (round(4 + n * step, 1), round(4 + height * (1 - (score - low) / span), 1))
            for n, score in enumerate(self.scores)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A prompt with one model. ``counts`` are of the outcomes that goldens had, by their words."""

    number: int
    key: str
    model: str
    tone: Tone
    decision: str
    score: str
    interval: str
    whisker: Whisker | None
    trend: Trend | None
    against: str
    counts: Mapping[str, int]
    cost: str
    latency: str
    tokens: int
    headline: str
    findings: tuple[str, ...]


def row_of(number: int, summary: PromptRecord, saved: Sequence[SavedScore]) -> Row:
    """The row of the prompt; ``saved`` are the scores of its versions, the latest last."""
    latency = summary.mean_latency_seconds
    return Row(
        number=number,
        key=summary.key,
        model=summary.model,
        tone=tone(summary),
        decision=decision(summary),
        score=score_text(summary),
        interval=interval_text(summary),
        whisker=whisker_of(summary),
        trend=_trend(summary, saved),
        against=against(summary),
        counts={o.value: summary.counts[o] for o in Outcome if summary.counts[o]},
        cost=cost_cell(summary.cost_usd),
        latency="" if latency is None else f"{latency:.2f} s",
        tokens=summary.tokens,
        headline=_headline(summary),
        findings=tuple(_findings(summary)),
    )


def _headline(summary: PromptRecord) -> str:
    """Why it needs a person, in a few words."""
    verdict = summary.verdict
    if verdict is not None and verdict.reasons:
        return verdict.headline or verdict.reasons[0]
    if not summary.fails:
        return ""
    return next((cause.reason for cause in summary.causes), "")


def _findings(summary: PromptRecord) -> list[str]:
    return [
        *judgement(summary),
        *spread(summary, has_interval=True),
        *leaning(summary.evaluation),
        *against_base(summary),
        *told_always(summary),
    ]


def _trend(summary: PromptRecord, saved: Sequence[SavedScore]) -> Trend | None:
    """None where there are not yet two versions."""
    earlier = [
        score.score
        for score in saved
        if (score.location, score.model) == (summary.location, summary.model)
        and score.content != summary.content
    ]
    now = summary.evaluation.score
    scores = [*earlier, *([] if now is None else [now])][-_VERSIONS_SHOWN:]
    return Trend(scores=tuple(scores)) if len(scores) > 1 else None
