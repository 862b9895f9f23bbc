"""Scorers that compare an answer with one or several references, of which the best counts."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import msgspec

from pytest_promptopt.prompts.template import as_text
from pytest_promptopt.scoring.filled import FilledScorer
from pytest_promptopt.scoring.options import Options, type_name
from pytest_promptopt.scoring.score import Score
from pytest_promptopt.text.excerpt import excerpt

Compare = Callable[[Sequence[str], str], float]
"""How good an answer is by the best of the references, from 0 to 1."""

_SHOWN = 3


class References(Options, frozen=True):
    """What the answer is compared with."""

    bare = "to"

    to: Annotated[
        Any,
        msgspec.Meta(
            description="The reference, or a list of which the best counts.",
            extra_json_schema={
                "type": ["string", "number", "array"],
                "minLength": 1,
                "minItems": 1,
                "items": {"type": ["string", "number"], "minLength": 1},
            },
        ),
    ] = "{{expected}}"

    def __post_init__(self) -> None:
        """Refuse what is no text."""
        if flaw := flaw_of({"to": self.to}):
            raise ValueError(flaw)


def reference_scorer(
    options: References, compare: Compare, *, most_characters: int | None = None
) -> FilledScorer:
    """Scores by ``compare``; not scored where answer and references are longer than that."""

    def score(filled: Any, answer: str) -> Score:
        references = texts_of(filled)
        length = len(answer) + sum(map(len, references))
        if most_characters is not None and length > most_characters:
            return Score.unscored(
                f"too long to compare: answer and references have {length:,} characters, "
                f"at most {most_characters:,} are looked at"
            )
        # A share that was worked out may be off by the last digits.
        value = round(min(1.0, max(0.0, compare(references, answer))), 9)
        return Score(value=value, reason=_reason(references, answer) if value < 1 else "")

    return FilledScorer(options={"to": options.to}, compare=score, flaw_of=flaw_of)


def _reason(references: Sequence[str], answer: str) -> str:
    wanted = " or ".join(excerpt(text.strip()) for text in references[:_SHOWN])
    more = f" or {len(references) - _SHOWN} more" if len(references) > _SHOWN else ""
    return f"expected {wanted}{more}, got {excerpt(answer.strip())}"


def texts_of(options: Any) -> list[str]:
    """The references in filled ``options``."""
    references = options["to"]
    listed = references if isinstance(references, list | tuple) else [references]
    return [as_text(reference) for reference in listed]


def flaw_of(options: Any) -> str:
    """Why filled ``options`` hold no reference, empty where they do."""
    references = options["to"]
    listed = references if isinstance(references, list | tuple) else [references]
    if not listed:
        return "`to` holds no reference"
    for reference in listed:
        if not isinstance(reference, str | int | float) or isinstance(reference, bool):
            return f"a reference must be text, found {type_name(reference)}"
        if not as_text(reference).strip():
            return "a reference is empty"
    return ""
