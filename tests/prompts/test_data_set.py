"""Files of others as goldens: which rows, and which column is which variable."""

import bz2
import gzip
import json
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.prompts import golden_files
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.prompts.reader import read_prompt

ROWS = [
    {"id": n, "text": f"ticket {n}", "label": n % 2, "more": {"a": [f"x #### {n}"]}, "split": s}
    for n, s in enumerate(["dev", "dev", "train", "dev", "train", "dev"])
]


def lines(rows: list[Any]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Prompt]:
    (tmp_path / "rows.jsonl").write_bytes(lines(ROWS))

    def read(goldens: Any) -> Prompt:
        path = tmp_path / "a.prompt.yml"
        messages = [{"role": "user", "content": "{{ticket}}"}]
        path.write_text(json.dumps({"messages": messages, "goldens": goldens}))
        return read_prompt(path, root=tmp_path)

    return read


def values(prompt: Prompt) -> list[Any]:
    return [(golden.variables.get("ticket"), golden.expected) for golden in prompt.goldens]


def test_columns_become_variables_and_nothing_else_does(read: Callable[..., Prompt]) -> None:
    columns = {
        "ticket": "text",
        "expected": {"column": "label", "values": {"0": "even", "1": "odd"}},
        "number": {"column": "more.a.0", "after": "####"},
    }
    first, second, *_ = read({"file": "rows.jsonl", "map": columns}).goldens
    assert dict(first.variables) == {"ticket": "ticket 0", "expected": "even", "number": "0"}
    assert second.expected == "odd"
    assert (second.path, second.line) == ("rows.jsonl", 2)


def test_rows_are_chosen_by_their_values(read: Callable[..., Prompt]) -> None:
    columns = {"ticket": "text", "expected": "id"}
    chosen = {"file": "rows.jsonl", "map": columns, "where": {"split": "dev", "label": [1, 7]}}
    assert values(read(chosen)) == [("ticket 1", 1), ("ticket 3", 3), ("ticket 5", 5)]


def test_a_draw_is_by_content_and_seed(read: Callable[..., Prompt], tmp_path: Path) -> None:
    drawn = {"file": "rows.jsonl", "map": {"ticket": "text"}, "sample": 3}
    first = values(read(drawn))
    assert first == values(read({**drawn, "seed": 0}))
    assert first == sorted(first)
    draws = [values(read({**drawn, "seed": seed})) for seed in range(6)]
    assert len({str(draw) for draw in draws}) > 1
    (tmp_path / "rows.jsonl").write_bytes(lines([*reversed(ROWS), {"text": "late"}]))
    again = {ticket for ticket, _ in values(read(drawn))}
    assert len(again & {ticket for ticket, _ in first}) >= 2


def test_a_draw_of_more_than_there_are_takes_all_and_says_so(read: Callable[..., Prompt]) -> None:
    prompt = read({"file": "rows.jsonl", "map": {"ticket": "text"}, "sample": 60})
    assert len(prompt.goldens) == 6
    [remark] = [str(problem) for problem in prompt.problems]
    assert remark == "rows.jsonl:1: `sample: 60` of 6 rows: all are taken"
    prompt = read({"file": "rows.jsonl", "map": {"ticket": "text"}, "seed": 1})
    [remark] = [str(problem) for problem in prompt.problems]
    assert remark == "rows.jsonl:1: `seed` without `sample` draws nothing"


def test_files_and_data_sets_stand_side_by_side(read: Callable[..., Prompt]) -> None:
    columns = {"ticket": "text", "id": "id"}
    dev, train = (
        {"file": "*.jsonl", "map": columns, "where": {"split": s}} for s in ("dev", "train")
    )
    ids = [golden.id for golden in read([dev, train]).goldens]
    assert ids == ["0", "1", "3", "5", "2", "4"]


NESTED: dict[str, Any] = {
    "version": 1,
    "data": [
        {"title": "A", "paragraphs": [{"context": "c", "qas": [{"q": 1, "as": [{"t": "x"}]}]}]},
        {"title": "B", "paragraphs": [{"context": "d", "qas": [{"q": 2, "as": []}, {"q": 3}]}]},
    ],
}


def test_rows_in_nested_lists_have_what_stands_around_them(
    read: Callable[..., Prompt], tmp_path: Path
) -> None:
    (tmp_path / "n.json").write_text(json.dumps(NESTED, indent=1))
    (tmp_path / "n.jsonl").write_bytes(lines(NESTED["data"]))
    columns = {"ticket": ["title", "context", "q"]}
    whole = {"file": "n.json", "rows": "data.paragraphs.qas", "map": columns}
    assert [ticket for ticket, _ in values(read(whole))] == [
        ["A", "c", 1],
        ["B", "d", 2],
        ["B", "d", 3],
    ]
    by_line = {**whole, "file": "n.jsonl", "rows": "paragraphs.qas"}
    assert [golden.line for golden in read(by_line).goldens] == [1, 2, 2]
    some = {**whole, "where": {"title": ["A"]}, "map": {"ticket": "q", "expected": "as.t"}}
    assert values(read(some)) == [(1, ["x"])]
    for rows, message in {
        "data.paragraph": "n.json:1: there is no `paragraph` .*did you mean `paragraphs`",
        "version.data": "n.json:1: there is no `data` .a number .1. stands there",
    }.items():
        with pytest.raises(PromptFileError, match=message):
            read({**whole, "rows": rows})
    with pytest.raises(
        PromptFileError, match=r"found a mapping; for its `data` write .*rows: data"
    ):
        read("n.json")


