"""``--prompt-lint``: an item for each prompt file, which fails with what the linter finds."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.evaluation.listing import counted
from pytest_promptopt.linting.linter import lint_file, remedy_of
from pytest_promptopt.linting.rule import Finding
from pytest_promptopt.prompts.library import is_prompt_file, project_of
from pytest_promptopt.session.discovery import FindingPrompts
from pytest_promptopt.session.folders import PromptFolders
from pytest_promptopt.session.longrepr import longrepr_of
from pytest_promptopt.text.terminal import printable


class LintFoundError(Exception):
    """The linter found something; ``args[0]`` tells it all."""


class LintItem(pytest.Item):
    """What the linter finds in a prompt file and its goldens. No model is asked."""

    def __init__(self, *, is_unchanged: bool = False, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.is_unchanged = is_unchanged
        self.findings: tuple[Finding, ...] = ()

    def reportinfo(self) -> tuple[Path, int, str]:
        """The first line of the prompt file with a finding."""
        root = project_of(self.path, self.config.rootpath)
        lines = [f.line for f in self.findings if root / f.path == self.path]
        return self.path, lines[0] - 1 if lines else 0, self.name

    def runtest(self) -> None:
        """Fail with every finding and what to do about it."""
        root = project_of(self.path, self.config.rootpath)
        try:
            self.findings = lint_file(self.path, root=root).findings
        except PromptFileError as error:
            problem = printable(str(error))
        else:
            problem = _told(self.findings)
        if problem:
            raise LintFoundError(problem)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Our own failure as text."""
        if isinstance(excinfo.value, LintFoundError):
            path, line, _ = self.reportinfo()
            return longrepr_of(str(excinfo.value), path, line + 1)
        return super().repr_failure(excinfo, style)


class LintedFile(pytest.File):
    """A prompt file that is linted and not scored."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.add_marker(pytest.mark.prompt)

    def collect(self) -> Iterable[pytest.Item]:
        """The one item."""
        return [LintItem.from_parent(self, name="lint")]


class Linting:
    """Collects prompt files, to be linted alone."""

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> LintedFile | None:
        """Take prompt files."""
        is_ours = is_prompt_file(file_path)
        return LintedFile.from_parent(parent, path=file_path) if is_ours else None


def start_linting(config: pytest.Config) -> None:
    """Register what a run needs that lints prompts and scores none."""
    config.addinivalue_line("markers", "prompt: a prompt file")
    finding = FindingPrompts(config, config.getini("prompt_paths"))
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(finding, "promptopt-finding")
    folders = PromptFolders(config, finding.folders, finding.files)
    config.pluginmanager.register(folders, "promptopt-folders")
    config.pluginmanager.register(Linting(), "promptopt-linting")


def _told(findings: Iterable[Finding]) -> str:
    findings = [*findings]
    if not findings:
        return ""
    codes = ", ".join(dict.fromkeys(finding.code for finding in findings))
    lines = [f"{counted(len(findings), 'finding')}: {codes}"]
    for finding in findings:
        lines += [str(finding), f"    {remedy_of(finding.code)}"]
    return "\n".join(lines)
