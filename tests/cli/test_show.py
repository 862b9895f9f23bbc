import shutil

import pytest

from tests.cli.conftest import NAME, Promptopt


def test_messages_are_shown_as_they_would_be_sent(promptopt: Promptopt) -> None:
    promptopt.edit(
        "openai/m",
        "openai/m\nmodelParameters: {temperature: 0, stop: [a]}\njsonSchema: {type: string}",
    )
    assert (
        promptopt("show", NAME).out
        == """\
prompts/route.prompt.yml  [1]  working tree
golden: refund
model: openai/m
temperature: 0
stop: ["a"]
response format: json_schema
json schema: {"name": "answer", "schema": {"type": "string"}}

system
│ Route the ticket to one team.
│ Teams: billing, shipping.
│ Answer with its name only.
│

user
│ Ticket: My money back!
"""
    )


def test_a_golden_is_chosen_by_its_id(promptopt: Promptopt) -> None:
    assert "│ Ticket: Where is it?\n" in promptopt("show", NAME, "--golden", "late").out


def test_an_unknown_golden_is_told_with_the_nearest(promptopt: Promptopt) -> None:
    printed = promptopt("show", NAME, "--golden", "refnd")
    assert printed.status == 2
    assert printed.err == (
        "promptopt: prompts/route.prompt.yml has no golden `refnd` (known: refund, late); did you "
        "mean `refund`?\n"
    )


def test_without_goldens_the_templates_are_shown(promptopt: Promptopt) -> None:
    promptopt.edit("goldens: route.jsonl\n", "")
    out = promptopt("show", NAME).out
    assert "no goldens: the templates as they are\n" in out
    assert "│ Ticket: {{ticket}}\n" in out


def test_a_ref_shows_the_prompt_as_it_stood_there(promptopt: Promptopt) -> None:
    promptopt.history.commit("Add the prompt")
    promptopt.edit("one team", "a team")
    promptopt.goldens.write_text('{"ticket": "another"}\n')
    promptopt.history.rename(NAME, "prompts/triage.prompt.yml")
    promptopt.history.commit("Change")
    out = promptopt("show", "prompts/triage.prompt.yml@HEAD~1").out
    assert out.splitlines()[0] == "prompts/route.prompt.yml  [1]  commit (1)"
    assert "│ Route the ticket to one team.\n" in out
    assert "│ Ticket: My money back!\n" in out


def test_a_commit_without_the_prompt_says_so(promptopt: Promptopt) -> None:
    promptopt.history.commits(1)
    printed = promptopt("show", f"{NAME}@HEAD")
    assert (printed.status, printed.out) == (2, "")
    assert f"{NAME} is not in HEAD (" in printed.err


def test_a_path_with_an_at_sign_that_exists_is_a_file(promptopt: Promptopt) -> None:
    shutil.copy(promptopt.path, "prompts/a.prompt.yml@HEAD")
    assert promptopt("show", "prompts/a.prompt.yml@HEAD").out.startswith(
        "prompts/a.prompt.yml@HEAD  [1]  working tree\n"
    )


def test_git_is_not_needed_for_the_working_tree(
    promptopt: Promptopt, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(promptopt.history.folder / ".git")
    monkeypatch.chdir("prompts")
    assert promptopt("show", "route.prompt.yml").out.startswith("route.prompt.yml  [1]")


def test_a_placeholder_without_a_value_names_file_line_and_golden(promptopt: Promptopt) -> None:
    promptopt.edit("{{ticket}}", "{{tickt}}")
    printed = promptopt("show", NAME)
    assert printed.status == 1
    assert printed.err == (
        "promptopt: prompts/route.prompt.yml:8: {{tickt}} has no value in golden refund "
        "(prompts/route.jsonl:1)\n"
    )


def test_what_goldens_hold_never_reaches_the_terminal_raw(promptopt: Promptopt) -> None:
    promptopt.goldens.write_text(
        '{"id": "x", "ticket": "\\u001b[2J\\r\\n::error::\\u202eno\\u0007"}\n'
    )
    out = promptopt("show", NAME).out
    assert out.endswith("│ Ticket: \\x1b[2J\n│ ::error::\\u202eno\\x07\n")


def test_a_broken_file_is_told_with_every_problem(promptopt: Promptopt) -> None:
    promptopt.path.write_text("messages: 1\nname: []\n")
    printed = promptopt("show", NAME)
    assert printed.status == 1
    assert [line.split(": ")[1] for line in printed.err.splitlines()] == [
        "prompts/route.prompt.yml:1",
        "prompts/route.prompt.yml:2",
    ]
