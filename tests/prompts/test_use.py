from pathlib import Path

import pytest

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.prompts.reader import read_prompt

TWO = "testData:\n  - {id: a, review: good}\n  - {id: b, review: bad}\n"


def told(root: Path, content: str, goldens: str = TWO, more: str = "") -> list[str]:
    """What is told of a prompt with this message, refused or warned of."""
    path = root / "a.prompt.yml"
    body = "\n".join(f"      {line}" for line in content.split("\n"))
    path.write_text(f"messages:\n  - role: user\n    content: |-\n{body}\n{goldens}{more}")
    try:
        return [str(problem) for problem in read_prompt(path, root=root).problems]
    except PromptFileError as error:
        return [f"REFUSED {problem}" for problem in error.problems]


@pytest.mark.parametrize(
    ("content", "found", "remedy"),
    [
        ("Judge {{ review | upper }}", "{{ review | upper }}", "; write {{review}}"),
        ("Judge {{- review -}}", "{{- review -}}", "; write {{review}}"),
        ('Judge {{ review or "z" }}', '{{ review or "z" }}', "; write {{review}}"),
        ('Judge {{"review"}}', '{{"review"}}', "; write {{review}}"),
        ("Judge {{$review}}", "{{$review}}", "; write {{review}}"),
        ("Judge {{ input:review }}", "{{ input:review }}", "; write {{review}}"),
        ("Judge {{ review[0] }}", "{{ review[0] }}", "; write {{review}}"),
        ("{% if review %}x{% endif %}", "{% if review %}", "; write {{review}}"),
        ("Judge {review}", "{review}", "; write {{review}}"),
        ("Judge ${review}", "${review}", "; write {{review}}"),
        ("Judge %(review)s", "%(review)s", "; write {{review}}"),
        ("Judge <%= review %>", "<%= review %>", "; write {{review}}"),
        ("{{#each items}}x{{/each}}", "{{#each items}}", ": it is no placeholder"),
        ("file://prompt.txt", "file://prompt.txt", ": no file is read; write its text here"),
    ],
)
def test_where_every_golden_would_ask_the_same_the_foreign_syntax_is_an_error(
    tmp_path: Path, content: str, found: str, remedy: str
) -> None:
    [refused] = told(tmp_path, content)
    assert refused.startswith(
        "REFUSED a.prompt.yml:3: all 2 goldens send the same text: no placeholder uses `review` ("
    )
    assert f"`{found}` stays text{remedy}" in refused


@pytest.mark.parametrize("content", ["{review}", "{{ review | upper }}", "{% if review %}"])
def test_a_single_golden_of_which_nothing_is_sent_is_an_error_too(
    tmp_path: Path, content: str
) -> None:
    [refused] = told(tmp_path, content, "testData:\n  - {id: a, review: good}\n")
    assert refused == (
        "REFUSED a.prompt.yml:3: nothing of the golden is sent: no placeholder uses `review` "
        f"(`{content}` stays text; write {{{{review}}}})"
    )


def test_beside_a_placeholder_that_is_filled_it_is_a_warning(tmp_path: Path) -> None:
    assert told(tmp_path, "{{review}} {{ review | upper }} {% if x %}") == [
        "a.prompt.yml:3: `{{ review | upper }}` stays text; write {{review}}",
        "a.prompt.yml:3: `{% if x %}` stays text: it is no placeholder",
    ]


@pytest.mark.parametrize("content", ["Judge {review: 1}", "{{{{review}}", "a {b} ${c} [[d]]"])
def test_other_braces_are_no_template(tmp_path: Path, content: str) -> None:
    assert told(tmp_path, f"{{{{review}}}} {content}") == []


def test_three_braces_are_told_as_they_are_not_dropped(tmp_path: Path) -> None:
    what = "keeps a brace on either side of the value; without, write {{review}}"
    for token in ("{{{review}}}", "{{{ review }}}"):
        assert told(tmp_path, f"Judge {token}") == [f"a.prompt.yml:3: `{token}` {what}"]
    evaluators = 'evaluators: [{equals: "{{{review}}}"}]\n'
    [line] = told(tmp_path, "Judge {{review}}", more=evaluators)
    assert line == f"a.prompt.yml:8: evaluator `equals`: `{{{{{{review}}}}}}` {what}"
    for text in ('{"a": {{review}}}', "{{{{review}}}} {{review}}", "{ {{review}} }"):
        assert told(tmp_path, text) == []


