"""The published methods, as settings of the one search."""

from collections.abc import Mapping
from typing import Any

from pytest_promptopt.errors import UsageError
from pytest_promptopt.optimization.allocation.allocator import ALLOCATORS
from pytest_promptopt.optimization.proposers.proposer import made_proposer
from pytest_promptopt.optimization.registered import registered
from pytest_promptopt.optimization.settings import OptimizeSettings, override
from pytest_promptopt.suggestion import did_you_mean

DEFAULT_METHOD = "race"

PRESETS: Mapping[str, OptimizeSettings] = {
    # Our own: candidates that need no optimizer model first, all raced together; then what a
    # model makes of the misses, the best words with the best examples, and less of the same.
    "race": OptimizeSettings(
        method="race",
        rounds=3,
        parents="leaders",
        parent_count=1,
        batch="random",
        batch_size=8,
        stages=(
            {"stated": 2, "contract": 2, "examples": 12, "layout": 2, "reasoning": 1},
            {"combine": 6, "examples": 4, "hypotheses": 4, "induce": 1},
            {"combine": 3, "examples": 2, "prune": 3},
        ),
        most_candidates=48,
        screen=0,
        allocator="blocks",
        demonstrations=8,
        spending="shares",
        keep=4,
        headroom_samples=1,
    ),
    # Zhou et al. 2022, arXiv 2211.01910: 50 prompts induced from 5 pairs each at temperature .9,
    # staged evaluation, then Monte-Carlo resampling of the best.
    "ape": OptimizeSettings(
        method="ape",
        rounds=4,
        parents="beam",
        parent_count=5,
        batch="random",
        batch_size=8,
        stages=({"induce": 50},),
        proposers={"paraphrase": 4},
        most_candidates=50,
        screen=0,
        shown=5,
        allocator="staged",
        keep=5,
        temperature=0.9,
    ),
    # Pryzant et al. 2023, arXiv 2305.03495: beam 4, 6 rounds, minibatch 64, 4 groups of 4 errors,
    # 2 paraphrases of each edit and of the parent, 8 successors a parent, UCB with 2,048 calls.
    "protegi": OptimizeSettings(
        method="protegi",
        rounds=6,
        parents="beam",
        parent_count=4,
        batch="random",
        batch_size=64,
        proposers={"critique_edit": 4, "paraphrase": 2},
        paraphrase_edits=True,
        most_candidates=32,
        screen=4,
        group_size=4,
        allocator="ucb",
        pulls=2048,
        keep=4,
        temperature=0.7,
    ),
    # Yang et al. 2023, arXiv 2309.03409: 200 steps of 8 proposals, the best 20 in ascending
    # order, 3 goldens, temperature 1.
    "opro": OptimizeSettings(
        method="opro",
        rounds=200,
        parents="best",
        parent_count=1,
        batch="random",
        batch_size=3,
        proposers={"trajectory": 8},
        most_candidates=8,
        shown=3,
        history=20,
        allocator="full",
        keep=8,
        temperature=1.0,
    ),
    # Ye et al. 2023, arXiv 2311.05661: 3 rounds, 4 parents of all history × 4 proposals, 2
    # failures each; history, step size and momentum gave nothing and are off.
    "pe2": OptimizeSettings(
        method="pe2",
        rounds=3,
        parents="history",
        parent_count=4,
        batch="errors",
        batch_size=2,
        proposers={"reflect": 4},
        most_candidates=16,
        reflection="pe2",
        allocator="full",
        keep=16,
        temperature=0.7,
    ),
    # Shinn et al. 2023, arXiv 2303.11366: try, reflect on what failed, try again with the last
    # 3 reflections.
    "reflexion": OptimizeSettings(
        method="reflexion",
        rounds=12,
        parents="last",
        parent_count=1,
        batch="failed",
        batch_size=8,
        proposers={"reflect": 1},
        most_candidates=1,
        reflection="reflexion",
        reflections=3,
        allocator="full",
        keep=1,
        temperature=0.7,
    ),
    # GEPA, arXiv 2507.19457: Pareto parents by wins, 3 goldens of a shuffled epoch, a child is
    # kept where its sum on them is strictly greater, then scored on all of validation.
    "gepa": OptimizeSettings(
        method="gepa",
        rounds=100,
        parents="pareto",
        parent_count=1,
        batch="epoch",
        batch_size=3,
        proposers={"reflect": 1},
        most_candidates=1,
        reflection="gepa",
        allocator="minibatch",
        acceptance="better",
        keep=1,
        temperature=1.0,
    ),
}


def read_optimize_settings(
    method: str, overrides: Mapping[str, Any], where: str
) -> OptimizeSettings:
    """The preset ``method`` with ``overrides``; an error starts with ``where``.

    Raises :class:`UsageError` as :func:`overridden` does, and on an unknown method.
    """
    preset = PRESETS.get(method)
    if preset is None:
        raise UsageError(f"{where}: {method!r} is not a method{did_you_mean(method, PRESETS)}")
    return overridden(preset, overrides, where)


def overridden(
    settings: OptimizeSettings, overrides: Mapping[str, Any], where: str
) -> OptimizeSettings:
    """``settings`` with ``overrides``, all of them understood; an error starts with ``where``.

    Raises :class:`UsageError` on an unknown setting, proposer or allocator (with the nearest
    names) and on a value that cannot be meant, also where the setting is a proposer's own.
    """
    found = override(settings, overrides, where)
    try:
        registered(ALLOCATORS, found.allocator, "allocator")
        for name in dict.fromkeys((*found.proposer_names, *found.own)):
            made_proposer(name, found)
    except UsageError as error:
        message = str(error)
    else:
        return found
    raise UsageError(f"{where}: {message}")


def settings_in_file(settings: Mapping[str, Any], where: str) -> OptimizeSettings:
    """What stands under ``optimize:`` of a prompt file; raises :class:`UsageError`."""
    overrides = dict(settings)
    method = overrides.pop("method", None) or DEFAULT_METHOD
    return read_optimize_settings(str(method), overrides, where)
