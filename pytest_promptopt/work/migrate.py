"""A prompt moved to another model, as a function."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_promptopt.errors import UsageError
from pytest_promptopt.optimization.result import Event
from pytest_promptopt.optimization.verdict import VerdictKind
from pytest_promptopt.work.evaluate import OPTIONS, OnRemark, ignore, opened
from pytest_promptopt.work.optimize import (
    OPTIMIZE_OPTIONS,
    Move,
    Search,
    Searcher,
    check_optimize_options,
)

MARGIN = 0.05
"""How much worse the new model may score by default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """What became of each prompt of a file, in the project at ``root``."""

    root: Path
    searches: tuple[Search, ...]

    @property
    def is_good_enough(self) -> bool:
        """Whether every prompt is shown to be at most the margin worse."""
        verdicts = [search.result.verdict for search in self.searches]
        return all(v is not None and v.kind is VerdictKind.NOT_INFERIOR for v in verdicts)


def migrate(
    path: str | Path,
    *,
    to_model: str,
    from_model: str | None = None,
    margin: float = MARGIN,
    on_event: Callable[[Event], None] = ignore,
    on_remark: OnRemark = ignore,
    plugins: Sequence[object] = (),
    **options: Any,
) -> Migration:
    """What ``promptopt migrate`` does with the prompt file at ``path``.

    Both models answer with the prompt as it is; where ``to_model`` falls short, a better prompt
    is searched for it. The verdict is on unseen goldens: whether what it ends with scores at most
    ``margin`` less than the old prompt on ``from_model``, by default the one that the file names.
    ``options`` are those of :func:`~pytest_promptopt.work.optimize.optimize`. A proposal writes
    the new model into the file too; it is not saved here.

    Raises like ``optimize``, and UsageError for a margin out of range.
    """
    if not 0 < margin < 1:
        raise UsageError(f"the margin must be between 0 and 1, found {margin:g}")
    known = (*OPTIONS, *OPTIMIZE_OPTIONS)
    options = {**options, "model": [to_model]}
    with opened(path, options, known, on_remark, plugins) as (files, engine, settings):
        check_optimize_options(settings)
        move = Move(from_model=from_model, to_model=to_model, margin=margin)
        searcher = Searcher.of(engine, settings, on_event, move)
        records = [entry.record for file in files for entry in engine.entries.read(file)]
        searches = tuple(searcher.search(record) for record in records)
        return Migration(root=engine.root, searches=searches)
