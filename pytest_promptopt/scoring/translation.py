"""The evaluators ``bleu`` and ``chrf``: how translations are scored, by sacrebleu."""

from collections.abc import Sequence
from typing import Any

from pytest_promptopt.prompts.golden import EvaluatorSpec
from pytest_promptopt.scoring.extras import extra_module
from pytest_promptopt.scoring.filled import FilledScorer
from pytest_promptopt.scoring.kinds import ScoringContext, declared_kind
from pytest_promptopt.scoring.references import References, reference_scorer

# sacrebleu counts in Python, this much in less than a second.
_MOST_CHARACTERS = 200_000


class BleuOptions(References, frozen=True):
    """Sentence BLEU (Papineni et al. 2002) by sacrebleu, of as many words as the answer has."""


class ChrfOptions(References, frozen=True):
    """The chrF2 of sacrebleu (Popović 2015): sequences of characters that both have."""


def _bleu_scorer(
    options: BleuOptions, spec: EvaluatorSpec, _context: ScoringContext
) -> FilledScorer:
    metrics = extra_module("sacrebleu.metrics.bleu", "text", spec.kind)
    return _scorer(options, metrics.BLEU(effective_order=True))


def _chrf_scorer(
    options: ChrfOptions, spec: EvaluatorSpec, _context: ScoringContext
) -> FilledScorer:
    return _scorer(options, extra_module("sacrebleu.metrics.chrf", "text", spec.kind).CHRF())


def _scorer(options: References, metric: Any) -> FilledScorer:
    def compare(references: Sequence[str], answer: str) -> float:
        return float(metric.sentence_score(answer, references).score) / 100

    return reference_scorer(options, compare, most_characters=_MOST_CHARACTERS)


BLEU = declared_kind(BleuOptions, _bleu_scorer, needs_threshold=True)
CHRF = declared_kind(ChrfOptions, _chrf_scorer, needs_threshold=True)
