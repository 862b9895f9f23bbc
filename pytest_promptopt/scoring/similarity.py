"""The evaluator ``similarity``: how much of the answer stands as it was expected."""

from collections.abc import Mapping
from typing import Any

from rapidfuzz.distance import Levenshtein

from pytest_promptopt.prompts.golden import EvaluatorSpec
from pytest_promptopt.prompts.template import as_text
from pytest_promptopt.scoring.filled import FilledScorer
from pytest_promptopt.scoring.folding import tidy
from pytest_promptopt.scoring.kinds import Kind, ScoringContext
from pytest_promptopt.scoring.options import OptionsError, known_only, type_name
from pytest_promptopt.scoring.score import Score
from pytest_promptopt.text.excerpt import excerpt

# The time grows with the product of the lengths: this much takes about a tenth of a second.
_MOST_COMPARISONS = 5_000_000_000


def similarity_scorer(spec: EvaluatorSpec, _context: ScoringContext) -> FilledScorer:
    """``similarity: {to: "{{expected}}"}`` with a ``threshold``.

    The score is 1 − distance / longer length, by Levenshtein's distance in characters, after
    trimming.
    """
    options = spec.options
    if options is None or isinstance(options, str):
        options = {"to": options or "{{expected}}"}
    if not isinstance(options, Mapping):
        raise OptionsError(f"`similarity` must be a mapping with `to`, found {type_name(options)}")
    known_only(options, ("to",))
    if spec.threshold is None:
        raise OptionsError("`similarity` needs a `threshold`, such as `threshold: 0.8`")
    return FilledScorer(options={"to": "{{expected}}", **options}, compare=_score_similarity)


def _score_similarity(options: Mapping[str, Any], answer: str) -> Score:
    wanted, text = tidy(as_text(options["to"])).strip(), tidy(answer).strip()
    if wanted != text and len(wanted) * len(text) > _MOST_COMPARISONS:
        lengths = f"{len(wanted):,} and {len(text):,} characters"
        return Score.unscored(f"too long to compare: {lengths}")
    value = Levenshtein.normalized_similarity(wanted, text)
    reason = f"{value:.2f} similar: expected {excerpt(wanted)}, got {excerpt(text)}"
    return Score(value=value, reason="" if value == 1 else reason)


SIMILARITY = Kind(make=similarity_scorer)
