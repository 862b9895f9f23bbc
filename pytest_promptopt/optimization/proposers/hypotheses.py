"""Causes of all failures at once, each with a rule that is tried before it is merged."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pytest_promptopt.optimization.acceptance import gains
from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.case import Case
from pytest_promptopt.optimization.diagnosis.contract import with_contract
from pytest_promptopt.optimization.diagnosis.misses import Miss, miss_of
from pytest_promptopt.optimization.diagnosis.profile import profile_of
from pytest_promptopt.optimization.material import case_line, data_block
from pytest_promptopt.optimization.optimizer import Question
from pytest_promptopt.optimization.proposers.proposer import Context, Order, ProposerCost
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.text.tags import quoted

_SHOWN = 4
_MOST_GROUPS = 8
_TO_MEND = 3
_CONTROLS = 3
_KEY = re.compile(r"^\W*(cause|rule|groups)\W*:[ \t]*", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hypothesis:
    """A cause, the candidate with the rule that should mend it, and the goldens to try it on."""

    cause: str
    rule: str
    candidate: Candidate
    to_mend: Sequence[Case]


class Hypotheses:
    """``count`` labelled hypotheses from one request that shows all failures in groups.

    Each has a cause, a rule to add, and the groups that it should mend. It is tried on up to
    three of their goldens and three that pass, and what mends more than it breaks is merged into
    one candidate, which comes first (VISTA, arXiv 2603.18388). Rules that did not hold are
    remembered as such.
    """

    needs_cases = True

    def cost(self, order: Order) -> ProposerCost:
        """One call, and every rule tried on six goldens."""
        answers = order.count * (_TO_MEND + _CONTROLS)
        return ProposerCost(calls=1, candidates=1 + order.count, answers=answers)

    async def propose(self, context: Context) -> Sequence[Candidate]:
        """What holds, merged and one by one; none where nothing is missed or nothing holds."""
        groups = _groups(context)
        if not groups:
            return ()
        question = Question(
            request="hypotheses",
            values=context.values(groups=_shown(context, groups), count=str(context.count)),
            tag="hypothesis",
            count=context.count,
        )
        (reply,) = await context.optimizer.ask([question])
        if reply is None:
            return ()
        found = [*_read(context, groups, reply.texts)]
        controls = [case for case in context.cases if case.passed][:_CONTROLS]
        holding: list[_Hypothesis] = []
        for hypothesis, gain in zip(found, await _gains(context, found, controls), strict=True):
            if gain > 0:
                holding.append(hypothesis)
            else:
                context.memory.rejected.append(hypothesis.rule)
        single = [hypothesis.candidate for hypothesis in holding]
        return (*_merged(context, holding), *single)


def _groups(context: Context) -> Mapping[str, list[Case]]:
    """What the parent misses, by how; the largest group first."""
    profile = profile_of(context.train)
    groups: dict[str, list[Case]] = {}
    for case in context.errors:
        groups.setdefault(_named(miss_of(case, profile)), []).append(case)
    largest = sorted(groups.items(), key=lambda item: -len(item[1]))
    return dict(largest[:_MOST_GROUPS])


def _named(miss: Miss) -> str:
    if not miss.expected_label:
        return miss.kind.value
    labels = f"{quoted(miss.expected_label)} expected, {quoted(miss.answered_label)} answered"
    return f"{miss.kind.value}, {labels}"


def _shown(context: Context, groups: Mapping[str, list[Case]]) -> str:
    return "\n".join(
        f"Group {number}, {kind}, {len(cases)} of {len(context.cases)} answers:\n"
        + data_block(case_line(context.prompt, case) for case in cases[:_SHOWN])
        for number, (kind, cases) in enumerate(groups.items(), start=1)
    )


def _read(
    context: Context, groups: Mapping[str, list[Case]], texts: Sequence[str]
) -> Iterator[_Hypothesis]:
    for text in texts:
        parts = _KEY.split(text)
        said = {k.lower(): value.strip() for k, value in zip(parts[1::2], parts[2::2], strict=True)}
        rule = " ".join(said.get("rule", "" if said else text).split())
        changed = with_contract(context.text, rule) if rule else None
        if changed is None:
            continue
        numbers = {int(number) for number in re.findall(r"\d{1,3}", said.get("groups", ""))}
        named = [c for n, c in enumerate(groups.values(), start=1) if n in numbers]
        cases = [case for group in named or groups.values() for case in group]
        yield _Hypothesis(
            cause=said.get("cause", ""),
            rule=rule,
            candidate=context.child(changed, origin="hypotheses", note=said.get("cause", rule)),
            to_mend=cases[:_TO_MEND],
        )


async def _gains(
    context: Context, hypotheses: Sequence[_Hypothesis], controls: Sequence[Case]
) -> list[float]:
    """By how much each scores more than the parent on the goldens that it is tried on."""
    tried = [(h, {c.golden.id: c for c in (*h.to_mend, *controls)}) for h in hypotheses]
    wanted: list[tuple[Candidate, list[Golden]]] = [
        (h.candidate, [case.golden for case in cases.values()]) for h, cases in tried
    ]
    known = await context.trial(wanted)
    return [sum(gains(cases, known.get(h.candidate.id, {}))) for h, cases in tried]


def _merged(context: Context, holding: Sequence[_Hypothesis]) -> Iterator[Candidate]:
    text = context.text
    for hypothesis in holding:
        text = with_contract(text, hypothesis.rule) or text
    if len(holding) > 1:
        causes = "; ".join(hypothesis.cause or hypothesis.rule for hypothesis in holding)
        yield context.child(text, origin="hypotheses", note=causes)
