"""What a search for a better prompt came to, for reports."""

from dataclasses import dataclass

from pytest_promptopt.statistics.comparison import Comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSummary:
    """A search that ended.

    ``key`` is that of the prompt's summary. ``comparison`` is on the test split, the proposed
    prompt less the current one; None where it was not opened or is too small. ``patch`` and
    ``apply_command`` are empty where nothing is proposed. ``calls`` counts task and optimizer
    calls.
    """

    key: str
    location: str
    sentence: str
    is_proven: bool = False
    comparison: Comparison | None = None
    patch: str = ""
    apply_command: str = ""
    calls: int = 0
    model: str = ""
    optimizer_model: str = ""
