"""The report of a run as Markdown: a comment on a pull request, a job's summary, a file.

All text that is not ours goes through :mod:`~pytest_promptopt.text.markdown`.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from pytest_promptopt.evaluation.agreement import Agreement
from pytest_promptopt.evaluation.causes import Cause
from pytest_promptopt.evaluation.difference import Difference
from pytest_promptopt.evaluation.evaluation import GoldenResult, Outcome
from pytest_promptopt.evaluation.listing import counted, listed
from pytest_promptopt.evaluation.part import Decision
from pytest_promptopt.evaluation.record import PromptRecord, Run
from pytest_promptopt.evaluation.search_record import Offer, Rung, SearchRecord
from pytest_promptopt.reports.agreement import told_of_judges
from pytest_promptopt.reports.contrast import sentence
from pytest_promptopt.reports.failure import explain
from pytest_promptopt.reports.mutation import told
from pytest_promptopt.reports.summary import (
    alarms,
    always_the_commonest,
    cost,
    difference_text,
    outcomes_text,
    sum_of_known,
)
from pytest_promptopt.text.markdown import in_fence, inline

MOST_CHARACTERS = 60_000
"""GitHub takes 65,536 in a comment; the rest is for what is put around the text."""

_LISTED = 200
_EXPLAINED = 10
_FOR_THE_NOTE = 400
_URL = re.compile(r"https?://[\w.:/#?=&%~-]+", re.ASCII)
_BAD = (Outcome.MISSED, Outcome.ERROR, Outcome.NOT_RUN, Outcome.UNSCORED)


class PartKind(Enum):
    """What may be left out of a text that is too long, the first first, and where it is then."""

    ANSWERS = "answers of goldens (in the JSON report)"
    LIST = "list of goldens (whole in the JSON report)"
    DIFF = "diff (in `.promptopt/proposals/`)"
    SECTION = "details of a prompt (in the JSON report)"
    ROW = "row of the table (in the JSON report)"


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the text with the line ends after it; one without a kind is never left out."""

    text: str
    kind: PartKind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prompt:
    """What is told of a prompt."""

    summary: PromptRecord
    search: SearchRecord | None

    @property
    def has_proposal(self) -> bool:
        return self.search is not None and self.search.has_proposal

    @property
    def has_section(self) -> bool:
        base = self.summary.base
        is_loosened = base is not None and bool(base.loosened)
        has_more = self.has_proposal or self.summary.mutation is not None
        return self.summary.fails or is_loosened or has_more


def render_markdown(
    run: Run,
    *,
    run_url: str = "",
    most_characters: int = MOST_CHARACTERS,
) -> str:
    """The whole text, one line where all is good: no prompt fails, and the run ends with 0.

    Prompts that fail come first. What is left out of a text that would be longer than
    ``most_characters`` is told at its end, with where it is; ``run_url`` is the page of the run
    that has a longer one.
    """
    found = {search.key: search for search in run.searches}
    prompts = [
        _Prompt(summary=summary, search=found.get(summary.key))
        for summary in sorted(run.prompts, key=lambda summary: not summary.fails)
    ]
    return shorten([*_parts(prompts, run)], most_characters, run_url)


def shorten(parts: Sequence[Part], most_characters: int, run_url: str = "") -> str:
    """The parts as one text, without those that there is no room for, and a note on these."""
    length = sum(len(part.text) for part in parts)
    if length <= most_characters:
        return "".join(part.text for part in parts)
    left_out: dict[int, PartKind] = {}
    for kind in PartKind:
        for number in reversed(range(len(parts))):
            part = parts[number]
            if part.kind is kind and length + _FOR_THE_NOTE > most_characters:
                left_out[number] = kind
                length -= len(part.text)
    kinds = Counter(left_out.values())
    told = ", ".join(f"{count} × {kind.value}" for kind, count in kinds.items())
    kept = (part.text for number, part in enumerate(parts) if number not in left_out)
    more = f" More is in {_link('the summary of the job', run_url)}." if run_url else ""
    note = f"\nLeft out, to stay under {most_characters:,} characters: {told}.{more}\n"
    return "".join(kept) + note


