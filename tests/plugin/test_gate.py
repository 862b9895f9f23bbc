"""``gate:`` in whole runs: confidence, parts, samples and reducers."""

import json
from typing import Any

from tests.project import PROMPT, Project


def many(project: Project, passed: int, missed: int, more: str) -> None:
    """A prompt whose goldens are answered with their own question."""
    goldens: list[dict[str, Any]] = [
        *({"id": f"p{n}", "q": f"p{n}", "expected": f"p{n}"} for n in range(passed)),
        *(
            {"id": f"m{n}", "q": f"m{n}", "expected": "other", "tags": ["hard"]}
            for n in range(missed)
        ),
    ]
    project.answers({golden["q"]: golden["q"] for golden in goldens})
    project.write("prompts/goldens.jsonl", "".join(f"{json.dumps(g)}\n" for g in goldens))
    project.write(
        "prompts/a.prompt.yml",
        "model: scripted:answers.json\n"
        "messages:\n"
        '  - {role: user, content: "{{q}}"}\n'
        f"goldens: goldens.jsonl\n{more}\n",
    )


def test_an_undecided_gate_fails_and_says_what_would_decide(project: Project) -> None:
    many(project, 36, 4, "gate: {min: 0.85, confidence: 0.95}")
    result = project.run()
    result.assert_outcomes(passed=36, failed=1)
    result.stdout.fnmatch_lines(
        [
            "prompts/a.prompt.yml does not hold its gate:",
            "  score 0.900 could lie on either side of min 0.85: 0.786 to 0.965 with 95 % "
            "confidence (40 goldens scored); about * more goldens would decide at this rate",
            "prompts/a.prompt.yml  INCONCLUSIVE  0.900  *0.769 to 0.960      36       4*",
            "    by tag: hard 0.000 (4)",
        ]
    )


def test_an_undecided_gate_passes_where_the_file_says_so(project: Project) -> None:
    many(project, 36, 4, "gate: {min: 0.85, confidence: 0.95, inconclusive: pass}")
    result = project.run()
    result.assert_outcomes(passed=37)
    result.stdout.fnmatch_lines(
        [
            "prompts/a.prompt.yml  let through  0.900 *",
            "    gate: score 0.900 could lie on either side of min 0.85:*",
        ]
    )


def test_a_gate_on_a_tag_fails_though_the_whole_holds(project: Project) -> None:
    many(project, 36, 4, "gate: {min: 0.85, tags: {hard: {min: 0.5}}}")
    result = project.run()
    result.assert_outcomes(passed=36, failed=1)
    result.stdout.fnmatch_lines(["  tag hard: score 0.000 is under min 0.5 (4 goldens scored)"])


def test_a_tag_that_no_golden_has_is_an_error_with_its_line(project: Project) -> None:
    many(project, 3, 1, "gate:\n  tags:\n    hrad: {min: 0.5}")
    result = project.run()
    result.stdout.fnmatch_lines(["*prompts/a.prompt.yml:7: *hrad*hard*"])
    assert result.ret == 1


def several(project: Project, one: str, two: str, more: str) -> None:
    """The prompt of two goldens, whose samples get these letters in turn."""
    project.write(
        "answering.py",
        f"""\
        def answer(request):
            letters = "{one}" if "one" in request.messages[0].content else "{two}"
            return letters[request.sample]
        """,
    )
    prompt = PROMPT.replace("scripted:answers.json", "scripted:answering:answer")
    project.write("prompts/a.prompt.yml", f"{prompt}samples: {len(one)}\n{more}\n")


def test_several_samples_are_averaged_within_their_golden(project: Project) -> None:
    several(project, "1117", "2222", "")
    result = project.run()
    result.stdout.fnmatch_lines(
        [
            "prompts/a.prompt.yml   failed  0.875 *",
            "    50 % passed, samples agree 88 %",
            '    worst: *expected "1", got "7" (1 of 4 answers missed)',
        ]
    )


def test_the_majority_of_samples_decides_where_the_file_says_so(project: Project) -> None:
    several(project, "711", "299", "reducer: majority")
    project.run().assert_outcomes(passed=1, failed=1)


def test_at_least_so_many_samples_must_pass_where_the_file_says_so(project: Project) -> None:
    several(project, "711", "289", "reducer: at-least-2")
    project.run().assert_outcomes(passed=1, failed=1)


def test_goldens_of_one_conversation_count_as_one(project: Project) -> None:
    many(project, 36, 4, "gate: {min: 0.6, confidence: 0.95}")
    goldens = [*map(json.loads, (project.path / "prompts/goldens.jsonl").read_text().splitlines())]
    clustered = [{**golden, "cluster": f"chat {n // 5}"} for n, golden in enumerate(goldens)]
    project.write("prompts/goldens.jsonl", "".join(f"{json.dumps(g)}\n" for g in clustered))
    result = project.run("--prompt-report", "report.json")
    result.assert_outcomes(passed=36, failed=1)
    result.stdout.fnmatch_lines(
        [
            "  score 0.900 could lie on either side of min 0.6: 0.5* to 0.9* with 95 % confidence "
            "(40 goldens in 8 clusters scored); about * more clusters would decide at this rate",
            "    40 goldens in 8 clusters: what shares a cluster counts as one in intervals and *",
        ]
    )
    [prompt] = json.loads((project.path / "report.json").read_text())["prompts"]
    assert {row["cluster"] for row in prompt["results"]} == {f"chat {n}" for n in range(8)}
