"""Labels: what people say of an answer, in the words that a judge chooses from."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.prompts.template import as_text

LABEL = "label"
RATERS = "labels"
"""The variable of a judge's golden that has a label by each of several raters."""


def labels_of(golden: Golden) -> Mapping[str, str]:
    """What each rater says of the answer in a judge's golden; empty where none is named."""
    said: Any = golden.variables.get(RATERS)
    if not isinstance(said, Mapping):
        return {}
    return {str(rater): as_text(choice).strip() for rater, choice in said.items()}


def labelled(golden: Golden, *, shows_expected: bool) -> Golden:
    """The golden of a judge, expecting its label: ``label``, what most raters say, or ``expected``.

    As a placeholder ``{{expected}}`` stays what a good answer is, as where the judge is used; a
    judge that ``shows_expected`` would see the label there, so that it cannot be the label then.
    Where no choice has more raters than any other, nothing is expected.
    """
    label = golden.variables.get(LABEL, _consensus(golden))
    if label is None and not shows_expected:
        label = golden.expected
    if label is None and shows_expected:
        message = (
            f"golden {golden.id} has no `label`; {{{{expected}}}}, which the judge is shown, "
            "is what a good answer is"
        )
        raise PromptFileError.at(golden.path, golden.line, message)
    if label is None:
        return golden
    return replace(
        golden,
        expected=label or None,
        expects_null=False,
        variables={**golden.variables, LABEL: label},
    )


def _consensus(golden: Golden) -> str | None:
    """What most raters say, empty where none is ahead; None without raters."""
    counts = Counter(labels_of(golden).values()).most_common(2)
    if not counts:
        return None
    is_tie = len(counts) > 1 and counts[0][1] == counts[1][1]
    return "" if is_tie else counts[0][0]
