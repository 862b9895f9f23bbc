"""``--prompt-propose`` in whole runs, against a made-up GitHub and real repositories."""

import json
from pathlib import Path

import pytest

from pytest_promptopt.cli.main import main
from pytest_promptopt.proposals.store import ProposalStore
from tests.forge.github_server import FakeGitHub
from tests.plugin.test_optimize import PROMPT, weak
from tests.publishing.shop import BOT, REPOSITORY, Shop, written

NAME = "prompts/a.prompt.yml"
GOOD = PROMPT.replace(
    "Say who gets the ticket.", "Answer with one of billing, returns and shipping."
)
MARKER = "<!-- pytest-promptopt Prompts/score -->"


def worse(shop: Shop) -> int:
    """A pull request that makes a good prompt weak; its number."""
    weak(shop.project)
    shop.project.write(NAME, GOOD)
    shop.push("Add", "main")
    shop.project.write(NAME, PROMPT)
    shop.push("Shorten", "feature")
    return shop.open()


def far_off(shop: Shop) -> int:
    """A pull request that leaves a weak prompt as it is."""
    weak(shop.project)
    shop.push("Add", "main")
    shop.project.write("README.md", "hello\n")
    shop.push("Say hello", "feature")
    return shop.open()


def test_a_comment_tells_base_head_and_what_is_proposed(shop: Shop, github: FakeGitHub) -> None:
    number = worse(shop)
    shop.job(number)
    result = shop.project.run("--prompt-optimize", "--prompt-propose", "comment")
    assert result.ret == 1
    [comment] = shop.comments(number)
    assert comment.startswith(f"{MARKER}\n\n**1 of 1 prompt fails:** ")
    assert "\n| prompt | base | this PR | proposed | gate |\n" in comment
    assert "\n| prompts/a.prompt.yml | 1.000 | 0.000 (" in comment
    assert "| 1.000, was 0.000 (12 unseen) | **FAIL** |\n" in comment
    assert "To take what is proposed: save the diff as a file" in comment
    assert written(github) == [f"POST {REPOSITORY}/issues/{number}/comments"]
    result.stdout.fnmatch_lines(
        ["*= pull request =*", f"commented on pull request {number}: http://127.0.0.1:*"]
    )


def test_the_comment_is_kept_up_to_date_and_silent_if_nothing_changed(
    shop: Shop, github: FakeGitHub
) -> None:
    number = worse(shop)
    shop.job(number)
    forged = f"{MARKER}\n\nAll is well."
    github.add_comment_as("mallory", REPOSITORY, number, forged)
    github.add_comment_as("other[bot]", REPOSITORY, number, forged, "installation")
    shop.project.run("--prompt-propose", "comment")
    shop.project.run("--prompt-propose", "comment")
    assert len(written(github)) == 1
    shop.project.write(NAME, GOOD)
    shop.push("Say more", "feature")
    shop.job(number)
    result = shop.project.run("--prompt-propose", "comment")
    result.stdout.fnmatch_lines([f"updated the comment on pull request {number}: *"])
    *theirs, ours = shop.comments(number)
    assert theirs == [forged, forged]
    assert ours.startswith(f"{MARKER}\n\n**All good:** 1 prompt, ")


def test_a_comment_that_was_deleted_by_hand_is_made_anew(shop: Shop, github: FakeGitHub) -> None:
    number = worse(shop)
    shop.job(number)
    shop.project.run("--prompt-propose", "comment")
    [comment] = github.comments(REPOSITORY, number)
    github.delete_comment(comment.id)
    shop.project.run("--prompt-propose", "comment")
    assert len(shop.comments(number)) == 1


def test_a_suggestion_that_is_taken_makes_the_gate_pass(shop: Shop, github: FakeGitHub) -> None:
    number = worse(shop)
    shop.job(number)
    shop.project.run("--prompt-optimize", "--prompt-propose", "suggest")
    [review] = github.reviews(REPOSITORY, number)
    [suggestion] = review.comments
    assert "on 12 goldens that the search never saw" in suggestion.body
    [comment] = shop.comments(number)
    assert (
        "To take what is proposed: commit the suggestion in [the review](http://127.0.0.1:"
        in comment
    )
    shop.project.run("--prompt-optimize", "--prompt-propose", "suggest")
    assert len(github.reviews(REPOSITORY, number)) == 1
    github.take_suggestion(suggestion.id)
    shop.pull()
    shop.job(number)
    result = shop.project.run("--prompt-optimize", "--prompt-propose", "suggest")
    assert result.ret == 0
    [comment] = shop.comments(number)
    assert "**All good:**" in comment


