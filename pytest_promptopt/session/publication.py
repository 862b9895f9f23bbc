"""``--prompt-propose``: what was found, brought to the pull request that the job runs for."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from pytest_promptopt.errors import ForgeError, HistoryError, UsageError
from pytest_promptopt.evaluation.search_record import Rung, SearchRecord
from pytest_promptopt.forge.github import GitHub
from pytest_promptopt.forge.job import Job, read_job, token
from pytest_promptopt.history.repository import Repository
from pytest_promptopt.project.files import replace_file
from pytest_promptopt.project.folder import COMMENT
from pytest_promptopt.proposals.finding import Finding
from pytest_promptopt.proposals.remote import Remote
from pytest_promptopt.publishing.climb import Checkout
from pytest_promptopt.publishing.publish import Published, publish_run
from pytest_promptopt.publishing.target import NothingToPublishToError
from pytest_promptopt.reports.markdown import render_markdown
from pytest_promptopt.session.after import Step
from pytest_promptopt.session.lines import say
from pytest_promptopt.session.results import Reporting

_STOPPED = "nothing was posted: the run was stopped before its end"


@dataclass(kw_only=True)
class Publishing(Step):
    """Publishes once, in the process that reports come to, when all else is done.

    Whatever happens to it, the outcome of the run stands: what was not posted is told, with where
    the text is. ``findings`` tells what searches came to. ``secrets`` are values never to be shown.
    """

    config: pytest.Config
    reporting: Reporting
    findings: Callable[[], Sequence[Finding]]
    wish: Rung
    secrets: Sequence[str]
    _published: Published | None = None
    _exit_code: int = 0
    _lines: list[str] = field(default_factory=lambda: [_STOPPED])

    def decide(self, session: pytest.Session) -> None:
        """Publish after the items and the searches."""
        self._lines.clear()
        try:
            self._exit_code = min(session.testsfailed, 1)
            self._publish()
        except NothingToPublishToError as reason:
            self._lines.append(f"nothing was posted: {reason}")
        except (ForgeError, HistoryError, UsageError) as error:
            self._keep_text(f"nothing was posted: {error}")

    def show(self, terminalreporter: pytest.TerminalReporter) -> None:
        """What was posted where, and what was not."""
        terminalreporter.section("pull request")
        for line in "\n".join(self._lines).splitlines():
            say(terminalreporter, line)

    def searches(self) -> list[SearchRecord]:
        """What each search came to, with where its proposal is to be taken."""
        if self._published is not None:
            return [*self._published.searches]
        return [finding.search for finding in self.findings()]

    def _publish(self) -> None:
        job = read_job(os.environ)
        if job is None:
            raise UsageError("this is no job of GitHub Actions, whose variables name the place")
        key = token(os.environ)
        if key is None:
            raise UsageError(
                "there is no token; give the step `env: {GITHUB_TOKEN: ${{ github.token }}}`"
            )
        with GitHub(repository=job.repository, token=key, api_url=job.api_url) as forge:
            published = publish_run(
                self.reporting.run(self._exit_code),
                self.findings(),
                self.wish,
                job=job,
                forge=forge,
                checkout=self._checkout(job, key),
                secrets=(*self.secrets, key),
            )
        self._published = published
        self._lines += [f"{s.key}: {_offered(s)}" for s in published.searches if s.offer]
        if published.failure:
            self._keep_text(published.failure)
        else:
            self._lines.append(published.sentence)

    def _checkout(self, job: Job, key: str) -> Checkout:
        root = self.config.rootpath.resolve()
        return Checkout(
            project=root,
            repository=Repository.containing(root),
            remote=Remote(f"{job.server_url}/{job.repository}.git", key),
        )

    def _keep_text(self, failure: str) -> None:
        """Tell the failure, and put the text that was not posted where it can be found."""
        text = render_markdown(self.reporting.run(self._exit_code, self.searches()))
        path = self.config.rootpath / COMMENT
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, text.encode())
        except OSError as error:
            self._lines.append(f"{failure}; nor kept: {COMMENT}: {error.strerror or error}")
        else:
            self._lines.append(f"{failure}\nthe text is in {COMMENT.as_posix()}")


def _offered(search: SearchRecord) -> str:
    offer = search.offer
    assert offer is not None
    remark = f" ({offer.remark})" if offer.remark else ""
    match offer.rung:
        case Rung.SUGGEST:
            return f"suggested in {offer.url}{remark}"
        case Rung.PR:
            return f"proposed as pull request {offer.number}: {offer.url}{remark}"
        case Rung.COMMENT:
            return f"its patch is in the comment{remark}"
        case Rung.PATCH:
            return f"to take it: {search.apply_command}{remark}"
