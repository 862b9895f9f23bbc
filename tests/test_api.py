"""The public surface: what is in it, and that nothing leaves it by accident."""

import re
from pathlib import Path

from pytest_promptopt import api, testing
from tests.project import PROMPT, Project

PAGE = Path(__file__).parents[1] / "docs" / "python.md"
NAMES = """
Answer BudgetError Completion Decision EvaluatorOptionsError Failure Golden GoldenResult
HistoryError Kind LoadedPrompt Mark Message Migration Optimized Outcome PromptFileError
PromptInputError PromptNotFoundError PromptRecord PromptoptError Proposal ProposalStore
ProposerCost Provider ProviderError Question Request Run Score Scorer ScorerError Search
SearchRecord Threshold Usage
UsageError Verdict evaluate load_prompt migrate optimize
"""
TESTING_NAMES = "Project Received Reply WireServer prompt_project scripted"


def test_the_names_are_these_and_each_says_what_it_is() -> None:
    assert sorted(api.__all__) == sorted(NAMES.split())
    assert sorted(testing.__all__) == TESTING_NAMES.split()
    for room in (api, testing):
        assert [name for name in room.__all__ if not getattr(room, name).__doc__] == []


def test_the_example_runs(project: Project) -> None:
    project.answers({"one": "1", "two": "3"})
    project.write("prompts/ticket_routing.prompt.yml", PROMPT)
    [example] = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), flags=re.DOTALL)
    runnable = example.replace("openai/gpt-5-mini", "scripted:answers.json")
    path = project.write("example.py", runnable)
    result = project.pytester.runpython(path)
    result.stdout.fnmatch_lines(["prompts/ticket_routing.prompt.yml 0.5 *", "wrong 2 3"])
    assert result.ret == 1
