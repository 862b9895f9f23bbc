import pytest

from pytest_promptopt.prompts.template import MissingValueError, Template, fill_deep


def test_values_are_filled_and_spaces_allowed() -> None:
    assert Template("{{a}} {{ b }}!").fill({"a": "x", "b": 2}) == "x 2!"


def test_what_a_value_contains_is_never_expanded_again() -> None:
    assert Template("{{a}}{{b}}").fill({"a": "{{b}}", "b": "{{a}}"}) == "{{b}}{{a}}"


def test_four_braces_are_two_literal_ones() -> None:
    assert Template("{{{{name}} {{name}}").fill({"name": "x"}) == "{{name}} x"


def test_three_braces_are_a_brace_around_a_value() -> None:
    assert Template("{{{a}}}").fill({"a": 1}) == "{1}"


def test_dots_reach_into_mappings() -> None:
    assert Template("{{user.name}}").fill({"user": {"name": "Ada"}}) == "Ada"
    assert Template("{{user.name}}").fill({"user.name": "flat"}) == "flat"


def test_values_that_are_not_text_are_json() -> None:
    values = {"a": {"k": [1, None, True]}, "b": False}
    assert Template("{{a}} {{b}}").fill(values) == '{"k": [1, null, true]} false'


def test_a_missing_value_is_named() -> None:
    template = Template("{{a}} {{b}} {{a.c}}")
    assert template.missing({"a": "x"}) == ("b", "a.c")
    with pytest.raises(MissingValueError, match=r"^b$"):
        template.fill({"a": "x"})


def test_logic_of_other_languages_stays_text() -> None:
    template = Template("a\n{{#if x}}yes{{/if}} {{.Input}} {{> part}}")
    assert template.placeholders == ()
    assert template.fill({}) == template.text
    assert [*template.others] == ["#if x", "/if", ".Input", "> part"]


@pytest.mark.parametrize("name", ["user name", "1", "2nd", "input:name", "$name", "a | b"])
def test_what_is_no_plain_name_is_filled_where_a_value_is_called_so(name: str) -> None:
    template = Template(f"<{{{{ {name} }}}}>")
    assert template.fill({name: 5}) == "<5>"
    assert template.fill({"other": 5}) == template.text
    assert template.missing({}) == ()
    assert Template(f"{{{{{name}}}}}").fill_value({name: [1]}) == [1]


@pytest.mark.parametrize("blank", ["\n", "\u00a0", "\t ", "\u200b", "\ufeff", "\r\n  "])
def test_blanks_of_every_kind_may_stand_around_a_name(blank: str) -> None:
    assert Template(f"<{{{{{blank}name{blank}}}}}>").fill({"name": "x"}) == "<x>"


def test_one_placeholder_alone_gives_the_value_itself() -> None:
    assert Template(" {{a}} ").fill_value({"a": {"k": 1}}) == {"k": 1}
    assert Template("{{a}}!").fill_value({"a": 1}) == "1!"


def test_json_is_filled_at_every_depth() -> None:
    options = {"any": ["{{a}}", "b"], "n": 1}
    assert fill_deep(options, {"a": "x"}) == {"any": ["x", "b"], "n": 1}
