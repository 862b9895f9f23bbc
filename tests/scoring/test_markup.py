"""XML, YAML and SQL in an answer."""

from typing import Any

import pytest

from tests.scoring.entries import complaint, score

ORDER = "<order><item><id>7</id></item><total>5</total></order>"


@pytest.mark.parametrize(
    ("answer", "value", "reason"),
    [
        (ORDER, 1, ""),
        (f"Here it is:\n```xml\n{ORDER}\n```", 1, ""),
        (f'<?xml version="1.0" encoding="latin-1"?>\n<!-- é -->{ORDER}', 1, ""),
        ("<order><total/></order>", 0.5, 'missing: "order.item.id"'),
        ("<order/>", 0, 'missing: "order.item.id"; "order.total"'),
        ("<order><total></order>", 0, "not XML at line 1, column 16 (mismatched tag), got "),
        ("Sure, here is the order", 0, "not XML at line 1, column 0 (syntax error), got "),
        ("", 0, "not XML at line 1, column 0 (no element found), got "),
        ("<a/>\n<b/>", 0, "not XML at line 2, column 0 (junk after document element), got "),
        ("```xml\n<a/>\n```\n```xml\n<a/>\n```", 0, "more than one code block"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', None, "it declares entities"),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><order><total/></order>', 0.5, "missing: "),
    ],
)
def test_xml_is_read_and_searched_for_elements(
    answer: str, value: float | None, reason: str
) -> None:
    result = score({"xml": {"elements": ["order.item.id", "order.total"]}}, answer)
    assert (result.value, result.reason[: len(reason)]) == (value, reason)


def test_xml_without_elements_is_well_formed_or_not() -> None:
    forms: tuple[Any, ...] = ("valid", None, {})
    for options in forms:
        assert score({"xml": options}, "<a/>").value == 1
        assert score({"xml": options}, "<a>").value == 0


@pytest.mark.parametrize(
    ("answer", "dialect", "value"),
    [
        ("SELECT a FROM t", None, 1),
        ("The query:\n\n```sql\nSELECT a\nFROM t;\n```\nIt works.", None, 1),
        ("WITH a AS (SELECT 1) SELECT * FROM a; DROP TABLE t", None, 1),
        ("SELECT TOP 5 a FROM t", "tsql", 1),
        ("SELECT TOP 5 a FROM t", "postgres", 0),
        ("SELECT `a` FROM `t`", "mysql", 1),
        ("SELECT `a` FROM `t`", "postgres", 0),
        ("SELECT a FROM", None, 0),
        ("hello world", None, 0),
        ("Sorry", None, 0),
        ("I cannot write this query.", None, 0),
        ("-- nothing", None, 0),
        ("", None, 0),
        ("```sql\nSELECT 1\n```\n```sql\nSELECT 2\n```", None, 0),
        ("VACUUM FULL t", "postgres", None),
        ("SELECT " + "(" * 5_000, None, None),
        ("SELECT " + "1, " * 20_000 + "1", None, None),
    ],
)
def test_sql_is_parsed_in_its_dialect(
    answer: str, dialect: str | None, value: float | None
) -> None:
    result = score({"sql": {"dialect": dialect}}, answer)
    assert result.value == value
    assert bool(result.reason) is (value != 1)


def test_a_statement_that_does_not_parse_says_where() -> None:
    assert score({"sql": "postgres"}, "SELECT a b c FROM t").reason == (
        'not SQL at line 1, column 12 ("Invalid expression / Unexpected token"), '
        'got "SELECT a b c FROM t"'
    )


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"sql": "postgresql"}, "the dialect `postgresql` is not known (known: "),
        ({"sql": "mysq"}, "did you mean `mysql`?"),
        ({"xml": {"elements": "a"}}, "`xml`: `elements`: expected a list, got text"),
        ({"xml": "wellformed"}, "`xml` must be a mapping of `elements`, found text"),
    ],
)
def test_options_that_cannot_be_meant_are_told(entry: dict[str, Any], message: str) -> None:
    assert message in complaint(entry)


@pytest.mark.parametrize(
    ("answer", "value", "reason"),
    [
        ("vendor: Acme\ntotal: 5", 1, ""),
        ("Here:\n```yaml\nvendor: Acme\ntotal: 5\n```", 1, ""),
        ('{"vendor": "Acme", "total": 5}', 1, ""),
        ("vendor: Acme\ntotal: five", 0.5, "total: expected 5, got"),
        ("vendor: Acme", 0, ""),
        ("vendor: [Acme", 0, "not YAML at line "),
        ("a: &a [x, x]\nb: [*a, *a]\nvendor: Acme\ntotal: 5", 1, ""),
        ("just a sentence", 0, "no mapping or list in YAML, got "),
        ("", 0, "the answer is empty"),
        ("[" * 1_000, 0, "not YAML at line 1 ("),
        ("a: 1\n" * 30_000, None, "an answer of 150,000 characters is too long to read"),
        ("```\na: 1\n```\n```\nb: 1\n```", 0, "more than one code block"),
    ],
)
def test_yaml_is_read_and_scored_as_json_is(answer: str, value: float | None, reason: str) -> None:
    entry = {"yaml": {"schema": {"required": ["total"]}, "fields": ["vendor", "total"]}}
    result = score(entry, answer, expected={"vendor": "Acme", "total": 5})
    assert (result.value, result.reason[: len(reason)]) == (value, reason)


def test_yaml_that_blows_up_is_refused() -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert score({"yaml": "valid"}, bomb).value == 0


def test_strict_is_for_json_alone() -> None:
    assert complaint({"yaml": {"strict": True}}).endswith("`strict` is for `json` alone")
