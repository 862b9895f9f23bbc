"""The vote of an answer where several answers are put to the vote."""

import json
from collections.abc import Iterable

from pytest_promptopt.scoring.folding import folded
from pytest_promptopt.scoring.json_value import NotJsonError, read_json
from pytest_promptopt.scoring.score import Evaluator


def ballot(answer: str, evaluators: Iterable[Evaluator]) -> str:
    """What ``answer`` votes for: answers with the same ballot say the same.

    What the first evaluator says that knows, such as the label or the last number (as
    self-consistency votes on the final answer, Wang et al. 2022, arXiv 2203.11171); else its
    JSON value; else its text without regard to case and spaces.
    """
    for evaluator in evaluators:
        vote = evaluator.vote(answer) if evaluator.vote else ""
        if vote:
            return vote
    try:
        return json.dumps(read_json(answer), sort_keys=True)
    except NotJsonError:
        return folded(answer)