def _parts(prompts: Sequence[_Prompt], run: Run) -> Iterator[Part]:
    sections = [prompt for prompt in prompts if prompt.has_section]
    if not prompts:
        yield Part("No prompt was scored.\n")
    elif not sections and run.ends_well:
        yield Part(f"**All good:** {_total(prompts)}; {_effort(prompts)}.\n")
        yield from _remarks(prompts)
        return
    else:
        yield Part(f"**{_verdict(prompts, run)}:** {_total(prompts)}.\n")
    yield from _failures(run, is_explained=any(p.summary.fails for p in prompts))
    if prompts:
        yield Part("\n")
        yield from _table(prompts)
        yield from _remarks([prompt for prompt in prompts if not prompt.has_section])
        for prompt in sections:
            yield from _section(prompt)
        if told_alarms := alarms(prompt.summary for prompt in prompts):
            yield Part(f"\n{told_alarms}\n")
        yield Part(f"\n{_effort(prompts)}\n")


def _verdict(prompts: Sequence[_Prompt], run: Run) -> str:
    failing = sum(prompt.summary.fails for prompt in prompts)
    if failing:
        verb = "fails" if failing == 1 else "fail"
        return f"{failing} of {counted(len(prompts), 'prompt')} {verb}"
    return "No prompt fails" if run.ends_well else "The run fails, no prompt does"


def _failures(run: Run, *, is_explained: bool) -> Iterator[Part]:
    """What failed beside the goldens, and the exit code where nothing else explains it."""
    lines = []
    for failure in run.failures[:_LISTED]:
        reason = inline(failure.reason, limit=500)
        told = f"not read: {reason}" if reason else f"{inline(failure.location)} failed"
        lines.append(f"- {told}\n")
    if len(run.failures) > _LISTED:
        lines.append(f"- and {len(run.failures) - _LISTED} more\n")
    if run.exit_code and not run.failures and not is_explained:
        lines.append(f"- pytest ended with exit code {run.exit_code}\n")
    if lines:
        yield Part("\n")
        yield from (Part(line, PartKind.ROW) for line in lines)


def _remarks(prompts: Sequence[_Prompt]) -> Iterator[Part]:
    """Of prompts that hold: how far judges agree, and why goldens nevertheless have no score."""
    found = [
        f"- {inline(prompt.summary.key)}: {text}\n"
        for prompt in prompts
        for text in (*_judges(prompt.summary), *map(_cause, prompt.summary.causes))
    ]
    if found:
        yield Part("\n")
    yield from (Part(text, PartKind.ROW) for text in found)


def _judges(summary: PromptRecord) -> Iterator[str]:
    yield from (inline(text, limit=500) for text in told_of_judges(summary))


def _cause(cause: Cause) -> str:
    ids = f" ({inline(listed(cause.named), limit=500)})" if cause.named else ""
    count = cause.outcome.counted(len(cause.goldens))
    return f"{count}: {inline(cause.reason, limit=500)}{ids}"


def _table(prompts: Sequence[_Prompt]) -> Iterator[Part]:
    """One row a prompt; without the columns that would be empty."""
    has_base = any(prompt.summary.base is not None for prompt in prompts)
    has_proposed = any(prompt.has_proposal for prompt in prompts)
    shown = (True, has_base, True, has_proposed, True)

    def line(cells: Sequence[str]) -> str:
        wanted = (cell for cell, is_shown in zip(cells, shown, strict=True) if is_shown)
        return f"| {' | '.join(wanted)} |\n"

    yield Part(line(("prompt", "base", "this PR", "proposed", "gate")))
    yield Part(line(("---", "---:", "---:", "---:", "---")))
    for prompt in prompts:
        cells = (
            inline(prompt.summary.key),
            _base_cell(prompt),
            _score_cell(prompt.summary),
            _proposed_cell(prompt.search),
            _gate_cell(prompt.summary),
        )
        yield Part(line(cells), PartKind.ROW)


