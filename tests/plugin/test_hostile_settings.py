"""A checkout whose `.git/config` names programs: none of them may start."""

from pathlib import Path

import pytest

from pytest_promptopt.cli.main import main
from pytest_promptopt.proposals.store import ProposalStore
from tests.history.commits import History, git
from tests.plugin.test_base import WORSE
from tests.plugin.test_base import history as history
from tests.project import Project
from tests.proposals.made import BETTER, FILE, made

NAME = "prompts/a.prompt.yml"
PROGRAMS = (
    "core.sshCommand",
    "core.askPass",
    "core.pager",
    "core.editor",
    "core.gitProxy",
    "core.alternateRefsCommand",
    "core.fsmonitor",
    "credential.helper",
    "diff.external",
    "diff.evil.command",
    "diff.evil.textconv",
    "filter.evil.clean",
    "filter.evil.smudge",
    "filter.e=vil.process",
    "gc.recentObjectsHook",
    "gpg.program",
    "gpg.openpgp.program",
    "gpg.ssh.defaultKeyCommand",
    "hook.evil.command",
    "interactive.diffFilter",
    "pager.log",
    "remote.origin.uploadpack",
    "sequence.editor",
)
OTHERS = {
    "commit.gpgSign": "true",
    "gc.auto": "1",
    "hook.evil.event": "pre-commit",
    "log.showSignature": "true",
    "protocol.allow": "always",
    "protocol.ext.allow": "always",
    "remote.origin.promisor": "true",
    "remote.origin.partialclonefilter": "blob:none",
}


class Trap:
    """Settings of a repository that name programs, each of which leaves a mark."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._marks = folder / "marks"
        self._marks.mkdir(parents=True)

    def lay(self, repository: Path) -> None:
        """Name the programs in a file that `.git/config` includes, and in hooks."""
        included = self._folder / "included"
        programs = {key: self.program(key) for key in PROGRAMS}
        url = {"remote.origin.url": f"ext::{self.program('ext')} %S"}
        included.write_text("".join(map(_setting, {**programs, **OTHERS, **url}.items())))
        git(repository, "config", "include.path", str(included))
        attributes = "*.yml filter=evil diff=evil\n*.json filter=e=vil\n"
        for place in (".git/info/attributes", ".gitattributes"):
            (repository / place).parent.mkdir(exist_ok=True)
            (repository / place).write_text(attributes)
        for hook in ("pre-commit", "post-commit", "reference-transaction", "pre-auto-gc"):
            path = repository / ".git/hooks" / hook
            path.parent.mkdir(exist_ok=True)
            path.write_text(Path(self.program(hook)).read_text())
            path.chmod(0o755)

    def started(self) -> list[str]:
        """What has left a mark."""
        return sorted(path.name for path in self._marks.iterdir())

    def program(self, name: str) -> str:
        """A program that leaves a mark of this name."""
        path = self._folder / name.replace("=", "-")
        path.write_text(f"#!/bin/sh\ntouch '{self._marks / name}'\nexit 1\n")
        path.chmod(0o755)
        return str(path)


def _setting(named: tuple[str, str]) -> str:
    key, value = named
    section, _, rest = key.partition(".")
    subsection, _, name = rest.rpartition(".")
    return f'[{section} "{subsection}"]\n{name} = {value}\n'.replace(' ""]', "]")


@pytest.fixture
def trap(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Trap:
    for name in ("CI", "BUILD_NUMBER", "GIT_NO_LAZY_FETCH"):
        monkeypatch.delenv(name, raising=False)
    return Trap(tmp_path_factory.mktemp("trap"))


def commit_signed(history: History) -> None:
    """A commit that looks signed, so that showing it asks for a check."""
    history.commit("second")
    head, _, body = history.git("cat-file", "commit", "HEAD").partition("\n\n")
    signature = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----"
    path = history.write(".git/signed", f"{head}\n{signature}\n\n{body}\n")
    history.git("update-ref", "HEAD", history.git("hash-object", "-t", "commit", "-w", str(path)))


def test_no_program_of_a_repositorys_settings_starts(
    project: Project, history: History, trap: Trap, capsys: pytest.CaptureFixture[str]
) -> None:
    history.write("prompts/b.prompt.yml", FILE.decode())
    commit_signed(history)
    history.rename(NAME, "prompts/c.prompt.yml").write_text(WORSE)
    proposal = made(project.path, BETTER, name="prompts/b.prompt.yml", content=FILE)
    ProposalStore(project.path).save(proposal)
    trap.lay(project.path)
    read = [
        ("log", "prompts/c.prompt.yml"),
        ("diff", "prompts/c.prompt.yml"),
        ("diff", "prompts/c.prompt.yml", "main"),
        ("show", "prompts/b.prompt.yml@HEAD"),
        ("list",),
        ("apply",),
        ("apply", proposal.id, "--dry-run"),
    ]
    assert [main(arguments) for arguments in read] == [0] * len(read)
    # What would be signed or kept otherwise than asked for is refused, and says why.
    assert main(["apply", proposal.id, "--branch", "better"]) == 1
    capsys.readouterr()
    assert main(["apply", proposal.id, "--commit"]) == 1
    assert "not started, for the repository's own settings name it: " in capsys.readouterr().err
    result = project.run("--prompt-base", "main", "--prompt-changed", "prompts/c.prompt.yml")
    result.assert_outcomes(passed=2)
    assert trap.started() == []


def test_a_partial_clone_fetches_nothing_by_itself(
    project: Project,
    history: History,
    trap: Trap,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    history.write(NAME, WORSE)
    history.commit("worse")
    history.git("config", "uploadpack.allowFilter", "true")
    partial = ("--filter=blob:none", project.path.as_uri(), "partial")
    git(project.path, "clone", "--quiet", *partial)
    clone = project.path / "partial"
    trap.lay(clone)
    monkeypatch.chdir(clone)
    assert main(["diff", NAME, "origin/main"]) == 1
    assert "set GIT_NO_LAZY_FETCH=0 in the environment" in capsys.readouterr().err
    main(["log", NAME])
    assert trap.started() == []
    git(clone, "config", "--unset", "include.path")
    monkeypatch.setenv("GIT_NO_LAZY_FETCH", "0")
    assert main(["diff", NAME, "origin/main"]) == 0


def test_a_folder_that_looks_like_a_repository_is_none(
    project: Project, history: History, trap: Trap, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pull request can bring such a folder, and with it settings; it cannot bring `.git`."""
    bare = project.path / "prompts"
    git(project.path, "clone", "--quiet", "--bare", ".", "bare")
    for path in (project.path / "bare").iterdir():
        path.rename(bare / path.name)
    git(bare, "config", "core.bare", "false")
    git(bare, "config", "core.worktree", "..")
    git(bare, "config", "filter.evil.clean", trap.program("clean"))
    git(bare, "config", "core.fsmonitor", trap.program("fsmonitor"))
    monkeypatch.setenv("CI", "true")
    assert main(["log", NAME]) == 1
    assert trap.started() == []
