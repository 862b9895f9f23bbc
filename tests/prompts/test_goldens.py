import json
import os
from collections.abc import Callable, Collection
from pathlib import Path

import pytest

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.prompts.golden_files import RawGolden, read_golden_file
from pytest_promptopt.prompts.goldens import build_goldens
from pytest_promptopt.prompts.named_files import named_files


def goldens_in(path: Path) -> tuple[Golden, ...]:
    return build_goldens(read_golden_file(path, path.name))[0]


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(PromptFileError) as caught:
        act()
    return str(caught.value)


def build(*contents: object, used: Collection[str] = ()) -> tuple[tuple[Golden, ...], list[str]]:
    raw = [RawGolden(content=c, path="g.yml", line=n) for n, c in enumerate(contents, start=1)]
    goldens, problems = build_goldens(raw, used=used)
    return goldens, [str(problem) for problem in problems]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("g.jsonl", '{"id": "a", "q": "x", "expected": "1"}\n\n{"id": "b", "q": "y"}\n'),
        ("g.json", '[{"id": "a", "q": "x", "expected": "1"},\n\n{"id": "b", "q": "y"}]'),
        ("g.yml", "- {id: a, q: x, expected: '1'}\n\n- {id: b, q: y}\n"),
        ("g.csv", 'id,q,expected\na,x,1\n"b",y,\n'),
    ],
)
def test_every_format_gives_the_same_goldens(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    first, second = goldens_in(path)
    assert (first.id, first.variables["q"], first.expected) == ("a", "x", "1")
    assert (second.id, second.variables["q"], second.expected) == ("b", "y", None)
    assert (first.line, second.line) == ((2, 3) if name == "g.csv" else (1, 3))


def test_csv_cells_may_span_lines_and_hold_reserved_keys(tmp_path: Path) -> None:
    path = tmp_path / "g.csv"
    path.write_text('q,tags,required,weight\n"two\nlines","x, y",TRUE,2.5\nz,,,\n')
    first, second = goldens_in(path)
    assert (first.tags, first.required, first.weight, first.line) == (("x", "y"), True, 2.5, 2)
    assert (second.tags, second.required, second.weight, second.line) == ((), False, 1.0, 4)


def test_columns_may_be_called_id_and_expected_in_any_case(tmp_path: Path) -> None:
    path = tmp_path / "g.csv"
    path.write_text("ID, Question ,Expected,TAGS\na,x,yes,t\n")
    [golden] = goldens_in(path)
    assert (golden.id, golden.expected, golden.tags) == ("a", "yes", ("t",))
    assert golden.variables["Question"] == "x"
    raw = read_golden_file(path, "g.csv")
    [(golden,), _] = build_goldens(raw, used={"Expected", "Question"})
    assert (golden.has_expected, golden.variables["Expected"]) == (False, "yes")


def test_a_table_without_a_header_is_one_error(tmp_path: Path) -> None:
    path = tmp_path / "g.csv"
    path.write_text("I love it,positive\nBad,negative\n")
    raw = read_golden_file(path, "g.csv")
    assert refusal(lambda: build_goldens(raw, used={"review"})) == (
        "g.csv:1: the first line must name the columns, as `review,expected` does, "
        "found `I love it`, `positive`: no placeholder uses one of these"
    )


@pytest.mark.parametrize("value", [None, False, 0, "", []])
def test_every_value_can_be_expected(value: object) -> None:
    (golden, without), problems = build({"q": 1, "expected": value}, {"q": 1})
    assert (golden.has_expected, golden.expected) == (True, value)
    assert (without.has_expected, without.expected) == (False, None)
    assert golden.variables["expected"] == value
    assert golden.id != without.id
    assert problems == []


def test_an_empty_cell_of_a_table_is_none_and_said_to_be_empty(tmp_path: Path) -> None:
    path = tmp_path / "g.csv"
    path.write_text("q,expected,id\na,,\n,x,\n")
    first, second = goldens_in(path)
    assert (first.has_expected, first.variables) == (False, {"q": "a"})
    assert second.variables == {"q": "", "expected": "x"}
    assert first.lacks("expected") == "{{expected}} has no value (the cell of `expected` is empty)"
    assert second.lacks("other") == "{{other}} has no value"
    assert second.lacks("Q") == "{{Q}} has no value (did you mean {{q}}?)"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("g.jsonl", '{"a": 1}\n{"a": }\n', "g.jsonl:2: broken JSON: Expecting value (column 7)"),
        ("g.jsonl", '{"a": 1, "a": 2}', "g.jsonl:1: the key `a` stands twice; keep one"),
        ("g.jsonl", '{"a": NaN}', "g.jsonl:1: NaN is not JSON; use a number or null"),
        ("g.jsonl", '{"a": ' + "[" * 9999 + "]" * 9999 + "}", "nested more than 100 levels deep"),
        ("g.jsonl", '{"a": ' + "[" * 300 + "]" * 300 + "}", "nested more than 100 levels deep"),
        ("g.jsonl", "\n", "g.jsonl:1: holds no goldens; add one"),
        ("g.json", '{"a": 1}', "g.json:1: expected a list of goldens, found a mapping"),
        ("g.json", '[{"a": 1},\n{"a": }]', "g.json:2: broken JSON"),
        ("g.yml", "a: 1", "g.yml:1: expected a list of goldens, found a mapping"),
        ("g.csv", "a,b\n1,2\n1,2,3\n", "g.csv:3: 3 columns where 2 are named"),
        ("g.csv", "a,a\n1,2\n", "the first line must name each column once"),
        ("g.csv", 'a\n"x\n', "broken CSV"),
        ("g.txt", "a", "goldens in a `.txt` file; known are .jsonl .ndjson .json"),
    ],
)
def test_a_broken_file_says_where_and_what(
    tmp_path: Path, name: str, content: str, message: str
) -> None:
    path = tmp_path / name
    path.write_text(content)
    assert message in refusal(lambda: goldens_in(path))


