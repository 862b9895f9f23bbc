"""Worked examples from ``train``: how many, which, and as turns or as text."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pytest_promptopt.optimization.candidate import Candidate, examples_text
from pytest_promptopt.optimization.proposers.proposer import Context, Order, ProposerCost
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.prompts.template import as_text

Pick = Literal["balanced", "diverse", "hardest", "random"]

_MOST_CHARACTERS = 6000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Variant:
    """So many examples, picked in a way, as turns of the chat or as text in the message."""

    size: int
    pick: Pick
    as_turns: bool = True


_VARIANTS = (
    _Variant(size=8, pick="balanced"),
    _Variant(size=4, pick="balanced"),
    _Variant(size=8, pick="diverse"),
    _Variant(size=4, pick="diverse"),
    _Variant(size=4, pick="balanced", as_turns=False),
    _Variant(size=8, pick="hardest"),
    _Variant(size=2, pick="balanced"),
    _Variant(size=8, pick="random"),
    _Variant(size=4, pick="hardest"),
    _Variant(size=8, pick="balanced", as_turns=False),
    _Variant(size=4, pick="random"),
    _Variant(size=2, pick="diverse"),
)


class Examples:
    """``count`` sets of worked examples, without asking a model.

    They come in a fixed order of variants: 8, 4 or 2 goldens, at most ``demonstrations``;
    balanced over the expected answers, with inputs as unlike each other as can be, those that the
    parent misses, or at random; as turns or as text. After the last variant it begins again with
    other draws.
    """

    needs_cases = False

    def cost(self, order: Order) -> ProposerCost:
        """Nothing is asked."""
        return ProposerCost(candidates=order.count)

    async def propose(self, context: Context) -> Sequence[Candidate]:
        """The parent with other examples; none where none are possible."""
        usable = [g for g in context.train if g.has_expected and _can_be_shown(context, g)]
        most = context.settings.demonstrations
        position = _text_position(context)
        found: dict[str, Candidate] = {}
        for variant in itertools.islice(itertools.cycle(_VARIANTS), 2 * context.count):
            is_possible = variant.size < len(usable) and variant.size <= most
            if not is_possible or (position is None and not variant.as_turns):
                continue
            ids = _within_reach(context, _PICKS[variant.pick](context, usable), variant.size)
            made = replace(
                context.parent,
                demonstrations=ids,
                shown_in=None if variant.as_turns else position,
                origin="examples",
                parent=context.parent.id,
                note=_note(context, variant, len(ids)),
            )
            found.setdefault(made.id, made)
        return tuple(found.values())[: context.count]


def _can_be_shown(context: Context, golden: Golden) -> bool:
    asked = [m for m in context.prompt.messages if m.role == "user"]
    return bool(asked) and not asked[-1].template.missing(golden.variables)


def _text_position(context: Context) -> int | None:
    """The message that may hold examples as text: the last editable system message."""
    system = [n for n in context.editable if context.prompt.messages[n].role == "system"]
    return system[-1] if system else None


def _within_reach(context: Context, goldens: Iterator[Golden], size: int) -> tuple[str, ...]:
    """The first ``size`` that are not too long together."""
    ids: list[str] = []
    room = _MOST_CHARACTERS
    for golden in goldens:
        length = len(examples_text(context.prompt, [golden]))
        if length <= room and len(ids) < size:
            ids.append(golden.id)
            room -= length
        elif len(ids) == size:
            break
    return tuple(ids)


def _note(context: Context, variant: _Variant, shown: int) -> str:
    before = len(context.parent.demonstrations)
    form = "" if variant.as_turns else " as text"
    fewer = "" if shown == variant.size else f", since {variant.size} would be too long"
    instead = f" instead of {before}" if before else ""
    return f"Shows {shown} worked examples{form}{instead}, {variant.pick}{fewer}."


def answers_in_turns(goldens: Sequence[Golden]) -> Iterator[Golden]:
    """All of them so that expected answers take turns, those of one answer in their order."""
    by_answer: dict[str, list[Golden]] = {}
    for golden in goldens:
        by_answer.setdefault(as_text(golden.expected), []).append(golden)
    for turn in itertools.zip_longest(*by_answer.values()):
        yield from (golden for golden in turn if golden is not None)


def _balanced(context: Context, usable: Sequence[Golden]) -> Iterator[Golden]:
    yield from answers_in_turns(context.rng.sample(usable, len(usable)))


def _random(context: Context, usable: Sequence[Golden]) -> Iterator[Golden]:
    yield from context.rng.sample(usable, len(usable))


def _hardest(context: Context, usable: Sequence[Golden]) -> Iterator[Golden]:
    """What was missed first, by anybody whose answers are known."""
    missed = {case.golden.id for case in context.errors}
    yield from sorted(_balanced(context, usable), key=lambda golden: golden.id not in missed)


def _diverse(context: Context, usable: Sequence[Golden]) -> Iterator[Golden]:
    """Each as unlike those before as can be, by the words of input and answer."""
    left = {golden.id: golden for golden in context.rng.sample(usable, len(usable))}
    words = {key: _words(context, golden) for key, golden in left.items()}
    nearest = dict.fromkeys(left, 0.0)
    while left:
        key = min(left, key=lambda golden_id: nearest[golden_id])
        yield left.pop(key)
        for other in left:
            nearest[other] = max(nearest[other], _likeness(words[key], words[other]))


def _words(context: Context, golden: Golden) -> frozenset[str]:
    return frozenset(examples_text(context.prompt, [golden]).casefold().split())


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other)


_PICKS: Mapping[Pick, Callable[[Context, Sequence[Golden]], Iterator[Golden]]] = {
    "balanced": _balanced,
    "diverse": _diverse,
    "hardest": _hardest,
    "random": _random,
}
