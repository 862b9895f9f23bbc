import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pytest_promptopt.errors import ScorerError
from pytest_promptopt.providers.request import Completion
from pytest_promptopt.scoring.kinds import ScoringContext
from pytest_promptopt.scoring.score import Scorer
from tests.scoring.entries import complaint, context, evaluator, golden, score

SCORERS = """
GIVEN = None

def give(answer, variables):
    return variables["give"]

def is_short(answer, variables):
    variables["limit"] += 1
    return len(answer) <= variables["limit"] - 1, "too long"

def fail(answer, variables):
    raise ValueError("no good")

def leave(answer, variables):
    raise variables["error"]

def lone(answer):
    return 1

async def later(answer, variables):
    return 1
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ScoringContext:
    """A project with scorers, whose imports are undone."""
    (tmp_path / "acme_scorers.py").write_text(SCORERS)
    (tmp_path / "acme_broken.py").write_text("import acme_missing")
    skips = 'import pytest; pytest.skip("not here", allow_module_level=True)'
    (tmp_path / "acme_skips.py").write_text(skips)
    (tmp_path / "acme_exits.py").write_text("raise SystemExit(3)")
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "acme_scorers", raising=False)
    return context(root=tmp_path)


def give(value: Any, project: ScoringContext) -> tuple[float | None, str]:
    result = score({"python": "acme_scorers:give"}, "x", project, give=value)
    return result.value, result.reason


def test_a_function_of_the_project_gets_answer_and_a_copy_of_the_variables(
    project: ScoringContext,
) -> None:
    scorer = evaluator({"python": "acme_scorers:is_short"}, project).scorer
    assert isinstance(scorer, Scorer)
    one = golden(limit=3)
    values = [scorer.score(one, Completion(text=text)).value for text in ("abc", "abc", "abcd")]
    assert values == [1, 1, 0]
    assert one.variables == {"limit": 3}


@pytest.mark.parametrize(
    ("given", "value", "reason"),
    [
        (True, 1, ""),
        (False, 0, "acme_scorers:give gave 0"),
        (0.25, 0.25, "acme_scorers:give gave 0.25"),
        (None, None, "acme_scorers:give gave None"),
        ([0.5, "half"], 0.5, "half"),
        ([None, "no idea"], None, "no idea"),
        ({"score": 0, "reason": "wrong"}, 0, "wrong"),
        ({"score": 1}, 1, ""),
        (1.0000000000000002, 1, ""),
        (-1e-16, 0, "acme_scorers:give gave 0"),
        (np.bool_(True), 1, ""),
        (np.float32(0.5), 0.5, "acme_scorers:give gave 0.5"),
        (np.array(1), 1, ""),
    ],
)
def test_a_function_gives_a_score(
    given: Any, value: float | None, reason: str, project: ScoringContext
) -> None:
    assert give(given, project) == (value, reason)


@pytest.mark.parametrize(
    "given", [1.5, -1, float("nan"), 10**400, "yes", np.array([0, 1]), {"points": 1}, [1, 2], []]
)
def test_anything_else_is_an_error_that_says_what_to_give(
    given: Any, project: ScoringContext
) -> None:
    with pytest.raises(ScorerError) as raised:
        give(given, project)
    assert str(raised.value).startswith("answer.prompt.yml:7: acme_scorers:give gave ")
    assert str(raised.value).endswith(
        "; a scorer gives True, False, None, a number in [0, 1], (score, reason) or {score, reason}"
    )


def test_what_a_function_raises_is_the_cause(project: ScoringContext) -> None:
    with pytest.raises(ScorerError) as raised:
        score({"python": "acme_scorers:fail"}, "x", project)
    assert str(raised.value) == (
        "answer.prompt.yml:7: acme_scorers:fail raised ValueError for golden one"
    )
    assert isinstance(raised.value.__cause__, ValueError)


@pytest.mark.parametrize("error", [SystemExit(3), pytest.skip.Exception("no"), GeneratorExit()])
def test_what_leaves_a_function_otherwise_is_an_error_too(
    error: BaseException, project: ScoringContext
) -> None:
    scorer = evaluator({"python": "acme_scorers:leave"}, project).scorer
    assert isinstance(scorer, Scorer)
    with pytest.raises(ScorerError, match=f"leave raised {type(error).__name__} for golden one"):
        scorer.score(golden(error=error), Completion(text="x"))


def test_an_interruption_stays_one(project: ScoringContext) -> None:
    scorer = evaluator({"python": "acme_scorers:leave"}, project).scorer
    assert isinstance(scorer, Scorer)
    with pytest.raises(KeyboardInterrupt):
        scorer.score(golden(error=KeyboardInterrupt()), Completion(text="x"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "len(output) > 5",
            '`python` must be `module:function`, found "len(output) > 5"; code in a prompt file '
            "is never run: put it into a function of the project",
        ),
        (
            ["a:b"],
            '`python` must be `module:function`, found ["a:b"]; code in a prompt file '
            "is never run: put it into a function of the project",
        ),
        (
            "acme_absent:f",
            "there is no module `acme_absent` in the project ({root})",
        ),
        (
            "acme_broken:f",
            "`acme_broken` cannot be imported from {root}: "
            "ModuleNotFoundError: No module named 'acme_missing'",
        ),
        ("acme_exits:f", "`acme_exits` cannot be imported from {root}: SystemExit: 3"),
        (
            "acme_scorers:absent",
            "`acme_scorers` has no function `absent` "
            "(known: give, is_short, fail, leave, lone, later)",
        ),
        (
            "acme_scorers:GIVEN",
            "`acme_scorers` has no function `GIVEN` "
            "(known: give, is_short, fail, leave, lone, later); did you mean `give`?",
        ),
        ("acme_skips:f", "`acme_skips` cannot be imported from {root}: Skipped: not here"),
        ("acme_scorers:lone", "`acme_scorers:lone` must take two arguments: (answer, variables)"),
        ("acme_scorers:later", "`acme_scorers:later` is async; it must be a plain function"),
    ],
)
def test_a_function_that_cannot_be_called_is_a_problem(
    name: Any, message: str, project: ScoringContext
) -> None:
    expected = message.replace("{root}", str(project.code.root))
    assert complaint({"python": name}, project) == f"evaluator `python`: {expected}"


def test_a_golden_cannot_name_code(project: ScoringContext) -> None:
    assert complaint({"python": "acme_scorers:give"}, project, from_golden=True) == (
        "evaluator `python`: `python` may stand in prompt files only, not in goldens"
    )
    assert "acme_scorers" not in sys.modules
