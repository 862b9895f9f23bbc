"""The evaluator ``llm``: a model says which of some choices fits the answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_promptopt.errors import Problem, PromptFileError, UsageError
from pytest_promptopt.messages import Message
from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden
from pytest_promptopt.prompts.template import MissingValueError, Template, as_text
from pytest_promptopt.providers.request import Completion, FinishReason, Model, Request
from pytest_promptopt.scoring.answer import read_answer
from pytest_promptopt.scoring.fencing import fenced
from pytest_promptopt.scoring.folding import folded
from pytest_promptopt.scoring.kinds import Kind, ScoringContext
from pytest_promptopt.scoring.options import (
    OptionsError,
    UnaskableError,
    known_only,
    text_option,
    type_name,
)
from pytest_promptopt.scoring.score import ABOVE_NOTHING, Score
from pytest_promptopt.scoring.verdict import read_verdict
from pytest_promptopt.text.excerpt import excerpt

_SPELLINGS = {"model": "modelId", "model_id": "modelId", "system_prompt": "systemPrompt"}
_HIGHEST_SCORE = 1e9
_KEYS = ("modelId", "systemPrompt", "prompt", "choices")


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmJudge:
    """Asks ``model`` at temperature 0 and reads one of ``choices``, each with its score.

    ``messages`` may hold ``{{completion}}`` for what the model said, ``{{answer}}`` for the answer
    in it, ``{{reasoning}}``, and the golden's variables, which these two give way to; what they
    contain is not expanded.
    """

    model: Model
    messages: tuple[Message, ...]
    choices: Mapping[str, float]
    context: ScoringContext
    spec: EvaluatorSpec

    def question(self, golden: Golden, completion: Completion) -> Request:
        """What to ask; raises :class:`PromptFileError` where a placeholder has no value."""

        def filled(text: str) -> str:
            said = completion.text if completion.whole is None else completion.whole
            parts = {"answer": completion.text, "reasoning": completion.reasoning}
            values = {name: fenced(part, text) for name, part in parts.items()}
            values |= {**golden.variables, "completion": fenced(said, text)}
            return Template(text).fill(values)

        try:
            messages = tuple(
                Message(role=message.role, content=filled(message.content))
                for message in self.messages
            )
        except MissingValueError as error:
            message = f"{{{{{error.args[0]}}}}} has no value in golden {golden.id}"
            problem = Problem(path=self.spec.path, line=self.spec.line, message=message)
            raise PromptFileError([problem]) from error
        return ask(self.model, messages, self.context)

    def read(self, answer: Completion) -> Score:
        """The score of the choice that the judge comes to; not scored where it names none."""
        return read_choice(answer, self.choices)


def ask(
    model: Model,
    messages: tuple[Message, ...],
    context: ScoringContext,
    json_schema: Mapping[str, Any] | None = None,
) -> Request:
    """A question to a judge; held to ``json_schema`` where its model can be."""
    return Request(
        model=model,
        messages=messages,
        parameters={"temperature": 0},
        response_format="text" if json_schema is None else "json_schema",
        json_schema=json_schema,
        is_format_needed=False,
        origin=context.origin,
    )


def read_choice(answer: Completion, choices: Mapping[str, float]) -> Score:
    """The score of the choice that ``answer`` names."""
    answer = read_answer(answer)
    said = excerpt(answer.text.strip())
    if answer.finish_reason is FinishReason.REFUSAL:
        return Score.unscored(f"the judge refused: {said}")
    is_cut = answer.finish_reason is FinishReason.LENGTH
    choice = read_verdict(answer.text, tuple(choices), is_cut=is_cut)
    if choice is None:
        cut = " and was cut off" if is_cut else ""
        return Score.unscored(f"the judge named none of its choices{cut}: {said}")
    reason = f"the judge chose {excerpt(choice)}"
    if folded(answer.text) != folded(choice):
        reason += f": {said}"
    return Score(value=choices[choice], reason=reason, named=choice)


def llm_scorer(spec: EvaluatorSpec, context: ScoringContext) -> LlmJudge:
    """``llm: {modelId, systemPrompt, prompt, choices: [{choice, score}]}``."""
    if not isinstance(spec.options, Mapping):
        raise OptionsError(f"`llm` must be a mapping, found {type_name(spec.options)}")
    options = dict(spec.options)
    for spelling, key in _SPELLINGS.items():
        if spelling in options:
            options.setdefault(key, options.pop(spelling))
    known_only(options, _KEYS)
    return LlmJudge(
        model=judge_model(text_option(options, "modelId"), context),
        messages=_messages(options),
        choices=_scores(options.get("choices")),
        context=context,
        spec=spec,
    )


def judge_model(name: str | None, context: ScoringContext) -> Model:
    """The model of that name; raises :class:`UnaskableError` where there is none."""
    try:
        return context.judge_model(name)
    except UsageError as error:
        raise UnaskableError(f"the judge cannot be asked: {error}") from error


def _messages(options: Mapping[str, Any]) -> tuple[Message, ...]:
    system, prompt = text_option(options, "systemPrompt"), text_option(options, "prompt")
    if not prompt:
        raise OptionsError("`llm` has no `prompt`")
    user = Message(role="user", content=prompt)
    return (Message(role="system", content=system), user) if system else (user,)


def _scores(choices: Any) -> dict[str, float]:
    """Choices with scores in [0, 1]: where one is above 1, all are divided by the largest.

    As in gh-models, a choice without a score scores 0, and of choices that differ in case alone
    the first one counts.
    """
    if not isinstance(choices, list) or not choices:
        raise OptionsError(f"`choices` must be a list of choices, found {type_name(choices)}")
    scores: dict[str, float] = {}
    for entry in choices:
        if not isinstance(entry, Mapping) or not {"choice"} <= entry.keys() <= {"choice", "score"}:
            raise OptionsError(f"a choice must have `choice` and `score`, found {excerpt(entry)}")
        text, score = entry["choice"], entry.get("score", 0)
        if isinstance(text, Mapping | list) or text is None or not folded(as_text(text)):
            raise OptionsError(f"a `choice` must be text, found {excerpt(text)}")
        if not _is_score(score):
            raise OptionsError(f"a `score` must be a number from 0 to 1e9, found {excerpt(score)}")
        if folded(as_text(text)) not in map(folded, scores):
            scores[as_text(text)] = float(score)
    largest = max(1.0, *scores.values())
    return {text: score / largest for text, score in scores.items()}


def _is_score(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and 0 <= value <= _HIGHEST_SCORE


LLM = Kind(make=llm_scorer, threshold=ABOVE_NOTHING, is_githubs=True, is_judge=True)
