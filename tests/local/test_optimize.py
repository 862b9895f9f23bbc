"""A weak prompt rewritten, with the embedded model as task and as optimizer model."""

import json

import pytest

from tests.local.test_eval import MODEL
from tests.project import Project

pytestmark = pytest.mark.local_model

GOOD = (
    "Works like a charm.",
    "Best kettle I ever had.",
    "Love it, would buy again.",
    "Superb quality.",
    "My kids adore it.",
    "Great value for money.",
    "Five stars, so quiet.",
    "Arrived early and looks lovely.",
    "Comfortable and well made.",
    "Exactly what I was hoping for.",
)
BAD = (
    "Broke after two days.",
    "Waste of money.",
    "The smell is horrible.",
    "Never again.",
    "It leaks everywhere.",
    "Worst purchase this year.",
    "Stopped working at once.",
    "Cheap plastic, snapped in half.",
    "Sent it back, terrible.",
    "Awful, it scratched my table.",
)
SPLITS = (
    "train",
    "validation",
    "test",
    "test",
    "test",
    "train",
    "validation",
    "test",
    "test",
    "test",
)
PROMPT = f"""\
model: {MODEL}
modelParameters: {{temperature: 0, maxTokens: 12}}
messages:
  - {{role: system, content: You get reviews of products. Read them.}}
  - {{role: user, content: "Review: {{{{review}}}}"}}
goldens: reviews.jsonl
gate: {{min: 0.5}}
optimize: {{method: opro, budget: 80 calls, rounds: 1, reply_tokens: 200}}
"""


def test_a_weak_prompt_gains_on_goldens_never_seen(project: Project) -> None:
    labelled = [("positive", GOOD), ("negative", BAD)]
    goldens = [
        {"review": review, "expected": label, "split": split}
        for label, reviews in labelled
        for review, split in zip(reviews, SPLITS, strict=True)
    ]
    project.write("prompts/reviews.jsonl", "".join(f"{json.dumps(g)}\n" for g in goldens))
    project.write("prompts/reviews.prompt.yml", PROMPT)
    result = project.run_apart("--prompt-optimize", "-k", "gate")
    result.stdout.fnmatch_lines(
        [
            "    diagnosis: All 4 expected answers are one of 2 labels: *",
            "    verdict: Improved: * on 12 test goldens *",
            "    to take it: promptopt apply *, or git apply .promptopt/proposals/*.patch",
            "    +  - {role: system, *: positive, negative.*",
        ]
    )
