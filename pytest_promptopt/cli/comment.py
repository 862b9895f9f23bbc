"""``promptopt comment``: the report of a run without rights, posted by a job that has them."""

import argparse
import os
from pathlib import Path

from pytest_promptopt.cli.output import Output
from pytest_promptopt.errors import UsageError
from pytest_promptopt.forge.github import GitHub
from pytest_promptopt.forge.job import Job, read_job, token
from pytest_promptopt.publishing.publish import publish_report
from pytest_promptopt.publishing.target import NothingToPublishToError
from pytest_promptopt.reports.job_summary import append_summary
from pytest_promptopt.reports.reader import report_bytes

_DESCRIPTION = """\
Comment on the pull request that a workflow run was for, with the JSON report of that run. For a
workflow that starts `on: workflow_run`, on GitHub Actions: the run's event says which pull request
it is, GITHUB_TOKEN may write there. The report is checked and trusted with nothing.

example: promptopt comment report/report.json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.description = _DESCRIPTION
    parser.add_argument("report", metavar="REPORT", type=Path, help="what --prompt-report wrote")


def run(arguments: argparse.Namespace, out: Output) -> int:
    """Post it; raises :class:`~pytest_promptopt.errors.PromptoptError`."""
    job = _job()
    key = token(os.environ)
    if key is None:
        raise UsageError("no token: set GITHUB_TOKEN")
    content = report_bytes(arguments.report)
    with GitHub(repository=job.repository, token=key, api_url=job.api_url) as forge:
        try:
            reported = publish_report(content, job=job, forge=forge)
        except NothingToPublishToError as reason:
            out.line(f"nothing was posted: {reason}")
            return 0
    out.line(reported.sentence)
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        try:
            append_summary(Path(summary), reported.text)
        except OSError as error:
            out.line(f"no summary of the job: {error.strerror or error}")
    return 0


def _job() -> Job:
    job = read_job(os.environ)
    if job is None or job.event != "workflow_run":
        raise UsageError("this is no job that started `on: workflow_run` of GitHub Actions")
    return job
