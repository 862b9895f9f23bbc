"""A pull request that makes a prompt worse, from its first comment to its gate passing.

The embedded model answers; GitHub is made up, its repository is real.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forge.github_server import FakeGitHub
from tests.local.test_eval import MODEL
from tests.project import Project
from tests.publishing.shop import REPOSITORY, Shop

pytestmark = pytest.mark.local_model

GOOD = (
    "Works like a charm.",
    "Best kettle I ever had.",
    "Love it, would buy again.",
    "Superb quality.",
    "My kids adore it.",
    "Great value for money.",
    "Five stars, so quiet.",
)
BAD = (
    "Broke after two days.",
    "Waste of money.",
    "The smell is horrible.",
    "Never again.",
    "It leaks everywhere.",
    "Worst purchase this year.",
    "Stopped working at once.",
)
SPLITS = ("train", "validation", "test", "test", "test", "train", "test")
PROMPT = f"""\
model: {MODEL}
modelParameters: {{temperature: 0, maxTokens: 4}}
messages:
  - {{role: system, content: You get reviews of products. Read them.}}
  - {{role: user, content: "Review: {{{{review}}}}"}}
goldens: reviews.jsonl
gate: {{min: 0.5}}
optimize:
  {{method: opro, budget: 80 calls, rounds: 1, reply_tokens: 60, proposers: {{trajectory: 1}}}}
"""
NAME = "prompts/reviews.prompt.yml"
WEAK = "You get reviews of products. Read them."
TELLING = "Answer with exactly one of: positive, negative. Give the label only, in lower case."
OPTIONS = ("--prompt-optimize", "--prompt-propose", "suggest")


@pytest.fixture
def github(tmp_path: Path) -> Iterator[FakeGitHub]:
    with FakeGitHub(tmp_path / "github") as made:
        yield made
        assert made.violations == []


def test_a_prompt_made_worse_is_commented_on_mended_and_passes(
    project: Project, github: FakeGitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop(project, github, monkeypatch)
    labelled = [("positive", GOOD), ("negative", BAD)]
    goldens = [
        {"review": review, "expected": label, "split": split}
        for label, reviews in labelled
        for review, split in zip(reviews, SPLITS, strict=True)
    ]
    project.write("prompts/reviews.jsonl", "".join(f"{json.dumps(g)}\n" for g in goldens))
    project.write(NAME, PROMPT.replace(WEAK, f'"{TELLING}"'))
    shop.push("Sort reviews", "main")
    project.write(NAME, PROMPT)
    shop.push("Shorten the prompt", "feature")
    number = shop.open()

    shop.job(number)
    result = project.run(*OPTIONS)
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "    diagnosis: All 4 expected answers are one of 2 labels: *",
            "    verdict: Improved: * on 8 test goldens *",
            "    to take it: promptopt apply *, or git apply .promptopt/proposals/*.patch",
            "    +  - {role: system, *: positive, negative.*",
        ]
    )
    [first] = github.comments(REPOSITORY, number)
    assert "\n| prompt | base | this PR | proposed | gate |\n" in first.body
    assert "unseen) | **FAIL** |\n" in first.body
    assert (
        "To take what is proposed: commit the suggestion in [the review](http://127.0.0.1:"
        in first.body
    )
    assert len(github.reviews(REPOSITORY, number)) == 1

    [suggestion] = github.reviews(REPOSITORY, number)[-1].comments
    github.take_suggestion(suggestion.id)
    shop.pull()
    shop.job(number)
    assert project.run(*OPTIONS).ret == 0
    [last] = github.comments(REPOSITORY, number)
    assert last.id == first.id
    assert "**All good:** 1 prompt, " in last.body