def test_what_lies_outside_of_the_diff_becomes_a_pull_request_onto_the_branch(
    shop: Shop, github: FakeGitHub
) -> None:
    number = far_off(shop)
    shop.job(number)
    before = shop.history.git("status", "--porcelain", "--branch")
    result = shop.project.run("--prompt-optimize", "--prompt-propose", "suggest")
    assert shop.history.git("status", "--porcelain", "--branch") == before
    stacked = number + 1
    made = github.pull_request(REPOSITORY, stacked)
    assert (made.base_branch, made.head_branch) == (
        "feature",
        f"promptopt/{number}/prompts-a.prompt.yml",
    )
    assert made.title == f"Improve {NAME}"
    [comment] = shop.comments(number)
    assert f"To take what is proposed: merge [pull request {stacked}](http://127" in comment
    assert ". (no suggestion: the pull request does not change the file)\n" in comment
    result.stdout.fnmatch_lines([f"{NAME}: proposed as pull request {stacked}: *"])
    github.merge(REPOSITORY, stacked)
    shop.pull()
    assert "Prompt-Score: 1.00 (was 0.00)" in shop.history.git("log", "--format=%B", "-3")
    shop.job(number)
    assert shop.project.run("--prompt-propose", "suggest").ret == 0


def test_a_pull_request_that_is_open_is_updated_and_not_doubled(
    shop: Shop, github: FakeGitHub
) -> None:
    number = far_off(shop)
    shop.job(number)
    shop.project.run("--prompt-optimize", "--prompt-propose", "pr")
    ours = github.pull_request(REPOSITORY, number + 1)
    # A fork's branch of the same name is not ours, whatever its pull request says.
    shop.history.git(
        "push",
        "--quiet",
        str(github.add_repository("mallory/shop")),
        f"HEAD:refs/heads/{ours.head_branch}",
    )
    fork = f"mallory:{ours.head_branch}"
    github.open_pull_request(REPOSITORY, head=fork, base="feature", body=ours.body)
    writes = len(written(github))
    shop.project.run("--prompt-optimize", "--prompt-propose", "pr")
    assert len(written(github)) == writes
    shop.project.write("README.md", "hello again\n")
    head = shop.push("Say it again", "feature")
    shop.job(number)
    shop.project.run("--prompt-optimize", "--prompt-propose", "pr")
    made = github.pull_request(REPOSITORY, number + 1)
    shop.history.git("fetch", "--quiet", "origin")
    assert shop.history.git("rev-parse", f"origin/{made.head_branch}^") == head
    assert len(github.pull_requests(REPOSITORY)) == 3
    assert github.pull_request(REPOSITORY, number + 2).body == ours.body


def test_a_pull_request_that_was_closed_is_not_opened_again(shop: Shop, github: FakeGitHub) -> None:
    number = far_off(shop)
    shop.job(number)
    shop.project.run("--prompt-optimize", "--prompt-propose", "pr")
    github.close(REPOSITORY, number + 1)
    result = shop.project.run("--prompt-optimize", "--prompt-propose", "pr")
    result.stdout.fnmatch_lines(
        [f"{NAME}: its patch is in the comment (no pull request: it was turned down: *"]
    )


def test_somebody_elses_commit_on_our_branch_is_left_alone(shop: Shop, github: FakeGitHub) -> None:
    number = far_off(shop)
    shop.job(number)
    shop.project.run("--prompt-optimize", "--prompt-propose", "pr")
    branch = f"promptopt/{number}/prompts-a.prompt.yml"
    shop.history.git("fetch", "--quiet", "origin")
    shop.history.git("checkout", "--quiet", "--detach", f"origin/{branch}")
    shop.project.write("notes.txt", "mine\n")
    theirs = shop.push("A note", branch)
    shop.history.git("checkout", "--quiet", "main")
    shop.project.write("README.md", "hello again\n")
    shop.push("Say it again", "feature")
    shop.job(number)
    result = shop.project.run("--prompt-optimize", "--prompt-propose", "pr")
    result.stdout.fnmatch_lines([f"*the branch {branch} has a commit that is not ours*"])
    shop.history.git("fetch", "--quiet", "origin")
    assert shop.history.git("rev-parse", f"origin/{branch}") == theirs


def test_nothing_is_optimized_for_a_fork(shop: Shop, github: FakeGitHub) -> None:
    number = worse(shop)
    shop.job(number)
    event = json.loads((shop.project.path / "event.json").read_text())
    event["pull_request"]["head"]["repo"]["full_name"] = "mallory/shop"
    shop.event("pull_request", event)
    result = shop.project.run("--prompt-optimize")
    result.stdout.fnmatch_lines(["nothing was optimized: the pull request is from a fork, *"])
    assert not ProposalStore(shop.project.path).ids()


