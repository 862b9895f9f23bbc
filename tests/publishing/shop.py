"""A project on a made-up GitHub, with a branch that is a pull request."""

import json
from typing import Any

import pytest

from tests.forge.github_server import FakeGitHub
from tests.history.commits import History
from tests.project import Project

REPOSITORY = "acme/shop"
BOT = "github-actions[bot]"


class Shop:
    """The repository ``acme/shop``: a checkout of it in the project's folder, and its jobs.

    ``run`` runs pytest as the job of a pull request would, on the merge commit that the checkout
    action makes.
    """

    def __init__(
        self, project: Project, github: FakeGitHub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.project = project
        self.github = github
        self.monkeypatch = monkeypatch
        self.bare = github.add_repository(REPOSITORY)
        self.token = github.add_token(BOT)
        self.history = History(project.path)
        self.history.git("config", "user.name", "Grace")
        self.history.git("config", "user.email", "grace@example.com")
        self.history.git("remote", "add", "origin", str(self.bare))
        project.write(".gitignore", ".promptopt\nasked.txt\n__pycache__\nevent.json\n")
        monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.path.parent))
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
        monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")

    def push(self, subject: str, branch: str) -> str:
        """Commit all of the project and push it; the commit."""
        commit = self.history.commit(subject)
        self.history.git("push", "--quiet", "--force", "origin", f"HEAD:refs/heads/{branch}")
        self.history.git("fetch", "--quiet", "origin")
        return commit

    def open(self, branch: str = "feature") -> int:
        """A pull request from the branch onto main."""
        return self.github.open_pull_request(REPOSITORY, head=branch, base="main")

    def job(self, number: int, **variables: str) -> None:
        """Set the environment of a job for the pull request as it stands now."""
        found = self.github.pull_request(REPOSITORY, number)
        head = {
            "sha": found.head_commit,
            "ref": found.head_branch,
            "repo": {"full_name": found.head_repository},
        }
        payload = {"number": number, "head": head, "base": {"ref": found.base_branch}}
        self.event("pull_request", {"number": number, "pull_request": payload})
        for name, value in {"GITHUB_TOKEN": self.token, **variables}.items():
            self.monkeypatch.setenv(name, value)

    def event(self, name: str, payload: dict[str, Any]) -> None:
        """Set the environment of a job that this event started."""
        path = self.project.path / "event.json"
        repository = {"full_name": REPOSITORY}
        path.write_text(json.dumps({"repository": repository, **payload}), encoding="utf-8")
        for variable, value in {
            "GITHUB_ACTIONS": "true",
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_SERVER_URL": self.github.url,
            "GITHUB_API_URL": self.github.api_url,
            "GITHUB_EVENT_NAME": name,
            "GITHUB_EVENT_PATH": str(path),
            "GITHUB_BASE_REF": "main",
            "GITHUB_WORKFLOW": "Prompts",
            "GITHUB_JOB": "score",
            "GITHUB_RUN_ID": "7",
            "GITHUB_SHA": self.history.head,
            "GITHUB_REF_NAME": "7/merge",
            "GITHUB_WORKSPACE": str(self.project.path),
        }.items():
            self.monkeypatch.setenv(variable, value)

    def comments(self, number: int) -> list[str]:
        """The texts of the conversation."""
        return [comment.body for comment in self.github.comments(REPOSITORY, number)]

    def pull(self, branch: str = "feature") -> None:
        """Have the checkout stand where the branch does."""
        self.history.git("fetch", "--quiet", "origin")
        self.history.git("reset", "--quiet", "--hard", f"origin/{branch}")


def written(github: FakeGitHub) -> list[str]:
    """The writes that GitHub took, in order."""
    return [
        f"{request.method} {request.path.partition('/repos/')[2]}"
        for request in github.requests
        if request.method in {"POST", "PATCH"}
        and request.status in {200, 201}
        and "/repos/" in request.path
    ]
