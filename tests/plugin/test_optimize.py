"""``--prompt-optimize`` in whole runs, with a scripted task and optimizer model."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from _pytest._io.terminalwriter import get_terminal_width

from pytest_promptopt.testing.project import BASIC, Project
from tests.history.commits import History

ANSWERING = '''\
"""The task model is right once it is told the labels; the optimizer model rewrites."""
import pathlib
import time

LABELS = ("billing", "returns", "shipping")

def answer(request):
    text = "\\n".join(message.content for message in request.messages)
    log = pathlib.Path(__file__).with_name("asked.txt")
    with log.open("a") as file:
        file.write("asked\\n")
    time.sleep({seconds})
    if "<" in text and ">" in text:
        return "nothing to read here"
    told = all(label in text.partition("Ticket:")[0] for label in LABELS)
    label = next(label for label in LABELS if label in text.partition("Ticket:")[2])
    return label if told else f"I think this is about {{label}}."
'''

PROMPT = """\
# who gets it
model: scripted:answering:answer
messages:
  - role: system
    content: 'Say who gets the ticket.'   # in a hurry
  - {role: user, content: "Ticket: {{ticket}}"}
goldens: tickets.jsonl
gate: {min: 0.8}
optimize: {budget: 200 calls, rounds: 1, method: opro}
"""


def weak(project: Project, *, test: int = 12, seconds: float = 0.0) -> None:
    labels = ("billing", "returns", "shipping")
    parts = [("train", 18), ("validation", 9), ("test", test)]
    goldens = [
        {
            "id": f"{split}-{n}",
            "ticket": f"a matter of {labels[n % 3]}, case {n} of {split}",
            "expected": labels[n % 3],
            "split": split,
        }
        for split, count in parts
        for n in range(count)
    ]
    project.write("prompts/tickets.jsonl", "".join(f"{json.dumps(g)}\n" for g in goldens))
    project.write("prompts/a.prompt.yml", PROMPT)
    project.write("answering.py", ANSWERING.format(seconds=seconds))


def asked(project: Project) -> int:
    return (project.path / "asked.txt").read_text().count("asked")


def test_a_weak_prompt_is_rewritten_and_the_gain_proven_on_goldens_never_seen(
    project: Project,
) -> None:
    weak(project)
    result = project.run("--prompt-optimize")
    result.stdout.fnmatch_lines(
        [
            "    optimizing prompts/a.prompt.yml with scripted:answering:answer, run *",
            "    plan: opro: at most 200 calls; *",
            "    headroom: Wrong format: *",
            "    diagnosis: All 18 expected answers are one of 3 labels: *",
            "    racing what needs no model, *",
            "    finals, best on validation 1.000 (*), * of 200 calls (*",
            "    verdict: Improved: +1.000 on 12 test goldens *, 12 fixed and 0 broken, *",
            "    gate: The gate holds on 12 test goldens with the new prompt: score 1.000, *",
            "*= prompt optimization =*",
            "prompts/a.prompt.yml (opro, scripted:answering:answer)",
            "    ended: a candidate passes every golden of validation",
            "    on validation: 0.000 before, 1.000 now",
            "    verdict: Improved: *",
            "    to take it: promptopt apply *, or git apply .promptopt/proposals/*.patch",
            "    --- a/prompts/a.prompt.yml",
            "    -    content: 'Say who gets the ticket.'   # in a hurry",
            "    +    content: '*billing, returns, shipping*'   # in a hurry",
        ]
    )
    told = result.stdout.str().partition("= prompt optimization =")[2]
    prose = told.partition("    to take it: ")[0].splitlines()[1:]
    assert max(map(len, prose)) <= get_terminal_width()
    assert (project.path / "prompts/a.prompt.yml").read_text() == PROMPT
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_the_patch_applies_and_then_the_gate_holds(project: Project) -> None:
    weak(project)
    project.run("--prompt-optimize")
    history = History(project.path)
    [patch] = (project.path / ".promptopt" / "proposals").glob("*.patch")
    history.git("apply", str(patch))
    after = (project.path / "prompts/a.prompt.yml").read_text()
    assert after.startswith("# who gets it\nmodel: scripted:answering:answer\n")
    project.run().assert_outcomes(passed=40)


def test_what_is_proposed_is_saved_also_where_nothing_is_drawn(project: Project) -> None:
    weak(project)
    project.run("--prompt-optimize", "-p", "no:terminal")
    assert [*(project.path / ".promptopt/proposals").glob("*.json")]


def test_a_proposal_that_cannot_be_saved_is_shown_and_fails_the_run(project: Project) -> None:
    weak(project)
    project.write("prompts/a.prompt.yml", PROMPT.replace("gate: {min: 0.8}", "gate: {min: 0}"))
    project.write(".promptopt/proposals", "in the way")
    result = project.run("--prompt-optimize-all")
    result.stdout.fnmatch_lines(
        ["    not saved: .promptopt/proposals/*.patch: * take the diff from here", "    --- a/*"]
    )
    assert "Traceback" not in result.stdout.str()
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_a_prompt_that_holds_its_gate_is_left_alone_unless_all_are_wanted(
    project: Project,
) -> None:
    weak(project)
    project.write("prompts/a.prompt.yml", PROMPT.replace("Say", "billing returns shipping: say"))
    result = project.run("--prompt-optimize")
    result.stdout.fnmatch_lines(
        ["*= prompt optimization =*", "nothing to optimize: no gate failed, *-optimize-all *"]
    )
    result = project.run("--prompt-optimize-all")
    result.stdout.fnmatch_lines(["    ended: *: nothing to gain"])


def test_the_command_line_wins_over_the_file(project: Project) -> None:
    weak(project)
    result = project.run(
        "--prompt-optimize",
        "--prompt-optimize-method=ape",
        "--prompt-optimize-set",
        "budget=150 calls",
        "--prompt-optimize-set",
        "diagnosis=false",
    )
    result.stdout.fnmatch_lines(["    plan: ape: at most 150 calls; *"])
    assert "diagnosis:" not in result.stdout.str()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--prompt-optimize-method=protogi"], "*--prompt-optimize-method: 'protogi'*protegi*"),
        (["--prompt-optimize-set=ruonds=2"], "*--prompt-optimize-set: `ruonds`*`rounds`*"),
        (["--prompt-optimize-set=rounds"], "*--prompt-optimize-set: expected KEY=VALUE*"),
        (["--prompt-optimize-set=rounds=many"], "*`rounds`: expected a whole number*'many'*"),
    ],
)
def test_a_method_or_setting_that_is_not_known_is_a_usage_error(
    project: Project, arguments: list[str], message: str
) -> None:
    result = project.run("--prompt-optimize", *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])


def test_a_cap_too_small_for_one_round_is_told_before_anything_is_spent(
    project: Project,
) -> None:
    weak(project)
    project.run()
    before = asked(project)
    result = project.run("--prompt-optimize", "--prompt-optimize-set=budget=30 calls")
    result.stdout.fnmatch_lines(["prompts/a.prompt.yml: not optimized: *cap of 30 calls*"])
    assert asked(project) == before


def test_a_plan_tells_what_a_search_would_take(project: Project) -> None:
    weak(project)
    result = project.run("--prompt-plan", "--prompt-optimize")
    result.stdout.fnmatch_lines(
        [
            "prompts/a.prompt.yml, should it fall short:",
            "    opro: at most 200 calls; * before the first round, *",
        ]
    )
    assert not (project.path / "asked.txt").exists()


def test_a_file_that_cannot_be_edited_is_told_before_anything_is_spent(
    project: Project,
) -> None:
    weak(project)
    anchored = PROMPT.replace("'Say", "&say 'Say").replace("gate:", "description: *say\ngate:")
    project.write("prompts/a.prompt.yml", anchored)
    project.run()
    before = asked(project)
    result = project.run("--prompt-optimize")
    result.stdout.fnmatch_lines(
        [
            "prompts/a.prompt.yml: not optimized: prompts/a.prompt.yml:5: "
            "`messages[[]0].content` is also used on line 8, as [*]say; write it out there first"
        ]
    )
    assert asked(project) == before


def test_with_too_few_goldens_what_is_found_is_marked_unproven(project: Project) -> None:
    weak(project, test=3)
    result = project.run("--prompt-optimize")
    result.stdout.fnmatch_lines(
        ["    verdict: Unproven: 3 test goldens, *", "    unproven; to take it: promptopt apply *"]
    )


def test_a_file_edited_during_the_run_is_not_overwritten(project: Project) -> None:
    weak(project)
    editing = (
        "    if told:\n"
        '        path = log.parent / "prompts" / "a.prompt.yml"\n'
        '        path.write_text("# by hand\\n" + path.read_text().removeprefix("# by hand\\n"))\n'
        "    return label if"
    )
    answering = ANSWERING.format(seconds=0.0).replace("    return label if", editing)
    project.write("answering.py", answering)
    result = project.run("--prompt-optimize")
    assert (project.path / "prompts/a.prompt.yml").read_text() == "# by hand\n" + PROMPT
    result.stdout.fnmatch_lines(
        [
            "    the file was edited while the search ran: the diff is for what it was before",
            "    verdict: Improved: *",
        ]
    )


def test_a_finished_search_is_told_again_without_asking_anything(project: Project) -> None:
    weak(project)
    project.run("--prompt-optimize")
    before = asked(project)
    result = project.run("--prompt-optimize", "--prompt-cache-clear")
    result.stdout.fnmatch_lines(["    verdict: Improved: *"])
    assert asked(project) - before <= 39 + 1


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_was_stopped_goes_on_and_pays_nothing_twice(
    project: Project, how: signal.Signals
) -> None:
    weak(project, seconds=0.02)
    command = [sys.executable, "-m", "pytest", *BASIC, "--prompt-optimize"]
    command += ["--prompt-concurrency", "1"]
    process = subprocess.Popen(command, cwd=project.path, stdout=subprocess.PIPE, text=True)
    _wait_until(lambda: len(_journal_lines(project.path)) > 20)
    process.send_signal(how)
    output, _ = process.communicate(timeout=30)
    if how is signal.SIGINT:
        assert "interrupted; run" in output
    result = project.run("--prompt-optimize")
    result.stdout.fnmatch_lines(["    verdict: Improved: *"])
    calls = [line for line in _journal_lines(project.path) if line["event"] == "call"]
    fingerprints = [line["fingerprint"] for line in calls]
    assert len(fingerprints) == len(set(fingerprints))


def _journal_lines(path: Path) -> list[dict[str, str]]:
    journals = [*path.glob(".promptopt/runs/*/journal.jsonl")]
    lines = journals[0].read_text().splitlines() if journals else []
    return [json.loads(line) for line in lines if line.endswith("}")]


def _wait_until(is_true: object, seconds: float = 60.0) -> None:
    assert callable(is_true)
    end = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_under_xdist_the_controller_optimizes(project: Project) -> None:
    weak(project)
    result = project.run("--prompt-optimize", "-p", "xdist.plugin", "-n", "1")
    result.stdout.fnmatch_lines(["    verdict: Improved: *"])
    assert len([*project.path.glob(".promptopt/runs/*/journal.jsonl")]) == 1


def test_a_prompt_is_tuned_for_another_model(project: Project) -> None:
    weak(project)
    project.write("newer.py", ANSWERING.format(seconds=0.0))
    result = project.run("--prompt-optimize", "--prompt-model", "scripted:newer:answer")
    result.stdout.fnmatch_lines(
        [
            "prompts/a.prompt.yml (opro, scripted:newer:answer)",
            "    verdict: Improved: *",
        ]
    )
