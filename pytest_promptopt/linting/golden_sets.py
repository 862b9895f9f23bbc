"""Rules on the goldens of a prompt: what they cannot tell, whatever the model answers."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pytest_promptopt.evaluation.listing import counted, in_clusters
from pytest_promptopt.linting.rule import Finding, Rule
from pytest_promptopt.linting.sheet import Sheet
from pytest_promptopt.linting.sources import GATE, GOLDENS
from pytest_promptopt.prompts.golden import RESERVED_KEYS, Golden
from pytest_promptopt.prompts.prompt import GateSettings
from pytest_promptopt.prompts.shown import inputs_of
from pytest_promptopt.prompts.template import as_text
from pytest_promptopt.statistics.clusters import by_cluster
from pytest_promptopt.statistics.comparison import smallest_drop
from pytest_promptopt.statistics.intervals import goldens_to_decide, one_sided, verdict_interval

_LEAST_FOR_ONE_LABEL = 4
_LONGEST_LABEL = 40
_CONFIDENCE = 0.95
# A gate on drops is meant to see one somewhat beyond its limit.
_UNSEEN = 0.2
# So many goldens show a drop that is so much beyond any limit.
_ENOUGH = 400


def _duplicates(sheet: Sheet) -> Iterator[Finding]:
    for golden, other in _repeated(sheet.prompt.goldens, _content):
        yield sheet.of_golden(golden, f"golden {golden.id} is {_named(other)} once more")


def _contradictions(sheet: Sheet) -> Iterator[Finding]:
    goldens = [golden for golden in sheet.goldens if golden.has_expected and not golden.evaluators]

    def asked(golden: Golden) -> str | None:
        inputs = inputs_of(sheet.prompt, golden)
        return _as_json(inputs) if inputs else None

    for golden, other in _repeated(goldens, asked):
        if _folded(golden) != _folded(other):
            message = f"golden {golden.id} has the input of {_named(other)}, and expects another"
            yield sheet.of_golden(golden, f"{message} answer")


def _repeated(
    goldens: Sequence[Golden], key_of: Callable[[Golden], str | None]
) -> Iterator[tuple[Golden, Golden]]:
    """Each golden whose key an earlier one has, with that one."""
    first: dict[str, Golden] = {}
    for golden in goldens:
        key = key_of(golden)
        if key is not None and first.setdefault(key, golden) is not golden:
            yield golden, first[key]


def _content(golden: Golden) -> str | None:
    own = {key: value for key, value in golden.variables.items() if key not in RESERVED_KEYS}
    evaluators = [spec.content for spec in golden.evaluators]
    return _as_json([own, golden.expected, evaluators]) if own else None


def _as_json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)


def _folded(golden: Golden) -> str:
    return " ".join(as_text(golden.expected).casefold().split())


def _named(golden: Golden) -> str:
    return f"golden {golden.id} ({golden.path}:{golden.line})"


def _too_few(sheet: Sheet) -> Iterator[Finding]:
    gate, goldens = sheet.prompt.gate, sheet.prompt.goldens
    if gate is None or not goldens:
        return
    for name, settings, own in _parts(gate, goldens):
        for message in (*_for_minimum(settings, own), *_for_drop(settings, own)):
            yield sheet.at(settings.line, f"{name}{message}")


def _parts(
    gate: GateSettings, goldens: Sequence[Golden]
) -> Iterator[tuple[str, GateSettings, Sequence[Golden]]]:
    yield "", gate, goldens
    for tag, settings in gate.tags.items():
        tagged = [golden for golden in goldens if tag in golden.tags]
        if tagged:
            yield f"tag {tag}: ", settings, tagged


def _for_minimum(gate: GateSettings, goldens: Sequence[Golden]) -> Iterator[str]:
    """That the gate could not pass if every golden did."""
    weights = _weights(goldens)
    if gate.minimum is None or gate.confidence is None or not sum(weights) or gate.minimum >= 1:
        return
    best = [1.0] * len(weights)
    interval = verdict_interval(best, weights=weights, confidence=one_sided(gate.confidence))
    if interval.low >= gate.minimum:
        return
    more = goldens_to_decide(
        best, minimum=gate.minimum, confidence=gate.confidence, weights=weights
    )
    what = "golden" if len(weights) == len(goldens) else "cluster"
    needed = "" if more is None else f"; {counted(len(weights) + more, what)} could"
    yield (
        f"if {_all(goldens)} passed, they would show a score of {interval.low:.3f} at "
        f"{100 * gate.confidence:g} % confidence, and min is {gate.minimum:g}{needed}"
    )


def _for_drop(gate: GateSettings, goldens: Sequence[Golden]) -> Iterator[str]:
    """The smallest drop that fails the gate, where that is far beyond ``maxDrop``."""
    if gate.max_drop is None or len(goldens) >= _ENOUGH or not any(g.weight for g in goldens):
        return
    seen = smallest_drop(
        _weights(goldens), limit=gate.max_drop, confidence=gate.confidence or _CONFIDENCE
    )
    if seen is None:
        yield f"no drop beyond maxDrop {gate.max_drop:g} could be shown by {_all(goldens)}"
    elif seen > gate.max_drop + _UNSEEN:
        yield (
            f"the smallest drop that {_all(goldens)} could show to be beyond maxDrop "
            f"{gate.max_drop:g} is {seen:.2f}"
        )


def _weights(goldens: Sequence[Golden]) -> Sequence[float]:
    """Those of what is independent: goldens, those of one cluster as one."""
    weights = [golden.weight for golden in goldens]
    return by_cluster(weights, weights, [golden.cluster for golden in goldens])[1]


def _all(goldens: Sequence[Golden]) -> str:
    if len(goldens) == 1:
        return "the one golden"
    return f"all {in_clusters(len(goldens), 'golden', len(_weights(goldens)))}"


def _one_label(sheet: Sheet) -> Iterator[Finding]:
    goldens = [golden for golden in sheet.prompt.goldens if golden.has_expected]
    expected = {_folded(golden) for golden in goldens}
    if len(goldens) < max(_LEAST_FOR_ONE_LABEL, len(sheet.prompt.goldens)) or len(expected) > 1:
        return
    if 0 < len(min(expected)) <= _LONGEST_LABEL:
        label = as_text(goldens[0].expected).strip()
        message = f"all {len(goldens)} goldens expect `{label}`: whoever always says so passes"
        yield sheet.of_golden(goldens[0], message)


def _required(sheet: Sheet) -> Iterator[Finding]:
    required = [golden for golden in sheet.prompt.goldens if golden.required]
    if required and sheet.prompt.gate is None:
        message = f"golden {required[0].id} is `required`, and there is no gate that asks for it"
        yield sheet.of_golden(required[0], message)


RULES = (
    Rule(
        code="PL301",
        title="duplicate goldens",
        reason="One case counts twice, and the interval is narrower than what was seen.",
        source=GOLDENS,
        remedy="keep one, or give it a weight",
        find=_duplicates,
    ),
    Rule(
        code="PL302",
        title="goldens that contradict each other",
        reason="No answer is right for both.",
        source=GOLDENS,
        remedy="decide what is right, or list both under `expected`",
        find=_contradictions,
    ),
    Rule(
        code="PL303",
        title="too few goldens for the gate",
        reason="A gate that its goldens cannot decide never passes, or never fails.",
        source=GATE,
        remedy="write more goldens, or ask for less",
        find=_too_few,
    ),
    Rule(
        code="PL304",
        title="one label only",
        reason="A prompt that says the same to everything scores full marks.",
        source=GOLDENS,
        remedy="add goldens that expect the other labels",
        find=_one_label,
    ),
    Rule(
        code="PL305",
        title="`required` without a gate",
        reason="Without a gate every golden must pass, and `required` means nothing.",
        source=GATE,
        remedy="add a `gate:`, or take `required` away",
        find=_required,
    ),
)