def _base_cell(prompt: _Prompt) -> str:
    base = prompt.summary.base
    if base is not None and base.identical:
        return "the same"
    return f"{prompt.summary.change.before:.3f}" if prompt.summary.change is not None else "–"


def _score_cell(summary: PromptRecord) -> str:
    score, interval = summary.evaluation.score, summary.interval
    if score is None or interval is None:
        return "–"
    return f"{score:.3f} ({interval.low:.3f} to {interval.high:.3f})"


def _proposed_cell(search: SearchRecord | None) -> str:
    if search is None or not search.has_proposal:
        return "–"
    if search.comparison is None or not search.is_proven:
        return "unproven"
    after, before, pairs = search.after, search.before, search.comparison.pairs
    if after is None or before is None:
        return f"{search.comparison.difference:+.3f} on {pairs} unseen"
    return f"{after:.3f}, was {before:.3f} ({pairs} unseen)"


def _gate_cell(summary: PromptRecord) -> str:
    verdict = summary.verdict
    if verdict is None:
        return f"**{_counts(summary, _BAD)}**" if summary.fails else "–"
    if not verdict.passed:
        return f"**{verdict.decision}**"
    lets_through = verdict.decision is Decision.INCONCLUSIVE
    return f"{verdict.decision} (let through)" if lets_through else str(verdict.decision)


def _section(prompt: _Prompt) -> Iterator[Part]:
    summary, search = prompt.summary, prompt.search
    lines = "".join(f"- {line}\n" for line in _findings(prompt))
    text = f"\n#### {inline(summary.key)}\n\n{lines}"
    if search is not None and search.has_proposal:
        yield Part(f"{text}\n{_taking(search)}\n", PartKind.SECTION)
        if search.patch:
            yield Part(f"\n{in_fence(search.patch, 'diff')}\n", PartKind.DIFF)
    else:
        yield Part(text, PartKind.SECTION)
    rows = [row for row in summary.results if row.outcome is Outcome.MISSED]
    if rows:
        goldens = "\n".join(f"- {_golden(row, prompt.summary.change)}" for row in rows[:_LISTED])
        rest = f"\n- and {len(rows) - _LISTED} more" if len(rows) > _LISTED else ""
        yield Part(_folded(f"{len(rows):,} missed", f"{goldens}{rest}"), PartKind.LIST)
    if summary.agreement is not None:
        table = _folded("labels by the judge's choices", _confusion(summary.agreement))
        yield Part(table, PartKind.LIST)
    worst = [row for row in summary.worst(_EXPLAINED) if row.answers]
    if worst:
        texts = "\n\n".join(_explained(row, summary.model) for row in worst)
        which = f"the worst {len(worst)} of " if len(worst) < len(rows) else ""
        title = f"answers and reasons of {which}{len(rows):,} missed"
        yield Part(_folded(title, texts), PartKind.ANSWERS)


