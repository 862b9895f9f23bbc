"""The agreement of two sides or more that put the same items into classes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_promptopt.statistics.clusters import members
from pytest_promptopt.statistics.intervals import Interval, verdict_interval

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

_DRAWS = 4_000
_BOOTSTRAPS = 1_000
_SEED = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure with the interval that it lies in."""

    value: float
    interval: Interval


def mean_share(
    shares: Sequence[float], *, clusters: Sequence[str] = (), confidence: float
) -> Estimate | None:
    """The mean of shares in [0, 1], with the interval that verdicts are taken by."""
    if not shares:
        return None
    interval = verdict_interval(shares, clusters=clusters, confidence=confidence)
    return Estimate(value=sum(shares) / len(shares), interval=interval)


def distances(scores: Sequence[float]) -> "Numbers":
    """How far classes are apart, from 0 to 1, by their scores; the last is that of no class.

    Of three scores or more, which are grades, the square of their difference as a share of the
    largest; of two, and of no class, all that differ are 1 apart.
    """
    import numpy as np

    values = np.asarray(scores, dtype=float)
    apart = np.abs(values[:, None] - values)
    is_graded = len(set(scores)) > 2
    found = np.ones((len(scores) + 1, len(scores) + 1)) - np.eye(len(scores) + 1)
    if is_graded:
        found[:-1, :-1] = (apart / apart.max()) ** 2
    return found


def kappa(
    counts: Sequence[Sequence[int]],
    apart: "Numbers",
    *,
    clusters: Sequence[str] = (),
    confidence: float,
) -> Estimate | None:
    """Cohen's κ of a table of two raters' classes, by how far rows and columns are ``apart``.

    κ = 1 − Σ o d / Σ e d, where o is the share of a cell, e that by chance and d how far row and
    column are apart (Cohen 1968, "Weighted kappa"). None where chance could not disagree, as where
    both sides know one class. The interval is that of the Dirichlet distribution of the cells after
    one imagined item spread over all of them evenly (Perks 1947), by 4,000 draws with a fixed
    seed; unlike a bootstrap it has a width where all agree. Items that share ``clusters`` count as
    no more than these, as if the members of one were all alike.
    """
    import numpy as np

    table = np.asarray(counts, dtype=float)
    if not table.sum():
        return None
    value = _chance_corrected(table[None] / table.sum(), apart)[0]
    if np.isnan(value):
        return None
    counted = table * _independent(clusters)
    drawn = np.random.default_rng(_SEED).dirichlet((counted + 1 / table.size).ravel(), _DRAWS)
    values = _chance_corrected(drawn.reshape(-1, *table.shape), apart)
    return _estimate(float(value), values, confidence)


def _independent(clusters: Sequence[str]) -> float:
    """How many items there are for one that is independent, as a share.

    By the effective number of clusters, (Σ n)² / Σ n² (Kish 1965, "Survey sampling").
    """
    sizes = [len(group) for group in members(clusters)]
    return sum(sizes) / sum(size**2 for size in sizes) if sizes else 1.0


def _chance_corrected(shares: "Numbers", apart: "Numbers") -> "Numbers":
    """κ of each table; nan where chance could not disagree."""
    import numpy as np

    by_chance = shares.sum(axis=2)[:, :, None] * shares.sum(axis=1)[:, None, :]
    expected = (by_chance * apart).sum(axis=(1, 2))
    observed = (shares * apart).sum(axis=(1, 2))
    return np.where(expected > 0, 1 - observed / np.where(expected > 0, expected, 1), np.nan)


def alpha(
    items: Sequence[Sequence[int]],
    apart: "Numbers",
    *,
    clusters: Sequence[str] = (),
    confidence: float,
) -> Estimate | None:
    """Krippendorff's α of raters who each put some of the items into classes.

    ``items`` have the class of each rater who saw them; those with one are left out. α = 1 − D_o /
    D_e of the coincidences (Krippendorff 2011, "Computing Krippendorff's alpha-reliability"). None
    where nobody could disagree. The interval is by the Bayesian bootstrap over items (Rubin 1981),
    or over their ``clusters``, with one imagined item whose raters agree by chance alone, so that
    it has a width where all agree.
    """
    import numpy as np

    groups = members([*clusters] or [""] * len(items))
    several = [[items[place] for place in group if len(items[place]) > 1] for group in groups]
    coincidences = np.array(
        [sum(_coincidences(item, len(apart)) for item in group) for group in several if group]
    )
    if not len(coincidences):
        return None
    value = _reliability(coincidences.sum(axis=0)[None], apart)[0]
    if np.isnan(value):
        return None
    total = coincidences.sum(axis=0).sum(axis=0)
    size = total.sum() / len(coincidences)
    imagined = size * np.outer(total, total) / total.sum() ** 2
    weights = np.random.default_rng(_SEED).dirichlet(np.ones(len(coincidences) + 1), _DRAWS)
    drawn = np.tensordot(weights, np.concatenate([coincidences, imagined[None]]), axes=1)
    values = _reliability(drawn * total.sum(), apart)
    return _estimate(float(value), values, confidence)


