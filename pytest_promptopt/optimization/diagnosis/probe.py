"""A probe of the evaluators: what they say of an answer that no model gave."""

import json

from pytest_promptopt.errors import ScorerError
from pytest_promptopt.evaluation.evaluation import GoldenResult
from pytest_promptopt.evaluation.reduction import score_golden
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.evaluation.trial import Trial
from pytest_promptopt.prompts.answer_place import AnswerPlace
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.providers.request import Completion

# What these say depends on the text alone, costs nothing and runs nobody's code.
_EXACT_KINDS = frozenset(
    {
        *("string", "equals", "contains", "regex", "choice", "multiple_choice", "number"),
        *("json", "yaml", "xml", "similarity", "distance", "f1", "rouge", "bleu", "chrf"),
        *("length", "finish", "refusal"),
    }
)


def probed(subject: Subject, golden: Golden, text: str) -> GoldenResult | None:
    """What ``golden`` would score with ``text`` as the answer.

    None where that cannot be told from the text alone.
    """
    specs = (*subject.prompt.evaluators, *golden.evaluators)
    place = subject.prompt.answer
    said = _said(place, text)
    if said is None or not all(spec.kind in _EXACT_KINDS for spec in specs):
        return None
    try:
        trial = Trial(completion=Completion(text=said), judgements={}, place=place)
        result = score_golden(subject, golden, [trial])
    except ScorerError:
        return None
    return None if result.score is None else result


def _said(place: AnswerPlace, text: str) -> str | None:
    match place.mark:
        case "json":
            return json.dumps({place.value: text}, ensure_ascii=False)
        case "regex":
            return None
    return place.holding(text)
