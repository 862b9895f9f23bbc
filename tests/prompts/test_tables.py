from collections.abc import Mapping

import pytest

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.prompts.tables import read_table, separated


def rows(text: str) -> list[tuple[int, Mapping[str, str]]]:
    return [*read_table(text, "g.csv").rows]


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        ("q,e\na,1\nb,2\n", ""),
        ("q;e\na;1\nb;2\n", "the columns are read as separated by `;`"),
        ("q\te\na\t1\nb\t2\n", "the columns are read as separated by tabs"),
        ("q|e\na|1\nb|2\n", "the columns are read as separated by `|`"),
        ("sep=;\nq;e\na;1\nb;2\n", ""),
        ("SEP=\t\r\nq\te\r\na\t1\r\nb\t2\r\n", ""),
        ("q, e\na, 1\nb, 2\n", ""),
        (" q , e \na,1\nb,2", ""),
        ("q,e,\na,1,\nb,2,\n", ""),
        ("\n,\nq,e\na,1\n\nb,2\n,\n , \n", ""),
    ],
)
def test_tables_of_spreadsheets_are_read_alike(text: str, remark: str) -> None:
    table = read_table(text, "g.csv")
    assert [row for _, row in table.rows] == [{"q": "a", "e": "1"}, {"q": "b", "e": "2"}]
    assert table.remark == remark


def test_a_declared_separator_wins_and_lines_are_counted_with_it() -> None:
    assert rows("sep=|\nq|e\na, b;c|1\n") == [(3, {"q": "a, b;c", "e": "1"})]
    assert rows("sep=,\nq,e\na;b,1\n") == [(3, {"q": "a;b", "e": "1"})]


def test_another_separator_may_stand_in_cells() -> None:
    assert rows("q;e\n'a, b';1,5\n") == [(2, {"q": "'a, b'", "e": "1,5"})]
    assert rows('q;e\n"a; b";1\n') == [(2, {"q": "a; b", "e": "1"})]
    assert rows("q\na; b\n") == [(2, {"q": "a; b"})]
    assert rows('q, e\nx, "a, b"\n') == [(2, {"q": "x", "e": "a, b"})]


def test_line_ends_in_cells_are_plain_and_lines_are_counted() -> None:
    assert rows('q,e\r\n"one\r\ntwo",1\r\n,,\r\n'.replace(",,", ",")) == [
        (2, {"q": "one\ntwo", "e": "1"})
    ]
    assert rows('q\n"a\nb"\nc\n') == [(2, {"q": "a\nb"}), (4, {"q": "c"})]


def test_a_header_from_elsewhere_and_tabs_that_are_sure() -> None:
    table = read_table("a, b\t1\n", "g.tsv", header=["q", "e"], is_tabbed=True)
    assert (table.rows, table.remark) == (((1, {"q": "a, b", "e": "1"}),), "")
    table = read_table("q\te\na\t1\nb\t2", "g.tsv", is_tabbed=True)
    assert ([line for line, _ in table.rows], table.remark) == ([2, 3], "")
    assert read_table("q,e\na,1\n", "g.tsv", is_tabbed=True).rows == ((2, {"q": "a", "e": "1"}),)
    with pytest.raises(PromptFileError, match=r"g.csv:1: 2 columns where 3 are named"):
        read_table("a,1\n", "g.csv", header=["q", "r", "e"])


def test_cells_may_be_long() -> None:
    long = "x" * 200_000
    assert rows(f"q,e\n{long},1\n") == [(2, {"q": long, "e": "1"})]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("q,q\n1,2\n", "g.csv:1: the first line must name each column once, found q, q"),
        ("q,\n1,2\n", "g.csv:1: the first line must name each column once, found q, "),
        ("", "g.csv:1: the first line must name each column once, found none"),
        ("q,e\n1,2\n1,2,3\n", "g.csv:3: 3 columns where 2 are named"),
        (
            "q;e\nI came, saw; won;1\nx;2\n",
            "g.csv:1: the first line has no comma, and `;` does not give every row as many "
            "columns: separate columns by commas and quote cells that hold one",
        ),
        ('q,e\n"x\n', "g.csv:2: broken CSV: unexpected end of data"),
    ],
)
def test_what_is_not_sure_says_where_and_what(text: str, message: str) -> None:
    with pytest.raises(PromptFileError) as caught:
        read_table(text, "g.csv")
    assert str(caught.value) == message


def test_separated_texts_may_stand_on_several_lines() -> None:
    assert separated('a, "b, c"') == ["a", "b, c"]
    assert separated("a, b\nc\rd\n") == ["a", "b", "c", "d"]
    assert separated('"a\nb", c\\, d', escape="\\") == ["a\nb", "c, d"]
    assert separated("") == []
    assert len(separated("x" * 200_000)[0]) == 200_000
