"""A pull request that makes a prompt worse, from its first comment to its gate passing.

The embedded model is task and optimizer model; GitHub is made up, its repository is real.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forge.github_server import FakeGitHub
from tests.local.test_optimize import BAD, GOOD, PROMPT, SPLITS
from tests.project import Project
from tests.publishing.shop import REPOSITORY, Shop

pytestmark = pytest.mark.local_model

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
    assert project.run_apart(*OPTIONS).ret == 1
    [first] = github.comments(REPOSITORY, number)
    assert "\n| prompt | base | this PR | proposed | gate |\n" in first.body
    assert "unseen) | **FAIL** |\n" in first.body
    assert (
        "To take what is proposed: commit the suggestion in [the review](http://127.0.0.1:"
        in first.body
    )
    assert len(github.reviews(REPOSITORY, number)) == 1

    project.write(NAME, PROMPT.replace("min: 0.5", "min: 0.6"))
    shop.push("Ask for more", "feature")
    shop.job(number)
    assert project.run_apart(*OPTIONS).ret == 1
    [second] = github.comments(REPOSITORY, number)
    assert second.id == first.id
    assert second.body != first.body

    [suggestion] = github.reviews(REPOSITORY, number)[-1].comments
    github.take_suggestion(suggestion.id)
    shop.pull()
    shop.job(number)
    assert project.run_apart(*OPTIONS).ret == 0
    [third] = github.comments(REPOSITORY, number)
    assert third.id == first.id
    assert "**All good:** 1 prompt, " in third.body
