"""The evaluator ``rubric``: what a good answer does, in a sentence that a model judges by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

import msgspec

from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden
from pytest_promptopt.providers.request import Completion, Request
from pytest_promptopt.scoring.answer import read_answer
from pytest_promptopt.scoring.findings import (
    NoFindingsError,
    NoListError,
    grade_of,
    numbered,
    read_findings,
    share,
    verdict_of,
)
from pytest_promptopt.scoring.json_value import NotJsonError, read_json
from pytest_promptopt.scoring.judge import read_choice
from pytest_promptopt.scoring.kinds import ScoringContext, declared_kind
from pytest_promptopt.scoring.options import Options, OptionsError
from pytest_promptopt.scoring.prompted import NOT_GIVEN, JudgeRequest
from pytest_promptopt.scoring.score import Score

_CHOICES = {"yes": 1.0, "no": 0.0}
_Criterion = Annotated[str, msgspec.Meta(min_length=1)]


class RubricOptions(Options, frozen=True, kw_only=True):
    """What a good answer does: a sentence, or several that are asked about in one request."""

    bare = "criteria"

    criteria: _Criterion | Annotated[list[_Criterion], msgspec.Meta(min_length=1)]
    question: str = NOT_GIVEN
    graded: bool = False
    model: str | None = None

    def __post_init__(self) -> None:
        """Refuse a criterion that says nothing."""
        if not all(criterion.strip() for criterion in self.listed):
            raise ValueError("a criterion is empty")

    @property
    def listed(self) -> Sequence[str]:
        """The criteria."""
        return [self.criteria] if isinstance(self.criteria, str) else self.criteria


@dataclass(frozen=True, slots=True, kw_only=True)
class RubricJudge:
    """The share of the criteria that the answer meets, or the mean of its grades."""

    options: RubricOptions
    request: JudgeRequest

    @property
    def choices(self) -> Mapping[str, float]:
        """Yes or no, where that is all that is asked."""
        return {} if self.options.graded or len(self.options.listed) > 1 else _CHOICES

    def question(self, golden: Golden, completion: Completion) -> Request:
        """What to ask; raises :class:`PromptFileError` where a placeholder has no value."""
        shown = self.request.filled(self._shown, golden)
        return self.request.showing({**shown, "answer": completion.text})

    def read(self, answer: Completion) -> Score:
        """The score of the judge's verdicts; not scored unless there is one for each criterion."""
        criteria, is_graded = self.options.listed, self.options.graded
        try:
            findings = read_findings(answer, "verdicts", grade_of if is_graded else verdict_of)
            if (len(criteria), len(findings)) != (1, 1):
                found = zip(criteria, numbered(findings, len(criteria)), strict=True)
                findings = [replace(finding, about=criterion) for criterion, finding in found]
        except NoListError as error:
            is_plain = len(criteria) == 1 and not is_graded and _is_plain(answer)
            return read_choice(answer, _CHOICES) if is_plain else Score.unscored(str(error))
        except NoFindingsError as error:
            return Score.unscored(str(error))
        score = share(findings, "criteria are met")
        named = [choice for choice, value in self.choices.items() if value == score.value]
        return replace(score, named=named[0]) if named else score

    def flaw(self, golden: Golden) -> str:
        """That a placeholder has no value in ``golden``, or nothing."""
        return self.request.flaw(self._shown, golden)

    @property
    def _shown(self) -> Mapping[str, Any]:
        lines = [f"{number}. {text}" for number, text in enumerate(self.options.listed, 1)]
        return {"criteria": lines, "question": self.options.question}


def _is_plain(answer: Completion) -> bool:
    """Whether the reply is JSON or has none, so that none in it is quoted."""
    reply = read_answer(answer).text
    try:
        read_json(reply, strict=True)
    except NotJsonError:
        return "{" not in reply
    return True


def _rubric_judge(
    options: RubricOptions, spec: EvaluatorSpec, context: ScoringContext
) -> RubricJudge:
    if options.graded and spec.threshold is None:
        raise OptionsError("`graded: true` needs a `threshold`, such as `threshold: 0.7`")
    name = "graded_rubric" if options.graded else "rubric"
    request = JudgeRequest.of(name, options.model, spec, context)
    return RubricJudge(options=options, request=request)


RUBRIC = declared_kind(RubricOptions, _rubric_judge, is_judge=True)
