"""The report of a run as Markdown: a comment on a pull request, a job's summary, a file.

All text that is not ours goes through :mod:`~pytest_promptopt.reports.escaping`.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from pytest_promptopt.evaluation.difference import Difference
from pytest_promptopt.evaluation.evaluation import Outcome
from pytest_promptopt.evaluation.gate import Decision
from pytest_promptopt.evaluation.listing import listed
from pytest_promptopt.reports.escaping import in_fence, inline
from pytest_promptopt.reports.quoting import excerpt
from pytest_promptopt.reports.search import Offer, Rung, SearchSummary
from pytest_promptopt.reports.summary import GoldenRow, PromptSummary
from pytest_promptopt.reports.terminal import cost, difference_text

MOST_CHARACTERS = 60_000
"""GitHub takes 65,536 in a comment; the rest is for what is put around the text."""

_LISTED = 200
_FOR_THE_NOTE = 400
_URL = re.compile(r"https?://[\w.:/#?=&%~-]+", re.ASCII)
_BAD = (Outcome.MISSED, Outcome.ERROR, Outcome.NOT_RUN)


class PartKind(Enum):
    """What may be left out of a text that is too long, the first first, and where it is then."""

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
    """What is told of a prompt; ``change`` is the summary's, which takes long to compute."""

    summary: PromptSummary
    change: Difference | None
    search: SearchSummary | None

    @property
    def has_proposal(self) -> bool:
        return self.search is not None and self.search.has_proposal

    @property
    def has_section(self) -> bool:
        base = self.summary.base
        is_loosened = base is not None and bool(base.loosened)
        return _fails(self.summary) or is_loosened or self.has_proposal


def render_markdown(
    summaries: Sequence[PromptSummary],
    searches: Sequence[SearchSummary] = (),
    *,
    run_url: str = "",
    most_characters: int = MOST_CHARACTERS,
) -> str:
    """The whole text, one line where all is good.

    Prompts that fail come first. What is left out of a text that would be longer than
    ``most_characters`` is told at its end, with where it is; ``run_url`` is the page of the run
    that has a longer one.
    """
    found = {search.key: search for search in searches}
    prompts = [
        _Prompt(summary=summary, change=summary.change, search=found.get(_key(summary)))
        for summary in sorted(summaries, key=lambda summary: not _fails(summary))
    ]
    return shorten([*_parts(prompts)], most_characters, run_url)


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


def _parts(prompts: Sequence[_Prompt]) -> Iterator[Part]:
    if not prompts:
        yield Part("No prompt was scored.\n")
        return
    sections = [prompt for prompt in prompts if prompt.has_section]
    if not sections:
        yield Part(f"**All good:** {_total(prompts)}; {_effort(prompts)}.\n")
        return
    failing = sum(_fails(prompt.summary) for prompt in prompts)
    count = f"{failing} of {len(prompts)} prompts" if failing else "No prompt"
    yield Part(f"**{count} {'fails' if failing < 2 else 'fail'}:** {_total(prompts)}.\n\n")
    yield from _table(prompts)
    for prompt in sections:
        yield from _section(prompt)
    yield Part(f"\n{_effort(prompts)}\n")


def _fails(summary: PromptSummary) -> bool:
    if summary.verdict is not None:
        return not summary.verdict.passed
    return any(summary.counts[outcome] for outcome in _BAD)


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
            inline(_key(prompt.summary)),
            _base_cell(prompt),
            _score_cell(prompt.summary),
            _proposed_cell(prompt.search),
            _gate_cell(prompt.summary),
        )
        yield Part(line(cells), PartKind.ROW)


def _key(summary: PromptSummary) -> str:
    return summary.key or summary.location


def _base_cell(prompt: _Prompt) -> str:
    base = prompt.summary.base
    if base is not None and base.identical:
        return "the same"
    return f"{prompt.change.before:.3f}" if prompt.change is not None else "–"


def _score_cell(summary: PromptSummary) -> str:
    score, interval = summary.evaluation.score, summary.interval
    if score is None or interval is None:
        return "–"
    return f"{score:.3f} ({interval.low:.3f} to {interval.high:.3f})"


def _proposed_cell(search: SearchSummary | None) -> str:
    if search is None or not search.has_proposal:
        return "–"
    if search.comparison is None or not search.is_proven:
        return "unproven"
    after, before, pairs = search.after, search.before, search.comparison.pairs
    if after is None or before is None:
        return f"{search.comparison.difference:+.3f} on {pairs} unseen"
    return f"{after:.3f}, was {before:.3f} ({pairs} unseen)"


