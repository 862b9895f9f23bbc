"""Where comments of a review stand, and where they are after later commits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.forge.github.bare import Bare
from tests.forge.github.diff import Place, moved, place
from tests.forge.github.records import PullRequest, ReviewComment, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The lines of a comment in ``commit`` and its position in the diff; None once outdated."""

    commit: str
    lines: tuple[int, int] | None
    position: int | None


class Patches:
    """The patches of a pull request at one commit, by path, those that are too long left out."""

    def __init__(self, bare: Bare, *, base: str, commit: str, longest: int) -> None:
        start = bare.merge_base(base, commit)
        assert start is not None, "the branches have no commit in common"
        self._patches = {
            change.path: change.patch or ""
            for change in bare.changes(start, commit)
            if len(change.patch or "") <= longest
        }

    def __contains__(self, path: str) -> bool:
        return path in self._patches

    def place(self, path: str, side: Side, line: int) -> Place | None:
        return place(self._patches.get(path, ""), side, line)


def problem_with(patches: Patches, draft: Mapping[str, Any]) -> str | None:
    """What GitHub says about where a comment is to stand, None if it can stand there."""
    if draft["path"] not in patches:
        return "Path could not be resolved"
    line, start = draft.get("line"), draft.get("start_line")
    end_place = line and patches.place(draft["path"], side_of(draft), line)
    if not end_place:
        return "Line could not be resolved"
    if start is None:
        return None
    if start >= line:
        return "Pull request review thread start line must precede the end line."
    start_place = patches.place(draft["path"], start_side_of(draft), start)
    if start_place is None or start_place.hunk_position != end_place.hunk_position:
        return "Pull request review thread start line must be part of the same hunk as the line."
    return None


def side_of(draft: Mapping[str, Any]) -> Side:
    """The side that the comment's last line is on."""
    return "LEFT" if draft.get("side") == "LEFT" else "RIGHT"


def start_side_of(draft: Mapping[str, Any]) -> Side:
    """The side that its first line is on: the same if it does not say."""
    return "LEFT" if draft.get("start_side", side_of(draft)) == "LEFT" else "RIGHT"


def standings(
    bare: Bare, pull_request: PullRequest, comments: Sequence[ReviewComment], *, longest: int
) -> list[Standing]:
    """Where comments of a pull request stand at its head."""
    head = pull_request.head_commit
    patches = Patches(bare, base=pull_request.base_commit, commit=head, longest=longest)
    return [_standing(bare, head, patches, comment) for comment in comments]


def _standing(bare: Bare, head: str, patches: Patches, comment: ReviewComment) -> Standing:
    lines = _lines_at(bare, comment, head)
    found = lines and patches.place(comment.path, comment.side, lines[1])
    if not lines or not found:
        return Standing(commit=comment.commit, lines=None, position=None)
    return Standing(commit=head, lines=lines, position=found.position)


def _lines_at(bare: Bare, comment: ReviewComment, commit: str) -> tuple[int, int] | None:
    lines = (comment.first_line, comment.line)
    # The left side is that of the base, where commits of the branch move nothing.
    if comment.side == "LEFT" or comment.commit == commit:
        return lines
    changed = bare.line_changes(comment.path, comment.commit, commit)
    return None if changed is None else moved(changed, *lines)
