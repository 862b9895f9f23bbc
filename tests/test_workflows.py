"""The workflows and the action in .github, and the workflow in the docs."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
ACTION = ROOT / ".github" / "actions" / "prompt-eval" / "action.yml"
REPLAY = ROOT / ".github" / "workflows" / "prompts.yml"
COMMENT = ROOT / ".github" / "workflows" / "prompts-comment.yml"
RELEASE = ROOT / ".github" / "workflows" / "release.yml"
TEMPLATES = ROOT / "pytest_promptopt" / "work" / "templates"
WORKFLOWS = [*sorted(REPLAY.parent.glob("*.yml")), TEMPLATES / "workflow.yml"]
FILES = [ACTION, *WORKFLOWS]

PROMPT = """\
model: scripted:answers.json
messages:
  - {role: user, content: "{{q}}"}
testData:
  - {id: right, q: one, expected: "1"}
  - {id: wrong, q: two, expected: "2"}
gate: {min: MINIMUM}
"""

# Stands in for a command: writes its arguments down, one a line.
WRITES_ARGUMENTS = '#!/bin/sh\nprintf \'%s\\n\' "$@" > "$WRITTEN"\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a step's script left: its exit code, output, job summary and step outputs."""

    code: int
    printed: str
    summary: str
    outputs: str


class Job:
    """A folder in which the scripts of steps run as the runner would run them."""

    def __init__(self, folder: Path) -> None:
        self.workspace = folder / "workspace"
        self.commands = folder / "bin"
        self.temporary = folder / "temp"
        for made in (self.workspace, self.commands, self.temporary):
            made.mkdir(parents=True)

    def write(self, name: str, text: str) -> Path:
        path = self.workspace / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def replace_command(self, name: str) -> None:
        path = self.commands / name
        path.write_text(WRITES_ARGUMENTS)
        path.chmod(0o755)

    def written(self) -> list[str]:
        return (self.temporary / "written").read_text().splitlines()

    def run(self, ran: Mapping[str, Any], **inputs: str) -> Ran:
        summary, outputs = self.temporary / "summary", self.temporary / "outputs"
        for file in (summary, outputs):
            file.write_text("")
        # A run inside a test is not the CI job that runs the tests.
        ours = ("GITHUB_", "GITLAB_")
        own = {name: text for name, text in os.environ.items() if not name.startswith(ours)}
        given = {name: filled(text, inputs) for name, text in ran.get("env", {}).items()}
        path = [str(self.commands), str(Path(sys.executable).parent), os.environ["PATH"]]
        runners = {
            "PATH": os.pathsep.join(path),
            "RUNNER_TEMP": str(self.temporary),
            "GITHUB_STEP_SUMMARY": str(summary),
            "GITHUB_OUTPUT": str(outputs),
            "WRITTEN": str(self.temporary / "written"),
        }
        ended = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", ran["run"]],
            cwd=self.workspace,
            env=own | given | runners,
            capture_output=True,
            text=True,
            check=False,
        )
        return Ran(
            code=ended.returncode,
            printed=ended.stdout + ended.stderr,
            summary=summary.read_text(),
            outputs=outputs.read_text(),
        )


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file with the answers to the prompt's two goldens, as a live run recorded them."""
    job = Job(tmp_path_factory.mktemp("recording"))
    write_prompt(job, minimum=0.5)
    recorded = job.run(step("Score"), responses="record")
    assert recorded.code == 0, recorded.printed
    return job.workspace / "prompts" / "__recordings__" / "a.jsonl"


def write_prompt(job: Job, *, minimum: float) -> None:
    job.write("pytest.ini", "[pytest]\n")
    job.write("answers.json", '{"one": "1", "two": "3"}')
    job.write("prompts/a.prompt.yml", PROMPT.replace("MINIMUM", str(minimum)))


def read(path: Path) -> dict[str, Any]:
    # BaseLoader: `on` stays a word.
    document = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    assert isinstance(document, dict)
    return document


def steps(path: Path) -> list[dict[str, Any]]:
    document = read(path)
    if "runs" in document:
        return list(document["runs"]["steps"])
    return [step for job in document["jobs"].values() for step in job["steps"]]


