import io

import pytest

from pytest_promptopt.cli.main import main
from tests.cli.conftest import NAME, Promptopt


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_working_tree_is_compared_with_head_word_by_word(promptopt: Promptopt) -> None:
    promptopt.history.commit("Add the prompt")
    promptopt.edit("one team", "exactly one of these teams")
    promptopt.edit("billing, shipping", "billing, shipping, account")
    promptopt.edit("openai/m", "openai/n\nmodelParameters: {temperature: 0.5, maxTokens: 8}")
    assert (
        promptopt("diff", NAME).out
        == """\
prompts/route.prompt.yml
- [1]  commit (1)
+ [2]  working tree
model: openai/m → openai/n
temperature: none → 0.5
max_tokens: none → 8

message 1, system
│ Route the ticket to{+ exactly+} one[- team-]{+ of these teams+}.
│ Teams: billing, shipping{+, account+}.
│ Answer with its name only.
│

scores
  - not known
  + not known
  to compare them, have both sides scored by the same model:
    pytest --prompt-eval --prompt-save-scores prompts/route.prompt.yml
"""
    )


def test_without_changes_it_is_the_last_version_and_says_so(promptopt: Promptopt) -> None:
    promptopt.history.commit("Add the prompt")
    promptopt.edit("one team", "a team")
    promptopt.history.commit("Any team")
    promptopt.edit("model: openai/m", "# a comment\nmodel: openai/m")
    out = promptopt("diff", NAME).out
    assert out.splitlines()[:4] == [
        "prompts/route.prompt.yml",
        "nothing changed since HEAD; this is what the last version changed",
        "(1)  Ada  Any team",
        "- [1]  commit (2)",
    ]
    assert "to[- one-]{+ a+} team." in out


def test_a_version_that_cannot_be_read_is_passed_over(promptopt: Promptopt) -> None:
    promptopt.history.commit("Add the prompt")
    good = promptopt.path.read_text()
    promptopt.path.write_text("messages: [\n")
    promptopt.history.commit("Break it")
    promptopt.path.write_text(good.replace("one team", "a team"))
    promptopt.history.commit("Mend it")
    assert "to[- one-]{+ a+} team." in promptopt("diff", NAME).out


def test_the_only_version_has_nothing_to_be_compared_with(promptopt: Promptopt) -> None:
    promptopt.history.commit("Add the prompt")
    printed = promptopt("diff", NAME)
    assert printed.out.splitlines()[1:] == [
        "nothing changed since HEAD, and there is no version before it"
    ]
    assert printed.status == 0


def test_a_prompt_that_is_not_committed_has_nothing_to_be_compared_with(
    promptopt: Promptopt,
) -> None:
    promptopt.history.commits(1)
    assert promptopt("diff", NAME).out.splitlines()[1:] == [
        "not in HEAD, so there is nothing to compare with"
    ]


def test_a_ref_is_followed_through_renames(promptopt: Promptopt) -> None:
    promptopt.history.commit("Add the prompt")
    promptopt.history.git("tag", "v1")
    promptopt.history.rename(NAME, "prompts/middle.prompt.yml")
    promptopt.history.commit("Rename")
    promptopt.path = promptopt.history.rename("prompts/middle.prompt.yml", "triage.prompt.yml")
    promptopt.edit("goldens: route.jsonl\n", "testData: [{id: refund, ticket: x}]\n")
    promptopt.edit("Answer with its name only.", "Say its name.\n      Nothing else counts here.")
    promptopt.history.commit("Rename again, and change")
    out = promptopt("diff", "triage.prompt.yml", "v1").out
    assert "renamed from prompts/route.prompt.yml" in out
    assert "goldens −1 ~1\n  - late\n  ~ refund\n" in out


def test_goldens_that_changed_side_are_told_with_their_scores(promptopt: Promptopt) -> None:
    promptopt.history.commit("Add the prompt")
    promptopt.save("HEAD", {"refund": 0, "late": 1})
    promptopt.save("HEAD", {"refund": 1, "late": 1}, "local/other")
    promptopt.edit("one team", "a team")
    promptopt.save(None, {"refund": 1, "late": 0.5})
    assert (
        promptopt("diff", NAME).out.partition("scores\n")[2]
        == """\
  openai/m  0.500 [0.250, 0.750] → 0.750 [0.250, 0.750]  2 goldens
    fixed   refund  0.00 → 1.00
    broken  late  1.00 → 0.50
"""
    )


def test_goldens_that_say_something_else_now_have_no_side_to_change(promptopt: Promptopt) -> None:
    promptopt.history.commit("Add the prompt")
    promptopt.save("HEAD", {"refund": 0, "late": 0})
    promptopt.goldens.write_text(promptopt.goldens.read_text().replace("Where", "When"))
    promptopt.edit("{name: right", "{name: correct")
    promptopt.save(None, {"refund": 0, "late": 1})
    assert (
        promptopt("diff", NAME).out.partition("\n\n")[2]
        == """\
goldens ~1
  ~ late

evaluators +1 −1
  - right
  + correct

scores
  openai/m  0.000 [0.250, 0.750] → 0.500 [0.250, 0.750]  2 goldens
  the evaluators changed too, so the scores do not mean the same
    no golden changed side
"""
    )


