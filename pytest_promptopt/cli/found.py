"""The run or the search that a name on the command line stands for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pytest_promptopt.errors import ReportError, UsageError
from pytest_promptopt.evaluation.listing import listed
from pytest_promptopt.evaluation.record import Run
from pytest_promptopt.optimization.journal import read_journal
from pytest_promptopt.project.folder import JOURNAL, RUNS, project_with
from pytest_promptopt.reports.html.page import Surroundings, render_html
from pytest_promptopt.reports.reader import read_report, report_bytes
from pytest_promptopt.suggestion import close_to
from pytest_promptopt.work.pages import labelling_of, surroundings_of
from pytest_promptopt.work.saved_runs import RunStore

Line = Mapping[str, Any]

_NOTHING_BESIDE = Surroundings(
    lack="from a JSON report, which holds no messages and no scores of earlier versions"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a run or a search is kept; ``store`` is None for a report from elsewhere."""

    name: str
    path: Path
    store: RunStore | None = None

    @property
    def is_search(self) -> bool:
        """Whether a journal is what is there."""
        return self.path.name == JOURNAL

    @property
    def version(self) -> str:
        """Another one whenever something else stands there; ASCII, to be the same in a page."""
        name = quote(self.name, errors="surrogatepass")
        try:
            found = self.path.stat()
        except OSError:
            return name
        return f"{name} {found.st_mtime_ns} {found.st_size}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a place holds: a run that ``ended`` in UTC then, or the ``lines`` of a journal."""

    place: Place
    run: Run | None = None
    ended: datetime | None = None
    lines: Sequence[Line] = field(default_factory=tuple)

    def page(self, version: str = "") -> str:
        """It as a page; one with a ``version`` asks whether there is a newer one."""
        if self.run is None:
            searches = {self.place.name: self.lines}
            return render_html(Run(), Surroundings(searches=searches, version=version))
        store = self.place.store
        around = surroundings_of(store.root, self.run, self.ended) if store else _NOTHING_BESIDE
        if version:
            labelling = labelling_of(store.root if store else None, self.run)
            around = replace(around, version=version, labelling=labelling)
        return render_html(self.run, around)


def saved() -> tuple[RunStore, Sequence[Path]]:
    """The runs of the project, and the journals of its searches, the latest first."""
    project = project_with(RUNS, start=Path.cwd(), remedy="run pytest with --prompt-eval")
    journals = (project / RUNS).glob(f"*/{JOURNAL}")
    latest = sorted(journals, key=lambda path: path.stat().st_mtime, reverse=True)
    return RunStore(project), latest


def locate(name: str | None) -> Place:
    """Where the run or the search of that name is, without one the latest run.

    Raises UsageError where there is none or several.
    """
    if name is not None and name.endswith(".json"):
        return Place(name=Path(name).stem, path=Path(name))
    store, journals = saved()
    searches = {path.parent.name: path for path in journals}
    names = [*store.names(), *searches]
    if name is None:
        found = store.names()[:1]
        if not found:
            raise UsageError("there is no run yet; run pytest with --prompt-eval")
    else:
        found = [known for known in names if known.startswith(name)]
    if len(found) != 1:
        many = "several runs start with" if found else "no run starts with"
        there = listed(found or names) or "none; `promptopt report` lists them"
        raise UsageError(f"{many} {name!r}: there are {there}{close_to(name or '', names)}")
    path = searches.get(found[0]) or store.path(found[0])
    return Place(name=found[0], path=path, store=store)


def read_search(path: Path) -> Sequence[Line]:
    """The lines of a journal; raises :class:`~pytest_promptopt.errors.PromptoptError`."""
    try:
        return read_journal(path)
    except OSError as error:
        raise ReportError(f"{path}: cannot be read: {error.strerror or error}") from error


def read(place: Place) -> Found:
    """What is there; raises :class:`~pytest_promptopt.errors.PromptoptError`."""
    if place.store is None:
        return Found(place=place, run=read_report(report_bytes(place.path)))
    if place.is_search:
        return Found(place=place, lines=read_search(place.path))
    saved_run = place.store.read(place.name)
    return Found(place=place, run=saved_run.run, ended=saved_run.ended)
