from pathlib import Path

import pytest
import yaml

from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.prompts.content import content_of
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.prompts.reader import read_prompt
from pytest_promptopt.proposals.edit import edit_of

DATA = [
    {"id": "place", "word": "place", "expected": "p l a c e"},
    {"id": "lamp", "word": "lamp", "expected": "l a m p"},
    {"id": "short", "word": "it", "expected": "i t"},
]
QUESTION = {"role": "user", "content": "Word: {{word}}\nAnswer?"}


def read(folder: Path, *messages: dict[str, str], **more: object) -> Prompt:
    path = folder / "a.prompt.yml"
    content = {"messages": [*messages, QUESTION], "testData": DATA, **more}
    path.write_text(yaml.safe_dump(content, sort_keys=False), "utf-8")
    return read_prompt(path, root=folder)


def shown(folder: Path, *messages: dict[str, str], **more: object) -> list[str]:
    return [golden.id for golden in read(folder, *messages, **more).shown]


def system(text: str) -> dict[str, str]:
    return {"role": "system", "content": text}


@pytest.mark.parametrize(
    "text",
    [
        "Spell.\n\nExamples:\n\nInput: place\nAnswer: p l a c e",
        "Spell it.\nplace -> p l a c e",
        "- place: p l a c e\n- and so on",
        '"place" => "p l a c e"',
        "**Word:** place\n**Answer:** p l a c e",
        "| place | p l a c e |",
        "Q: place\nA: p l a c e",
        "1. place\n   p l a c e",
    ],
)
def test_an_example_as_text_is_no_golden_to_score(text: str, tmp_path: Path) -> None:
    prompt = read(tmp_path, system(text))
    assert [golden.id for golden in prompt.shown] == ["place"]
    assert [golden.id for golden in prompt.goldens] == ["lamp", "short"]
    assert [str(problem) for problem in prompt.problems] == [
        "a.prompt.yml:1: not scored, as the messages show their answers: place"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Spell the word.",
        "Say it: it is not hard.",
        "A place is not spelled p l a c e in French.",
        "place\nlamp\np l a c e\nl a m p",
        "misplace -> p l a c e",
        "place -> p l a c es",
    ],
)
def test_words_that_goldens_have_too_are_no_examples(text: str, tmp_path: Path) -> None:
    assert shown(tmp_path, system(text)) == []


def test_an_example_in_turns_is_no_golden_to_score(tmp_path: Path) -> None:
    asked = {"role": "user", "content": "Word: place\nAnswer?"}
    answered = {"role": "assistant", "content": "Letters first. <a>p l a c e</a>"}
    assert shown(tmp_path, asked, answered) == ["place"]
    assert shown(tmp_path, asked, answered, answer={"tag": "a"}) == ["place"]
    other = {"role": "assistant", "content": "place"}
    assert shown(tmp_path, asked, other) == []


@pytest.mark.parametrize("shown_in", [None, 0])
def test_what_a_proposal_shows_is_not_scored_once_it_is_taken(
    shown_in: int | None, tmp_path: Path
) -> None:
    before = read(tmp_path, system("Spell it."))
    candidate = Candidate(demonstrations=("lamp", "place"), shown_in=shown_in)
    content = before.path.read_bytes()
    before.path.write_bytes(edit_of(candidate, before, before.goldens, content).after)
    after = read_prompt(before.path, root=tmp_path)
    assert {golden.id for golden in after.shown} == {"lamp", "place"}
    changed = content_of(before, root=tmp_path).changed_parts(content_of(after, root=tmp_path))
    assert changed == ("text",)
