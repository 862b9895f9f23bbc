from pathlib import Path

import pytest

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.prompts.reader import read_prompt

PROMPT = "messages: [{role: user, content: '{{q}}'}]\ntestData: [{q: a}, {q: b}]\n"
TONE = "- {name: polite, contains: please}\n# and\n- {name: calm, contains: '!', not: true}\n"


def read(root: Path, evaluators: str, **files: str) -> Prompt:
    """The prompt with files of evaluators in the folder ``shared`` beside its own."""
    (root / "shared").mkdir()
    (root / "prompts").mkdir()
    for name, text in files.items():
        (root / "shared" / f"{name}.yml").write_text(text)
    path = root / "prompts" / "a.prompt.yml"
    path.write_text(f"{PROMPT}evaluators: {evaluators}\n")
    return read_prompt(path, root=root)


def refusal(root: Path, evaluators: str, **files: str) -> str:
    with pytest.raises(PromptFileError) as caught:
        read(root, evaluators, **files)
    return str(caught.value)


def test_evaluators_of_a_file_stand_where_it_is_named_with_their_own_lines(tmp_path: Path) -> None:
    prompt = read(
        tmp_path,
        "[{name: first, equals: x}, ../shared/tone.yml, ../shared/one.yml]",
        tone=TONE,
        one="name: short\nregex: ^.{1,9}$\nthreshold: 1\n",
    )
    assert [(spec.name, spec.path, spec.line) for spec in prompt.evaluators] == [
        ("first", "prompts/a.prompt.yml", 3),
        ("polite", "shared/tone.yml", 1),
        ("calm", "shared/tone.yml", 3),
        ("short", "shared/one.yml", 1),
    ]
    assert prompt.problems == ()


def test_a_glob_names_all_that_match(tmp_path: Path) -> None:
    one = "{name: short, regex: ^.$}"
    prompt = read(tmp_path, "['../shared/*.yml']", tone=TONE, one=one)
    assert [spec.name for spec in prompt.evaluators] == ["short", "polite", "calm"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "shared/tone.yml:1: the file is empty"),
        ("# nothing\n[]\n", "shared/tone.yml:2: expected an evaluator or a list of evaluators"),
        ("evaluators: [{equals: x}]\n", "shared/tone.yml:1: holds `evaluators:`; write the list"),
        ("tone\n", "shared/tone.yml:1: expected an evaluator or a list of evaluators, found text"),
        ("- {equals: x}\n- {equals: x, threshold: 2}\n", "shared/tone.yml:2: `[1].threshold` must"),
        (
            "- {equals: x}\n- ../shared/b.yml\n",
            "shared/tone.yml:2: evaluator `evaluator 2`: a file",
        ),
        ("- {equals: x, wieght: 2}\n", "shared/tone.yml:1: evaluator `equals`: the key `wieght`"),
        ("- {equals: x\n", "shared/tone.yml:2: broken YAML"),
        ("- &a [*a]\n", "shared/tone.yml:1: the alias *a contains itself"),
        ("- {equals: [" + "[" * 200 + "\n", "shared/tone.yml:1: nested more than 100 levels deep"),
    ],
)
def test_what_is_wrong_in_the_file_is_told_at_its_line(
    tmp_path: Path, text: str, told: str
) -> None:
    assert refusal(tmp_path, "[../shared/tone.yml]", tone=text).startswith(told)


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ("[../shared/tune.yml]", "evaluators `../shared/tune.yml` is not there ("),
        ("['../shared/*.yaml']", "evaluators `../shared/*.yaml` matches no file in "),
        ("[../../outside.yml]", "evaluators `../../outside.yml` leads outside the project ("),
        ("[../shared/link.yml]", "evaluators `../shared/link.yml` leads outside the project ("),
        (
            "['../shared/t*.yml', ../shared/tone.yml]",
            "evaluators `../shared/tone.yml` are named al",
        ),
    ],
)
def test_a_name_that_leads_to_no_file_is_told_where_it_stands(
    tmp_path: Path, entries: str, told: str
) -> None:
    root = tmp_path / "project"
    (root / "shared").mkdir(parents=True)
    (root / "prompts").mkdir()
    (tmp_path / "outside.yml").write_text(TONE)
    (root / "shared" / "tone.yml").write_text(TONE)
    (root / "shared" / "link.yml").symlink_to(tmp_path / "outside.yml")
    path = root / "prompts" / "a.prompt.yml"
    path.write_text(f"{PROMPT}evaluators: {entries}\n")
    with pytest.raises(PromptFileError) as caught:
        read_prompt(path, root=root)
    assert str(caught.value).startswith(f"prompts/a.prompt.yml:3: {told}")


def test_a_golden_names_no_file(tmp_path: Path) -> None:
    path = tmp_path / "a.prompt.yml"
    path.write_text(PROMPT.replace("{q: a}", "{q: a, evaluators: [tone.yml]}"))
    with pytest.raises(PromptFileError, match="a file of evaluators can be named in a prompt file"):
        read_prompt(path, root=tmp_path)
