"""A repository, and what it can tell of prompts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pytest_promptopt.errors import HistoryError
from pytest_promptopt.history.command import Command, CommandError
from pytest_promptopt.history.commit_files import CommitFiles
from pytest_promptopt.history.merge_base import find_merge_base
from pytest_promptopt.history.place import place_in
from pytest_promptopt.history.refs import commit_id, head_commit, is_commit_id
from pytest_promptopt.history.renames import renames_since
from pytest_promptopt.history.versions import Version, steps

__all__ = ["Repository", "Version"]


@dataclass(frozen=True, slots=True)
class Repository:
    """A git repository with a working tree; ``root`` is that tree's folder, resolved.

    The working tree, the index and HEAD are never touched; history is added to a shallow clone.
    """

    root: Path

    @classmethod
    def containing(cls, path: Path) -> "Repository":
        """The repository whose working tree ``path`` lies in; in a submodule, the submodule's.

        Raises HistoryError where there is none, or one without a working tree.
        """
        command = Command(_nearest_folder(path))
        try:
            has_tree = command.text("rev-parse", "--is-inside-work-tree") == "true"
        except CommandError as error:
            if "safe.bareRepository" not in error.reason:
                raise HistoryError(
                    f"{path} is not in a git repository ({error.reason}); "
                    f"a base and versions need one: `git init`, or a clone"
                ) from error
            has_tree = False
        if not has_tree:
            raise HistoryError(
                f"{path} is in a bare repository or in a `.git` folder, where files are not "
                f"checked out; run it in a clone with a working tree"
            )
        return cls(Path(command.text("rev-parse", "--show-toplevel")).resolve())

    def commit(self, ref: str) -> str:
        """The full id of the commit that ``ref`` names, also where only ``origin`` has the branch.

        Raises HistoryError for what names no commit or looks like an option.
        """
        return commit_id(self._git, ref)

    def merge_base(self, ref: str) -> str:
        """The id of the commit where HEAD and ``ref`` part; of several, the first.

        In CI a shallow clone is deepened as far as that takes, in bounded steps. Raises
        HistoryError where there is no such commit, or where it stays out of sight.
        """
        return find_merge_base(self._git, ref)

    def files_at(self, commit_id: str) -> CommitFiles:
        """The files as the commit has them; raises HistoryError where it is not there."""
        return CommitFiles(self._git, _checked_id(commit_id))

    def renamed_since(self, commit_id: str) -> Mapping[Path, Path]:
        """The present path of each renamed prompt or goldens file, and its path at the commit.

        Paths are absolute. What is not committed or not tracked counts, ignored files do not.
        """
        return renames_since(self._git, _checked_id(commit_id))

    def versions(self, path: Path) -> Iterator[Version]:
        """The commits that touched the file, newest first, as ``git log --follow`` shows them.

        A rename that is not committed is followed too. None for a file that git does not know.
        """
        name = self._name(path)
        head = head_commit(self._git)
        if not self._git.names("ls-tree", "-z", "--name-only", head, "--", name):
            present = self.root / name
            name = self._name(self.renamed_since(head).get(present, present))
        return (step.version for step in steps(self._git, head, name))

    def blob_id(self, path: Path) -> str:
        """git's id of the file as it stands on disk, with the line ends that git would keep."""
        name = self._name(path)
        try:
            return self._git.text("hash-object", "--", name)
        except CommandError as error:
            raise HistoryError(f"{path} cannot be read: {error.reason}") from error

    @property
    def _git(self) -> Command:
        return Command(self.root)

    def _name(self, path: Path) -> str:
        """The name that git has for ``path``."""
        place = place_in(self.root, path)
        if place is None:
            message = f"{path} lies outside of the repository {self.root}, which cannot know it"
            raise HistoryError(message)
        return place.as_posix()


def _nearest_folder(path: Path) -> Path:
    start = (path if path.is_dir() else path.parent).resolve()
    return next(folder for folder in (start, *start.parents) if folder.is_dir())


def _checked_id(commit_id: str) -> str:
    if not is_commit_id(commit_id):
        raise HistoryError(f"`{commit_id}` is not the full id of a commit; resolve the ref first")
    return commit_id
