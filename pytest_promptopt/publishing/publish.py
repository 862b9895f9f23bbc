"""A run published: proposals offered, and the comment of the pull request kept up to date."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pytest_promptopt.errors import ForgeError
from pytest_promptopt.evaluation.evaluation import GoldenResult
from pytest_promptopt.evaluation.record import Run
from pytest_promptopt.evaluation.search_record import Rung, SearchRecord
from pytest_promptopt.forge.forge import Forge
from pytest_promptopt.forge.job import Job
from pytest_promptopt.proposals.finding import Finding
from pytest_promptopt.publishing.climb import Checkout
from pytest_promptopt.publishing.ladder import offer_all
from pytest_promptopt.publishing.target import find_target
from pytest_promptopt.publishing.texts import comment_marker, fork_label
from pytest_promptopt.reports.markdown import render_markdown
from pytest_promptopt.reports.reader import read_report
from pytest_promptopt.text.secrets import Secrets, without_values


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What came of it: the searches with their offers, and a sentence on the comment.

    ``failure`` says what was not posted and why, empty where all was.
    """

    searches: tuple[SearchRecord, ...]
    sentence: str = ""
    failure: str = ""


def publish_run(
    run: Run,
    findings: Sequence[Finding],
    wish: Rung,
    *,
    job: Job,
    forge: Forge,
    checkout: Checkout,
    secrets: Sequence[str],
) -> Published:
    """Offer what was found as ``wish`` says, and comment on ``run`` in the ``job``'s pull request.

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
    prompts = tuple(
        replace(prompt, results=tuple(_without_values(r, secrets) for r in prompt.results))
        for prompt in run.prompts
    )
    told = replace(run, prompts=prompts, searches=tuple(searches))
    text = render_markdown(told, run_url=job.run_url)
    if target.pull_request is None:
        sentence = f"no pull request is open from {target.branch}: nothing to comment on"
        return Published(searches=tuple(searches), sentence=sentence)
    try:
        sentence = _keep_comment(
            forge,
            target.pull_request.number,
            comment_marker(job.name),
            without_values(text, secrets),
            is_worth_a_comment=_is_worth_a_comment(run),
        )
    except ForgeError as error:
        return Published(searches=tuple(searches), failure=f"no comment: {error}")
    return Published(searches=tuple(searches), sentence=sentence)


def _is_worth_a_comment(run: Run) -> bool:
    return bool(run.prompts) or not run.ends_well


def _without_values(result: GoldenResult, secrets: Sequence[str]) -> GoldenResult:
    """Before texts are cut, so that no part of a secret is left over."""
    return replace(
        result,
        input=without_values(result.input, secrets),
        expected=result.expected and without_values(result.expected, secrets),
        answers=tuple(
            replace(
                answer,
                text=without_values(answer.text, secrets),
                reasoning=without_values(answer.reasoning, secrets),
            )
            for answer in result.answers
        ),
    )


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
    run = read_report(content)
    target = find_target(job, forge)
    label = "" if target.is_ours else fork_label(target.repository, target.commit)
    told = run if target.is_ours else replace(run, searches=())
    text = label + render_markdown(told, run_url=job.run_url)
    if target.pull_request is None:
        sentence = f"no pull request is open from {target.branch}: nothing to comment on"
        return Reported(text=text, sentence=sentence)
    number, marker = target.pull_request.number, comment_marker(job.name)
    sentence = _keep_comment(
        forge, number, marker, text, is_worth_a_comment=_is_worth_a_comment(run)
    )
    return Reported(text=text, sentence=sentence)


def _keep_comment(
    forge: Forge, number: int, marker: str, text: str, *, is_worth_a_comment: bool = True
) -> str:
    """Have the comment with this ``marker`` say ``text``; what was done, as a sentence.

    Nothing is sent where it says so already; one that was deleted by hand is made anew. A text
    that is not worth a comment of its own only replaces an earlier one. Raises
    :class:`~pytest_promptopt.errors.ForgeError`.
    """
    body = f"{marker}\n\n{text}"
    existing = forge.own_comment(number, marker)
    if existing is not None:
        if _same_text(existing.body, body):
            return f"the comment on pull request {number} says so already: {existing.url}"
        edited = forge.edit_comment(existing, body)
        if edited is not None:
            return f"updated the comment on pull request {number}: {edited.url}"
    if not is_worth_a_comment:
        return f"nothing to say on pull request {number}"
    added = forge.add_comment(number, body)
    return f"commented on pull request {number}: {added.url}"


def _same_text(one: str, other: str) -> bool:
    """Whether they are the same but for line ends, which the web page turns."""
    return one.replace("\r\n", "\n").rstrip() == other.replace("\r\n", "\n").rstrip()
