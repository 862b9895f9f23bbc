"""The page as a whole: the run drawn by a template, and what the browser may do with it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pytest_promptopt.evaluation.listing import counted
from pytest_promptopt.evaluation.record import PromptRecord, Run
from pytest_promptopt.history.scores import SavedScore
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.reports.html.charts import charts_of
from pytest_promptopt.reports.html.frame import environment, policy, source
from pytest_promptopt.reports.html.goldens import Goldens, goldens_of, in_script
from pytest_promptopt.reports.html.mutation import drawn_mutation
from pytest_promptopt.reports.html.rows import row_of
from pytest_promptopt.reports.html.search import Drawn, drawn_search
from pytest_promptopt.reports.summary import (
    alarms,
    by_need,
    compare_models,
    effort,
    outcomes_text,
)
from pytest_promptopt.text.terminal import printable

_MOST_WITH_PARTS = 20
"""Prompts; the intervals of their parts may take half a second each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """Where people can label a prompt's answers; else ``lack`` says why they cannot."""

    address: str = ""
    lack: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a run does not know of itself: when it ended, and the scores of earlier versions.

    ``prompts`` are those that it sent, by the keys of their records, where that is still known,
    ``searches`` the lines of journals, by the names of these. ``version`` is that of a page
    which is served, and asks whether there is a newer one; ``labelling`` is that of the prompts
    whose judges choose, by the keys of their records. ``lack`` says why any of it is missing.
    """

    ended: datetime | None = None
    scores: Sequence[SavedScore] = ()
    prompts: Mapping[str, Prompt] = field(default_factory=dict)
    searches: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    version: str = ""
    labelling: Mapping[str, Invitation] = field(default_factory=dict)
    lack: str = ""


NOWHERE = Surroundings()


def render_html(run: Run, surroundings: Surroundings = NOWHERE) -> str:
    """The whole page as a text; it asks for nothing from anywhere.

    All text in it is escaped and printable. Its policy lets the browser run the one script of
    ours and nothing else, whatever stands there.
    """
    prompts = by_need(run.prompts)
    searches = [*_searches(run, surroundings)]
    goldens = goldens_of(prompts, surroundings.prompts)
    rows = [row_of(n, prompt, surroundings.scores) for n, prompt in enumerate(prompts)]
    style, script = source("page.css"), source("page.js")
    return (
        environment()
        .get_template("page.html.jinja")
        .render(
            style=style,
            script=script,
            policy=policy(style, script, is_served=bool(surroundings.version)),
            version=surroundings.version,
            title=_title(run, searches),
            about=[*_about(prompts, surroundings)],
            remarks=goldens.remarks,
            failures=run.failures,
            is_good=run.ends_well and not any(prompt.fails for prompt in prompts),
            rows=rows,
            most_with_parts=_MOST_WITH_PARTS,
            charts=[
                charts_of(prompt, has_parts=number < _MOST_WITH_PARTS)
                for number, prompt in enumerate(prompts)
            ],
            mutations=[
                drawn_mutation(prompt.mutation, surroundings.prompts.get(prompt.key))
                for prompt in prompts
            ],
            compared=[one for one in compare_models(prompts) if one.texts],
            searches=searches,
            labelling=surroundings.labelling,
            has_base=any(row.against for row in rows),
            has_trend=any(row.trend for row in rows),
            data=_data(prompts, goldens),
        )
    )


def _searches(run: Run, surroundings: Surroundings) -> Iterator[Drawn]:
    """Those of the run, and journals of no run."""
    for number, record in enumerate(run.searches):
        prompt = surroundings.prompts.get(record.key)
        texts = [message.template.text for message in prompt.messages] if prompt else []
        given = {str(position): text for position, text in enumerate(texts)}
        lines = surroundings.searches.get(record.run, ())
        yield drawn_search(f"search-{number}", lines, record, given)
    known = {record.run for record in run.searches}
    for name, lines in surroundings.searches.items():
        if name not in known:
            yield drawn_search("search", lines, None)


def _title(run: Run, searches: Sequence[Drawn]) -> str:
    if not run.prompts and not run.failures and searches:
        return f"A search for a better {searches[0].title}"
    failing = sum(prompt.fails for prompt in run.prompts)
    prompts = counted(len(run.prompts), "prompt")
    if failing:
        return f"{failing} of {prompts} {'fails' if failing == 1 else 'fail'}"
    if run.prompts and run.ends_well:
        return "All good" if len(run.prompts) > 1 else "The prompt holds"
    return "The run fails, no prompt does" if not run.ends_well else "No prompt was scored"


def _about(prompts: Sequence[PromptRecord], surroundings: Surroundings) -> list[str]:
    parts = [f"{surroundings.ended:%d %B %Y, %H:%M} UTC"] if surroundings.ended else []
    bases = dict.fromkeys(prompt.base.label for prompt in prompts if prompt.base)
    parts += [f"against {', '.join(bases)}"] if bases else []
    if prompts:
        parts += [f"{counted(len(prompts), 'prompt')}, goldens: {outcomes_text(prompts)}"]
        parts += [*filter(None, [alarms(prompts)]), effort(prompts, "what was saved")]
    return [*parts, surroundings.lack] if surroundings.lack else parts


def _data(prompts: Sequence[PromptRecord], goldens: Goldens) -> str:
    """What the script builds rows of."""
    told = [
        {"k": printable(p.key), "l": printable(p.location), "m": printable(p.model)}
        for p in prompts
    ]
    texts = in_script(goldens.texts)
    return f'{{"prompts":{in_script(told)},"texts":{texts},"goldens":{goldens.rows}}}'
