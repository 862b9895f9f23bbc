"""Tasks that show in goldens without a model: what is expected follows from the input.

What holds on every golden to learn from is said as a noun phrase that goes on from "Answer with".
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pytest_promptopt.optimization.diagnosis.number_rules import numbers_reckoned
from pytest_promptopt.optimization.diagnosis.pairs import Pair, Rule
from pytest_promptopt.optimization.diagnosis.profile import meant
from pytest_promptopt.optimization.diagnosis.relation_rules import option_chosen, words_kept
from pytest_promptopt.optimization.diagnosis.text_rules import text_rearranged
from pytest_promptopt.optimization.diagnosis.traits import shared_end, shared_start
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.prompts.shown import inputs_of
from pytest_promptopt.prompts.template import as_text
from pytest_promptopt.text.tags import quoted

LEAST_GOLDENS = 8
"""What holds on fewer is chance."""

_LEAST_ANSWERS = 3
_LEAST_OPTIONS = 2
_WORDS_OF_A_MARK = 3

# A function says all of the task, a relation only what the answer is made of.
_FUNCTIONS: tuple[Rule, ...] = (numbers_reckoned, text_rearranged)
_RELATIONS: tuple[Rule, ...] = (option_chosen, words_kept)

View = tuple[Sequence[Pair], str]
"""Pairs, and what their given text is called."""


def stated_task(prompt: Prompt, goldens: Sequence[Golden]) -> str:
    """What all of ``goldens`` expect of the values that ``prompt`` has places for.

    The most specific that holds, empty where nothing does or they are few. Goldens that do not
    say what they expect do not count.
    """
    telling = [golden for golden in goldens if golden.has_expected]
    inputs = [_texts(inputs_of(prompt, golden)) for golden in telling]
    if len(telling) < LEAST_GOLDENS or not all(inputs):
        return ""
    expected = [meant(golden.expected) for golden in telling]
    objects = [value for value in expected if isinstance(value, Mapping)]
    if len(objects) == len(expected):
        return _of_fields(inputs, objects)
    return _stated(inputs, [as_text(value) for value in expected])


def _texts(values: Mapping[str, object]) -> Mapping[str, str]:
    return {name: as_text(value) for name, value in values.items() if name != "expected"}


def _of_fields(
    inputs: Sequence[Mapping[str, str]], expected: Sequence[Mapping[str, object]]
) -> str:
    """What is known of the keys that are always there."""
    names = [name for name in expected[0] if all(name in value for value in expected)]
    found = {name: _stated(inputs, [as_text(value[name]) for value in expected]) for name in names}
    told = [f"{quoted(name)} is {task}" for name, task in found.items() if task]
    return f"a JSON object in which {', and '.join(told)}" if told else ""


def _stated(inputs: Sequence[Mapping[str, str]], expected: Sequence[str]) -> str:
    views = [*_views(inputs, expected)]
    held = (found for rules in (_FUNCTIONS, _RELATIONS) for found in _held(rules, views))
    return next(held, "")


def _held(rules: Iterable[Rule], views: Iterable[View]) -> Iterator[str]:
    for pairs, name in views:
        answers = len({pair.expected for pair in pairs})
        for rule in rules:
            if answers >= (_LEAST_OPTIONS if rule is option_chosen else _LEAST_ANSWERS):
                yield from rule(pairs, name)


def _views(inputs: Sequence[Mapping[str, str]], expected: Sequence[str]) -> Iterator[View]:
    """Each value and all together, as they are and without what is always around them."""
    names = [name for name in inputs[0] if all(name in values for values in inputs)]
    shown = {f"the {name.replace('_', ' ')}": [v[name] for v in inputs] for name in names}
    together = {"the input": ["\n".join(values.values()) for values in inputs]}
    for name, given in ((shown if len(names) > 1 else {}) | together).items():
        yield _pairs(given, expected), name
        start, end = shared_start(given), shared_end(given)
        if start.strip() or end.strip():
            inner = [value[len(start) : len(value) - len(end)] for value in given]
            yield _pairs(inner, expected), f"{name}{_place(start, end)}"


def _place(start: str, end: str) -> str:
    after = " ".join(start.split()[-_WORDS_OF_A_MARK:])
    before = " ".join(end.split()[:_WORDS_OF_A_MARK])
    marks = ((" after", after), (" before", before))
    return "".join(f"{where} {quoted(mark)}" for where, mark in marks if mark)


def _pairs(given: Sequence[str], expected: Sequence[str]) -> Sequence[Pair]:
    return [Pair(a.strip(), b.strip()) for a, b in zip(given, expected, strict=True)]
