"""The biases of a judge: what its choices go by besides what an answer is worth."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pytest_promptopt.codec import Count
from pytest_promptopt.evaluation.judged import Judged
from pytest_promptopt.statistics.agreement import Estimate, Preference, mean_share, preference
from pytest_promptopt.statistics.clusters import members
from pytest_promptopt.statistics.intervals import Interval, verdict_interval

_FEWEST_PAIRS = 10
_FEWEST_CLUSTERS = 6
"""Two-sided at 5 %: six of one sign have a chance of 2 / 2⁶."""
_FEWEST_ANSWERS = 5
"""Of a model, from which on what it is given is more than luck."""
_PLACES = (("a", "b"), ("first", "second"), ("left", "right"))
_NUMBERED = ("1", "2")
"""Places only behind a word, as in ``answer 1``: alone they may be grades."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sway:
    """How far something sways a judge, over so many answers, or pairs of them.

    ``toward`` is the choice that it sways to, empty where it is none.
    """

    figure: Estimate
    count: Count
    toward: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Biases:
    """Each is None where the labelled answers cannot tell.

    ``repeated`` is how often a judge that is asked again chooses the same. ``swapped`` is how often
    it keeps its choice where two goldens show the same texts in another order, and the labels say
    that it should not. ``placed`` is how often it chooses the first of two places, if either is
    right as often. ``own_model`` is by how much it scores answers of its own model higher than
    others, beyond their labels. Of two answers with the same label ``longer`` is how often the
    longer one has the better choice, ``long_input`` how often the one with the longer input is the
    one that is judged wrongly.
    """

    repeated: Sway | None = None
    swapped: Sway | None = None
    placed: Sway | None = None
    own_model: Sway | None = None
    longer: Preference | None = None
    long_input: Preference | None = None


NO_BIASES = Biases()


def biases_of(
    judged: Sequence[Judged], scores: Mapping[str, float], *, model: str, confidence: float
) -> Biases:
    """Those of a judge with the given ``model`` and ``scores`` of its choices."""
    known = [item for item in judged if {item.label, item.choice} <= scores.keys()]
    return Biases(
        repeated=_repeated(judged, confidence),
        swapped=_swapped(known, confidence),
        placed=_placed(known, [*scores], confidence),
        own_model=_own_model(known, scores, model, confidence),
        longer=_longer(known, scores, confidence),
        long_input=_long_input(known, confidence),
    )


def share_alike(names: Sequence[str]) -> float:
    """The share of the pairs of them that are the same; there are two at least."""
    alike = sum(count * (count - 1) for count in Counter(names).values())
    return alike / (len(names) * (len(names) - 1))


def _repeated(judged: Sequence[Judged], confidence: float) -> Sway | None:
    several = [item for item in judged if len(item.repeats) > 1]
    figure = mean_share(
        [share_alike(item.repeats) for item in several],
        clusters=[item.cluster for item in several],
        confidence=confidence,
    )
    return None if figure is None else Sway(figure=figure, count=len(several))


def _swapped(known: Sequence[Judged], confidence: float) -> Sway | None:
    pairs = [*_in_both_orders(known)]
    kept = [one.choice for one, other in pairs if one.choice == other.choice]
    figure = mean_share(
        [float(one.choice == other.choice) for one, other in pairs],
        clusters=[one.cluster for one, _ in pairs],
        confidence=confidence,
    )
    if figure is None:
        return None
    toward = Counter(kept).most_common(1)[0][0] if kept else ""
    return Sway(figure=figure, count=len(pairs), toward=toward)


def _in_both_orders(known: Sequence[Judged]) -> Iterator[tuple[Judged, Judged]]:
    """Pairs that show the same texts in another order, for which another choice is right."""
    groups: dict[str, list[Judged]] = {}
    for item in known:
        if item.text.texts:
            groups.setdefault(item.text.texts, []).append(item)
    for group in groups.values():
        pairs = pairwise(sorted(group, key=lambda item: item.text.order))
        for one, other in [*pairs][::2]:
            if one.text.order != other.text.order and one.label != other.label:
                yield one, other


