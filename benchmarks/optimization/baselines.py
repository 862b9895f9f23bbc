"""The settings of every method that the search itself runs."""

from dataclasses import replace

from benchmarks.optimization.cells import Cell
from pytest_promptopt.client.budget import Budget
from pytest_promptopt.optimization.presets import PRESETS
from pytest_promptopt.optimization.settings import OptimizeSettings

REPLY_TOKENS = 800
"""Of the optimizer model, whoever asks: a small model that does not end takes minutes for more."""


def settings_of(cell: Cell, validation: int) -> OptimizeSettings:
    """The preset or baseline of ``cell`` at its cap, with so many goldens to choose by.

    The look at the headroom is left out: it decides whether to search at all, which is no part
    of how well a method searches. So is the memory, since no cell may learn from another.
    """
    match cell.method:
        case "contract":
            settings = _contract()
        case "paraphrases":
            settings = _paraphrases(cell.cap or 0, validation)
        case method:
            settings = PRESETS[method]
    return replace(
        settings,
        budget=None if cell.cap is None else Budget.parse(f"{cell.cap} calls"),
        seed=cell.seed,
        diagnosis=cell.diagnosis,
        headroom=False,
        remember=False,
        reply_tokens=REPLY_TOKENS,
    )


def _contract() -> OptimizeSettings:
    """The output contract that the diagnosis states, and nothing else."""
    return OptimizeSettings(
        method="contract",
        rounds=1,
        parents="best",
        parent_count=1,
        proposers={"contract": 1},
        most_candidates=1,
        allocator="full",
    )


def _paraphrases(cap: int, validation: int) -> OptimizeSettings:
    """As many paraphrases of the given prompt as the cap lets score on all of validation."""
    count = max(1, (cap - validation) // (1 + validation))
    return OptimizeSettings(
        method="paraphrases",
        rounds=1,
        parents="best",
        parent_count=1,
        proposers={"paraphrase": count},
        most_candidates=count,
        screen=0,
        allocator="full",
        keep=1,
        pulls=count * validation,
        temperature=1.0,
    )