def test_a_constant_prompt_has_one_golden_at_most(tmp_path: Path) -> None:
    assert told(tmp_path, "Say hi") == [
        "REFUSED a.prompt.yml:3: all 2 goldens send the same text: no placeholder uses `review`; "
        "write {{review}}"
    ]
    assert told(tmp_path, "Say hi", "testData: [{expected: hi}, {expected: ho}]\n") == [
        "REFUSED a.prompt.yml:3: all 2 goldens send the same text: they have no variables"
    ]
    assert told(tmp_path, "Say hi", "testData: [{expected: hi}]\n") == []
    assert told(tmp_path, "Say hi", "testData: [{id: a, review: x}]\n") == [
        "a.prompt.yml:5: no placeholder uses `review`, which has no effect then"
    ]


def test_goldens_of_the_same_inputs_may_send_the_same(tmp_path: Path) -> None:
    same = "testData: [{id: a, review: x, expected: 1}, {id: b, review: x, expected: 2}]\n"
    assert told(tmp_path, "{{review}}", same) == []


def test_variables_that_nothing_uses_are_told_once(tmp_path: Path) -> None:
    goldens = (
        "testData:\n  - {id: a, review: x, note: mine, _by: me, topic: t, tone: {a: 1}}\n"
        "  - {id: b, review: y, topic: u, lang: de}\n"
    )
    assert told(tmp_path, "{{review}}", goldens, "evaluators: [{contains: '{{tone.a}}'}]\n") == [
        "a.prompt.yml:7: no placeholder uses `lang`, `topic`, which has no effect then"
    ]
    code = "evaluators: [{python: 'scoring:strict'}]\n"
    assert told(tmp_path, "{{review}}", goldens, code) == []


def test_options_that_no_message_shows_are_told_and_cannot_be_shuffled(tmp_path: Path) -> None:
    goldens = (
        "testData:\n  - {id: a, review: 'x A) no B) yes', options: ['no', 'yes'], expected: A}\n"
    )
    chosen = "evaluators:\n  - multiple_choice: {shuffle: false}\n"
    assert told(tmp_path, "{{review}}", goldens, chosen) == [
        "a.prompt.yml:6: no message shows `options`; "
        "put {{options}} there, or the lettered lines themselves"
    ]
    shuffled = chosen.replace("false", "true")
    assert told(tmp_path, "{{review}}", goldens, shuffled) == [
        "REFUSED a.prompt.yml:8: evaluator `multiple_choice`: `shuffle` orders what the model does "
        "not see; put {{options}} into a message"
    ]
    assert told(tmp_path, "{{review}} {{options}}", goldens, shuffled) == []


def test_names_with_blanks_and_digits_are_filled_or_told(tmp_path: Path) -> None:
    content = "{{ user name }} {{1}} {{2nd}}"
    goldens = "testData:\n  - {id: a, user name: x, '1': one}\n  - {id: b, user name: y}\n"
    assert told(tmp_path, content, goldens) == [
        "REFUSED a.prompt.yml:7: {{1}} has no value in golden b"
    ]
    assert told(tmp_path, content, goldens.replace("id: b", "id: b, '1': two")) == [
        "a.prompt.yml:3: `{{2nd}}` stays text: it is no placeholder"
    ]


def test_files_of_another_tool_are_not_read(tmp_path: Path) -> None:
    goldens = TWO.replace("bad", "file://bad.txt")
    assert told(tmp_path, "{{review}}", goldens) == [
        "a.prompt.yml:7: `review` is `file://bad.txt`: no file is read; put its text here"
    ]


def test_evaluators_are_looked_at_too(tmp_path: Path) -> None:
    more = "evaluators: [{name: e, contains: '{{ review | lower }}'}]\n"
    assert told(tmp_path, "{{review}}", TWO, more) == [
        "a.prompt.yml:8: evaluator `e`: `{{ review | lower }}` stays text; write {{review}}"
    ]
