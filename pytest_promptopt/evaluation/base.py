"""The prompt as it stands at the base, made comparable with the head."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace

from pytest_promptopt.evaluation.listing import listed
from pytest_promptopt.evaluation.subject import Subject, SubjectSettings, resolve_subject_model
from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden
from pytest_promptopt.prompts.prompt import GateSettings, Prompt
from pytest_promptopt.prompts.version import version_of
from pytest_promptopt.scoring.kinds import Kinds, all_kinds, kind_of
from pytest_promptopt.scoring.score import Threshold

_SHOWN = 5
_SUFFIX = "@base"


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseRecord:
    """What a prompt was compared with, as a run tells it.

    ``label`` names the base, ``version`` is that of the prompt there, empty without one.
    ``remark`` says why nothing was asked there, ``identical`` whether it is because both send the
    same. ``loosened`` are the ways in which the change asks for less than the base did, a sentence
    each, ``forbidden`` those by which the gate fails, as it stands here or at the base.
    """

    label: str
    version: str = ""
    identical: bool = False
    remark: str = ""
    loosened: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What a subject is compared with; ``subject`` is None where there is nothing to ask."""

    record: BaseRecord
    subject: Subject | None = None

    def compared_with(self, head: Subject) -> Subject:
        """``head``, whose evaluators compare its answers with those of the base.

        Where both send the same, that is with its own. A change that takes away the gate which
        forbids that is held to one all the same.
        """
        same = head if self.record.identical else self.record.remark
        if self.record.forbidden and head.prompt.gate is None:
            head = replace(head, prompt=replace(head.prompt, gate=GateSettings(line=1)))
        return replace(head, base=self.subject or same)

    def unfillable(self, golden: Golden) -> tuple[str, ...]:
        """Where the base has a placeholder that ``golden`` has no value for."""
        return self.subject.missing_values(golden) if self.subject else ()


def compare_with_base(
    head: Subject, base: Prompt, *, label: str, settings: SubjectSettings
) -> Base:
    """The base's text, model, parameters and ``answer`` with the head's goldens, evaluators, gate.

    ``settings`` are those that the head was built with.
    """
    prompt = replace(
        head.prompt,
        messages=base.messages,
        model=base.model,
        parameters=base.parameters,
        response_format=base.response_format,
        json_schema=base.json_schema,
        answer=base.answer,
    )
    model, model_error = resolve_subject_model(prompt, settings)
    subject = replace(
        head,
        prompt=prompt,
        model=model,
        model_error=f"at {label}: {model_error}" if model_error else "",
        suffix=f"{head.suffix}{_SUFFIX}",
    )
    subject = replace(subject, base=subject)
    identical = _sends_the_same(subject, head)
    record = BaseRecord(
        label=label,
        version=version_of(base),
        identical=identical,
        loosened=tuple(loosened(base, head.prompt)),
        forbidden=tuple(forbidden(base, head.prompt)),
    )
    return Base(record=record, subject=None if identical else subject)


def key_at_base(key: str) -> str:
    """The key of the base of the subject that has ``key``."""
    return f"{key}{_SUFFIX}"


def _sends_the_same(base: Subject, head: Subject) -> bool:
    """Whether both send and read the same for every golden, wherever it stands in the file."""

    def content(subject: Subject) -> tuple[object, ...]:
        prompt = subject.prompt
        return (
            [(message.role, message.template.text) for message in prompt.messages],
            subject.model,
            prompt.parameters,
            prompt.response_format,
            prompt.json_schema,
            prompt.answer,
        )

    return content(base) == content(head)


def loosened(base: Prompt, head: Prompt) -> Iterator[str]:
    """How ``head`` asks for less than ``base`` did: of its gate, evaluators and goldens."""
    yield from _softened(base, head)
    yield from _removed(base, head)


def forbidden(base: Prompt, head: Prompt) -> Iterator[str]:
    """What of that a gate of either fails by: no change can undo the policy that forbids it."""
    gates = [gate for gate in (base.gate, head.gate) if gate is not None]
    if any(gate.loosened_fails for gate in gates):
        yield from _softened(base, head)
    if any(gate.removed_fails for gate in gates):
        yield from _removed(base, head)


def _softened(base: Prompt, head: Prompt) -> Iterator[str]:
    yield from _looser_gate(base.gate, head.gate)
    yield from _looser_evaluators(base.evaluators, head.evaluators)
    yield from _looser_goldens(base, head)


def _removed(base: Prompt, head: Prompt) -> Iterator[str]:
    """Goldens that are asked no more."""
    left = {golden.id for golden in (*head.goldens, *head.shown)}
    asked = [golden.id for golden in base.goldens]
    if gone := [golden_id for golden_id in asked if golden_id not in left]:
        yield f"goldens that were taken away: {listed(gone, shown=_SHOWN)}"
    if shown := [golden.id for golden in head.shown if golden.id in asked]:
        yield f"goldens whose answers the prompt now shows: {listed(shown, shown=_SHOWN)}"


def _looser_gate(base: GateSettings | None, head: GateSettings | None) -> Iterator[str]:
    if base is None:
        return
    if head is None:
        yield "the gate was taken away"
        return
    yield from _looser_limits("gate", base, head)
    shown, now = base.min_agreement, head.min_agreement
    if shown is not None and (now is None or now < shown):
        went = "was taken away" if now is None else f"went from {shown:g} to {now:g}"
        yield f"gate.judges.minAgreement {went}"
    if _takes_more(head.unscored, base.unscored):
        yield f"gate.unscored went from {base.unscored:g} to {head.unscored:g}"
    for key, before, after in (
        ("onRemovedGoldens", base.removed_fails, head.removed_fails),
        ("onLoosened", base.loosened_fails, head.loosened_fails),
    ):
        if before and not after:
            yield f"gate.{key} went from fail to report"
    yield from _looser_parts(base, head)


