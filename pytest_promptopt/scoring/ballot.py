"""What an answer counts as when several answers are put to the vote."""

import json
from collections.abc import Iterable, Mapping

from pytest_promptopt.prompts.golden import EvaluatorSpec
from pytest_promptopt.prompts.template import as_text
from pytest_promptopt.scoring.folding import folded
from pytest_promptopt.scoring.json_value import NotJsonError, read_json
from pytest_promptopt.scoring.labels import named_labels
from pytest_promptopt.scoring.number import last_number


def ballot(answer: str, evaluators: Iterable[EvaluatorSpec]) -> str:
    """What ``answer`` votes for: answers with the same ballot say the same.

    The labels or the last number that it names where an evaluator looks for these (as
    self-consistency votes on the final answer, Wang et al. 2022, arXiv 2203.11171); else its
    JSON value; else its text without regard to case and spaces.
    """
    for spec in evaluators:
        found = _labels(spec, answer) if spec.kind == "choice" else _number(spec, answer)
        if found:
            return found
    try:
        return json.dumps(read_json(answer), sort_keys=True)
    except NotJsonError:
        return folded(answer)


def _labels(spec: EvaluatorSpec, answer: str) -> str:
    labels = spec.options["labels"] if isinstance(spec.options, Mapping) else spec.options
    return ", ".join(named_labels([as_text(label) for label in labels], answer))


def _number(spec: EvaluatorSpec, answer: str) -> str:
    value = last_number(answer) if spec.kind == "number" else None
    return "" if value is None else str(value)
