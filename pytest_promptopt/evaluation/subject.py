"""A prompt made ready to run: with the model that answers and the evaluators that score."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pytest_promptopt.errors import Problem, PromptFileError, Severity, UsageError
from pytest_promptopt.evaluation.labels import Labels, sorted_labels
from pytest_promptopt.messages import Message
from pytest_promptopt.project.code import ProjectCode
from pytest_promptopt.prompts.golden import JUDGED, EvaluatorSpec, Golden
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.prompts.template import templates_in
from pytest_promptopt.providers.request import Model, Request
from pytest_promptopt.scoring.build import ScoringContext, build_evaluator, default_evaluators
from pytest_promptopt.scoring.score import NO_BASE, Evaluator
from pytest_promptopt.scoring.time_limit import TimeLimit


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is evaluated.

    ``evaluators`` are those of the file, ``golden_evaluators`` those of single goldens by their
    id. ``model_error`` says why there is no model to ask, ``problems`` what was not understood.
    ``suffix`` tells subjects of the same file apart. ``time_limit`` is that of scoring a golden.
    ``base`` is what evaluators may compare the answers with, or why there is nothing. ``labels``
    are those of answers, by the key that :func:`~pytest_promptopt.prompts.labels.label_key` makes.
    """

    prompt: Prompt
    model: Model | None
    samples: int
    evaluators: tuple[Evaluator, ...]
    golden_evaluators: Mapping[str, tuple[Evaluator, ...]]
    problems: tuple[Problem, ...] = ()
    model_error: str = ""
    suffix: str = ""
    time_limit: TimeLimit = field(default_factory=TimeLimit)
    base: "Subject | str" = NO_BASE
    labels: Labels = field(default_factory=dict)

    @property
    def judges(self) -> Mapping[str, Evaluator]:
        """The evaluators that are judges, also those of single goldens, by their names."""
        own = (evaluator for found in self.golden_evaluators.values() for evaluator in found)
        return {e.name: e for e in (*self.evaluators, *own) if e.is_judge}

    @property
    def key(self) -> str:
        """What tells this subject from all others of a run."""
        return f"{self.prompt.location}{self.suffix}"

    def evaluators_for(self, golden: Golden) -> tuple[Evaluator, ...]:
        """The file's evaluators and the golden's own; without any, equality to ``expected``."""
        own = self.golden_evaluators.get(golden.id, ())
        if not self.prompt.evaluators and not golden.evaluators:
            return default_evaluators(golden)
        return self.evaluators + own

    def further_calls(self, golden: Golden) -> int:
        """How many questions evaluators have about an answer to ``golden``, at most."""
        asking = [e.asking for e in self.evaluators_for(golden) if e.asking is not None]
        return sum(scorer.calls(golden) for scorer in asking)

    def missing_values(self, golden: Golden) -> tuple[str, ...]:
        """Where a placeholder has no value in ``golden``: a sentence each, with file and line."""
        found = [
            f"{self.prompt.location}:{message.line}: {golden.lacks(name)}"
            for message in self.prompt.messages
            for name in message.template.missing(golden.variables)
        ]
        for spec in self.prompt.evaluators + golden.evaluators:
            seen = _seen_by(spec)
            variables = {**dict.fromkeys(seen, ""), **golden.variables}
            found += [
                f"{spec.path}:{spec.line}: {golden.lacks(name)}"
                for template in templates_in(spec.options)
                for name in template.missing(variables)
            ]
        return tuple(found)

    def request(self, golden: Golden, sample: int) -> Request:
        """What to ask for ``golden``; all its placeholders must have values."""
        if self.model is None:
            raise UsageError(self.model_error)
        prompt = self.prompt
        return Request(
            model=self.model,
            messages=tuple(
                Message(role=message.role, content=message.template.fill(golden.variables))
                for message in prompt.messages
            ),
            parameters=prompt.parameters,
            response_format=prompt.response_format,
            json_schema=prompt.json_schema if prompt.response_format == "json_schema" else None,
            sample=sample,
            origin=prompt.path,
        )


