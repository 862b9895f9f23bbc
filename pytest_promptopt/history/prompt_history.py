"""A prompt's versions: the commits that changed what it says."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pytest_promptopt.errors import HistoryError, PromptFileError
from pytest_promptopt.history.command import Command
from pytest_promptopt.history.repository import Repository
from pytest_promptopt.history.snapshot import Roots, Snapshot, project_root, read_snapshot
from pytest_promptopt.history.timeline import Timeline, merges, read_ancestry
from pytest_promptopt.history.versions import Version
from pytest_promptopt.prompts.content import module_files
from pytest_promptopt.prompts.files import Files


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """A commit that touched the prompt or a file that it names.

    ``snapshot`` is None where the prompt cannot be read, for the reason ``problem``.
    ``renamed_from`` is its path before the commit, where that is another. ``older`` is its state
    at the first parent, else at the nearest commit where it can be read; None at the first.
    """

    version: Version
    snapshot: Snapshot | None
    problem: str = ""
    renamed_from: Path | None = None
    older: Snapshot | None = None

    @property
    def is_version(self) -> bool:
        """Whether the content changed, or cannot be read."""
        if self.snapshot is None or self.older is None:
            return True
        return self.snapshot.content != self.older.content


def short(commit: str) -> str:
    """A commit's id as shown to people."""
    return commit[:8]


class PromptHistory:
    """The states of the prompt at ``path``, which need not be there any more.

    Raises :class:`~pytest_promptopt.errors.HistoryError` where there is no repository.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._repository = Repository.containing(path)
        root = self._repository.root
        self.roots = Roots(repository=root, project=project_root(path, root))
        self._git = Command(root)

    def commit(self, ref: str) -> str:
        """The full id of the commit; raises :class:`~pytest_promptopt.errors.HistoryError`."""
        return self._repository.commit(ref)

    def shown(self, path: Path) -> str:
        """The path as shown to people, relative to the repository."""
        root = self.roots.repository
        return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)

    def present(self) -> Snapshot:
        """The prompt in the working tree; raises :class:`PromptFileError`."""
        return read_snapshot(self._path, self.roots)

    def at(self, commit: str) -> Snapshot | None:
        """The prompt at a commit, under the name that it had then; None if it was not there.

        Raises :class:`~pytest_promptopt.errors.HistoryError` where it cannot be read.
        """
        path = self._path_at(commit)
        if path is None:
            return None
        try:
            return self._read(commit, path)
        except PromptFileError as error:
            raise HistoryError(f"at commit {short(commit)} it cannot be read:\n{error}") from error

    def entries(self) -> Iterator[HistoryEntry]:
        """The commits up to HEAD that touched it, the newest first, read as they are asked for."""
        waiting: list[HistoryEntry] = []
        for entry in self._touching():
            if entry.snapshot is not None:
                for newer in waiting:
                    yield replace(newer, older=newer.older or entry.snapshot)
                waiting.clear()
            if entry.older is not None and not waiting:
                yield entry
            else:
                waiting.append(entry)
        yield from waiting

    def _touching(self) -> Iterator[HistoryEntry]:
        """The entries, with the state at the first parent only."""
        head = self._repository.commit("HEAD")
        ancestry = read_ancestry(self._git, head)
        timeline = Timeline(ancestry.ranks)
        own = timeline.ordered(self._repository.versions(self._path))
        timeline.add(own)
        known = {version.path for version in own}
        timeline.add(merges(self._git, head, known))
        names = deque(own)
        reached, _ = self._try_read(head, names[0].path) if names else (None, "")
        while True:
            new = self._named_files(reached) - known
            known |= new
            for file in new:
                timeline.add(self._repository.versions(file))
            if new:
                timeline.add(merges(self._git, head, known))
            version = timeline.next()
            while names and timeline.is_before(names[0], version):
                names.popleft()
            if version is None or not names:
                return
            path, former = names[0].path, _renamed_from(names, version)
            parent = ancestry.first_parents.get(version.commit)
            older, _ = self._try_read(parent, former or path) if parent else (None, "")
            reached, problem = self._try_read(version.commit, path)
            yield HistoryEntry(
                version=version,
                snapshot=reached,
                problem=problem,
                renamed_from=former,
                older=older,
            )

    def _path_at(self, commit: str) -> Path | None:
        files = self._repository.files_at(commit)
        return next((path for path in self._names_at(commit) if _is_in(files, path)), None)

    def _names_at(self, commit: str) -> Iterator[Path]:
        """What the file may have been called at a commit, the likeliest first."""
        yield self._path
        reached = read_ancestry(self._git, commit).ranks
        versions = self._repository.versions(self._path)
        yield from (version.path for version in versions if version.commit in reached)
        yield self._repository.renamed_since(commit).get(self._path, self._path)

    def _read(self, commit: str, path: Path) -> Snapshot:
        files = self._repository.files_at(commit)
        return read_snapshot(path, self.roots, commit=commit, files=files)

    def _try_read(self, commit: str, path: Path) -> tuple[Snapshot | None, str]:
        try:
            return self._read(commit, path), ""
        except PromptFileError as error:
            first, *others = error.problems
            more = f" (and {len(others)} more)" if others else ""
            return None, f"{str(first).splitlines()[0]}{more}"

    def _named_files(self, snapshot: Snapshot | None) -> set[Path]:
        """Where its goldens, its evaluators, its judges and their code stand at its commit."""
        if snapshot is None or snapshot.commit is None:
            return set()
        prompt = snapshot.prompt
        names = [str(s.options).partition(":")[0] for s in prompt.evaluators if s.kind == "python"]
        modules = {self.roots.project / place for name in names for place in module_files(name)}
        if modules:
            files = self._repository.files_at(snapshot.commit)
            modules = {path for path in modules if _is_in(files, path)}
        places = {golden.path for golden in prompt.goldens}
        places |= {spec.path for spec in prompt.evaluators}
        places |= {spec.judge.location for spec in prompt.evaluators if spec.judge}
        return modules | {self.roots.repository / place for place in places}


def _is_in(files: Files, path: Path) -> bool:
    try:
        files.resolve(path)
    except OSError:
        return False
    return True


def _renamed_from(names: Sequence[Version], version: Version) -> Path | None:
    if len(names) < 2 or names[0].commit != version.commit or names[1].path == names[0].path:
        return None
    return names[1].path