def test_a_file_that_is_not_utf8_says_so(tmp_path: Path) -> None:
    path = tmp_path / "g.jsonl"
    path.write_bytes(b'{"a": "x"}\n{"a": "\xff"}\n')
    assert refusal(lambda: goldens_in(path)) == (
        "g.jsonl:2: byte 0xff is not UTF-8; save the file as UTF-8"
    )


def test_variables_stand_flat_or_nested() -> None:
    goldens, _ = build(
        {"a": 1, "expected": "x"},
        {"inputs": {"a": 1}, "expected": "x"},
        {"vars": {"a": 1}, "expected": "x"},
        {"variables": {"a": 1}, "expected": "x"},
    )
    assert all(golden.variables == {"a": 1, "expected": "x"} for golden in goldens)


def test_an_input_key_that_is_no_mapping_is_a_variable() -> None:
    (golden,), _ = build({"inputs": "text"})
    assert golden.variables == {"inputs": "text"}


def test_derived_ids_depend_on_the_content_alone() -> None:
    (first, second), _ = build({"q": "Hello there"}, {"q": "Bye"})
    (again, first_again), _ = build({"q": "Bye"}, {"q": "Hello there"})
    assert (first.id, second.id) == (first_again.id, again.id)
    assert first.id.startswith("hello-there-")


def test_ids_are_slugged() -> None:
    (golden,), _ = build({"id": "Is it 5 €?", "q": 1})
    assert golden.id == "Is-it-5"


def test_ids_must_be_unique() -> None:
    assert refusal(lambda: build({"id": "a b"}, {"id": "a-b"})) == (
        "g.yml:2: the id `a-b` is taken (g.yml:1); ids must be unique"
    )


def test_the_id_gate_is_taken() -> None:
    assert "the id `gate` is taken by the prompt's gate" in refusal(lambda: build({"id": "gate"}))


