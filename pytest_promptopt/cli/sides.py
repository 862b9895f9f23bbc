"""Goldens that changed side between two states of a prompt, by the scores that are saved."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from pytest_promptopt.cli.changes import golden_changes
from pytest_promptopt.history.scores import SavedScore, SavedScores
from pytest_promptopt.history.snapshot import Snapshot
from pytest_promptopt.prompts.content import ScoredContent


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """The scores of both sides with one model; ids of goldens that passed on one side only."""

    before: SavedScore
    after: SavedScore
    fixed: tuple[str, ...]
    broken: tuple[str, ...]

    @property
    def is_judged_alike(self) -> bool:
        """Whether evaluators and their code are the same on both sides."""
        before, after = self.before.content, self.after.content
        return (before.evaluators, before.files) == (after.evaluators, after.files)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownScores:
    """All saved scores of each side, and the comparisons that they allow."""

    before: tuple[SavedScore, ...]
    after: tuple[SavedScore, ...]
    comparisons: tuple[Sides, ...]


def known_scores(scores: SavedScores, old: Snapshot, new: Snapshot) -> KnownScores:
    """What is saved of both; of the old prompt preferably its score on the new goldens.

    Goldens whose content changed are not compared.
    """
    wanted = ScoredContent.of(new.content)
    after = scores.of(wanted)
    on_new_goldens = replace(wanted, version=old.content.version)
    contents = dict.fromkeys((on_new_goldens, ScoredContent.of(old.content)))
    before = tuple(
        score for content in contents if content != wanted for score in scores.of(content)
    )
    changed = golden_changes(old.prompt, new.prompt).changed
    first = {score.model: score for score in reversed(before)}
    return KnownScores(
        before=before,
        after=after,
        comparisons=tuple(
            _comparison(first[score.model], score, changed)
            for score in after
            if score.model in first
        ),
    )


def _comparison(before: SavedScore, after: SavedScore, changed: Collection[str]) -> Sides:
    skipped = () if before.content.goldens == after.content.goldens else changed
    moved = [
        name
        for name, golden in after.goldens.items()
        if name in before.goldens
        and name not in skipped
        and golden.passed != before.goldens[name].passed
    ]
    return Sides(
        before=before,
        after=after,
        fixed=tuple(name for name in moved if after.goldens[name].passed),
        broken=tuple(name for name in moved if before.goldens[name].passed),
    )