def _seen_by(spec: EvaluatorSpec) -> tuple[str, ...]:
    """What an evaluator may show besides a golden's variables."""
    if spec.judge is not None:
        return *JUDGED, "input"
    return JUDGED if spec.kind == "llm" else ("completion",)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectSettings:
    """What the run decides about every prompt.

    ``resolve_model`` turns a name into a model and raises
    :class:`~pytest_promptopt.errors.UsageError` where it cannot. ``model``, ``judge_model`` and
    ``samples`` are None where the file decides.
    """

    resolve_model: Callable[[str], Model]
    root: Path
    model: str | None = None
    judge_model: str | None = None
    samples: int | None = None
    code: ProjectCode | None = None
    time_limit: TimeLimit = field(default_factory=TimeLimit)


def build_subject(prompt: Prompt, settings: SubjectSettings) -> Subject:
    """The prompt with its model and evaluators.

    Raises :class:`PromptFileError` where an evaluator is plainly wrong or no answer to a golden
    could be right; what is merely not understood becomes a problem.
    """
    model, model_error = resolve_subject_model(prompt, settings)
    context = ScoringContext(
        json_schema=prompt.json_schema,
        code=settings.code or ProjectCode(root=settings.root),
        judge_model=_judge_resolver(prompt, settings),
        named_model=settings.resolve_model,
        origin=prompt.path,
        model=model,
    )
    evaluators, problems = _build(prompt.evaluators, context)
    golden_evaluators = {}
    for golden in prompt.goldens:
        if golden.evaluators:
            own, found = _build(golden.evaluators, context)
            golden_evaluators[golden.id] = own
            problems += found
    subject = Subject(
        prompt=prompt,
        model=model,
        model_error=model_error,
        samples=settings.samples or prompt.samples,
        evaluators=evaluators,
        golden_evaluators=golden_evaluators,
        problems=tuple(dict.fromkeys((*prompt.problems, *problems))),
        time_limit=settings.time_limit,
    )
    choices = {name: tuple(judge.choices) for name, judge in subject.judges.items()}
    labels, label_problems = sorted_labels(prompt.labels, choices)
    told = (*subject.problems, *label_problems)
    subject = replace(subject, labels=labels, problems=told)
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    errors += _flaws(subject)
    if errors:
        raise PromptFileError(errors)
    return subject


def _flaws(subject: Subject) -> Iterator[Problem]:
    """The goldens to which no answer could be right, each by what asks for the impossible.

    A placeholder in the file that has no value is told when the golden is to be asked.
    """
    for golden in subject.prompt.goldens:
        for evaluator in subject.evaluators_for(golden):
            flaw = evaluator.demanding.flaw(golden) if evaluator.demanding is not None else ""
            if flaw and not subject.missing_values(golden):
                message = f"golden {golden.id}, evaluator `{evaluator.name}`: {flaw}"
                yield Problem(path=golden.path, line=golden.line, message=message)


def resolve_subject_model(prompt: Prompt, settings: SubjectSettings) -> tuple[Model | None, str]:
    """The model to ask, or None and why there is none."""
    name = settings.model or prompt.model
    if not name:
        return None, (
            f"{prompt.location}: no model is named; add `model: provider/name` "
            "or give --prompt-model"
        )
    try:
        return settings.resolve_model(name), ""
    except UsageError as error:
        return None, f"{prompt.location}: {error}"


def _judge_resolver(prompt: Prompt, settings: SubjectSettings) -> Callable[[str | None], Model]:
    def resolve(model_id: str | None) -> Model:
        name = settings.judge_model or model_id or settings.model or prompt.model
        if not name:
            raise UsageError("no model for the judge: add `modelId` or give --prompt-judge-model")
        return settings.resolve_model(name)

    return resolve


def _build(
    specs: tuple[EvaluatorSpec, ...], context: ScoringContext
) -> tuple[tuple[Evaluator, ...], list[Problem]]:
    built = [build_evaluator(spec, context) for spec in specs]
    evaluators = tuple(item for item in built if isinstance(item, Evaluator))
    return evaluators, [item for item in built if isinstance(item, Problem)]