def test_a_repeated_golden_counts_twice_and_is_told() -> None:
    (first, second), problems = build({"q": "x"}, {"q": "x"})
    assert second.id == f"{first.id}-2"
    assert problems == ["g.yml:2: the same golden stands at g.yml:1 already; both count"]


MISREAD = {
    **{"tags": 5, "split": "dev", "required": "yes", "weight": "big", "cluster": ["x"]},
    "evaluators": "x",
}


def test_reserved_keys_of_the_wrong_type_are_variables_where_a_placeholder_uses_them() -> None:
    (golden,), problems = build(MISREAD, used=MISREAD)
    assert (golden.tags, golden.split, golden.required, golden.weight) == ((), None, False, 1.0)
    assert golden.variables["split"] == "dev"
    assert problems[1] == (
        "g.yml:1: `split` is text ('dev'), which it cannot be: read as a variable"
    )
    assert len(problems) == 6


def test_elsewhere_they_are_refused_with_what_to_write() -> None:
    _, problems = build({"id": 1.5, **MISREAD}, {"split": "trian"})
    assert problems == [
        "g.yml:1: `id` is a number (1.5), which it cannot be: read as a variable",
        "g.yml:1: `tags` is a number (5), which it cannot be; write a word or a list of words",
        "g.yml:1: `split` is text ('dev'), which it cannot be; write train, validation or test",
        "g.yml:1: `required` is text ('yes'), which it cannot be; write true or false",
        "g.yml:1: `weight` is text ('big'), which it cannot be; write a number from 0 to 1,000,000",
        "g.yml:1: `cluster` is a list, which it cannot be; write the name or whole number of what "
        "the goldens share",
        "g.yml:1: `evaluators` is text ('x'), which it cannot be; write a list of evaluators",
        "g.yml:2: `split` is text ('trian'), which it cannot be; write train",
    ]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("expectd", "expected"),
        ("Expected", "expected"),
        ("tag", "tags"),
        ("wieght", "weight"),
        ("evaluator", "evaluators"),
    ],
)
def test_a_variable_that_nothing_uses_is_not_called_almost_like_a_reserved_key(
    name: str, meant: str
) -> None:
    _, problems = build({name: "x"})
    assert problems == [f"g.yml:1: `{name}` is used by no placeholder; did you mean `{meant}`?"]
    assert build({name: "x"}, used=[name])[1] == []
    own = [{"name": "n", "contains": f"{{{{{name}}}}}"}]
    assert build({name: "x", "evaluators": own})[1] == []


def test_other_variables_that_nothing_uses_stay() -> None:
    assert build({"ids": 1, "label": "x", "topic": "y", "expectations": 2})[1] == []


def test_all_goldens_that_are_no_mappings_are_told_at_once() -> None:
    assert refusal(lambda: build("text", {"a": 1}, 3)) == (
        "g.yml:1: a golden must be a mapping of variables, found text ('text')\n"
        "g.yml:3: a golden must be a mapping of variables, found a number (3)"
    )


def locate(root: Path, *patterns: str) -> tuple[Path, ...]:
    prompt = root / "prompts" / "a.prompt.yml"
    return named_files(
        patterns,
        what="goldens",
        prompt_path=prompt,
        root=root,
        location="a.prompt.yml",
        line=7,
    )


def test_goldens_are_found_by_name_and_glob(tmp_path: Path) -> None:
    folder = tmp_path / "prompts"
    folder.mkdir()
    for name in ("b.jsonl", "a.jsonl"):
        (folder / name).write_text(json.dumps({"q": name}))
    assert [path.name for path in locate(tmp_path, "*.jsonl")] == ["a.jsonl", "b.jsonl"]
    assert [path.name for path in locate(tmp_path, "b.jsonl", "*.jsonl")] == ["b.jsonl", "a.jsonl"]