def _placed(known: Sequence[Judged], choices: Sequence[str], confidence: float) -> Sway | None:
    """By the mean over labels, so that what is right more often is no preference; a tie is half."""
    places = _places(choices)
    labelled = [item for item in known if item.label in places]
    counts = Counter(item.label for item in labelled)
    if len(counts) < 2 or len(labelled) < _FEWEST_PAIRS:
        return None
    first, second = places
    values = [{first: 1.0, second: 0.0}.get(item.choice, 0.5) for item in labelled]
    weights = [1 / counts[item.label] for item in labelled]
    interval = verdict_interval(
        values,
        weights=weights,
        clusters=[item.cluster for item in labelled],
        confidence=confidence,
    )
    value = sum(v * w for v, w in zip(values, weights, strict=True)) / 2
    return Sway(figure=Estimate(value=value, interval=interval), count=len(labelled), toward=first)


def _places(choices: Sequence[str]) -> tuple[str, ...]:
    """The two of ``choices`` that name places, the first before the second; empty without any.

    Letters that go on (A, B, C) are grades or options, of which no two stand for places.
    """
    words = {choice: choice.casefold().replace("_", " ").split() for choice in choices}
    goes_on = {"c", "3", "third", "middle"} & {w[-1] for w in words.values() if w}
    for one, other in () if goes_on else (*_PLACES, _NUMBERED):
        for first, said in words.items():
            start = said[:-1]
            if said[-1:] == [one] and (start or (one, other) != _NUMBERED):
                second = next((c for c, w in words.items() if w == [*start, other]), None)
                if second is not None:
                    return first, second
    return ()


def _own_model(
    known: Sequence[Judged], scores: Mapping[str, float], model: str, confidence: float
) -> Sway | None:
    """The difference of two means, each with a bound that errs with half of what both may."""
    authored = [item for item in known if item.text.author and model]
    own = [item for item in authored if _is_same_model(item.text.author, model)]
    others = [item for item in authored if not _is_same_model(item.text.author, model)]
    if min(len(own), len(others)) < _FEWEST_ANSWERS:
        return None
    half = 1 - (1 - confidence) / 2
    (mine, mine_bounds), (theirs, their_bounds) = (
        _mean_error(items, scores, half) for items in (own, others)
    )
    low, high = mine_bounds.low - their_bounds.high, mine_bounds.high - their_bounds.low
    interval = Interval(max(-1.0, low), min(1.0, high))
    return Sway(figure=Estimate(value=mine - theirs, interval=interval), count=len(own))


def _is_same_model(author: str, model: str) -> bool:
    """Whether names mean the same, where either may leave the provider out."""
    one, other = author.casefold(), model.casefold()
    if "/" in one and "/" in other:
        return one == other
    return one.rpartition("/")[2] == other.rpartition("/")[2]


def _mean_error(
    items: Sequence[Judged], scores: Mapping[str, float], confidence: float
) -> tuple[float, Interval]:
    """By how much the judge scores these higher than their labels do."""
    errors = [scores[item.choice] - scores[item.label] for item in items]
    bounds = verdict_interval(
        [(error + 1) / 2 for error in errors],
        clusters=[item.cluster for item in items],
        confidence=confidence,
    )
    return sum(errors) / len(errors), Interval(2 * bounds.low - 1, 2 * bounds.high - 1)


def _longer(
    known: Sequence[Judged], scores: Mapping[str, float], confidence: float
) -> Preference | None:
    sized = [(i, i.text.characters) for i in known if i.text.characters is not None]
    return _preference(
        [item for item, _ in sized],
        [scores[item.choice] for item, _ in sized],
        [size for _, size in sized],
        confidence,
    )


def _long_input(known: Sequence[Judged], confidence: float) -> Preference | None:
    sized = [item for item in known if item.text.input_characters]
    wrong = [float(item.choice != item.label) for item in sized]
    return _preference(sized, wrong, [item.text.input_characters for item in sized], confidence)


def _preference(
    items: Sequence[Judged], scores: Sequence[float], sizes: Sequence[int], confidence: float
) -> Preference | None:
    """None where too few answers with the same label were judged otherwise to tell."""
    clusters = [item.cluster for item in items]
    if len(members(clusters)) < _FEWEST_CLUSTERS:
        return None
    labels = [item.label for item in items]
    found = preference(labels, scores, sizes, clusters=clusters, confidence=confidence)
    return found if found and found.pairs >= _FEWEST_PAIRS else None
