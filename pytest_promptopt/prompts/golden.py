"""A golden example: inputs, and what a good answer to them is."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pytest_promptopt.suggestion import misspelt

if TYPE_CHECKING:
    from pytest_promptopt.prompts.prompt import Prompt

Split = Literal["train", "validation", "test"]

RESERVED_KEYS = ("id", "expected", "tags", "split", "required", "weight", "cluster", "evaluators")
JUDGED = ("completion", "answer", "reasoning")
"""What a judge may be shown of a model's words, beside the golden's variables."""
INPUT_KEYS = ("inputs", "variables", "vars")


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatorSpec:
    """An entry of ``evaluators`` as the file has it, not yet a scorer.

    ``kind`` is the key that says what it does (``string``, ``json``, ``llm`` …) and ``options``
    what stands under it. ``threshold`` is None where the file has none. An evaluator that is
    ``negated`` wants the contrary, one that is ``optional`` is shown and never counts; ``weight``
    is how much it counts in the golden's score. ``from_golden`` marks the evaluators of a single
    golden, which may not name code. ``judge`` is the prompt file that judges, if one is named; its
    content is the options.
    """

    name: str
    kind: str
    options: Any
    path: str
    line: int
    threshold: float | None = None
    negated: bool = False
    weight: float = 1.0
    optional: bool = False
    from_golden: bool = False
    judge: "Prompt | None" = None

    @property
    def content(self) -> list[Any]:
        """What it says, wherever it stands: JSON that goes into hashes.

        What is not set is no part of it, so that hashes made before there was such a key hold.
        """
        said = {"not": self.negated, "optional": self.optional}
        more: dict[str, Any] = {key: True for key, is_set in said.items() if is_set}
        if self.weight != 1:
            more["weight"] = self.weight
        return [self.name, self.kind, self.options, self.threshold, *([more] if more else [])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Golden:
    """One golden example.

    ``variables`` hold everything a placeholder may name, the reserved keys included.
    ``expected`` is None where the golden has none, and where it ``expects_null``. ``path`` and
    ``line`` say where it stands. Goldens with the same ``cluster`` depend on each other, as turns
    of one conversation do; one without (``""``) depends on none. ``empty`` are the reserved keys
    whose cell in a table is empty.
    """

    id: str
    variables: Mapping[str, Any]
    path: str
    line: int
    expected: Any = None
    expects_null: bool = False
    tags: tuple[str, ...] = ()
    split: Split | None = None
    required: bool = False
    weight: float = 1.0
    cluster: str = ""
    evaluators: tuple[EvaluatorSpec, ...] = field(default=())
    empty: tuple[str, ...] = ()

    @property
    def has_expected(self) -> bool:
        """Whether the golden says what is expected, be it null."""
        return self.expected is not None or self.expects_null

    def lacks(self, name: str) -> str:
        """That the golden has no value for the placeholder ``name``, and why."""
        meant = misspelt(name, self.variables)
        why = f" (did you mean {{{{{meant}}}}}?)" if meant else ""
        why = f" (the cell of `{name}` is empty)" if name in self.empty else why
        return f"{{{{{name}}}}} has no value{why}"


def slug(text: str) -> str:
    """``text`` as an id of ``[A-Za-z0-9_.-]+``; may be empty."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", text).strip("-")


def derived_id(content: Mapping[str, Any]) -> str:
    """An id that depends on the golden's content alone, so that reordering changes nothing."""
    encoded = json.dumps(content, sort_keys=True, ensure_ascii=False, default=str)
    digest = hashlib.sha256(encoded.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    words = next((value for value in content.values() if isinstance(value, str)), "")
    return f"{slug(words[:40])[:24].strip('-').lower()}-{digest}".lstrip("-")