def _gate_cell(summary: PromptSummary) -> str:
    verdict = summary.verdict
    if verdict is None:
        return f"**{_counts(summary, _BAD)}**" if _fails(summary) else "–"
    if not verdict.passed:
        return f"**{verdict.decision}**"
    lets_through = verdict.decision is Decision.INCONCLUSIVE
    return f"{verdict.decision} (let through)" if lets_through else str(verdict.decision)


def _section(prompt: _Prompt) -> Iterator[Part]:
    summary, search = prompt.summary, prompt.search
    lines = "".join(f"- {line}\n" for line in _findings(prompt))
    text = f"\n#### {inline(_key(summary))}\n\n{lines}"
    if search is not None and search.has_proposal:
        yield Part(f"{text}\n{_taking(search)}\n", PartKind.SECTION)
        if search.patch:
            yield Part(f"\n{in_fence(search.patch, 'diff')}\n", PartKind.DIFF)
    else:
        yield Part(text, PartKind.SECTION)
    rows = [row for row in summary.rows if row.result.outcome in _BAD]
    if rows:
        goldens = "\n".join(f"- {_golden(row, prompt.change)}" for row in rows[:_LISTED])
        rest = f"\n- and {len(rows) - _LISTED} more" if len(rows) > _LISTED else ""
        title = f"<details><summary>{_counts(summary, _BAD)}</summary>"
        yield Part(f"\n{title}\n\n{goldens}{rest}\n\n</details>\n", PartKind.LIST)


def _taking(search: SearchSummary) -> str:
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
    summary, change, base = prompt.summary, prompt.change, prompt.summary.base
    if summary.verdict is not None:
        yield from (inline(reason, limit=500) for reason in summary.verdict.reasons)
    elif _fails(summary):
        yield f"{_counts(summary, _BAD)} of {summary.goldens} goldens"
    if base is not None:
        label = inline(base.label)
        if change is not None:
            moved = f"{change.before:.3f} → {change.after:.3f}"
            yield f"against {label}: {moved}, {difference_text(change)}"
        elif base.remark:
            yield f"against {label}: {inline(base.remark)}"
        yield from (f"since {label}: {inline(text)}" for text in base.loosened)
    if prompt.search is not None:
        yield f"optimized: {inline(prompt.search.sentence, limit=500)}"


def _golden(row: GoldenRow, change: Difference | None) -> str:
    """A golden that did not pass: what it scored, was answered and should have been."""
    result = row.result
    score = "" if result.score is None else f" {result.score:.2f}"
    broken = ", broken" if change is not None and result.golden_id in change.broken else ""
    text = f"{inline(result.golden_id)}: {result.outcome.value}{score}{broken}"
    if result.outcome is not Outcome.MISSED:
        return f"{text}, {inline(result.reason)}"
    text += f", answered {inline(excerpt(row.answer))}"
    return f"{text}, expected {inline(excerpt(row.expected))}" if row.expected else text


def _counts(summary: PromptSummary, outcomes: Sequence[Outcome]) -> str:
    counts = summary.counts
    return ", ".join(f"{counts[o]} {o.value}" for o in outcomes if counts[o])


def _total(prompts: Sequence[_Prompt]) -> str:
    """How many prompts there are, and what became of all their goldens."""
    counts = sum((prompt.summary.counts for prompt in prompts), Counter[Outcome]())
    goldens = ", ".join(f"{counts[o]:,} {o.value}" for o in Outcome if counts[o])
    count = "1 prompt" if len(prompts) == 1 else f"{len(prompts):,} prompts"
    return f"{count}, goldens: {goldens or 'none'}"


def _effort(prompts: Sequence[_Prompt]) -> str:
    """Models, tokens, cost and the calls of searches, on one line."""
    summaries = [prompt.summary for prompt in prompts]
    costs = [summary.cost_usd for summary in summaries]
    known = [cost_usd for cost_usd in costs if cost_usd is not None]
    parts = [
        *_names([summary.model for summary in summaries]),
        f"{sum(summary.tokens for summary in summaries):,} tokens",
        cost(sum(known) if len(known) == len(costs) else None),
    ]
    searches = [prompt.search for prompt in prompts if prompt.search is not None]
    if searches:
        calls = sum(search.calls for search in searches)
        names = ", ".join(_names([search.optimizer_model for search in searches]))
        parts.append(f"optimizing with {names}: {calls:,} calls")
    return ", ".join(parts)


def _names(models: Sequence[str]) -> list[str]:
    """The models once each, of many the first."""
    names = [inline(model) for model in dict.fromkeys(models) if model]
    return [listed(names)] if names else []
