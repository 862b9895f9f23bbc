"""A run published: proposals offered, and the comment of the pull request kept up to date."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pytest_promptopt.client.secrets import Secrets
from pytest_promptopt.errors import ForgeError
from pytest_promptopt.forge.forge import Forge
from pytest_promptopt.forge.job import Job
from pytest_promptopt.publishing.climb import Checkout, Finding
from pytest_promptopt.publishing.ladder import offer_all
from pytest_promptopt.publishing.sticky import keep_comment
from pytest_promptopt.publishing.target import find_target
from pytest_promptopt.publishing.texts import comment_marker, fork_label, without_values
from pytest_promptopt.reports.markdown import render_markdown
from pytest_promptopt.reports.reading import read_report
from pytest_promptopt.reports.search import Rung, SearchSummary
from pytest_promptopt.reports.summary import GOOD_END, Ending, PromptSummary


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What came of it: the searches with their offers, and a sentence on the comment.

    ``failure`` says what was not posted and why, empty where all was.
    """

    searches: tuple[SearchSummary, ...]
    sentence: str = ""
    failure: str = ""


def publish_run(
    summaries: Sequence[PromptSummary],
    findings: Sequence[Finding],
    wish: Rung,
    *,
    job: Job,
    forge: Forge,
    checkout: Checkout,
    secrets: Sequence[str],
    ending: Ending = GOOD_END,
) -> Published:
    """Offer what was found as ``wish`` says, and comment on the pull request of the ``job``.

    ``secrets`` are values that must not be shown. Raises
    :class:`~pytest_promptopt.publishing.target.NothingToPublishToError` and
    :class:`~pytest_promptopt.errors.ForgeError` before anything is written.
    """
    target = find_target(job, forge)
    searches = offer_all(
        findings,
        wish,
        target=target,
        forge=forge,
        checkout=checkout,
        secrets=Secrets(secrets),
    )
    shown = [_without_values(summary, secrets) for summary in summaries]
    text = render_markdown(shown, searches, ending, run_url=job.run_url)
    if target.pull_request is None:
        sentence = f"no pull request is open from {target.branch}: nothing to comment on"
        return Published(searches=tuple(searches), sentence=sentence)
    try:
        sentence = keep_comment(
            forge,
            target.pull_request.number,
            comment_marker(job.name),
            without_values(text, secrets),
            is_worth_a_comment=bool(summaries) or not ending.is_good,
        )
    except ForgeError as error:
        return Published(searches=tuple(searches), failure=f"no comment: {error}")
    return Published(searches=tuple(searches), sentence=sentence)


def _without_values(summary: PromptSummary, secrets: Sequence[str]) -> PromptSummary:
    """Before texts are cut, so that no part of a secret is left over."""
    rows = [
        replace(
            row,
            input=without_values(row.input, secrets),
            expected=row.expected and without_values(row.expected, secrets),
            answers=tuple(
                replace(
                    answer,
                    text=without_values(answer.text, secrets),
                    reasoning=without_values(answer.reasoning, secrets),
                )
                for answer in row.answers
            ),
        )
        for row in summary.rows
    ]
    return replace(summary, rows=rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A report of another job's: its ``text`` as it was posted, and what was done."""

    text: str
    sentence: str


def publish_report(content: bytes, *, job: Job, forge: Forge) -> Reported:
    """Comment on the pull request of the workflow run that made the report ``content``.

    Which one that is comes from the event alone. What a fork reports is labelled as such, and
    proposals of a fork are left out: searches do not run there. Raises
    :class:`~pytest_promptopt.errors.ReportError`, :class:`~pytest_promptopt.errors.ForgeError` and
    :class:`~pytest_promptopt.publishing.target.NothingToPublishToError`.
    """
    report = read_report(content)
    target = find_target(job, forge)
    label = "" if target.is_ours else fork_label(target.repository, target.commit)
    searches = report.searches if target.is_ours else ()
    text = label + render_markdown(report.summaries, searches, report.ending, run_url=job.run_url)
    if target.pull_request is None:
        sentence = f"no pull request is open from {target.branch}: nothing to comment on"
        return Reported(text=text, sentence=sentence)
    number, marker = target.pull_request.number, comment_marker(job.name)
    is_worth_a_comment = bool(report.summaries) or not report.ending.is_good
    sentence = keep_comment(forge, number, marker, text, is_worth_a_comment=is_worth_a_comment)
    return Reported(text=text, sentence=sentence)
