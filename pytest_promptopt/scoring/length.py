"""The evaluator ``length``: how long the answer is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import regex

from pytest_promptopt.codec import Count
from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden
from pytest_promptopt.providers.request import Completion
from pytest_promptopt.scoring.folding import tidy
from pytest_promptopt.scoring.kinds import ScoringContext, declared_kind
from pytest_promptopt.scoring.options import Options
from pytest_promptopt.scoring.score import Score
from pytest_promptopt.scoring.words import spelt_words

# A blank line or a bullet ends a sentence as a full stop does; "e.g." and "Dr. No" do not.
_ABBREVIATION = regex.compile(
    r"\b(?:[A-Za-z]|Dr|Mr|Mrs|Ms|Prof|St|Nr|No|vs|etc|bzw|ca|cf|al)\.(?=\s)", regex.IGNORECASE
)
_END = regex.compile(
    r"[.!?…]++[\"'”’»)\]*_]*+(?=\s++[^\s\p{Ll}]|\s*+\Z)|[。！？]++[」』）”’]*+"
    r"|\n[^\S\n]*+\n\s*+|\n\s*+(?=(?:[-*•]|\d{1,3}+[.)])\s)"
)


class LengthOptions(Options, frozen=True):
    """How long the answer may be; tokens are those that the provider counted."""

    min_words: Count | None = None
    max_words: Count | None = None
    min_characters: Count | None = None
    max_characters: Count | None = None
    min_sentences: Count | None = None
    max_sentences: Count | None = None
    min_tokens: Count | None = None
    max_tokens: Count | None = None

    def __post_init__(self) -> None:
        """Refuse bounds that bound nothing, or that nothing is within."""
        bounds = [self.bounds(unit) for unit in _COUNT]
        if bounds == [(None, None)] * len(bounds):
            raise ValueError("it bounds nothing; write `maxWords: 50`")
        for unit, (least, most) in zip(_COUNT, bounds, strict=True):
            if least is not None and most is not None and least > most:
                name = unit.capitalize()
                raise ValueError(f"`min{name}` {least} is above `max{name}` {most}")

    def bounds(self, unit: str) -> tuple[int | None, int | None]:
        """The least and the most of ``unit``."""
        return getattr(self, f"min_{unit}"), getattr(self, f"max_{unit}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LengthScorer:
    """Whether the answer is as long as ``options`` allow, in all units."""

    options: LengthOptions

    def score(self, golden: Golden, completion: Completion) -> Score:  # noqa: ARG002
        """1 or 0; not scored by tokens that the provider did not count."""
        misses = []
        for unit, count in _COUNT.items():
            least, most = self.options.bounds(unit)
            if least is None and most is None:
                continue
            if unit == "tokens" and not completion.usage.is_known:
                return Score.unscored("the provider did not count tokens")
            found = count(completion)
            if least is not None and found < least:
                misses.append(f"{found:,} {unit}, expected {least:,} at least")
            if most is not None and found > most:
                misses.append(f"{found:,} {unit}, expected {most:,} at most")
        return Score(value=0.0 if misses else 1.0, reason="; ".join(misses))


def _words(completion: Completion) -> int:
    return len(spelt_words(completion.text))


def _characters(completion: Completion) -> int:
    return len(tidy(completion.text).strip())


def _sentences(completion: Completion) -> int:
    text = _ABBREVIATION.sub(" ", tidy(completion.text).strip())
    return sum(any(map(str.isalnum, part)) for part in _END.split(text))


def _tokens(completion: Completion) -> int:
    return completion.usage.output_tokens


_COUNT: Mapping[str, Callable[[Completion], int]] = {
    "words": _words,
    "characters": _characters,
    "sentences": _sentences,
    "tokens": _tokens,
}


def _length_scorer(
    options: LengthOptions, _spec: EvaluatorSpec, _context: ScoringContext
) -> LengthScorer:
    return LengthScorer(options=options)


LENGTH = declared_kind(LengthOptions, _length_scorer)
