"""The evaluators ``likelihood`` and ``perplexity``: how likely texts are to the prompt's model.

Nothing is read out of prose: the model is asked again what it was asked, and held to a text, of
which it tells the probability (llama.cpp does). So an answer of any form does not count.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

import msgspec

from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden
from pytest_promptopt.prompts.template import MissingValueError, as_text, fill_deep
from pytest_promptopt.providers.request import Completion, Request
from pytest_promptopt.providers.router import tells_likelihood
from pytest_promptopt.scoring.kinds import ScoringContext, declared_kind
from pytest_promptopt.scoring.options import Options, UnaskableError
from pytest_promptopt.scoring.references import References
from pytest_promptopt.scoring.score import Inquiry, Score
from pytest_promptopt.text.excerpt import excerpt

# A model writes each token of it anew.
_MOST_CHARACTERS = 20_000
_UNTOLD = "the model told no log-probability"


class Alternatives(NamedTuple):
    """The texts of which one is to be the likeliest: of those that are ``right`` any."""

    texts: Sequence[str]
    right: Sequence[str]


class PerplexityOptions(Options, frozen=True):
    """The most that is good enough."""

    bare = "max"

    max: Annotated[
        float, msgspec.Meta(ge=1, description="Perplexity a token; 1 is a text that must be.")
    ]


def require_likelihood(context: ScoringContext, kind: str) -> None:
    """Raise :class:`UnaskableError` where the prompt's model tells no likelihood."""
    if context.model is not None and not tells_likelihood(context.model):
        raise UnaskableError(
            f"`{kind}`: {context.model} does not tell how likely a given answer is; local models do"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Likelihood:
    """The likeliest of the references, by the geometric mean of its tokens' probabilities."""

    to: Any

    def calls(self, golden: Golden) -> int:
        """One a reference."""
        return 0 if self.flaw(golden) else len(self._texts(golden))

    def questions(self, inquiry: Inquiry) -> Sequence[Request]:
        """What was asked, held to each reference."""
        if self.flaw(inquiry.golden):
            return ()
        return [inquiry.request.forcing(text) for text in self._texts(inquiry.golden)]

    def read_all(self, golden: Golden, answers: Sequence[Completion]) -> Score:
        """From 0 to 1, where every token was certain."""
        if flaw := self.flaw(golden):
            return Score.unscored(f"{flaw} in golden {golden.id}")
        if any(answer.log_probability is None for answer in answers):
            return Score.unscored(_UNTOLD)
        likeliest = max(map(probability, answers))
        return Score(value=likeliest, reason=f"{likeliest:.2g} likely a token: {_shown(answers)}")

    def flaw(self, golden: Golden) -> str:
        """That there is nothing to hold the model to."""
        try:
            texts = self._texts(golden)
        except MissingValueError as error:
            return golden.lacks(error.args[0])
        return "" if texts and all(texts) else "a reference is empty"

    def _texts(self, golden: Golden) -> list[str]:
        found = fill_deep(self.to, golden.variables)
        return [as_text(text).strip() for text in (found if isinstance(found, list) else [found])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Perplexity:
    """Whether the perplexity of what was said is low enough: e to the mean of −log p of its tokens.

    All of it: without what stands before, the answer alone is not what the model would write.
    """

    most: float

    def calls(self, golden: Golden) -> int:  # noqa: ARG002
        """One."""
        return 1

    def questions(self, inquiry: Inquiry) -> Sequence[Request]:
        """What was asked, held to what was said; nothing where that is empty or very long."""
        said = inquiry.answer.whole
        text = inquiry.answer.text if said is None else said
        return [inquiry.request.forcing(text)] if text and len(text) <= _MOST_CHARACTERS else ()

    def read_all(self, golden: Golden, answers: Sequence[Completion]) -> Score:  # noqa: ARG002
        """1 or 0."""
        if not answers:
            reason = f"an answer that is empty or longer than {_MOST_CHARACTERS:,} characters"
            return Score.unscored(reason)
        if answers[0].log_probability is None:
            return Score.unscored(_UNTOLD)
        found = 1 / max(probability(answers[0]), 1e-300)
        reason = f"perplexity {found:.4g}, at most {self.most:g}"
        return Score(value=float(found <= self.most), reason="" if found <= self.most else reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeliest:
    """Whether the likeliest of some texts is a right one; ``flaw_of`` says why none can be."""

    alternatives: Callable[[Golden], Alternatives]
    flaw_of: Callable[[Golden], str]

    def calls(self, golden: Golden) -> int:
        """One a text."""
        return 0 if self.flaw_of(golden) else len(self.alternatives(golden).texts)

    def questions(self, inquiry: Inquiry) -> Sequence[Request]:
        """What was asked, held to each text."""
        if self.flaw_of(inquiry.golden):
            return ()
        return [inquiry.request.forcing(text) for text in self.alternatives(inquiry.golden).texts]

    def read_all(self, golden: Golden, answers: Sequence[Completion]) -> Score:
        """1 or 0."""
        if flaw := self.flaw_of(golden):
            return Score.unscored(f"{flaw} in golden {golden.id}")
        if any(answer.log_probability is None for answer in answers):
            return Score.unscored(_UNTOLD)
        texts, right = self.alternatives(golden)
        chances = dict(zip(texts, map(probability, answers), strict=True))
        likeliest = max(texts, key=chances.__getitem__)
        if likeliest in right:
            return Score(value=1.0, named=likeliest, wanted=likeliest)
        wanted = " or ".join(f"{excerpt(text)} ({chances[text]:.2g})" for text in right)
        reason = f"expected {wanted}, likeliest is {excerpt(likeliest)} ({chances[likeliest]:.2g})"
        return Score(value=0.0, reason=reason, named=likeliest, wanted=right[0])

    def flaw(self, golden: Golden) -> str:
        """What ``flaw_of`` says."""
        return self.flaw_of(golden)


def probability(answer: Completion) -> float:
    """The geometric mean of the probabilities of a forced answer's tokens."""
    return math.exp(min(0.0, answer.log_probability or 0.0))


def _shown(answers: Sequence[Completion]) -> str:
    return " or ".join(excerpt(answer.text) for answer in answers[:3])


def _likelihood(options: References, spec: EvaluatorSpec, context: ScoringContext) -> Likelihood:
    require_likelihood(context, spec.kind)
    return Likelihood(to=options.to)


def _perplexity(
    options: PerplexityOptions, spec: EvaluatorSpec, context: ScoringContext
) -> Perplexity:
    require_likelihood(context, spec.kind)
    return Perplexity(most=options.max)


LIKELIHOOD = declared_kind(References, _likelihood, needs_threshold=True)
PERPLEXITY = declared_kind(PerplexityOptions, _perplexity)