def _looser_parts(base: GateSettings, head: GateSettings) -> Iterator[str]:
    for kind, before, after in (
        ("tags", base.tags, head.tags),
        ("evaluators", base.evaluators, head.evaluators),
    ):
        for name, settings in before.items():
            if name in after:
                yield from _looser_limits(f"gate.{kind}.{name}", settings, after[name])
            else:
                yield f"gate.{kind}.{name} was taken away"


def _takes_more(after: float, before: float) -> bool:
    """Whether more may go unscored; a share and a number cannot be told apart by size."""
    is_other_kind = (after < 1) is not (before < 1)
    return after > before or (is_other_kind and after > 0)


def _looser_limits(where: str, base: GateSettings, head: GateSettings) -> Iterator[str]:
    for key, before, after, sign in (
        ("min", base.minimum, head.minimum, 1),
        ("maxDrop", base.max_drop, head.max_drop, -1),
        ("minMutation", base.min_mutation, head.min_mutation, 1),
        ("confidence", base.confidence, head.confidence, 1),
    ):
        if before is not None and after is None:
            yield f"{where}.{key} {before:g} was taken away"
        elif before is not None and after is not None and sign * (before - after) > 0:
            yield f"{where}.{key} went from {before:g} to {after:g}"
    if head.inconclusive_passes and not base.inconclusive_passes:
        yield f"{where}.inconclusive went from fail to pass"


def _looser_evaluators(
    base: tuple[EvaluatorSpec, ...], head: tuple[EvaluatorSpec, ...]
) -> Iterator[str]:
    after, kinds = dict(_placed(head)), all_kinds()
    for place, spec in _placed(base):
        now = after.get(place)
        if now is None:
            yield f"the evaluator `{spec.name}` was taken away"
        elif (now.kind, now.options, now.negated) != (spec.kind, spec.options, spec.negated):
            yield f"the evaluator `{spec.name}` was changed"
        else:
            yield from _looser_evaluator(spec, now, kinds)


def _placed(specs: Iterable[EvaluatorSpec]) -> Iterator[tuple[tuple[str, int], EvaluatorSpec]]:
    """Each with its name, and how many before it have the same."""
    counts: Counter[str] = Counter()
    for spec in specs:
        yield (spec.name, counts[spec.name]), spec
        counts[spec.name] += 1


def _looser_evaluator(base: EvaluatorSpec, head: EvaluatorSpec, kinds: Kinds) -> Iterator[str]:
    """How one that scores the same counts for less."""
    before, least = _threshold(base, kinds), _threshold(head, kinds)
    if before is not None and least is not None:
        is_less = before < least if head.negated else least < before
        if is_less:
            went = f"from {before} to {least}"
            yield f"the threshold of the evaluator `{head.name}` went {went}"
    if head.optional and not base.optional:
        yield f"the evaluator `{head.name}` became optional"
    if head.weight != base.weight:
        went = f"from {base.weight:g} to {head.weight:g}"
        yield f"the weight of the evaluator `{head.name}` went {went}"


def _threshold(spec: EvaluatorSpec, kinds: Kinds) -> Threshold | None:
    """What the file says, else the kind; None where that is not known."""
    if spec.threshold is not None:
        return Threshold(spec.threshold)
    kind = kind_of(spec.kind, kinds) if spec.kind else None
    return kind.threshold if kind else None


def _looser_goldens(base: Prompt, head: Prompt) -> Iterator[str]:
    after = {golden.id: golden for golden in (*head.goldens, *head.shown)}
    pairs = [(was, after[was.id]) for was in base.goldens if was.id in after]
    gated = {*base.gate.tags} if base.gate else set()
    found: dict[str, list[str]] = {}
    for was, now in pairs:
        for told in _looser_golden(was, now, gated):
            found.setdefault(told, []).append(was.id)
    found["no longer share a cluster"] = [*_parted(pairs)]
    if _limits_drops(base.gate):
        joined = _parted([(now, was) for was, now in pairs])
        found["now share a cluster, so that fewer drops show"] = [*joined]
    for told, ids in found.items():
        if ids:
            yield f"goldens that {told}: {listed(ids, shown=_SHOWN)}"


def _looser_golden(was: Golden, now: Golden, gated: Set[str]) -> Iterator[str]:
    """What is asked less of it, in words for several; ``gated`` are the tags that have limits."""
    if was.expected != now.expected:
        yield "now expect something else"
    checks = [_check(spec) for spec in now.evaluators]
    if any(_check(spec) not in checks for spec in was.evaluators):
        yield "are checked otherwise on their own"
    if was.weight != now.weight:
        yield "weigh something else"
    if gated & {*was.tags} - {*now.tags}:
        yield "left a tag that has a limit"
    if was.required and not now.required:
        yield "are no longer required"


def _check(spec: EvaluatorSpec) -> Sequence[object]:
    """What it asks, wherever it stands; several of a golden may have the same name."""
    return spec.kind, spec.options, spec.negated, spec.threshold, spec.optional, spec.weight


def _limits_drops(gate: GateSettings | None) -> bool:
    parts = (gate, *gate.tags.values(), *gate.evaluators.values()) if gate else ()
    return any(part.max_drop is not None for part in parts)


def _parted(pairs: Iterable[tuple[Golden, Golden]]) -> Iterator[str]:
    """Those of the first that share a cluster with an earlier one and do not in the second."""
    first: dict[str, Golden] = {}
    for golden, now in pairs:
        if golden.cluster:
            other = first.setdefault(golden.cluster, now)
            if now is not other and (not now.cluster or now.cluster != other.cluster):
                yield golden.id
