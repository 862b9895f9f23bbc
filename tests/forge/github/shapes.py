"""Records as GitHub's JSON, with fixed plausible values for what the fake does not know."""

import base64
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from tests.forge.github.bare import Commit, FileChange, Signature
from tests.forge.github.records import (
    Account,
    IssueComment,
    PullRequest,
    Repository,
    Review,
    ReviewComment,
)

Json = dict[str, Any]

_ACCOUNT_URLS = {
    "events_url": "/events{/privacy}",
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "organizations_url": "/orgs",
    "received_events_url": "/received_events",
    "repos_url": "/repos",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "url": "",
}
_REPOSITORY_URLS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
    "url": "",
}


class Shapes:
    """JSON with the addresses of one server."""

    def __init__(self, *, url: str, api_url: str) -> None:
        self._url = url
        self._api_url = api_url

    def account(self, account: Account) -> Json:
        api = f"{self._api_url}/users/{quote(account.login)}"
        page = f"apps/{account.login.removesuffix('[bot]')}"
        return {
            **{name: api + rest for name, rest in _ACCOUNT_URLS.items()},
            "avatar_url": f"{self._url}/avatars/u/{account.id}",
            "gravatar_id": "",
            "html_url": f"{self._url}/{page if account.type == 'Bot' else account.login}",
            "id": account.id,
            "login": account.login,
            "node_id": _node("User", account.id),
            "site_admin": False,
            "type": account.type,
            "user_view_type": "public",
        }

    def own_account(self, account: Account, *, since: datetime) -> Json:
        """An account as only its owner sees it."""
        nothing = ("bio", "company", "email", "hireable", "location", "name")
        counts = ("collaborators", "disk_usage", "followers", "following", "owned_private_repos")
        more_counts = ("private_gists", "public_gists", "public_repos", "total_private_repos")
        return {
            **self.account(account),
            **dict.fromkeys(nothing),
            **dict.fromkeys(counts + more_counts, 0),
            "blog": "",
            "created_at": _time(since),
            "two_factor_authentication": True,
            "updated_at": _time(since),
            "user_view_type": "private",
        }

    def repository(self, repository: Repository, owner: Account) -> Json:
        api = self._repository_api(repository.name)
        host = self._url.partition("://")[2]
        counts = ("forks", "forks_count", "open_issues", "open_issues_count", "size")
        more_counts = ("stargazers_count", "watchers", "watchers_count")
        return {
            **{name: api + rest for name, rest in _REPOSITORY_URLS.items()},
            **dict.fromkeys(("description", "homepage", "language", "license", "mirror_url")),
            **dict.fromkeys(counts + more_counts, 0),
            **dict.fromkeys(("archived", "disabled", "fork", "has_pages"), False),
            **dict.fromkeys(("has_downloads", "has_issues", "has_projects", "has_wiki"), True),
            "clone_url": f"{self._url}/{repository.name}.git",
            "created_at": _time(repository.created_at),
            "default_branch": "main",
            "full_name": repository.name,
            "git_url": f"git://{host}/{repository.name}.git",
            "html_url": f"{self._url}/{repository.name}",
            "id": repository.id,
            "name": repository.name.split("/")[1],
            "node_id": _node("Repository", repository.id),
            "owner": self.account(owner),
            "private": repository.is_private,
            "pushed_at": _time(repository.created_at),
            "ssh_url": f"git@{host}:{repository.name}.git",
            "svn_url": f"{self._url}/{repository.name}",
            "updated_at": _time(repository.created_at),
            "visibility": "private" if repository.is_private else "public",
        }

    def pull_request(
        self, pull_request: PullRequest, *, base: Json, head: Json | None, head_owner: Account
    ) -> Json:
        """A pull request as lists have it; ``base`` and ``head`` are the repositories."""
        urls = self._pull_request_urls(pull_request)
        links = {
            "comments": urls["comments_url"],
            "commits": urls["commits_url"],
            "html": urls["html_url"],
            "issue": urls["issue_url"],
            "review_comment": urls["review_comment_url"],
            "review_comments": urls["review_comments_url"],
            "self": urls["url"],
            "statuses": urls["statuses_url"],
        }
        base_label = f"{base['owner']['login']}:{pull_request.base_branch}"
        return {
            **urls,
            "_links": {name: {"href": url} for name, url in links.items()},
            "active_lock_reason": None,
            "assignee": None,
            "assignees": [],
            "author_association": _association(pull_request.author, pull_request.repository),
            "auto_merge": None,
            "base": {
                "label": base_label,
                "ref": pull_request.base_branch,
                "repo": base,
                "sha": pull_request.base_commit,
                "user": base["owner"],
            },
            # An empty text is no text.
            "body": pull_request.body or None,
            "closed_at": _time_or_none(pull_request.closed_at),
            "created_at": _time(pull_request.created_at),
            "draft": pull_request.is_draft,
            "head": {
                "label": pull_request.head_label,
                "ref": pull_request.head_branch,
                "repo": head,
                "sha": pull_request.head_commit,
                "user": self.account(head_owner),
            },
            "id": pull_request.id,
            "labels": [],
            "locked": pull_request.is_locked,
            "merge_commit_sha": pull_request.merge_commit,
            "merged_at": _time_or_none(pull_request.merged_at),
            "milestone": None,
            "node_id": _node("PullRequest", pull_request.id),
            "number": pull_request.number,
            "requested_reviewers": [],
            "requested_teams": [],
            "state": "open" if pull_request.is_open else "closed",
            "title": pull_request.title,
            "updated_at": _time(pull_request.updated_at),
            "user": self.account(pull_request.author),
        }

    def pull_request_details(
        self,
        pull_request: PullRequest,
        changes: Iterable[FileChange],
        *,
        commits: int,
        comments: int,
        review_comments: int,
    ) -> Json:
        """What a single pull request has beyond one in a list."""
        listed = tuple(changes)
        merger = pull_request.merged_by
        return {
            "additions": sum(one.additions for one in listed),
            "changed_files": len(listed),
            "comments": comments,
            "commits": commits,
            "deletions": sum(one.deletions for one in listed),
            "maintainer_can_modify": False,
            # GitHub works these out in the background, and says null until then.
            "mergeable": None,
            "mergeable_state": "unknown",
            "merged": pull_request.is_merged,
            "merged_by": None if merger is None else self.account(merger),
            "rebaseable": None,
            "review_comments": review_comments,
        }

    def changed_file(self, name: str, head: str, change: FileChange, *, longest_patch: int) -> Json:
        path = quote(change.path)
        is_shown = change.patch is not None and len(change.patch) <= longest_patch
        was = change.previous_path
        return {
            "additions": change.additions,
            "blob_url": f"{self._url}/{name}/blob/{head}/{path}",
            "changes": change.additions + change.deletions,
            "contents_url": f"{self._repository_api(name)}/contents/{path}?ref={head}",
            "deletions": change.deletions,
            "filename": change.path,
            "raw_url": f"{self._url}/{name}/raw/{head}/{path}",
            "sha": change.blob,
            "status": change.status,
            **({"patch": change.patch} if is_shown else {}),
            **({"previous_filename": was} if was is not None else {}),
        }

    def comment(self, comment: IssueComment) -> Json:
        api = self._repository_api(comment.repository)
        page = f"{self._url}/{comment.repository}/pull/{comment.number}"
        return {
            "author_association": _association(comment.author, comment.repository),
            "body": comment.body,
            "created_at": _time(comment.created_at),
            "html_url": f"{page}#issuecomment-{comment.id}",
            "id": comment.id,
            "issue_url": f"{api}/issues/{comment.number}",
            "node_id": _node("IssueComment", comment.id),
            "performed_via_github_app": None,
            "updated_at": _time(comment.updated_at),
            "url": f"{api}/issues/comments/{comment.id}",
            "user": self.account(comment.author),
        }

    def review(self, review: Review) -> Json:
        pull = f"{self._repository_api(review.repository)}/pulls/{review.number}"
        page = f"{self._url}/{review.repository}/pull/{review.number}"
        html = f"{page}#pullrequestreview-{review.id}"
        submitted = review.submitted_at
        return {
            "_links": {"html": {"href": html}, "pull_request": {"href": pull}},
            "author_association": _association(review.author, review.repository),
            "body": review.body,
            "commit_id": review.commit,
            "html_url": html,
            "id": review.id,
            "node_id": _node("PullRequestReview", review.id),
            "pull_request_url": pull,
            "state": review.state,
            "user": self.account(review.author),
            **({} if submitted is None else {"submitted_at": _time(submitted)}),
        }

    def review_comment(
        self,
        comment: ReviewComment,
        *,
        commit: str,
        lines: tuple[int, int] | None,
        position: int | None,
    ) -> Json:
        """A comment with its ``lines`` in ``commit``; None where they are not there any more."""
        api = self._repository_api(comment.repository)
        pull = f"{api}/pulls/{comment.number}"
        url = f"{api}/pulls/comments/{comment.id}"
        html = f"{self._url}/{comment.repository}/pull/{comment.number}#discussion_r{comment.id}"
        is_long = comment.start_line is not None
        return {
            "_links": {
                "html": {"href": html},
                "pull_request": {"href": pull},
                "self": {"href": url},
            },
            "author_association": _association(comment.author, comment.repository),
            "body": comment.body,
            "commit_id": commit,
            "created_at": _time(comment.created_at),
            "diff_hunk": comment.diff_hunk,
            "html_url": html,
            "id": comment.id,
            "line": lines and lines[1],
            "node_id": _node("PullRequestReviewComment", comment.id),
            "original_commit_id": comment.commit,
            "original_line": comment.line,
            "original_position": comment.position,
            "original_start_line": comment.start_line,
            "path": comment.path,
            "position": position,
            "pull_request_review_id": comment.review,
            "pull_request_url": pull,
            "side": comment.side,
            "start_line": lines[0] if lines and is_long else None,
            "start_side": comment.start_side,
            "subject_type": "line",
            "updated_at": _time(comment.updated_at),
            "url": url,
            "user": self.account(comment.author),
        }

    def ref(self, repository: Repository, name: str, sha: str, kind: str) -> Json:
        api = f"{self._repository_api(repository.name)}/git"
        return {
            "node_id": _node("Ref", repository.id, name),
            "object": {"sha": sha, "type": kind, "url": f"{api}/{kind}s/{sha}"},
            "ref": f"refs/{name}",
            "url": f"{api}/refs/{quote(name)}",
        }

    def commit(self, repository: Repository, commit: Commit) -> Json:
        api = f"{self._repository_api(repository.name)}/git"
        page = f"{self._url}/{repository.name}/commit"
        return {
            "author": _signature(commit.author),
            "committer": _signature(commit.committer),
            "html_url": f"{page}/{commit.id}",
            "message": commit.message,
            "node_id": _node("Commit", repository.id, commit.id),
            "parents": [
                {"html_url": f"{page}/{one}", "sha": one, "url": f"{api}/commits/{one}"}
                for one in commit.parents
            ],
            "sha": commit.id,
            "tree": {"sha": commit.tree, "url": f"{api}/trees/{commit.tree}"},
            "url": f"{api}/commits/{commit.id}",
            "verification": {
                "payload": None,
                "reason": "unsigned",
                "signature": None,
                "verified": False,
                "verified_at": None,
            },
        }

    def _repository_api(self, name: str) -> str:
        return f"{self._api_url}/repos/{name}"

    def _pull_request_urls(self, pull_request: PullRequest) -> dict[str, str]:
        api = self._repository_api(pull_request.repository)
        pull = f"{api}/pulls/{pull_request.number}"
        issue = f"{api}/issues/{pull_request.number}"
        page = f"{self._url}/{pull_request.repository}/pull/{pull_request.number}"
        return {
            "comments_url": f"{issue}/comments",
            "commits_url": f"{pull}/commits",
            "diff_url": f"{page}.diff",
            "html_url": page,
            "issue_url": issue,
            "patch_url": f"{page}.patch",
            "review_comment_url": f"{api}/pulls/comments{{/number}}",
            "review_comments_url": f"{pull}/comments",
            "statuses_url": f"{api}/statuses/{pull_request.head_commit}",
            "url": pull,
        }


def _signature(signature: Signature) -> Json:
    date = _time(datetime.fromisoformat(signature.date))
    return {"date": date, "email": signature.email, "name": signature.name}


def _association(author: Account, repository: str) -> str:
    if author.type == "Bot":
        return "NONE"
    is_owner = author.login.lower() == repository.split("/")[0].lower()
    return "OWNER" if is_owner else "CONTRIBUTOR"


def _node(kind: str, identifier: int, name: str = "") -> str:
    return base64.b64encode(f"{kind}:{identifier}:{name}".encode()).decode()


def _time(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _time_or_none(time: datetime | None) -> str | None:
    return None if time is None else _time(time)
