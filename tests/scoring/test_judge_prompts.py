"""The requests of built-in judges are prompt files with labelled goldens, which are scored here."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import pytest_promptopt.prompts
from pytest_promptopt.evaluation.evaluation import Outcome
from pytest_promptopt.evaluation.reduction import score_golden
from pytest_promptopt.evaluation.subject import Subject, SubjectSettings, build_subject
from pytest_promptopt.evaluation.trial import Trial
from pytest_promptopt.prompts.document import read_document
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.prompts.reader import read_prompt
from pytest_promptopt.providers.request import Completion
from pytest_promptopt.scoring.prompt_judge import JUDGES
from pytest_promptopt.scoring.prompted import FOLDER
from tests.scoring.entries import judge_model

NAMES = sorted(path.name.removesuffix(".prompt.yml") for path in FOLDER.glob("*.prompt.yml"))

SCHEMA = Path(pytest_promptopt.prompts.__path__[0]) / "schema" / "prompt.schema.json"
LISTS = {
    "answers": "parts",
    "better": "verdicts",
    "claims": "claims",
    "graded_rubric": "verdicts",
    "passages": "passages",
    "rubric": "verdicts",
}


def subject_of(name: str) -> Subject:
    prompt = read_prompt(FOLDER / f"{name}.prompt.yml", root=FOLDER)
    settings = SubjectSettings(resolve_model=judge_model, root=FOLDER, model="scripted/judge")
    return build_subject(prompt, settings)


def outcome(subject: Subject, golden: Golden, reply: str) -> Outcome:
    trial = Trial(completion=Completion(text=reply), judgements={}, place=subject.prompt.answer)
    return score_golden(subject, golden, [trial]).outcome


@pytest.mark.parametrize("name", NAMES)
def test_the_file_is_read_without_a_remark_and_has_goldens_of_every_label(name: str) -> None:
    subject = subject_of(name)
    goldens = subject.prompt.goldens
    assert subject.problems == ()
    assert 8 <= len(goldens) <= 12
    assert len({str(golden.expected) for golden in goldens}) > 1
    assert not [told for golden in goldens for told in subject.missing_values(golden)]
    assert subject.prompt.parameters == {"temperature": 0}


@pytest.mark.parametrize("name", NAMES)
def test_the_file_is_as_the_published_schema_has_it(name: str) -> None:
    found = read_document(FOLDER / f"{name}.prompt.yml", name).data
    jsonschema.validate(found, json.loads(SCHEMA.read_text(encoding="utf-8")))


def reply(name: str, label: Any) -> str:
    """What a judge says that comes to ``label``."""
    if f"github/{name}" in JUDGES:
        return json.dumps({"reason": "…", "score": label})
    if name == "graded_rubric":
        return json.dumps({LISTS[name]: [{"number": 1, "reason": "…", "score": label}]})
    words = [word.strip('"') for word in (label if isinstance(label, list) else [label])]
    entries = [{"number": n, "reason": "…", "verdict": word} for n, word in enumerate(words, 1)]
    return json.dumps({LISTS[name]: entries})


@pytest.mark.parametrize("name", NAMES)
def test_a_reply_agrees_with_its_label_and_one_to_another_label_does_not(name: str) -> None:
    subject = subject_of(name)
    labels = [golden.expected for golden in subject.prompt.goldens]
    for golden in subject.prompt.goldens:
        others = [outcome(subject, golden, reply(name, label)) for label in labels]
        assert outcome(subject, golden, reply(name, golden.expected)) is Outcome.PASSED
        assert Outcome.MISSED in others
        assert outcome(subject, golden, "I cannot say.") is Outcome.MISSED
