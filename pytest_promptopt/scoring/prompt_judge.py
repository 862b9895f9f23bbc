"""The evaluator ``uses``: a judge that is a prompt file, the project's own or one of ours."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.messages import Message
from pytest_promptopt.prompts.golden import RESERVED_KEYS, EvaluatorSpec, Golden
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.prompts.template import MissingValueError, as_text
from pytest_promptopt.providers.request import Completion, Model, Request
from pytest_promptopt.scoring.extraction import extract
from pytest_promptopt.scoring.fencing import fenced
from pytest_promptopt.scoring.judge import judge_model, read_choice
from pytest_promptopt.scoring.kinds import Kind, ScoringContext
from pytest_promptopt.scoring.options import unknown
from pytest_promptopt.scoring.prompted import judge_prompt
from pytest_promptopt.scoring.score import ABOVE_NOTHING, Score
from pytest_promptopt.text.excerpt import excerpt

_NAMES = ("similarity", "coherence", "fluency", "relevance", "groundedness")
JUDGES = tuple(f"github/{name}" for name in _NAMES)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptJudge:
    """Asks what the prompt file asks, of its model and with its parameters, and reads its choice.

    Its messages may hold ``{{answer}}`` for the answer that is judged, ``{{completion}}`` for all
    that the model said, ``{{reasoning}}``, and what ``material`` has of the golden.
    """

    prompt: Prompt
    model: Model
    context: ScoringContext
    spec: EvaluatorSpec
    material: Callable[[Golden], Mapping[str, Any]]

    @property
    def choices(self) -> Mapping[str, float]:
        """What it chooses from, each with its score."""
        return self.prompt.choices

    def question(self, golden: Golden, completion: Completion) -> Request:
        """What to ask; raises :class:`PromptFileError` where the golden lacks what it needs."""
        said = completion.text if completion.whole is None else completion.whole
        parts = {"answer": completion.text, "completion": said, "reasoning": completion.reasoning}
        whole = "\n\n".join(message.template.text for message in self.prompt.messages)
        values = {name: fenced(part, whole) for name, part in parts.items()}
        values = {**self.material(golden), **values}
        try:
            messages = tuple(
                Message(role=message.role, content=message.template.fill(values))
                for message in self.prompt.messages
            )
        except MissingValueError as error:
            message = f"`{self.spec.name}` needs `{error.args[0]}`; golden {golden.id} has none"
            raise PromptFileError.at(self.spec.path, self.spec.line, message) from error
        prompt = self.prompt
        return Request(
            model=self.model,
            messages=messages,
            parameters=prompt.parameters,
            response_format=prompt.response_format,
            json_schema=prompt.json_schema if prompt.response_format == "json_schema" else None,
            is_format_needed=False,
            origin=self.context.origin,
        )

    def read(self, answer: Completion) -> Score:
        """The score of the choice that the judge comes to; not scored where it names none."""
        found = extract(answer, self.prompt.answer)
        if found.lack:
            return Score.unscored(f"the judge gives {found.lack}")
        return read_choice(found.completion, self.choices)


def _values(golden: Golden) -> Mapping[str, Any]:
    """The golden's variables, and all its inputs as ``input`` where none is called so."""
    inputs = _inputs(golden)
    texts = [*map(as_text, inputs.values())]
    return {"input": texts[0] if len(texts) == 1 else _listed(inputs), **golden.variables}


def _github_values(golden: Golden) -> Mapping[str, Any]:
    """The question, the context and the reference, as far as the golden has them.

    The question is the variable ``input``, else the first one; the context is the variable
    ``context``, else what is expected, else all inputs.
    """
    inputs = _inputs(golden)
    question = golden.variables.get("input", next(iter(inputs.values()), ""))
    context = golden.variables.get("context", golden.expected)
    material = {"input": question, "context": _listed(inputs) if context is None else context}
    return {**material, "expected": golden.expected} if golden.has_expected else material


def _inputs(golden: Golden) -> Mapping[str, Any]:
    return {key: value for key, value in golden.variables.items() if key not in RESERVED_KEYS}


def _listed(inputs: Mapping[str, Any]) -> str:
    return "\n".join(f"{key}: {as_text(item)}" for key, item in inputs.items())


def _has_judge(options: Any) -> bool:
    return isinstance(options, Mapping) and "judge" in options


def prompt_judge(spec: EvaluatorSpec, context: ScoringContext) -> PromptJudge:
    """``uses: ./tone.prompt.yml``, or ``github/similarity``, ``coherence`` and the like."""
    prompt, material = spec.judge, _values
    if prompt is None:
        prompt, material = _of_github(spec), _github_values
    model = judge_model(prompt.model, context)
    return PromptJudge(prompt=prompt, model=model, context=context, spec=spec, material=material)


def _of_github(spec: EvaluatorSpec) -> Prompt:
    options = spec.options["judge"] if _has_judge(spec.options) else spec.options
    name = options if isinstance(options, str) else excerpt(options)
    if name not in JUDGES:
        raise unknown(f"`uses: {name}` is neither a prompt file nor known", name, JUDGES)
    return judge_prompt(name.removeprefix("github/"))


USES = Kind(make=prompt_judge, threshold=ABOVE_NOTHING, is_githubs=True, is_judge=True)
