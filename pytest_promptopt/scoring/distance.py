"""The evaluator ``distance``: an answer but for a few slips."""

from typing import Any

from rapidfuzz.distance import Levenshtein

from pytest_promptopt.codec import Count
from pytest_promptopt.prompts.golden import EvaluatorSpec
from pytest_promptopt.scoring.filled import FilledScorer
from pytest_promptopt.scoring.folding import tidy
from pytest_promptopt.scoring.kinds import ScoringContext, declared_kind
from pytest_promptopt.scoring.references import References, flaw_of, texts_of
from pytest_promptopt.scoring.score import Score
from pytest_promptopt.text.excerpt import excerpt

# With as few slips as are allowed the time is the product of both: about a tenth of a second.
_MOST_COMPARISONS = 5_000_000_000


class DistanceOptions(References, frozen=True, kw_only=True):
    """How many characters may be too few, too many or others (Levenshtein's distance)."""

    max: Count


def _distance_scorer(
    options: DistanceOptions, _spec: EvaluatorSpec, _context: ScoringContext
) -> FilledScorer:
    def score(filled: Any, answer: str) -> Score:
        return _score_distance([tidy(t).strip() for t in texts_of(filled)], answer, options.max)

    return FilledScorer(options={"to": options.to}, compare=score, flaw_of=flaw_of)


def _score_distance(references: list[str], answer: str, most: int) -> Score:
    text = tidy(answer).strip()
    # What differs more in length is further away, and need not be compared.
    near = [wanted for wanted in references if abs(len(wanted) - len(text)) <= most]
    if sum(map(len, near)) * min(len(text), most + 1) > _MOST_COMPARISONS:
        return Score.unscored(f"an answer of {len(text):,} characters is too long to compare")
    found = [Levenshtein.distance(wanted, text, score_cutoff=most) for wanted in near]
    if any(distance <= most for distance in found):
        return Score(value=1.0)
    wanted = " or ".join(map(excerpt, references[:3]))
    reason = f"more than {most:,} characters away: expected {wanted}, got {excerpt(text)}"
    return Score(value=0.0, reason=reason)


DISTANCE = declared_kind(DistanceOptions, _distance_scorer)
