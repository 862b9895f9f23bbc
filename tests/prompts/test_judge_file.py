"""``uses: ./judges/tone.prompt.yml``: a judge that is a prompt file."""

from pathlib import Path

import pytest

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.evaluation.base import loosened
from pytest_promptopt.prompts.content import content_of
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.prompts.reader import read_prompt

USER = """\
messages: [{role: user, content: 'Answer {{question}}'}]
testData: [{question: Where?, expected: here}]
evaluators:
  - uses: ../judges/tone.prompt.yml
"""
JUDGE = """\
model: openai/gpt-5-mini
messages: [{role: user, content: 'Is this polite? {{answer}}'}]
choices: [{choice: good, score: 1}, {choice: bad, score: 0}]
testData: [{id: a, answer: Please., expected: good}]
"""


def written(root: Path, judge: str | None = JUDGE, user: str = USER) -> Path:
    for name, text in (("judges/tone", judge), ("prompts/a", user)):
        path = root / f"{name}.prompt.yml"
        path.parent.mkdir(exist_ok=True)
        if text is not None:
            path.write_text(text)
    return path


def read(root: Path, judge: str | None = JUDGE, user: str = USER) -> Prompt:
    return read_prompt(written(root, judge, user), root=root)


def refusal(root: Path, judge: str | None = JUDGE, user: str = USER) -> str:
    with pytest.raises(PromptFileError) as caught:
        read(root, judge, user)
    return str(caught.value)


def test_an_entry_has_the_judge_and_its_name(tmp_path: Path) -> None:
    prompt = read(tmp_path)
    [spec] = prompt.evaluators
    assert (spec.name, spec.kind, spec.line) == ("tone", "uses", 4)
    assert spec.judge is not None
    assert spec.judge.location == "judges/tone.prompt.yml"
    assert spec.judge.choices == {"good": 1, "bad": 0}
    assert prompt.problems == ()


def test_a_name_is_relative_to_the_file_that_has_it(tmp_path: Path) -> None:
    (tmp_path / "judges").mkdir()
    (tmp_path / "judges" / "all.yml").write_text("- {uses: tone.prompt.yml}\n")
    (tmp_path / "judges" / "goldens.yaml").write_text(
        "- {question: Where?, evaluators: [{uses: tone.prompt.yml}]}\n"
    )
    user = USER.replace("- uses: ../judges/tone.prompt.yml", "- ../judges/all.yml").replace(
        "testData: [{question: Where?, expected: here}]", "goldens: ../judges/goldens.yaml"
    )
    prompt = read(tmp_path, user=user)
    found = [*prompt.evaluators, *prompt.goldens[0].evaluators]
    assert [spec.judge and spec.judge.location for spec in found] == ["judges/tone.prompt.yml"] * 2


@pytest.mark.parametrize(
    ("judge", "user", "told"),
    [
        (
            None,
            USER,
            "prompts/a.prompt.yml:4: judge `../judges/tone.prompt.yml` is not there (",
        ),
        (
            JUDGE,
            USER.replace("../judges", "../../judges"),
            "prompts/a.prompt.yml:4: judge `../../judges/tone.prompt.yml` is not there (",
        ),
        (
            "messages: [{role: user, content: '{{answer}}'}]\n",
            USER,
            "prompts/a.prompt.yml:4: `uses: ../judges/tone.prompt.yml`: judges/tone.prompt.yml has "
            "no `choices`; add `choices: [{choice: good, score: 1}, {choice: bad, score: 0}]`",
        ),
        (
            JUDGE.replace("bad, score: 0", "bad"),
            USER,
            "judges/tone.prompt.yml:3: `choices[1].score` is missing, found `choice`",
        ),
        (
            JUDGE.replace("bad", "Good"),
            USER,
            "judges/tone.prompt.yml:3: the choice `Good` stands there twice",
        ),
        (
            JUDGE.replace(", {choice: bad, score: 0}", ""),
            USER,
            "judges/tone.prompt.yml:3: `choices` must have 2 entries or more, found 1",
        ),
        (
            JUDGE + "evaluators:\n  - {uses: tone.prompt.yml}\n",
            USER,
            "judges/tone.prompt.yml:6: `uses: tone.prompt.yml` has a judge judge itself "
            "(tone.prompt.yml → tone.prompt.yml); judge it by labels alone",
        ),
        (
            JUDGE + "evaluators:\n  - {uses: ../prompts/a.prompt.yml}\n",
            USER,
            "judges/tone.prompt.yml:6: `uses: ../prompts/a.prompt.yml` has a judge judge itself "
            "(a.prompt.yml → tone.prompt.yml → a.prompt.yml)",
        ),
        (
            JUDGE,
            USER.replace("tone.prompt.yml", "../*/*.prompt.yml"),
            "names 2 files; name one judge an entry",
        ),
    ],
)
def test_what_is_no_judge_is_refused_where_it_is_named(
    tmp_path: Path, judge: str | None, user: str, told: str
) -> None:
    assert told in refusal(tmp_path, judge, user)


