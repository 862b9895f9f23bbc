"""The options of a multiple-choice golden as a message shows them: a line and a letter each."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from string import ascii_uppercase
from typing import Any

from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden

KIND = "multiple_choice"
LETTERS = ascii_uppercase


class Lettered(list[Any]):
    """Options in the order in which they are shown; a message has them as lettered lines.

    ``order`` has for each the place that it has in the golden, from 0, ``keys`` the golden's own
    letters for them, in the golden's order.
    """

    def __init__(self, options: Sequence[Any], order: Sequence[int], keys: Sequence[str]) -> None:
        super().__init__(options[place] for place in order)
        self.order = tuple(order)
        self.keys = tuple(keys)

    @property
    def lines(self) -> Iterable[tuple[str, Any]]:
        """Each letter with its option, as far as there are letters."""
        return zip(LETTERS, self, strict=False)

    @classmethod
    def of(cls, options: Sequence[Any] | Mapping[str, Any], salt: str | None) -> "Lettered":
        """In the golden's order, or in one that ``salt`` and each option's place decide."""
        is_mapping = isinstance(options, Mapping)
        keys = [*options] if isinstance(options, Mapping) else [*LETTERS[: len(options)]]
        values = [*options.values()] if isinstance(options, Mapping) else [*options]
        order = [*range(len(values))]
        if salt is not None:
            order.sort(key=lambda place: hashlib.sha256(f"{salt}:{place}".encode()).digest())
        return cls(values, order, [key.upper() for key in keys] if is_mapping else keys)


def is_shuffled(spec: EvaluatorSpec) -> bool:
    """Whether an evaluator for multiple choice wants the options in an order of its own."""
    return isinstance(spec.options, Mapping) and spec.options.get("shuffle") is True


def with_letters(
    goldens: Iterable[Golden], evaluators: Iterable[EvaluatorSpec]
) -> tuple[Golden, ...]:
    """The goldens with their ``options`` lettered, where an evaluator is for multiple choice."""
    shared = [spec for spec in evaluators if spec.kind == KIND]
    return tuple(_with_letters(golden, (*shared, *golden.evaluators)) for golden in goldens)


def _with_letters(golden: Golden, specs: Iterable[EvaluatorSpec]) -> Golden:
    spec = next((spec for spec in specs if spec.kind == KIND), None)
    options = golden.variables.get("options")
    if spec is None or not isinstance(options, list | Mapping):
        return golden
    lettered = Lettered.of(options, golden.id if is_shuffled(spec) else None)
    return replace(golden, variables={**golden.variables, "options": lettered})
