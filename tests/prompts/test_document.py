import copy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.prompts.document import MAX_DEPTH, parse_document, read_document
from pytest_promptopt.prompts.template import as_text


def refusal(text: str) -> str:
    with pytest.raises(PromptFileError) as caught:
        parse_document(text, "a.prompt.yml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"),
        ("12:30", "12:30"),
        ("0123", "0123"),
        ("2026-11-21", "2026-11-21"),
        ("1_000", "1_000"),
        ("true", True),
        ("~", None),
        ("", None),
        ("-7", -7),
        ("0o17", 15),
        ("0x1F", 31),
        ("1e3", 1000.0),
        (".5", 0.5),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("1e999", "1e999"),
        ("9" * 5000, "9" * 5000),
        ("'1'", "1"),
        ("!!str 1", "1"),
        ("!!int 12", 12),
    ],
)
def test_plain_scalars_follow_the_core_schema(written: str, value: object) -> None:
    assert parse_document(f"a: {written}\n", "a.yml").data == {"a": value}


def test_merge_keys_give_way_to_keys_of_their_own() -> None:
    text = "base: &base {a: 1, b: 2}\nitem:\n  <<: *base\n  b: 3\n"
    document = parse_document(text, "a.yml")
    assert document.data["item"] == {"a": 1, "b": 3}
    assert document.line_of("item", "b") == 4


def test_lines_are_those_of_keys_and_items() -> None:
    document = parse_document("a:\n  - x\n  -\n    b: |\n      text\n", "a.yml")
    assert document.line_of("a", 0) == 2
    assert document.line_of("a", 1, "b") == 4
    assert document.line_of("a", 1, "missing") == 4
    assert document.line_of() == 1


def test_lines_do_not_shift_after_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.yml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\nb: 2\n")
    document = read_document(path, "a.yml")
    assert document.data == {"a": 1, "b": 2}
    assert document.line_of("b") == 2


def test_broken_yaml_shows_the_line() -> None:
    assert refusal("a: 1\nb: [1, 2\nc: 3\n") == (
        "a.prompt.yml:3: broken YAML: did not find expected ',' or ']': c: 3"
    )


def test_duplicate_keys_name_both_lines() -> None:
    assert refusal("a: 1\nb: 2\na: 3\n") == (
        "a.prompt.yml:3: the key `a` stands twice (first on line 1); keep one"
    )


def test_an_alias_that_contains_itself_is_refused() -> None:
    assert refusal("a: &loop\n  - *loop\n") == "a.prompt.yml:2: the alias *loop contains itself"


def test_an_alias_without_anchor_is_refused() -> None:
    assert "the alias *x has no anchor before it" in refusal("a: *x\n")


@pytest.mark.parametrize("text", ["[" * 5000, "- " * 5000 + "x", "{a: " * 5000])
def test_deep_nesting_is_refused(text: str) -> None:
    assert refusal(text) == f"a.prompt.yml:1: nested more than {MAX_DEPTH} levels deep"


def test_a_bomb_of_aliases_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "aliases expand to more than 2,000,000 values" in refusal("\n".join(lines))


def test_a_chain_of_aliases_is_refused() -> None:
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 900)]
    assert "aliases nest more than 100 levels deep" in refusal("\n".join(lines))


def test_tags_that_could_name_code_have_no_effect_and_are_told() -> None:
    document = parse_document("a: !!python/object/apply:os.system ['true']\n", "a.yml")
    assert document.data == {"a": ["true"]}
    assert [str(problem) for problem in document.problems] == [
        "a.yml:1: the tag tag:yaml.org,2002:python/object/apply:os.system is not understood "
        "and has no effect"
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty; a prompt needs at least `messages:`"),
        ("a: 1\n---\nb: 2\n", "a second document (`---`) in one file"),
        ("? [a]\n: 1\n", "a list or mapping as a key; use text"),
        ("a: {<<: 1}\n", "`<<` merges mappings, found something else"),
        ("a: \x07\n", "broken YAML: control characters are not allowed"),
    ],
)
def test_other_refusals_say_what_is_wrong(text: str, message: str) -> None:
    assert message in refusal(text)


def test_bytes_that_are_not_utf8_are_named_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "a.yml"
    path.write_bytes(b"a: 1\nb: caf\xe9\n")
    with pytest.raises(PromptFileError) as caught:
        read_document(path, "a.yml")
    assert str(caught.value) == "a.yml:2: byte 0xe9 is not UTF-8; save the file as UTF-8"


