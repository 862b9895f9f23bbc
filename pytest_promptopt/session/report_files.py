"""``--prompt-report``, and what GitHub Actions shows of a run."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import pluggy
import pytest

from pytest_promptopt.errors import ReportError, UsageError
from pytest_promptopt.evaluation.record import Run
from pytest_promptopt.hooks import promised
from pytest_promptopt.project.files import replace_file
from pytest_promptopt.reports.contrast import sentence
from pytest_promptopt.reports.job_summary import (
    MOST_CHARACTERS,
    Annotation,
    append_summary,
    render_annotations,
)
from pytest_promptopt.session.after import Step, fail
from pytest_promptopt.session.lines import say
from pytest_promptopt.session.results import Reporting, Searches, missed_in, record_in
from pytest_promptopt.text.raised import raised_by
from pytest_promptopt.work.saved_runs import utc_now

Render = Callable[[Run], str]

_OTHER_ANNOTATIONS = "pytest_github_actions_annotate_failures"


def renderers_of(hook: pluggy.HookRelay, root: Path) -> Mapping[str, Render]:
    """What renders a report of the project at ``root``, by the ending of its path.

    Those that are built in cannot be taken.
    """
    renderers: dict[str, Render] = {}
    for contributed in hook.pytest_promptopt_reports():
        renderers |= promised(contributed, Mapping, "pytest_promptopt_reports")
    page = partial(_page, root=root)
    return {**renderers, ".html": page, ".json": _json, ".md": _markdown}


# Each is imported where it is wanted: together they take as long as all else of a small run.
def _page(run: Run, root: Path) -> str:
    from pytest_promptopt.reports.html.page import render_html
    from pytest_promptopt.work.pages import surroundings_of

    return render_html(run, surroundings_of(root, run, utc_now()))


def _json(run: Run) -> str:
    from pytest_promptopt.reports.json import render_json

    return render_json(run)


def _markdown(run: Run) -> str:
    from pytest_promptopt.reports.markdown import render_markdown

    return render_markdown(run)


def check_report_paths(paths: Sequence[str], renderers: Mapping[str, Render]) -> None:
    """Raise :class:`UsageError` where a path's ending tells no kind of report."""
    for path in paths:
        if Path(path).suffix not in renderers:
            known = ", ".join(renderers)
            raise UsageError(
                f"--prompt-report {path}: its ending tells no report; known are {known}"
            )


def _rendered(render: Render, run: Run) -> bytes:
    """What stands in the file; raises ReportError where ``render`` gives no text."""
    try:
        text: object = render(run)
    except Exception as error:
        raise ReportError(f"what renders it raised {raised_by(error)}") from error
    if not isinstance(text, str):
        raise ReportError(f"what renders it gave {type(text).__name__}, expected text")
    return text.encode()


class WritingReports(Step):
    """Writes the reports when the run is over. Runs once, in the process that reports come to.

    ``paths`` are relative to the folder that pytest was started in. ``job_summary`` is the file
    of GitHub's, None elsewhere. ``searches`` tells what searches came to. A report that cannot be
    written is told and fails the run; the job's summary, which nobody asked for, does not.
    """

    def __init__(
        self,
        config: pytest.Config,
        reporting: Reporting,
        *,
        paths: Sequence[str],
        renderers: Mapping[str, Render],
        job_summary: str | None,
        searches: Searches,
    ) -> None:
        self._folder = config.invocation_params.dir
        self._reporting = reporting
        self._paths = paths
        self._renderers = renderers
        self._job_summary = job_summary
        self._searches = searches
        self._written: list[str] = []
        self._failed: list[str] = []
        self._remark = ""

    def save(self, session: pytest.Session) -> None:
        """Write them all, when the exit code is known."""
        if not self._paths and not self._job_summary:
            return
        run = self._write_reports(session)
        if self._failed and session.exitstatus == pytest.ExitCode.OK:
            fail(session)
            # Those that could be written say that all is good.
            run = self._write_reports(session)
        if self._job_summary:
            from pytest_promptopt.reports.markdown import render_markdown

            text = render_markdown(run, most_characters=MOST_CHARACTERS)
            try:
                append_summary(Path(self._job_summary), text)
            except OSError as error:
                self._remark = f"no summary of the job: {error.strerror or error}"

    def _write_reports(self, session: pytest.Session) -> Run:
        run = self._reporting.run(int(session.exitstatus), self._searches())
        self._written, self._failed = [], []
        for shown in self._paths:
            path = self._folder / Path(shown).expanduser()
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                replace_file(path, _rendered(self._renderers[path.suffix], run))
            except (OSError, ReportError) as error:
                reason = getattr(error, "strerror", None) or error
                self._failed.append(f"no report in {shown}: {reason}")
            else:
                self._written.append(shown)
        return run

    def show(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was written."""
        if self._written:
            say(terminalreporter, f"reports: {', '.join(self._written)}")
        for text in self._failed:
            say(terminalreporter, text, red=True)
        if self._remark:
            say(terminalreporter, self._remark, yellow=True)


class Annotating:
    """Marks goldens and gates that failed in the files that a pull request shows.

    ``workspace`` is the folder of the checkout. Goldens that missed are marked if their gate
    failed.
    """

    def __init__(self, config: pytest.Config, workspace: Path) -> None:
        self._config = config
        self._workspace = workspace
        self._missed: dict[str, list[Annotation]] = {}
        self._failed: list[Annotation] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep where a golden or a gate failed."""
        record = record_in(report)
        unread = report.__dict__.get("promptopt_unread")
        if unread:
            self._failed.append(self._annotation(report, unread))
        if record is None:
            return
        missed = missed_in(report)
        if missed is not None:
            score = missed.score or 0.0
            text = f"golden {missed.id} missed: score {score:.2f}, {sentence(missed)}"
            self._missed.setdefault(record.key, []).append(self._annotation(report, text))
        elif report.failed:
            lines = str(report.longrepr).splitlines()
            text = "\n".join(lines if record.verdict else lines[:1])
            self._failed.append(self._annotation(report, text))
            if record.verdict:
                self._failed += self._missed.pop(record.key, [])

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print them, unless another plugin marks failures already."""
        if not self._config.pluginmanager.has_plugin(_OTHER_ANNOTATIONS):
            terminalreporter.ensure_newline()
            for line in render_annotations(self._failed):
                terminalreporter.write_line(line)

    def _annotation(self, report: pytest.TestReport, message: str) -> Annotation:
        location, line, _ = report.location
        path = (self._config.rootpath / location).resolve()
        if path.is_relative_to(self._workspace):
            location = path.relative_to(self._workspace).as_posix()
        return Annotation(path=location, line=(line or 0) + 1, message=message)