def test_on_a_branch_without_a_pull_request_one_is_opened_onto_it(
    shop: Shop, github: FakeGitHub
) -> None:
    weak(shop.project)
    head = shop.push("Add", "main")
    shop.event("schedule", {})
    for name, value in {"GITHUB_TOKEN": shop.token, "GITHUB_REF_NAME": "main"}.items():
        shop.monkeypatch.setenv(name, value)
    shop.monkeypatch.setenv("GITHUB_REF_TYPE", "branch")
    shop.monkeypatch.setenv("GITHUB_REF", "refs/heads/main")
    shop.monkeypatch.setenv("GITHUB_SHA", head)
    result = shop.project.run("--prompt-optimize", "--prompt-propose", "suggest")
    result.stdout.fnmatch_lines(
        [
            f"{NAME}: proposed as pull request 1: *",
            "no pull request is open from main: nothing to comment on",
        ]
    )
    assert github.pull_request(REPOSITORY, 1).base_branch == "main"


KEPT = "the text is in .promptopt/comment.md"


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("no token", ["nothing was posted: there is no token; *", KEPT]),
        ("wrong token", ["nothing was posted: *Bad credentials*", KEPT]),
        ("read only", ["no comment: *Resource not accessible by integration*", KEPT]),
        ("locked", ["no comment: *locked*", KEPT]),
        ("closed", ["nothing was posted: pull request * is closed"]),
        ("locked and closed", ["nothing was posted: pull request * is closed"]),
        ("moved", ["nothing was posted: the branch of pull request * moved on from *"]),
        ("limit", ["nothing was posted: *", KEPT]),
        ("down", ["nothing was posted: *", KEPT]),
        ("elsewhere", ["nothing was posted: this is no job of GitHub Actions, *", KEPT]),
    ],
)
def test_what_was_not_posted_is_told_and_the_outcome_stands(
    shop: Shop, github: FakeGitHub, fault: str, expected: list[str]
) -> None:
    number = worse(shop)
    shop.job(number)
    match fault:
        case "no token":
            shop.monkeypatch.delenv("GITHUB_TOKEN")
        case "wrong token":
            shop.monkeypatch.setenv("GITHUB_TOKEN", "ghs_wrong")
        case "read only":
            read_only = {"issues": "read", "pull_requests": "read", "contents": "read"}
            token = github.add_token(BOT, permissions=read_only)
            shop.monkeypatch.setenv("GITHUB_TOKEN", token)
        case "locked":
            github.lock(REPOSITORY, number)
        case "closed":
            github.close(REPOSITORY, number)
        case "locked and closed":
            github.lock(REPOSITORY, number)
            github.close(REPOSITORY, number)
        case "moved":
            shop.push("More", "feature")
        case "limit":
            github.fail_next(1, status=429, headers={"Retry-After": "3600"}, message="Later.")
        case "down":
            shop.monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:9/api/v3")
        case "elsewhere":
            shop.monkeypatch.delenv("GITHUB_ACTIONS")
    result = shop.project.run("--prompt-propose", "comment", "--prompt-base", "origin/main")
    assert result.ret == 1
    result.stdout.fnmatch_lines(expected)
    result.stdout.no_fnmatch_line(f"*{shop.token}*")
    assert shop.comments(number) == []
    if KEPT in expected:
        kept = shop.project.path / ".promptopt" / "comment.md"
        assert kept.read_text().startswith("**1 of 1 prompt fails:** ")


def reported(shop: Shop) -> Path:
    """The report of a pull request's run, and the environment of the job that posts it."""
    number = worse(shop)
    shop.job(number)
    shop.monkeypatch.delenv("GITHUB_TOKEN")
    shop.project.run("--prompt-report", "report.json")
    made = shop.github.pull_request(REPOSITORY, number)
    run = {
        "event": "pull_request",
        "head_sha": made.head_commit,
        "head_branch": made.head_branch,
        "head_repository": {"full_name": REPOSITORY},
    }
    shop.event("workflow_run", {"workflow_run": run})
    shop.monkeypatch.setenv("GITHUB_TOKEN", shop.token)
    shop.monkeypatch.chdir(shop.project.path)
    return shop.project.path / "report.json"


