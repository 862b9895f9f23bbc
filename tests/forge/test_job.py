"""Jobs as GitHub Actions describes them in variables and in the event's file."""

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_promptopt.errors import UsageError
from pytest_promptopt.forge import job as module
from pytest_promptopt.forge.job import Job, read_job, token

HEAD = "a" * 40
MERGE = "b" * 40

FORK = {"full_name": "mallory/shop"}


def pull_request(repository: Any, **changes: Any) -> dict[str, Any]:
    head = {"sha": HEAD, "ref": "feature/x", "repo": repository} | changes
    return {"pull_request": {"number": 7, "head": head}}


def workflow_run(repository: Any, **changes: Any) -> dict[str, Any]:
    run = {
        "head_sha": HEAD,
        "head_branch": "feature/x",
        "head_repository": repository,
        "pull_requests": [{"number": 666}],
    }
    return {"workflow_run": run | changes}


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    path = tmp_path / "event.json"
    path.write_text("{}")
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_REPOSITORY": "acme/shop",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_API_URL": "https://api.github.com",
        "GITHUB_EVENT_NAME": "push",
        "GITHUB_EVENT_PATH": str(path),
        "GITHUB_SHA": MERGE,
        "GITHUB_REF_NAME": "main",
        "GITHUB_REF_TYPE": "branch",
        "GITHUB_RUN_ID": "42",
        "GITHUB_WORKFLOW": "prompts",
        "GITHUB_JOB": "score",
    }


def read(environ: dict[str, str], name: str, event: Any) -> Job:
    Path(environ["GITHUB_EVENT_PATH"]).write_text(json.dumps(event))
    job = read_job(environ | {"GITHUB_EVENT_NAME": name})
    assert job is not None
    return job


@pytest.mark.parametrize("value", [None, "", "false"])
def test_outside_of_actions_there_is_no_job(environ: dict[str, str], value: str | None) -> None:
    del environ["GITHUB_ACTIONS"]
    assert read_job(environ if value is None else environ | {"GITHUB_ACTIONS": value}) is None


def test_a_push_is_about_the_commit_of_the_job(environ: dict[str, str]) -> None:
    assert read_job(environ) == Job(
        repository="acme/shop",
        server_url="https://github.com",
        api_url="https://api.github.com",
        number=None,
        head_commit=MERGE,
        head_branch="main",
        head_repository="acme/shop",
        run_url="https://github.com/acme/shop/actions/runs/42",
        name="prompts/score",
        event="push",
    )


def test_a_tag_is_no_branch(environ: dict[str, str]) -> None:
    job = read_job(environ | {"GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": "v1"})
    assert job is not None
    assert job.head_branch == ""


@pytest.mark.parametrize(
    "name", ["pull_request", "pull_request_target", "pull_request_review", "pull_request_review_x"]
)
def test_a_pull_request_is_about_its_head_and_not_the_merge_commit(
    environ: dict[str, str], name: str
) -> None:
    job = read(environ, name, pull_request({"full_name": "Acme/Shop"}))
    assert (job.number, job.head_commit, job.head_branch) == (7, HEAD, "feature/x")
    assert job.head_repository == "Acme/Shop"
    assert not job.is_from_fork
    assert job.event == name


@pytest.mark.parametrize("repository", [FORK, None])
def test_a_pull_request_from_another_or_a_deleted_repository_is_from_a_fork(
    environ: dict[str, str], repository: Any
) -> None:
    assert read(environ, "pull_request", pull_request(repository)).is_from_fork


def test_a_pull_request_that_does_not_tell_its_repository_is_from_a_fork(
    environ: dict[str, str],
) -> None:
    event = pull_request(FORK)
    del event["pull_request"]["head"]["repo"]
    job = read(environ, "pull_request", event)
    assert job.head_repository is None
    assert job.is_from_fork


def test_a_run_after_another_workflow_is_about_that_ones_head(environ: dict[str, str]) -> None:
    job = read(environ, "workflow_run", workflow_run(FORK))
    assert (job.head_commit, job.head_branch) == (HEAD, "feature/x")
    assert (job.repository, job.head_repository) == ("acme/shop", "mallory/shop")
    assert job.is_from_fork


def test_the_pull_requests_that_such_a_run_names_are_not_trusted(environ: dict[str, str]) -> None:
    assert read(environ, "workflow_run", workflow_run(FORK)).number is None


def test_such_a_run_may_know_neither_branch_nor_repository(environ: dict[str, str]) -> None:
    job = read(environ, "workflow_run", workflow_run(None, head_branch=None))
    assert (job.head_branch, job.head_repository) == ("", None)
    assert job.is_from_fork