def step(name: str, *, of: Path = ACTION) -> dict[str, Any]:
    (found,) = (step for step in steps(of) if step.get("name") == name)
    return found


def filled(text: str, inputs: Mapping[str, str]) -> str:
    """``text`` with the action's inputs in it, as given or by default."""
    known = {name: described["default"] for name, described in read(ACTION)["inputs"].items()}
    known |= {**inputs, "github.token": "a token"}
    return re.sub(r"\$\{\{ (?:inputs\.)?(\S+) \}\}", lambda match: known[match[1]], text)


def verdicts(job: Job) -> list[str]:
    """The gates' verdicts in the report that would be uploaded."""
    report, proposals = step("Upload the report")["with"]["path"].split()
    assert proposals == ".promptopt/proposals/"
    prompts = json.loads((job.workspace / report).read_text())["prompts"]
    return [prompt["verdict"]["decision"] for prompt in prompts]


def zizmor(*files: Path) -> tuple[list[str], str]:
    """The audits that found something, and what zizmor says of it."""
    command = [str(Path(sysconfig.get_path("scripts"), "zizmor")), "--offline", "--pedantic"]
    command += ["--no-config", "--no-progress", "--format=json", *map(str, files)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    found = json.loads(ended.stdout)
    return [finding["ident"] for finding in found], ended.stdout + ended.stderr


def schema_problems(schema: str, *files: Path) -> str:
    """What check-jsonschema has against ``files``; empty for nothing."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema]
    ended = subprocess.run(
        [*command, *map(str, files)], capture_output=True, text=True, check=False
    )
    return "" if ended.returncode == 0 else ended.stdout + ended.stderr


def test_zizmor_finds_nothing() -> None:
    found, told = zizmor(*FILES)
    assert found == [], told


def test_zizmor_finds_an_injection(tmp_path: Path) -> None:
    text = ACTION.read_text(encoding="utf-8")
    planted = tmp_path / "action.yml"
    planted.write_text(text.replace('"$PROMPT_REQUIREMENT"', "${{ inputs.requirement }}"))
    assert zizmor(planted)[0] == ["template-injection"]


def test_workflows_and_action_are_what_the_published_schemas_describe() -> None:
    assert schema_problems("vendor.github-workflows", *WORKFLOWS) == ""
    assert schema_problems("vendor.github-actions", ACTION) == ""


def test_the_action_that_init_writes_is_the_one_that_this_project_uses() -> None:
    assert (TEMPLATES / "action.yml").read_bytes() == ACTION.read_bytes(), f"copy {ACTION}"


def test_a_key_that_the_schema_does_not_know_is_found(tmp_path: Path) -> None:
    planted = tmp_path / "prompts.yml"
    text = REPLAY.read_text(encoding="utf-8")
    planted.write_text(text.replace("timeout-minutes:", "timeout:"))
    assert "timeout" in schema_problems("vendor.github-workflows", planted)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_no_workflow_runs_a_pull_requests_code_with_the_bases_rights(path: Path) -> None:
    assert "pull_request_target" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_rights_are_given_to_jobs_one_by_one(path: Path) -> None:
    document = read(path)
    assert document["permissions"] == {}
    assert all(job["permissions"] for job in document["jobs"].values())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_actions_are_named_by_commit_or_are_our_own(path: Path) -> None:
    used = re.findall(r"\buses: (.+)", path.read_text(encoding="utf-8"))
    assert len(used) == sum("uses" in step for step in steps(path)) > 0
    by_commit = re.compile(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
    assert [name for name in used if not (name.startswith("./") or by_commit.fullmatch(name))] == []


def test_inputs_of_the_action_are_described_and_those_given_exist() -> None:
    inputs = read(ACTION)["inputs"]
    assert all(described["description"] for described in inputs.values())
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    assert [name for name in inputs if f"| `{name}` |" not in page] == []
    given = {
        name
        for path in WORKFLOWS
        for step in steps(path)
        if step.get("uses") == "./.github/actions/prompt-eval"
        for name in step["with"]
    }
    assert given
    assert given <= set(inputs)


def test_only_pytest_gets_the_token() -> None:
    holding = [step["name"] for step in steps(ACTION) if "inputs.token" in json.dumps(step)]
    assert holding == ["Score"]


def test_what_runs_a_forks_code_may_only_read() -> None:
    (job,) = read(REPLAY)["jobs"].values()
    assert job["permissions"] == {"contents": "read"}
    assert "secrets." not in REPLAY.read_text(encoding="utf-8")


def test_what_may_write_checks_nothing_out() -> None:
    used = [step.get("uses", "").partition("@")[0] for step in steps(COMMENT)]
    assert used == ["actions/setup-python", "", "actions/download-artifact", ""]


def test_only_what_publishes_has_an_identity_and_it_runs_nothing_of_the_checkout() -> None:
    jobs = {(path, name): job for path in WORKFLOWS for name, job in read(path)["jobs"].items()}
    having = [of for of, job in jobs.items() if "id-token" in job["permissions"]]
    assert having == [(RELEASE, "publish")]
    publish = jobs[RELEASE, "publish"]
    assert publish["permissions"] == {"id-token": "write"}
    assert (publish["environment"], publish["needs"]) == ("release", "build")
    assert "actions/checkout" not in json.dumps(publish)
    assert "secrets." not in RELEASE.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("tag", "code"), [("v1.2.0", 0), ("v1.2", 1), ("v1.2.0rc1", 1), ("1.2.0-hotfix", 1)]
)
def test_a_release_is_of_the_version_that_its_tag_names(job: Job, tag: str, code: int) -> None:
    job.write("dist/pytest_promptopt-1.2.0-py3-none-any.whl", "")
    compared = step("Compare tag and version", of=RELEASE) | {"env": {"GITHUB_REF_NAME": tag}}
    ran = job.run(compared)
    assert ran.code == code
    built = "what was built is dist/pytest_promptopt-1.2.0-py3-none-any.whl"
    assert ran.printed == (f"::error::The tag is {tag}, and {built}\n" if code else "")


def test_what_is_published_was_tried() -> None:
    ran = [step.get("run", step.get("uses", "").partition("@")[0]) for step in steps(RELEASE)]
    assert ran.index(".ci/package") < ran.index("actions/upload-artifact")


def test_the_second_workflow_takes_what_the_first_one_leaves() -> None:
    started = read(COMMENT)["on"]["workflow_run"]["workflows"]
    assert started == [read(REPLAY)["name"]]
    (download,) = (step for step in steps(COMMENT) if "download" in step.get("uses", ""))
    assert download["with"]["pattern"] == read(ACTION)["inputs"]["artifact"]["default"]


def test_prompts_with_recordings_are_scored(job: Job, recordings: Path) -> None:
    write_prompt(job, minimum=0.5)
    job.write("prompts/__recordings__/a.jsonl", recordings.read_text())
    looked = job.run(step("Look for recordings"), responses="replay")
    assert (looked.code, looked.outputs, looked.summary) == (0, "scored=true\n", "")
    scored = job.run(step("Score"), responses="replay")
    assert scored.code == 0, scored.printed
    assert "2 of 2 goldens from the recordings" in scored.printed
    assert "All good" in scored.summary
    assert verdicts(job) == ["PASS"]


def test_this_projects_prompts_hold_their_gates_by_their_recordings(job: Job) -> None:
    shutil.copytree(ROOT / "prompts", job.workspace / "prompts")
    scored = job.run(step("Score"), responses="replay")
    assert scored.code == 0, scored.printed
    assert verdicts(job) == ["PASS"] * 6


def test_a_failing_gate_is_pytests_exit_code_and_leaves_a_report(
    job: Job, recordings: Path
) -> None:
    write_prompt(job, minimum=0.9)
    job.write("prompts/__recordings__/a.jsonl", recordings.read_text())
    scored = job.run(step("Score"), responses="replay")
    assert scored.code == 1, scored.printed
    assert verdicts(job) == ["FAIL"]


def test_a_report_of_another_run_is_not_taken_for_this_ones(job: Job) -> None:
    report = job.write(".promptopt/report.json", "{}")
    job.replace_command("python")
    assert job.run(step("Score")).code == 0
    assert not report.exists()


def test_without_recordings_nothing_is_scored_and_that_is_told(job: Job) -> None:
    job.write("prompts/a.prompt.yml", PROMPT)
    looked = job.run(step("Look for recordings"), responses="replay")
    text = "There are no recordings to replay, so no prompt was scored."
    assert looked.code == 0
    assert looked.printed == f"::notice title=Prompts not scored::{text}\n"
    assert looked.summary == f"**Prompts not scored.** {text}\n"
    assert looked.outputs == "scored=false\n"


def test_without_recordings_no_later_step_runs() -> None:
    _, *later = steps(ACTION)
    assert len(later) == 3
    assert all("steps.recordings.outputs.scored == 'true'" in step["if"] for step in later)


@pytest.mark.parametrize(
    ("paths", "scored"),
    [
        ("recorded", "true"),
        ("new\n  recorded\n", "true"),
        ("recorded/a b.prompt.yml::right", "true"),
        ("new", "false"),
        ("new/a.prompt.yml", "false"),
        ("not there", "true"),  # That is for pytest to tell.
        ("", "true"),
    ],
)
def test_recordings_are_looked_for_under_the_paths(job: Job, paths: str, scored: str) -> None:
    job.write("new/a.prompt.yml", PROMPT)
    job.write("recorded/a b.prompt.yml", PROMPT)
    job.write("recorded/__recordings__/a b.jsonl", "{}\n")
    looked = job.run(step("Look for recordings"), responses="replay", paths=paths)
    assert (looked.code, looked.outputs) == (0, f"scored={scored}\n")


def test_no_recordings_are_needed_where_the_model_is_asked(job: Job) -> None:
    looked = job.run(step("Look for recordings"), responses="live")
    assert (looked.code, looked.outputs) == (0, "scored=true\n")


def test_arguments_with_blanks_and_quotes_stay_one_argument(job: Job) -> None:
    job.replace_command("python")
    arguments = "--prompt-budget=2 usd\n-k\nnot \"slow\" or '$HOME' `id` ; *\n"
    assert job.run(step("Score"), arguments=arguments, paths="a b\n  c\n").code == 0
    assert job.written() == [
        "-m",
        "pytest",
        "--prompt-eval",
        "--prompt-report",
        ".promptopt/report.json",
        "--prompt-responses",
        "live",
        "--prompt-budget=2 usd",
        "-k",
        "not \"slow\" or '$HOME' `id` ; *",
        "a b",
        "c",
    ]


def test_optimize_and_propose_become_options(job: Job) -> None:
    job.replace_command("python")
    job.run(step("Score"), optimize="true", propose="suggest", paths="")
    assert job.written()[6:] == ["live", "--prompt-optimize", "--prompt-propose", "suggest"]


def test_optimize_is_true_or_false(job: Job) -> None:
    job.replace_command("python")
    ran = job.run(step("Score"), optimize="yes")
    assert (ran.code, ran.printed) == (2, '::error::The input "optimize" is true or false.\n')


def test_one_requirement_is_installed(job: Job) -> None:
    job.replace_command("python")
    assert job.run(step("Install"), requirement="a @ file:///b c").code == 0
    assert job.written()[-2:] == ["--", "a @ file:///b c"]


def test_a_run_without_a_report_is_not_commented(job: Job) -> None:
    job.replace_command("promptopt")
    ran = job.run(step("Comment", of=COMMENT))
    assert (ran.code, ran.printed) == (0, "::notice title=No comment::The run left no report.\n")
    assert not (job.temporary / "written").exists()


def test_the_report_of_a_run_is_commented(job: Job) -> None:
    job.replace_command("promptopt")
    report = job.temporary / "report" / "report.json"
    report.parent.mkdir()
    report.write_text("{}")
    assert job.run(step("Comment", of=COMMENT)).code == 0
    assert job.written() == ["comment", str(report)]
