"""The gate against main, on the embedded model."""

from pathlib import Path

import pytest

from tests.history.commits import History
from tests.local.test_eval import CAPITALS, COUNTRIES, MODEL, TWO_CAPITALS
from tests.project import Project

pytestmark = pytest.mark.local_model

PROMPT = CAPITALS.replace("gate: {min: 0.1}", "gate: {maxDrop: 0.05}")
WORSE = PROMPT.replace(
    "Say in one word which country the city is the capital of.",
    "Answer with the word banana and nothing else.",
)


@pytest.fixture
def history(project: Project, monkeypatch: pytest.MonkeyPatch) -> History:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.path.parent))
    made = History(project.path)
    project.write(".gitignore", ".promptopt\n")
    made.write("prompts/capitals.prompt.yml", PROMPT)
    made.commit("capitals")
    made.branch("topic")
    return made


def test_a_prompt_made_worse_fails_against_main_and_names_what_broke(
    project: Project, history: History
) -> None:
    history.write("prompts/capitals.prompt.yml", WORSE)
    history.commit("bananas")
    result = project.run("--prompt-base", "main")
    result.assert_outcomes(failed=1, passed=0)
    result.stdout.fnmatch_lines(
        [
            "  a drop of more than maxDrop 0.05 is shown: * at main (*), now 0.000 on "
            f"{len(COUNTRIES)} goldens, 0 fixed, * broken (*paris-*",
            "    broken: *paris-*",
        ]
    )


def test_two_models_are_compared_side_by_side(project: Project, local_weights: Path) -> None:
    project.write("prompts/capitals.prompt.yml", TWO_CAPITALS)
    file = f"local:{local_weights}"
    result = project.run("--prompt-model", MODEL, "--prompt-model", file)
    result.stdout.fnmatch_lines(
        [
            f"prompts/capitals.prompt.yml[[]{MODEL}[]] * PASS *",
            f"prompts/capitals.prompt.yml[[]{file}[]] * PASS *",
            "prompts/capitals.prompt.yml: 2 models on the same goldens",
            f"    {file} against {MODEL}: * of 2",
        ]
    )