def test_missing_goldens_are_named_with_the_line(tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    message = refusal(lambda: locate(tmp_path, "none.jsonl"))
    assert message.startswith("a.prompt.yml:7: goldens `none.jsonl` is not there")
    assert "`*.csv` matches no file" in refusal(lambda: locate(tmp_path, "*.csv"))


def test_goldens_outside_the_project_are_refused(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "prompts").mkdir(parents=True)
    secret = tmp_path / "secret.jsonl"
    secret.write_text('{"a": 1}')
    (project / "prompts" / "link.jsonl").symlink_to(secret)
    for pattern in ("../../secret.jsonl", str(secret), "link.jsonl", "*.jsonl"):
        assert "leads outside the project" in refusal(lambda p=pattern: locate(project, p))  # type: ignore[misc]


def test_a_loop_of_links_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "prompts"
    folder.mkdir()
    (folder / "a.jsonl").symlink_to(folder / "b.jsonl")
    (folder / "b.jsonl").symlink_to(folder / "a.jsonl")
    assert "goldens `a.jsonl` cannot be read" in refusal(lambda: locate(tmp_path, "a.jsonl"))


@pytest.mark.parametrize(
    ("key", "value"),
    [("weight", 80), ("required", True), ("split", "test"), ("cluster", "eu-1")],
)
def test_a_reserved_key_that_a_placeholder_uses_is_a_variable_only(key: str, value: object) -> None:
    (golden,), problems = build({"q": "x", key: value}, used={"q", key})
    told = golden.weight, golden.required, golden.split, golden.cluster
    assert told == (1.0, False, None, "")
    assert golden.variables[key] == value
    assert problems == [f"g.yml:1: `{key}` is a placeholder's variable, and nothing else"]


def test_ids_that_a_placeholder_uses_need_not_be_unique() -> None:
    goldens, problems = build({"id": "a", "q": 1}, {"id": "a", "q": 2}, used={"id", "q"})
    assert [golden.id for golden in goldens] == ["a", "a-2"]
    assert problems == ["g.yml:2: a golden with this id stands at g.yml:1 already; both count"]


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "g.jsonl")
    assert "cannot be read: not a regular file" in refusal(lambda: goldens_in(tmp_path / "g.jsonl"))


def test_a_cluster_is_a_name_or_a_number_and_shared_by_what_says_the_same() -> None:
    goldens, problems = build(
        {"q": 1, "cluster": "chat 7"},
        {"q": 2, "cluster": 7},
        {"q": 3, "cluster": "7"},
        {"q": 4},
        {"q": 5, "cluster": " "},
        {"q": 6, "cluster": None},
    )
    assert [golden.cluster for golden in goldens] == ["chat 7", "7", "7", "", "", ""]
    assert problems == []
    for value in (True, 7.5, ["x"], {"name": "x"}):
        assert "`cluster` is" in build({"q": 1, "cluster": value})[1][0]


def test_an_empty_cell_is_no_cluster(tmp_path: Path) -> None:
    (tmp_path / "g.csv").write_text("q,Cluster\na,chat\nb,\nc,\n")
    goldens, _ = build_goldens(read_golden_file(tmp_path / "g.csv", "g.csv"))
    assert [golden.cluster for golden in goldens] == ["chat", "", ""]


def test_a_cluster_that_names_two_splits_is_refused() -> None:
    first = {"id": "a", "q": 1, "cluster": "chat", "split": "train"}
    rest = [{"id": "b", "q": 2, "cluster": "chat"}, {"id": "d", "q": 4, "split": "test"}]
    other = {"id": "c", "q": 3, "cluster": "chat", "split": "test"}
    assert build(first, *rest)[1] == []
    assert refusal(lambda: build(first, *rest, other)) == (
        "g.yml:4: golden c is in the split test, and a (g.yml:1) of the same cluster in train, "
        "which tells what is to be unseen; let a cluster be in one"
    )