def test_variables_that_a_small_runner_does_not_set_have_defaults(environ: dict[str, str]) -> None:
    for name in ("SERVER_URL", "API_URL", "RUN_ID", "WORKFLOW", "REF_NAME", "REF_TYPE"):
        del environ[f"GITHUB_{name}"]
    job = read_job(environ)
    assert job is not None
    assert (job.server_url, job.api_url) == ("https://github.com", "https://api.github.com")
    assert (job.run_url, job.name, job.head_branch) == ("", "score", "")


@pytest.mark.parametrize(
    ("variable", "value", "problem"),
    [
        ("GITHUB_REPOSITORY", "", "GITHUB_REPOSITORY must be a repository such as"),
        ("GITHUB_API_URL", "http://ghe.example", "GITHUB_API_URL must begin with https://"),
        ("GITHUB_SERVER_URL", "github.com", "GITHUB_SERVER_URL must be an address such as"),
        ("GITHUB_SHA", "main", "GITHUB_SHA must be the full id of a commit"),
        ("GITHUB_EVENT_PATH", "", "GITHUB_EVENT_PATH is not set"),
        (
            "GITHUB_EVENT_PATH",
            "/gone.json",
            "the event of the job, GITHUB_EVENT_PATH=/gone.json, cannot be used: No such file",
        ),
    ],
)
def test_a_variable_that_cannot_be_used_is_named(
    environ: dict[str, str], variable: str, value: str, problem: str
) -> None:
    with pytest.raises(UsageError) as caught:
        read_job(environ | {variable: value})
    assert str(caught.value).startswith(problem)


@pytest.mark.parametrize(
    ("name", "event", "problem"),
    [
        ("push", [], "it must be an object"),
        ("pull_request", {}, "`pull_request` must be an object"),
        ("pull_request_target", {"number": 7}, "`pull_request` must be an object"),
        (
            "pull_request",
            pull_request(FORK, sha="HEAD"),
            "`pull_request.head.sha` must be the full id of a commit",
        ),
        ("pull_request", pull_request(FORK, ref=None), "`pull_request.head.ref` must be text"),
        ("pull_request", pull_request("mallory"), "`pull_request.head.repo` must be an object"),
        ("workflow_run", {}, "`workflow_run` must be an object"),
        (
            "workflow_run",
            workflow_run(FORK, head_sha=None),
            "`workflow_run.head_sha` must be text",
        ),
    ],
)
def test_a_field_of_the_event_that_cannot_be_used_is_named(
    environ: dict[str, str], name: str, event: Any, problem: str
) -> None:
    with pytest.raises(UsageError) as caught:
        read(environ, name, event)
    path = environ["GITHUB_EVENT_PATH"]
    assert str(caught.value) == (
        f"the event of the job, GITHUB_EVENT_PATH={path}, cannot be used: {problem}"
    )


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000])
def test_an_event_that_is_no_json_cannot_be_used(environ: dict[str, str], content: bytes) -> None:
    Path(environ["GITHUB_EVENT_PATH"]).write_bytes(content)
    with pytest.raises(UsageError, match="cannot be used: "):
        read_job(environ)


def test_an_event_has_a_largest_size(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_EVENT_BYTES", 10)
    Path(environ["GITHUB_EVENT_PATH"]).write_bytes(b"{}" + 8 * b" ")
    assert read_job(environ) is not None
    Path(environ["GITHUB_EVENT_PATH"]).write_bytes(b"{}" + 9 * b" ")
    with pytest.raises(UsageError, match="it is longer than 10 bytes"):
        read_job(environ)


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        ({"GITHUB_TOKEN": " ghs_1\n", "GH_TOKEN": "ghp_2"}, "ghs_1"),
        ({"GITHUB_TOKEN": " ", "GH_TOKEN": "ghp_2"}, "ghp_2"),
        ({"GITHUB_TOKEN": ""}, None),
        ({}, None),
    ],
)
def test_the_token_is_in_either_of_two_variables(
    environ: dict[str, str], found: str | None
) -> None:
    assert token(environ) == found


def test_a_token_that_cannot_be_sent_is_refused_by_the_name_of_its_variable() -> None:
    with pytest.raises(UsageError) as caught:
        token({"GH_TOKEN": "ghp_2\nghp_3"})
    assert str(caught.value) == (
        "GH_TOKEN holds characters that no HTTP header can carry: set it again without spaces and "
        "line breaks"
    )
