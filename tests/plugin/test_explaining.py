"""Every miss is explained, and one cause is told once."""

from xml.etree import ElementTree

import pytest

from tests.project import PROMPT, Project

GATED = PROMPT + "gate: {min: 0.9}\n"
LOOSE = PROMPT + "gate: {min: 0.5}\n"
BLOCK = [
    "*_ prompts/a.prompt.yml::wrong _*",
    'expected "2", got "3"',
    "prompts/a.prompt.yml:6: golden wrong missed with scripted:answers.json",
    "input",
    "│ q: two",
    "expected",
    "│ 2",
    "answer",
    "│ 3",
    "missed  expected  0.00: *",
]


@pytest.mark.parametrize(
    ("prompt", "arguments", "is_shown"),
    [
        (GATED, (), True),
        (GATED, ("-q",), False),
        (LOOSE, (), False),
        (LOOSE, ("-v",), True),
        (LOOSE, ("prompts/a.prompt.yml::wrong", "prompts/a.prompt.yml::gate"), True),
    ],
)
def test_missed_goldens_are_explained_where_their_gate_fails_or_where_it_is_asked_for(
    project: Project, prompt: str, arguments: tuple[str, ...], is_shown: bool
) -> None:
    project.write("prompts/a.prompt.yml", prompt)
    result = project.run(*arguments)
    if is_shown:
        result.stdout.fnmatch_lines(BLOCK, consecutive=True)
    else:
        result.stdout.no_fnmatch_line("*missed goldens*")


def test_the_worst_few_are_explained_and_all_in_junit(project: Project) -> None:
    more = "".join(f'  - {{id: m{n}, q: q{n}, expected: "1"}}\n' for n in range(6))
    project.write("prompts/a.prompt.yml", PROMPT + more + "gate: {min: 0.9}\n")
    result = project.run("--junitxml=junit.xml")
    assert result.stdout.str().count("missed with scripted") == 3
    result.stdout.fnmatch_lines(["4 more goldens missed under a gate that failed; -v shows them"])
    cases = ElementTree.parse(project.path / "junit.xml").iter("testcase")
    explained = {case.get("name"): case.findtext("system-out") or "" for case in cases}
    assert sum("missed with scripted" in text for text in explained.values()) == 7
    assert explained["m5"].startswith('expected "1", got "?"\n')


def test_of_several_answers_one_that_missed_is_shown(project: Project) -> None:
    project.write(
        "answering.py",
        """\
        def answer(request):
            return "1" if request.messages[-1].content == "one" else "233"[request.sample]
        """,
    )
    text = GATED.replace("scripted:answers.json", "scripted:answering:answer")
    project.write("prompts/a.prompt.yml", f"{text}samples: 3\nreducer: majority\n")
    result = project.run("--prompt-report", "report.md")
    said = 'expected "2", got "3" (2 of 3 answers missed)'
    result.stdout.fnmatch_lines([said, "answer 1 of 3, passed", f"    worst: wrong 0.00, {said}"])
    assert f"- wrong: 0.00, {said}" in (project.path / "report.md").read_text(encoding="utf-8")


MANY = "".join(f'  - {{id: g{n}, q: q{n}, expected: "1"}}\n' for n in range(50))


@pytest.mark.parametrize(
    ("change", "arguments", "reason"),
    [
        (("scripted:answers.json", "openai/gpt-5-mini"), (), "OPENAI_API_KEY"),
        (
            ("scripted:answers.json", "openai/gpt-5-mini"),
            ("--prompt-responses", "replay"),
            "record",
        ),
        (("scripted:answers.json", "nobody/knows"), (), "nobody/knows"),
        (("{{q}}", "{{nothing}}"), (), "::right - line 3: {{nothing}} has no value"),
        (("", ""), ("--prompt-budget", "0 calls"), "the budget is 0 calls"),
    ],
)
def test_one_cause_is_told_once_however_many_goldens_it_stops(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    change: tuple[str, str],
    arguments: tuple[str, ...],
    reason: str,
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    project.write("prompts/a.prompt.yml", (PROMPT + MANY).replace(*change))
    result = project.run(*arguments)
    result.assert_outcomes(errors=52)
    assert result.stdout.str().count("ERROR at setup of") == 1
    result.stdout.fnmatch_lines(["the same for 51 more goldens: wrong, g0, *"])
    result.stdout.fnmatch_lines(["ERROR prompts/a.prompt.yml::right - *", "*::g49 - as right"])
    assert 1 <= sum(reason in line for line in result.outlines) <= 4
    assert len(result.outlines) < 85


def test_workers_tell_one_cause_once_and_a_miss_in_short_too(project: Project) -> None:
    project.answers({"one": "1", "two": "3", "*": {"error": {"status": 404, "message": "no x"}}})
    project.write("prompts/a.prompt.yml", PROMPT + MANY)
    result = project.run("-p", "xdist.plugin", "-n", "2", "--junitxml=junit.xml")
    assert result.parseoutcomes() == {"passed": 1, "failed": 1, "errors": 50}
    assert result.stdout.str().count("ERROR at setup of") == 1
    result.stdout.fnmatch_lines(["the same for 49 more goldens: *"])
    result.stdout.fnmatch_lines(['FAILED prompts/a.prompt.yml::wrong - expected "2", got "3"'])
    assert sum(line.startswith("ERROR ") and " - as g" in line for line in result.outlines) == 49
    cases = ElementTree.parse(project.path / "junit.xml").iter("testcase")
    messages = {case.get("name"): [found.get("message") for found in case] for case in cases}
    assert messages["wrong"][-1:] == ['expected "2", got "3"']