@given(st.text())
def test_any_text_is_read_or_refused_with_a_line(text: str) -> None:
    lines = [1]
    try:
        parse_document(text, "a.yml")
    except PromptFileError as error:
        lines = [problem.line for problem in error.problems]
    assert min(lines) >= 1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("|\n  \tfoo\n  bar\n", "\tfoo\nbar\n"),
        ("[:smile:]", [":smile:"]),
        ("[x, :smile:, y]", ["x", ":smile:", "y"]),
        ("[?x, ?y]", ["?x", "?y"]),
        ("{?foo: bar}", {"?foo": "bar"}),
        ("{q: ?x, r: ::y}", {"q": "?x", "r": "::y"}),
        ('{"x":1, y: [why?]}', {"x": 1, "y": ["why?"]}),
        ('"\\uD83D\\uDE00"', "\U0001f600"),
        ("|\n  foo\n     \n", "foo\n   \n"),
    ],
)
def test_yaml_1_2_is_read_as_authors_mean_it(text: str, value: object) -> None:
    assert parse_document(f"a: {text}\n", "a.yml").data == {"a": value}


def test_half_a_surrogate_pair_is_refused() -> None:
    assert refusal('a: "\\uD83D"\n').startswith("a.prompt.yml:1: half a surrogate pair")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.10", 1.1),
        ("5.00", 5.0),
        ("+4915112345678", 4915112345678),
        ("1234567890123456789", 1234567890123456789),
        ("0x1F", 31),
        ("1e3", 1000.0),
    ],
)
def test_numbers_keep_their_digits_as_written(text: str, value: float) -> None:
    found = parse_document(f"a: {text}\n", "a.yml").data["a"]
    assert found == value
    assert as_text(found) == text
    assert as_text(copy.deepcopy(found)) == text


@pytest.mark.parametrize(
    ("line", "written"),
    [
        ("content: {{review}}", 'content: "{{review}}"'),
        ("content: {{ a }} and {{ b }}", 'content: "{{ a }} and {{ b }}"'),
        ("content: Summary: the text", 'content: "Summary: the text"'),
        ("content: *bold* words", 'content: "*bold* words"'),
        ("content: @all", 'content: "@all"'),
        ("content: - x", 'content: "- x"'),
        ("x: {role: user, content: {{review}}}", 'content: "{{review}}"'),
        ("x: {content: {{a}} and {{b}}, role: user}", 'content: "{{a}} and {{b}}"'),
        ("x: {role: user, content: Say {{a}} now}", 'content: "Say {{a}} now"'),
    ],
)
def test_a_text_that_needs_quotes_says_how_they_stand(line: str, written: str) -> None:
    message = refusal(f"messages:\n  - role: user\n    {line}\n")
    assert message.startswith("a.prompt.yml:3: ")
    assert f"if it is text, quote it: {written}" in message


@pytest.mark.parametrize("text", ['a: 1\nb: "open\nc: 2\n', "a: 1\nb: {c: 'open, d: 2}\ne: 3\n"])
def test_a_quote_that_is_not_closed_is_told_where_it_opens(text: str) -> None:
    found = refusal(text)
    assert found.startswith("a.prompt.yml:2: broken YAML: the quoted text that begins here does")


@pytest.mark.parametrize("text", ["a:\n\t- b\n", "a:\n  - b: 1\n  \tc: 2\n"])
def test_a_tab_that_indents_is_told(text: str) -> None:
    assert "a tab indents this line, where YAML takes blanks only" in refusal(text)


def test_what_is_no_text_is_not_quoted() -> None:
    assert "quote" not in refusal("messages: [\n")
    assert "quote" not in refusal("a: {b: [1, 2}\n")


def test_a_bomb_of_merges_and_one_of_long_texts_are_harmless_or_refused() -> None:
    lines = ["a0: &a0 {x: 1, y: 2}"]
    lines += [f"a{n}: &a{n}\n  <<: [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    document = parse_document("\n".join(lines), "a.yml")
    assert document.data["a8"] == {"x": 1, "y": 2}
    assert document.line_of("a8", "z") == len(lines) * 2 - 2
    long = f"a: &a {'x' * 100_000}\nb: [{', '.join(['*a'] * 1000)}]"
    assert "its aliases expand to more than 64 MiB of text" in refusal(long)


def test_of_merged_mappings_the_first_wins_and_the_own_keys_over_all() -> None:
    text = "a: &a {x: 1, y: 1}\nb: &b {x: 2, z: 2}\nc: {<<: [*a, *b], y: 3}\n"
    assert parse_document(text, "a.yml").data["c"] == {"x": 1, "y": 3, "z": 2}