def _coincidences(item: Sequence[int], classes: int) -> "Numbers":
    """Each ordered pair of an item's ratings, counted as 1 / (ratings − 1)."""
    import numpy as np

    counts = np.bincount(item, minlength=classes).astype(float)
    return (np.outer(counts, counts) - np.diag(counts)) / (len(item) - 1)


def _reliability(tables: "Numbers", apart: "Numbers") -> "Numbers":
    import numpy as np

    totals = tables.sum(axis=2)
    sizes = totals.sum(axis=1)
    observed = (tables * apart).sum(axis=(1, 2)) / sizes
    pairs = totals[:, :, None] * totals[:, None, :]
    expected = (pairs * apart).sum(axis=(1, 2)) / (sizes * np.maximum(sizes - 1, 1e-12))
    return np.where(expected > 0, 1 - observed / np.where(expected > 0, expected, 1), np.nan)


def _estimate(value: float, drawn: "Numbers", confidence: float) -> Estimate:
    import numpy as np

    error = (1 - confidence) / 2
    low, high = np.nanquantile(drawn, [error, 1 - error])
    interval = Interval(min(float(low), value), max(float(high), value))
    return Estimate(value=value, interval=interval)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """How often the larger of two items of one class was preferred, of ``pairs``.

    ``p_value`` is the chance of a share as far from one half without any preference.
    """

    share: float
    interval: Interval
    pairs: int
    p_value: float


def preference(
    classes: Sequence[str],
    scores: Sequence[float],
    sizes: Sequence[float],
    *,
    clusters: Sequence[str] = (),
    confidence: float,
) -> Preference | None:
    """Whether larger items get higher ``scores`` than smaller ones of the same class.

    The share of the pairs of one class that differ in both in which the larger one has the higher
    score; None where no two do. The p-value is that of the scores' sum by ranks of size, by 4,000
    permutations of the scores within classes with a fixed seed: pairs that share an item are no
    independent trials. The interval is by the Bayesian bootstrap over items, or over their
    ``clusters``, with one imagined item without a preference.
    """
    import numpy as np

    x, y = np.asarray(sizes, dtype=float), np.asarray(scores, dtype=float)
    random = np.random.default_rng(_SEED)
    groups = members([*clusters] or [""] * len(classes))
    weights = np.random.default_rng(_SEED).dirichlet(np.ones(len(groups) + 1), _BOOTSTRAPS)
    owner = np.empty(len(classes), dtype=int)
    for number, places in enumerate(groups):
        owner[[*places]] = number
    weighed: list[Numbers] = [np.zeros(_BOOTSTRAPS), np.zeros(_BOOTSTRAPS)]
    larger, pairs, found, drawn = 0, 0, 0.0, np.zeros(_DRAWS)
    for name in dict.fromkeys(classes):
        group = np.flatnonzero(np.asarray(classes) == name)
        signs = np.sign(x[group][:, None] - x[group]) * np.sign(y[group][:, None] - y[group])
        larger += int(np.count_nonzero(signs > 0) // 2)
        pairs += int(np.count_nonzero(signs) // 2)
        ranks = np.sign(x[group][:, None] - x[group]).sum(axis=1)
        found += float(ranks @ y[group])
        drawn += random.permuted(np.tile(y[group], (_DRAWS, 1)), axis=1) @ ranks
        own = weights[:, owner[group]]
        for place, kind in enumerate((signs > 0, signs != 0)):
            weighed[place] += (own @ kind.astype(float) * own).sum(axis=1)
    if not pairs:
        return None
    # As large as a cluster, and as often paired with the others as they are on average.
    size, others = len(classes) / len(groups), weights[:, owner].sum(axis=1)
    imagined = 2 * size * weights[:, -1] * others * 2 * pairs / len(classes) ** 2
    shares = (weighed[0] + imagined / 2) / (weighed[1] + imagined)
    extreme = np.count_nonzero(np.abs(drawn) >= abs(found) - 1e-9)
    p_value = (float(extreme) + 1) / (_DRAWS + 1)
    figure = _estimate(larger / pairs, shares, confidence)
    return Preference(share=figure.value, interval=figure.interval, pairs=pairs, p_value=p_value)
