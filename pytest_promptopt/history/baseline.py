"""The base that prompts are compared with."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.history.commit_files import CommitFiles
from pytest_promptopt.history.place import place_in
from pytest_promptopt.history.repository import Repository
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.prompts.reader import read_prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class BasePrompt:
    """A prompt as the base has it; ``path`` is where it was.

    Without ``prompt``, ``problem`` says what is wrong with it at the base; it is empty where the
    base has no such file: the prompt is new.
    """

    prompt: Prompt | None = None
    path: Path | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The merge base with ``ref``: its commit's id, its files, and what was renamed since.

    ``renamed`` maps a present path to the one at the commit.
    """

    ref: str
    commit: str
    repository: Repository
    files: CommitFiles
    renamed: Mapping[Path, Path]

    @classmethod
    def at(cls, commit: str, *, ref: str, root: Path) -> "Baseline":
        """The base at a commit that is known, in the repository around ``root``."""
        repository = Repository.containing(root)
        return cls(
            ref=ref,
            commit=commit,
            repository=repository,
            files=repository.files_at(commit),
            renamed=repository.renamed_since(commit),
        )

    @property
    def label(self) -> str:
        """What people call the base: the ref as given, and the commit."""
        return f"{self.ref} ({self.commit[:9]})"

    def prompt(self, head: Prompt, *, root: Path) -> BasePrompt:
        """``head`` as the base has it, under the name that it had there.

        ``root`` is the project's folder, as for :func:`read_prompt`. Contents come as committed;
        where git turns line ends on checkout, the parsed texts are the same.
        """
        place = place_in(self.repository.root, head.path)
        if place is None:
            outside = f"{head.location} lies outside of the repository {self.repository.root}"
            return BasePrompt(problem=f"{outside}, which has no base for it")
        present = self.repository.root / place
        path = self.renamed.get(present, present)
        try:
            self.files.resolve(path)
        except FileNotFoundError:
            return BasePrompt()
        except OSError as error:
            return BasePrompt(
                path=path, problem=self._at_base(f"{head.location}: {error.strerror}")
            )
        try:
            prompt = read_prompt(
                path, root=self._root_of(path, root), files=self.files, of_past=True
            )
        except PromptFileError as error:
            return BasePrompt(path=path, problem=self._at_base(str(error)))
        return BasePrompt(prompt=prompt, path=path)

    def _at_base(self, problem: str) -> str:
        return f"not usable at the base, commit {self.commit[:12]}: {problem}"

    def _root_of(self, path: Path, root: Path) -> Path:
        """``root``, but all of the repository for a prompt that came from outside of it."""
        resolved = root.resolve()
        return resolved if path.is_relative_to(resolved) else self.repository.root


def find_baseline(ref: str, *, root: Path) -> Baseline:
    """The merge base of HEAD and ``ref`` in the repository around ``root``.

    Raises HistoryError where there is none.
    """
    commit = Repository.containing(root).merge_base(ref)
    return Baseline.at(commit, ref=ref, root=root)


def default_ref(environ: Mapping[str, str]) -> str | None:
    """What the pull or merge request of a CI job is to be merged into, None where there is none.

    Read from the variables of GitHub Actions and GitLab CI.
    """
    if environ.get("GITHUB_ACTIONS") == "true":
        is_request = environ.get("GITHUB_EVENT_NAME") in ("pull_request", "pull_request_target")
        branch = environ.get("GITHUB_BASE_REF") if is_request else None
        return f"origin/{branch}" if branch else None
    if environ.get("GITLAB_CI") == "true":
        branch = environ.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME")
        commit = environ.get("CI_MERGE_REQUEST_DIFF_BASE_SHA")
        return commit or (f"origin/{branch}" if branch else None)
    return None