def test_a_judge_outside_the_project_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (tmp_path / "tone.prompt.yml").write_text(JUDGE)
    user = USER.replace("../judges/", "../../")
    assert "leads outside the project" in refusal(root, user=user)


@pytest.mark.parametrize(
    "change",
    [
        ("polite?", "really polite?"),
        ("gpt-5-mini", "gpt-5"),
        ("score: 1", "score: 1}, {choice: fair, score: 0.5"),
        ("model:", "modelParameters: {temperature: 0}\nmodel:"),
    ],
)
def test_what_a_judge_asks_is_part_of_what_its_users_are_judged_by(
    tmp_path: Path, change: tuple[str, str]
) -> None:
    before = read(tmp_path)
    after = read(tmp_path, JUDGE.replace(*change))
    changed = content_of(after, root=tmp_path).changed_parts(content_of(before, root=tmp_path))
    assert changed == ("evaluators",)
    assert [*loosened(before, after)] == ["the evaluator `tone` was changed"]


def test_the_goldens_of_a_judge_and_its_place_are_no_part_of_that(tmp_path: Path) -> None:
    before = read(tmp_path)
    other = JUDGE.replace("Please.", "Go away.")
    (tmp_path / "moved").mkdir()
    (tmp_path / "moved" / "tone.prompt.yml").write_text(other)
    after = read(tmp_path, user=USER.replace("judges/", "moved/"))
    assert content_of(after, root=tmp_path) == content_of(before, root=tmp_path)


def test_a_judge_is_scored_by_its_label(tmp_path: Path) -> None:
    read(tmp_path)
    judge = read_prompt(tmp_path / "judges" / "tone.prompt.yml", root=tmp_path)
    [spec] = judge.evaluators
    assert (spec.name, spec.kind, spec.optional) == ("label", "choice", False)
    assert [golden.expected for golden in judge.goldens] == ["good"]
    assert judge.problems == ()
    more = JUDGE + "evaluators: [{length: {maxWords: 9}}]\n"
    other = read_prompt(
        written(tmp_path, more).parents[1] / "judges/tone.prompt.yml", root=tmp_path
    )
    assert [(spec.name, spec.optional) for spec in other.evaluators] == [
        ("label", True),
        ("length", False),
    ]


def labelled(root: Path, golden: str, shown: str = "") -> Prompt:
    judge = JUDGE.replace("{{answer}}", f"{{{{answer}}}}{shown}")
    written(root, judge.replace("{id: a, answer: Please., expected: good}", golden))
    return read_prompt(root / "judges" / "tone.prompt.yml", root=root)


def test_a_label_stands_beside_what_a_good_answer_is(tmp_path: Path) -> None:
    golden = "{answer: Please., expected: Thanks., label: bad}"
    [found] = labelled(tmp_path, golden, " {{expected}}").goldens
    assert (found.expected, found.variables["expected"]) == ("bad", "Thanks.")
    with pytest.raises(PromptFileError, match=r"tone\.prompt\.yml:4: golden one has no `label`"):
        labelled(tmp_path, "{id: one, answer: a, expected: good}", " {{expected}}")


def test_of_several_raters_most_say_the_label(tmp_path: Path) -> None:
    labels = "labels: {anna: good, ben: bad, cem: bad}"
    [found] = labelled(tmp_path, f"{{answer: a, {labels}}}").goldens
    assert found.expected == "bad"
    [told] = labelled(tmp_path, f"{{answer: a, label: good, {labels}}}").goldens
    assert told.expected == "good"
    [tie] = labelled(tmp_path, "{answer: a, labels: {anna: good, ben: bad}}").goldens
    assert not tie.has_expected


def test_labels_of_answers_are_no_goldens_of_a_glob(tmp_path: Path) -> None:
    (tmp_path / "a.goldens.jsonl").write_text('{"q": "a", "expected": "b"}\n')
    label = '{"input": {"q": "a"}, "answer": "b", "choice": "good"}\n'
    (tmp_path / "a.labels.jsonl").write_text(label)
    path = tmp_path / "a.prompt.yml"
    path.write_text("messages: [{role: user, content: '{{q}}'}]\ngoldens: '*.jsonl'\n")
    prompt = read_prompt(path, root=tmp_path)
    assert [len(prompt.goldens), len(prompt.labels)] == [1, 1]