def test_scores_that_only_one_side_has_are_told(promptopt: Promptopt) -> None:
    promptopt.history.commit("Add the prompt")
    promptopt.save("HEAD", {"refund": 0, "late": 1})
    promptopt.edit("one team", "a team")
    promptopt.save(None, {"refund": 0, "late": 1}, "local/other")
    assert promptopt("diff", NAME).out.partition("scores\n")[2].splitlines()[:2] == [
        "  - openai/m  0.500 [0.250, 0.750]",
        "  + local/other  0.500 [0.250, 0.750]",
    ]


def test_code_of_evaluators_that_changed_is_told(promptopt: Promptopt) -> None:
    promptopt.history.write("checks.py", "def right(answer, variables): return True\n")
    promptopt.edit('equals: "{{expected}}"', '"python": "checks:right"')
    promptopt.history.commit("Add the prompt")
    promptopt.history.write("checks.py", "def right(answer, variables): return False\n")
    assert "the code of evaluators changed\n" in promptopt("diff", NAME).out


def test_a_ref_with_the_same_content_has_no_difference(promptopt: Promptopt) -> None:
    promptopt.history.commit("Add the prompt")
    promptopt.edit("model: openai/m", "# a comment\nmodel: openai/m")
    assert promptopt("diff", NAME, "main").out.splitlines()[-1] == "the content is the same"


def test_a_gate_alone_asks_for_no_scores(promptopt: Promptopt) -> None:
    promptopt.history.commit("Add the prompt")
    promptopt.edit("model: openai/m", "model: openai/m\ngate: {min: 0.8}\nsamples: 3")
    lines = promptopt("diff", NAME).out.splitlines()
    assert lines[3:] == ["samples: 1 → 3", "gate.min: none → 0.8"]


def test_a_schema_is_compared_word_by_word(promptopt: Promptopt) -> None:
    promptopt.edit("openai/m", "openai/m\njsonSchema: {properties: {team: {type: string}}}")
    promptopt.history.commit("Add the prompt")
    promptopt.edit("type: string", "type: number")
    assert (
        promptopt("diff", NAME).out.split("\n\n")[1]
        == """\
jsonSchema
…
│     "properties": {
│       "team": {
│         "type": "[-string-]{+number+}"
│       }
│     }
…"""
    )


def test_colors_stand_for_the_marks_on_a_terminal(
    promptopt: Promptopt, monkeypatch: pytest.MonkeyPatch
) -> None:
    promptopt.history.commit("Add the prompt")
    promptopt.edit("Ticket: {{", "\\x1b[41m: {{")
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    assert main(["diff", NAME]) == 0
    marked = "│ \x1b[31mTicket\x1b[0m\x1b[32m\\x1b[41m\x1b[0m: {{ticket}}\n"
    assert marked in terminal.getvalue()


def test_no_color_is_respected(promptopt: Promptopt, monkeypatch: pytest.MonkeyPatch) -> None:
    promptopt.history.commit("Add the prompt")
    promptopt.edit("one team", "a team")
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setenv("NO_COLOR", "1")
    assert main(["diff", NAME]) == 0
    assert "[- one-]{+ a+}" in terminal.getvalue()
    assert "\x1b" not in terminal.getvalue()


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        ((NAME, "nowhere"), 1, "`nowhere` is no branch, tag or commit"),
        ((NAME, "--", "--output=x"), 1, "`--output=x` looks like an option"),
        ((f"{NAME}@HEAD",), 2, "give the ref as a word of its own: PROMPT HEAD"),
        (("prompts/rout.prompt.yml",), 2, "did you mean `route.prompt.yml`?"),
        (("prompts",), 2, "is a folder; name one prompt file (*.prompt.yml)"),
    ],
)
def test_what_cannot_be_compared_is_one_message(
    promptopt: Promptopt, arguments: tuple[str, ...], status: int, message: str
) -> None:
    promptopt.history.commit("Add the prompt")
    printed = promptopt("diff", *arguments)
    assert printed.status == status
    assert message in printed.err


def test_a_ref_at_which_it_cannot_be_read_says_which(promptopt: Promptopt) -> None:
    good = promptopt.path.read_text()
    promptopt.path.write_text("messages: 1\n")
    commit = promptopt.history.commit("Broken from the start")
    promptopt.path.write_text(good)
    printed = promptopt("diff", NAME)
    assert printed.status == 1
    assert printed.err.splitlines()[0] == (f"promptopt: at commit {commit[:8]} it cannot be read:")
