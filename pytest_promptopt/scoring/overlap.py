"""The evaluators ``f1`` and ``rouge``: the words that answer and reference share."""

from collections import Counter
from collections.abc import Hashable, Sequence
from functools import partial
from typing import Annotated, Literal

import msgspec
import regex
from rapidfuzz.distance import LCSseq

from pytest_promptopt.prompts.golden import EvaluatorSpec
from pytest_promptopt.scoring.filled import FilledScorer
from pytest_promptopt.scoring.folding import tidy
from pytest_promptopt.scoring.kinds import ScoringContext, declared_kind
from pytest_promptopt.scoring.references import References, reference_scorer
from pytest_promptopt.scoring.words import spelt_words, without_punctuation, words

_ARTICLES = regex.compile(r"\b(?:a|an|the)\b")
# What the longest common subsequence of two texts of this length takes is about a second.
_MOST_CHARACTERS = 1_000_000


def f1(references: Sequence[str], answer: str) -> float:
    """SQuAD's token F1 (Rajpurkar et al. 2016, arXiv 1606.05250), as its evaluation has it.

    Without case, punctuation and English articles. As in MLQA's evaluation (arXiv 1910.07475)
    punctuation is that of every script, and a sign of a script without spaces is a token.
    """
    found = _squad_tokens(answer)
    return max(_shared(_squad_tokens(reference), found) for reference in references)


def _squad_tokens(text: str) -> Sequence[str]:
    plain = without_punctuation(tidy(text).lower())
    return spelt_words(_ARTICLES.sub(" ", plain))


def _shared(wanted: Sequence[Hashable], found: Sequence[Hashable]) -> float:
    """The harmonic mean of precision and recall; 1 where both have nothing."""
    if not wanted or not found:
        return float(wanted == found)
    counts = Counter(wanted)
    shared = (counts & Counter(filter(counts.__contains__, found))).total()
    return 2 * shared / (len(wanted) + len(found))


def rouge(variant: Literal[1, 2, "L"], references: Sequence[str], answer: str) -> float:
    """The F-measure of ROUGE-1, -2 or -L (Lin 2004, aclanthology.org/W04-1013).

    As in the package rouge-score without its stemmer, whose words are those in ASCII alone.
    """
    found = words(tidy(answer).lower())
    return max(_rouge(variant, words(tidy(text).lower()), found) for text in references)


def _rouge(variant: Literal[1, 2, "L"], wanted: Sequence[str], found: Sequence[str]) -> float:
    if variant == "L":
        if not wanted or not found:
            return 0.0
        return 2 * LCSseq.similarity(wanted, found) / (len(wanted) + len(found))
    wanted_runs, found_runs = _runs(wanted, variant), _runs(found, variant)
    return _shared(wanted_runs, found_runs) if wanted_runs and found_runs else 0.0


def _runs(tokens: Sequence[str], length: int) -> list[tuple[str, ...]]:
    return list(zip(*(tokens[start:] for start in range(length)), strict=False))


class RougeOptions(References, frozen=True):
    """Words, pairs of words or the longest sequence that answer and reference share."""

    variant: Annotated[Literal[1, 2, "L"], msgspec.Meta(description="1, 2 or L.")] = "L"


class F1Options(References, frozen=True):
    """SQuAD's token F1 of the answer and the reference."""


def _f1_scorer(options: F1Options, _spec: EvaluatorSpec, _context: ScoringContext) -> FilledScorer:
    return reference_scorer(options, f1)


def _rouge_scorer(
    options: RougeOptions, _spec: EvaluatorSpec, _context: ScoringContext
) -> FilledScorer:
    most = _MOST_CHARACTERS if options.variant == "L" else None
    return reference_scorer(options, partial(rouge, options.variant), most_characters=most)


F1 = declared_kind(F1Options, _f1_scorer, needs_threshold=True)
ROUGE = declared_kind(RougeOptions, _rouge_scorer, needs_threshold=True)