def _confusion(found: Agreement) -> str:
    """A row a label, a column a choice."""
    choices = [inline(choice) for choice in found.choices]
    lines = [["labelled", *choices, "none"], ["---", *["---:"] * (len(choices) + 1)]]
    lines += [[name, *map(str, row)] for name, row in zip(choices, found.counts, strict=True)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _folded(title: str, content: str) -> str:
    return f"\n<details><summary>{title}</summary>\n\n{content}\n\n</details>\n"


def _explained(row: GoldenResult, model: str) -> str:
    return in_fence(explain(row, model), "text")


def _taking(search: SearchRecord) -> str:
    """How to take what is proposed, and what to look at before."""
    unproven = "" if search.is_proven else ", which is unproven"
    flags = "".join(f"**Look before you take it:** {inline(flag)}.\n\n" for flag in search.flags)
    how = _offered(search.offer) if search.offer is not None else None
    command = how or f"\n\n{in_fence(search.apply_command, 'sh')}"
    return f"{flags}To take what is proposed{unproven}:{command}"


def _offered(offer: Offer) -> str | None:
    """Where to take it; None where that is the command line."""
    remark = f" ({inline(offer.remark, limit=500)})" if offer.remark else ""
    match offer.rung:
        case Rung.SUGGEST:
            return f" commit the suggestion in {_link('the review', offer.url)}.{remark}"
        case Rung.PR:
            return f" merge {_link(f'pull request {offer.number}', offer.url)}.{remark}"
        case Rung.COMMENT:
            return f" save the diff as a file and give it to `git apply`.{remark}"
        case Rung.PATCH:
            return None


def _link(text: str, url: str) -> str:
    """``text``, linked to ``url`` if that is the plain address of a page."""
    return f"[{text}]({url})" if _URL.fullmatch(url) else text


def _findings(prompt: _Prompt) -> Iterator[str]:
    """What stands against the prompt, what changed, and what the search says."""
    summary, change, base = prompt.summary, prompt.summary.change, prompt.summary.base
    if summary.verdict is not None:
        yield from (inline(reason, limit=500) for reason in summary.verdict.reasons)
    elif summary.fails:
        yield f"{_counts(summary, _BAD)} of {counted(summary.goldens, 'golden')}"
    if always := always_the_commonest(summary.evaluation):
        yield inline(always)
    yield from _judges(summary)
    yield from map(_cause, summary.causes)
    if summary.mutation is not None:
        yield from (inline(line, limit=500) for line in told(summary.mutation))
    if base is not None:
        label = inline(base.label)
        if change is not None:
            moved = f"{change.before:.3f} → {change.after:.3f}"
            yield f"against {label}: {moved}, {difference_text(change)}"
        elif base.remark:
            yield f"against {label}: {inline(base.remark)}"
        yield from (f"since {label}: {inline(text)}" for text in base.loosened)
    if prompt.search is not None:
        yield f"optimized: {inline(prompt.search.sentence, limit=600)}"
        if prompt.search.cost:
            yield f"an answer takes {prompt.search.cost}"
        if prompt.search.gate:
            yield inline(prompt.search.gate, limit=500)


def _golden(result: GoldenResult, change: Difference | None) -> str:
    """A golden that missed: what it scored, and why."""
    broken = ", broken" if change is not None and result.id in change.broken else ""
    score = f"{result.score or 0.0:.2f}"
    return f"{inline(result.id)}: {score}{broken}, {inline(sentence(result))}"


def _counts(summary: PromptRecord, outcomes: Sequence[Outcome]) -> str:
    counts = summary.counts
    return ", ".join(o.counted(counts[o]) for o in outcomes if counts[o])


def _total(prompts: Sequence[_Prompt]) -> str:
    """How many prompts there are, and what became of all their goldens."""
    goldens = outcomes_text(prompt.summary for prompt in prompts)
    return f"{counted(len(prompts), 'prompt')}, goldens: {goldens}"


def _effort(prompts: Sequence[_Prompt]) -> str:
    """Models, tokens, cost and the calls of searches, on one line."""
    summaries = [prompt.summary for prompt in prompts]
    parts = [
        *_names([summary.model for summary in summaries]),
        f"{sum(summary.tokens for summary in summaries):,} tokens",
        cost(sum_of_known([summary.cost_usd for summary in summaries])),
    ]
    searches = [prompt.search for prompt in prompts if prompt.search is not None]
    if searches:
        calls = sum(search.calls for search in searches)
        names = ", ".join(_names([search.optimizer_model for search in searches]))
        parts.append(f"optimizing with {names}: {counted(calls, 'call')}")
    return ", ".join(parts)


def _names(models: Sequence[str]) -> list[str]:
    """The models once each, of many the first."""
    names = [inline(model) for model in dict.fromkeys(models) if model]
    return [listed(names)] if names else []
