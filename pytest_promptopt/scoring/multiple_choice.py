"""The evaluator ``multiple_choice``: one of the golden's ``options``, by its letter or its text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec

from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden
from pytest_promptopt.prompts.lettered import LETTERS, Lettered
from pytest_promptopt.prompts.template import MissingValueError, as_text, fill_deep
from pytest_promptopt.providers.request import Completion
from pytest_promptopt.scoring.folding import folded
from pytest_promptopt.scoring.kinds import ScoringContext, declared_kind
from pytest_promptopt.scoring.labels import named_labels
from pytest_promptopt.scoring.likelihood import Alternatives, Likeliest, require_likelihood
from pytest_promptopt.scoring.options import Options
from pytest_promptopt.scoring.score import Score
from pytest_promptopt.suggestion import did_you_mean
from pytest_promptopt.text.excerpt import excerpt, one_line


class MultipleChoiceOptions(Options, frozen=True):
    """Which option is right, and how the chosen one is found."""

    bare = "expected"

    expected: Annotated[
        Any, msgspec.Meta(description="A letter, the option's text, or its place from 0.")
    ] = "{{expected}}"
    shuffle: Annotated[
        bool, msgspec.Meta(description="Show them in an order that the golden's id decides.")
    ] = False
    by: Annotated[
        Literal["text", "likelihood"],
        msgspec.Meta(description="What the answer names, or the likeliest of the letters."),
    ] = "text"


class _UnclearError(Exception):
    """No option, or more than one, can be meant; says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MultipleChoice:
    """Compares the option that the answer names with the expected one."""

    expected: Any

    def score(self, golden: Golden, completion: Completion) -> Score:
        """1 or 0; not scored where the golden has no such options."""
        try:
            right = self.right(golden)
        except _UnclearError as error:
            return Score.unscored(f"{error} in golden {golden.id}")
        options = golden.variables["options"]
        chosen = _named(options, completion.text)
        if chosen == [right]:
            return Score(value=1.0, named=LETTERS[right], wanted=LETTERS[right])
        got = ", ".join(LETTERS[place] for place in chosen) or "none of the options"
        reason = f"expected {_shown(options, right)}, got {got}: {excerpt(completion.text.strip())}"
        named = LETTERS[chosen[0]] if len(chosen) == 1 else ""
        return Score(value=0.0, reason=reason, named=named, wanted=LETTERS[right])

    def flaw(self, golden: Golden) -> str:
        """Why none of the options is the expected one."""
        try:
            self.right(golden)
        except _UnclearError as error:
            return str(error)
        return ""

    def right(self, golden: Golden) -> int:
        """Where the expected option is shown; raises :class:`_UnclearError`."""
        options = golden.variables.get("options")
        if not isinstance(options, Lettered) or not 2 <= len(options) <= len(LETTERS):
            raise _UnclearError(f"`options` must be a list of 2 to {len(LETTERS)} texts")
        texts = [folded(as_text(option)) for option in options]
        twice = next((text for text in texts if texts.count(text) > 1), None)
        if twice is not None:
            raise _UnclearError(f"two of the options are the same: {excerpt(twice)}")
        try:
            expected = fill_deep(self.expected, golden.variables)
        except MissingValueError as error:
            raise _UnclearError(golden.lacks(error.args[0])) from None
        return _place(expected, options, texts)


def _place(expected: Any, options: Lettered, texts: Sequence[str]) -> int:
    """Where the expected one is shown, given as a letter, as a text or as a place."""
    text = as_text(expected).strip()
    is_number = isinstance(expected, int) and not isinstance(expected, bool)
    if is_number and text not in options.keys:
        return _shown_at(options, _place_of(expected, options))
    found = {place for place, option in enumerate(texts) if option == folded(text)}
    if text.upper() in options.keys:
        found.add(options.order.index(options.keys.index(text.upper())))
    if not found and text.isdecimal():
        return _shown_at(options, int(text))
    if len(found) > 1:
        raise _UnclearError(f"expected {excerpt(text)} is a letter and another option's text")
    if not found:
        known = [*options.keys, *(one_line(as_text(option)) for option in options)]
        raise _UnclearError(f"expected {excerpt(text)} is none{did_you_mean(text, known)}")
    return found.pop()


def _place_of(number: int, options: Lettered) -> int:
    """``number`` as a place; raises :class:`_UnclearError` where it is another option as well."""
    placed = zip(options.order, options, strict=True)
    if any(place != number == option and not isinstance(option, bool) for place, option in placed):
        raise _UnclearError(f"expected {number} is an option and a place; write the letter")
    return number


def _shown_at(options: Lettered, place: int) -> int:
    if not 0 <= place < len(options):
        most = len(options) - 1
        raise _UnclearError(f"expected {place}: the options are counted from 0 to {most}")
    return options.order.index(place)


def _named(options: Lettered, answer: str) -> list[int]:
    """The places of the options that the answer names: by letters, else by their texts.

    A letter inside of an option's text ("Vitamin C") is a part of that.
    """
    letters, texts = [*LETTERS[: len(options)]], [as_text(option) for option in options]
    named = named_labels(dict.fromkeys((*letters, *texts)), answer)
    by_letter = [letters.index(label) for label in named if label in letters]
    return by_letter or [texts.index(label) for label in named]


def _shown(options: Lettered, place: int) -> str:
    return f"{LETTERS[place]} ({excerpt(as_text(options[place]))})"


def _scorer(
    options: MultipleChoiceOptions, spec: EvaluatorSpec, context: ScoringContext
) -> MultipleChoice | Likeliest:
    scorer = MultipleChoice(expected=options.expected)
    if options.by == "text":
        return scorer
    require_likelihood(context, spec.kind)

    def letters(golden: Golden) -> Alternatives:
        shown = LETTERS[: len(golden.variables["options"])]
        return Alternatives(texts=[*shown], right=[shown[scorer.right(golden)]])

    return Likeliest(alternatives=letters, flaw_of=scorer.flaw)


MULTIPLE_CHOICE = declared_kind(MultipleChoiceOptions, _scorer)