def test_a_report_of_another_job_is_posted(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    report = reported(shop)
    summary = shop.project.path / "summary.md"
    shop.monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    assert main(["comment", str(report)]) == 0
    [comment] = shop.comments(1)
    assert comment.startswith(f"{MARKER}\n\n**1 of 1 prompt fails:** ")
    assert "\ncommented on pull request 1: http://127.0.0.1:" in capsys.readouterr().out
    assert summary.read_text().startswith("**1 of 1 prompt fails:** ")


def test_a_report_that_is_not_one_is_refused(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    report = reported(shop)
    report.write_text('{"version": 1, "prompts": "all good", "searches": []}')
    assert main(["comment", str(report)]) == 1
    assert shop.comments(1) == []
    assert "exit_code" in capsys.readouterr().err


def test_only_a_job_on_workflow_run_posts_reports(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    report = reported(shop)
    shop.job(1)
    assert main(["comment", str(report)]) == 2
    assert "on: workflow_run" in capsys.readouterr().err


def test_what_a_fork_reports_is_labelled_and_proposes_nothing(
    shop: Shop, github: FakeGitHub
) -> None:
    weak(shop.project)
    shop.push("Add", "main")
    fork = github.add_repository("mallory/shop")
    shop.project.write("README.md", "hello\n")
    head = shop.history.commit("Say hello")
    shop.history.git("push", "--quiet", str(fork), "HEAD:refs/heads/feature")
    number = github.open_pull_request(REPOSITORY, head="mallory:feature", base="main")
    shop.project.run("--prompt-optimize", "--prompt-report", "report.json")
    path = shop.project.path / "report.json"
    assert json.loads(path.read_text())["searches"][0]["patch"]
    run = {
        "event": "pull_request",
        "head_sha": head,
        "head_branch": "feature",
        "head_repository": {"full_name": "mallory/shop"},
    }
    shop.event("workflow_run", {"workflow_run": run})
    shop.monkeypatch.setenv("GITHUB_TOKEN", shop.token)
    shop.monkeypatch.chdir(shop.project.path)
    assert main(["comment", str(path)]) == 0
    [comment] = shop.comments(number)
    assert comment.startswith(
        f"{MARKER}\n\n> Reported by the code of mallory/shop at {head[:9]}, "
        "which nobody here has checked.\n\n**1 of 1 prompt fails:** "
    )
    assert "proposed" not in comment
    assert "```diff" not in comment


def test_a_report_for_a_commit_that_is_no_longer_the_head_is_not_posted(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    report = reported(shop)
    shop.project.write("README.md", "more\n")
    shop.push("More", "feature")
    assert main(["comment", str(report)]) == 0
    assert "nothing was posted: the branch of pull request 1 moved on" in capsys.readouterr().out
    assert shop.comments(1) == []


def test_a_token_that_a_model_answers_with_is_not_posted(shop: Shop, github: FakeGitHub) -> None:
    number = worse(shop)
    shop.project.write("answering.py", f"def answer(request):\n    return 'It is {shop.token}'\n")
    shop.job(number)
    shop.project.run("--prompt-propose", "comment")
    [comment] = shop.comments(number)
    assert "\\[secret\\]" in comment
    assert shop.token not in comment


def test_where_actions_may_not_open_pull_requests_the_patch_is_in_the_comment(
    shop: Shop, github: FakeGitHub
) -> None:
    number = far_off(shop)
    github.actions_may_open_pull_requests = False
    shop.job(number)
    result = shop.project.run("--prompt-optimize", "--prompt-propose", "pr")
    branch = f"promptopt/{number}/prompts-a.prompt.yml"
    result.stdout.fnmatch_lines(
        [f"{NAME}: its patch is in the comment (no pull request: *{branch}*"]
    )
    assert github.tip(REPOSITORY, branch) is not None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("see https://evil.example/x", "not to be taken with one click: people must look *"),
        ("use key sk-abcdef0123456789abcd", "the diff is not shown here: it seems to hold an *"),
    ],
)
def test_what_adds_a_link_or_a_secret_is_flagged_and_not_offered_for_one_click(
    shop: Shop, github: FakeGitHub, text: str, why: str
) -> None:
    number = worse(shop)
    rewriting = (shop.project.path / "answering.py").read_text()
    shop.project.write(
        "answering.py",
        rewriting.replace(
            'return "nothing to read here"',
            f'return "<prompt>{text}: billing, returns, shipping</prompt>"',
        ),
    )
    shop.job(number)
    options = (
        "--prompt-optimize-set",
        "diagnosis=false",
        "--prompt-optimize-set",
        "headroom=false",
    )
    result = shop.project.run("--prompt-optimize", *options, "--prompt-propose", "suggest")
    result.stdout.fnmatch_lines(
        [
            "    look before you take it: *",
            f"{NAME}: its patch is in the comment ({why}",
        ]
    )
    [comment] = shop.comments(number)
    assert "**Look before you take it:** " in comment
    assert "sk-abcdef" not in comment
    assert github.reviews(REPOSITORY, number) == []
