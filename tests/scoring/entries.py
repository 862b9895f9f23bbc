"""Entries of ``evaluators`` as a file has them, built and run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_promptopt.errors import Problem, UsageError
from pytest_promptopt.project.code import ProjectCode
from pytest_promptopt.prompts.evaluators import read_evaluator
from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden
from pytest_promptopt.providers.request import Completion, FinishReason, Model, Request
from pytest_promptopt.scoring.build import ScoringContext, build_evaluator
from pytest_promptopt.scoring.sandbox import NoSandboxError, run_python
from pytest_promptopt.scoring.score import AskingScorer, Demanding, Evaluator, Score, Scorer

PROMPT_FILE = Path("/project/prompts/answer.prompt.yml")


def is_confinable() -> bool:
    """Whether code of models can be run here."""
    try:
        run_python({}, seconds=30)
    except NoSandboxError:
        return False
    return True


def judge_model(name: str | None) -> Model:
    """Knows every model of the provider ``scripted``, and a default one."""
    provider, _, model = (name or "scripted/judge").partition("/")
    if provider != "scripted":
        raise UsageError(f"no provider `{provider}`")
    return Model(provider=provider, name=model)


def context(
    *, json_schema: Mapping[str, Any] | None = None, root: Path = Path("/project")
) -> ScoringContext:
    return ScoringContext(
        json_schema=json_schema,
        code=ProjectCode(root=root),
        judge_model=judge_model,
        named_model=judge_model,
        origin=PROMPT_FILE,
    )


def spec_of(entry: Any, *, from_golden: bool = False) -> EvaluatorSpec:
    spec, _ = read_evaluator(
        entry, path="answer.prompt.yml", line=7, position=1, from_golden=from_golden
    )
    assert spec is not None
    return spec


def evaluator(entry: Any, context: ScoringContext = context()) -> Evaluator:  # noqa: B008
    built = build_evaluator(spec_of(entry), context)
    assert isinstance(built, Evaluator), built
    return built


def complaint(
    entry: Any,
    context: ScoringContext = context(),  # noqa: B008
    *,
    from_golden: bool = False,
) -> str:
    """What is said about an entry that cannot be built."""
    return problem(entry, context, from_golden=from_golden).message


def problem(
    entry: Any,
    context: ScoringContext = context(),  # noqa: B008
    *,
    from_golden: bool = False,
) -> Problem:
    """What becomes of an entry that cannot be built."""
    built = build_evaluator(spec_of(entry, from_golden=from_golden), context)
    assert isinstance(built, Problem), built
    assert (built.path, built.line) == ("answer.prompt.yml", 7)
    return built


def golden(**variables: Any) -> Golden:
    return Golden(
        id="one",
        variables=variables,
        path="answer.prompt.yml",
        line=20,
        expected=variables.get("expected"),
    )


def score(
    entry: Any,
    answer: str,
    context: ScoringContext = context(),  # noqa: B008
    **variables: Any,
) -> Score:
    """What the entry says of ``answer`` to a golden with these variables."""
    scorer = evaluator(entry, context).scorer
    assert isinstance(scorer, Scorer)
    return scorer.score(golden(**variables), Completion(text=answer))


def flaw(
    entry: Any,
    context: ScoringContext = context(),  # noqa: B008
    **variables: Any,
) -> str:
    """Why no answer to a golden with these variables can be right by the entry."""
    scorer = evaluator(entry, context).scorer
    assert isinstance(scorer, Demanding)
    return scorer.flaw(golden(**variables))


def question(entry: Any, answer: str, **variables: Any) -> Request:
    scorer = evaluator(entry).scorer
    assert not isinstance(scorer, Scorer | AskingScorer)
    return scorer.question(golden(**variables), Completion(text=answer))


def verdict(entry: Any, answer: str, finish_reason: FinishReason = FinishReason.STOP) -> Score:
    """The score that the judge's ``answer`` gives."""
    scorer = evaluator(entry).scorer
    assert not isinstance(scorer, Scorer | AskingScorer)
    return scorer.read(Completion(text=answer, finish_reason=finish_reason))
