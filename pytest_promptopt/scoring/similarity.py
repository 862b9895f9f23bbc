"""The evaluator ``similarity``: how much of the answer stands as it was expected."""

from collections.abc import Mapping
from typing import Any

from rapidfuzz.distance import Levenshtein

from pytest_promptopt.prompts.golden import EvaluatorSpec
from pytest_promptopt.scoring.filled import FilledScorer
from pytest_promptopt.scoring.folding import tidy
from pytest_promptopt.scoring.kinds import Kind, ScoringContext
from pytest_promptopt.scoring.options import OptionsError, known_only, type_name
from pytest_promptopt.scoring.references import texts_of
from pytest_promptopt.scoring.score import Score
from pytest_promptopt.text.excerpt import excerpt

# The time grows with the product of the lengths: this much takes about a tenth of a second.
_MOST_COMPARISONS = 5_000_000_000


def similarity_scorer(spec: EvaluatorSpec, _context: ScoringContext) -> FilledScorer:
    """``similarity: {to: "{{expected}}"}`` with a ``threshold``.

    The score is 1 − distance / longer length, by Levenshtein's distance in characters, after
    trimming; of several references the nearest counts.
    """
    options = spec.options
    if options is None or isinstance(options, str):
        options = {"to": options or "{{expected}}"}
    if not isinstance(options, Mapping):
        raise OptionsError(f"`similarity` must be a mapping with `to`, found {type_name(options)}")
    known_only(options, ("to",))
    if spec.threshold is None:
        raise OptionsError("`similarity` needs a `threshold`, such as `threshold: 0.8`")
    return FilledScorer(
        options={"to": "{{expected}}", **options}, compare=_score_similarity, flaw_of=_flaw
    )


def _flaw(options: Mapping[str, Any]) -> str:
    return "`to` holds no reference" if options["to"] == [] else ""


def _score_similarity(options: Mapping[str, Any], answer: str) -> Score:
    references = [tidy(wanted).strip() for wanted in texts_of(options)]
    text, length = tidy(answer).strip(), sum(map(len, references))
    if text in references:
        return Score(value=1.0)
    if length * len(text) > _MOST_COMPARISONS:
        return Score.unscored(f"too long to compare: {length:,} and {len(text):,} characters")
    scores = [Levenshtein.normalized_similarity(wanted, text) for wanted in references]
    value = max(scores)
    nearest = references[scores.index(value)]
    of = f" to the nearest of {len(references)}" if len(references) > 1 else ""
    reason = f"{value:.2f} similar{of}: expected {excerpt(nearest)}, got {excerpt(text)}"
    return Score(value=value, reason=reason)


SIMILARITY = Kind(make=similarity_scorer)