def test_a_header_names_the_columns_of_a_table_without(
    read: Callable[..., Prompt], tmp_path: Path
) -> None:
    (tmp_path / "r.csv").write_text('2 + 2?,3,4,B\n"a, b",c,d,A\n')
    named = {"file": "r.csv", "header": ["q", "A", "B", "answer"]}
    columns = {"ticket": ["q", "A", "B"], "expected": "answer"}
    prompt = read({**named, "map": columns})
    assert values(prompt) == [(["2 + 2?", "3", "4"], "B"), (["a, b", "c", "d"], "A")]
    assert prompt.problems == ()
    with pytest.raises(PromptFileError, match=r"r.csv:1: 4 columns where 2 are named"):
        read({**named, "header": ["q", "a"]})
    with pytest.raises(PromptFileError, match=r"`header` names the columns of a table, and a `.js"):
        read({**named, "file": "rows.jsonl"})


@pytest.mark.parametrize(
    ("name", "pack"),
    [("r.jsonl.gz", gzip.compress), ("r.jsonl.BZ2", bz2.compress), ("r.jsonl.xz", lzma.compress)],
)
def test_compressed_files_are_read(
    read: Callable[..., Prompt],
    tmp_path: Path,
    name: str,
    pack: Callable[[bytes], bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / name).write_bytes(pack(lines([{"ticket": "one"}])))
    assert values(read(name)) == [("one", None)]
    (tmp_path / name).write_bytes(pack(lines([{"ticket": "one"}]))[:20])
    with pytest.raises(PromptFileError, match=rf"{name}:1: no whole \."):
        read(name)
    monkeypatch.setattr(golden_files, "MAX_BYTES", 1 << 20)
    (tmp_path / name).write_bytes(pack(bytes(2 << 20)))
    with pytest.raises(PromptFileError, match=f"{name}:1: holds more than 1 MiB once unpacked"):
        read(name)


def test_parquet_is_read_as_json_would_be(read: Callable[..., Prompt], tmp_path: Path) -> None:
    table = pa.table(
        {
            "ticket": ["one", "two"],
            "expected": pa.array([{"a": [1, None]}, {"a": []}]),
            "day": pa.array([0, 1], pa.date32()),
        }
    )
    pq.write_table(table, tmp_path / "r.parquet")
    golden: Golden = read("r.parquet").goldens[0]
    assert (golden.expected, golden.line) == ({"a": [1, None]}, 1)
    assert golden.variables["day"] == "1970-01-01"
    whole = (tmp_path / "r.parquet").read_bytes()
    for damaged in (b"no", whole[:-9], whole[:60] + bytes(40) + whole[100:]):
        (tmp_path / "r.parquet").write_bytes(damaged)
        with pytest.raises(PromptFileError, match=r"r\.parquet:1: no whole Parquet file: "):
            read("r.parquet")


def test_parquet_that_unpacks_to_too_much_is_refused(
    read: Callable[..., Prompt], tmp_path: Path
) -> None:
    table = pa.table({"ticket": ["x" * 1_000_000] * 80})
    pq.write_table(table, tmp_path / "r.parquet", compression="zstd")
    assert (tmp_path / "r.parquet").stat().st_size < 1_000_000
    with pytest.raises(PromptFileError, match="holds more than 64 MiB once unpacked"):
        read("r.parquet")


@pytest.mark.parametrize(
    ("goldens", "message"),
    [
        ({"fil": "r"}, "`goldens.fil` is not understood .* did you mean `file`"),
        ({"map": {"a": "b"}}, "`goldens.file` is missing, found `map`"),
        ([{"file": "rows.jsonl", "map": {}}], r"`goldens\[0\].map` holds nothing"),
        ({"file": "rows.jsonl", "map": {"a": {"colum": "b"}}}, "did you mean `column`"),
        (
            {"file": "rows.jsonl", "map": {"ticket": "txt"}},
            "rows.jsonl:1: there is no `txt` .* `text`",
        ),
        (
            {"file": "rows.jsonl", "map": {"ticket": "more.a.3"}},
            "no `more.a.3` .a list stands there",
        ),
        ({"file": "rows.jsonl", "where": {"splt": 1}}, "rows.jsonl:1: there is no `splt`"),
        (
            {"file": "rows.jsonl", "where": {"split": "tst"}},
            "none of 6 rows fits `where`; of this one `split` is 'dev'",
        ),
        (
            {"file": "rows.jsonl", "map": {"ticket": {"column": "text", "after": "#"}}},
            "rows.jsonl:1: `text` has no `#`",
        ),
        (
            {"file": "rows.jsonl", "map": {"ticket": {"column": "label", "values": {"0": "a"}}}},
            r"rows.jsonl:2: `label` is 1, no key of `values` \(known: 0\)",
        ),
        ({"file": "rows.jsonl", "sample": 0}, "`goldens.sample` must be at least 1, found 0"),
        ({"file": "none.jsonl"}, "goldens `none.jsonl` is not there"),
        ({"file": "../x.jsonl"}, "goldens `../x.jsonl` is not there|leads outside"),
        (3, "`goldens` must be text or a list or a mapping, found a number"),
    ],
)
def test_what_cannot_be_meant_is_named(
    read: Callable[..., Prompt], goldens: Any, message: str
) -> None:
    with pytest.raises(PromptFileError, match=message):
        read(goldens)
