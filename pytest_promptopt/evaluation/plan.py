"""The plan of a run: what it would ask, before anything is asked."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pytest_promptopt.client.estimate import LIKELY_OUTPUT_TOKENS, likely_usage
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.providers.request import Model, Usage

CountHeld = Callable[[list[str]], int]
PriceUsd = Callable[[Model, Usage], float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptPlan:
    """What one prompt would take, whose ``location`` is followed by a model or ``@base``.

    ``calls`` counts answers and judgements, ``held`` the answers that the cache has already.
    Tokens and cost are estimates for the calls that would be sent; ``cost_usd`` is None where a
    price is unknown.
    """

    location: str
    model: str
    goldens: int
    samples: int
    calls: int
    held: int
    tokens: int
    cost_usd: float | None


def plan_prompt(
    subject: Subject, goldens: Iterable[Golden], count_held: CountHeld, price_usd: PriceUsd
) -> PromptPlan:
    """The plan for those ``goldens`` of the subject that can be asked."""
    asked = [golden for golden in goldens if subject.model and not subject.missing_values(golden)]
    requests = [subject.request(g, sample) for g in asked for sample in range(subject.samples)]
    held = count_held([request.fingerprint for request in requests])
    judgements = subject.samples * sum(map(subject.further_calls, asked))
    share = 1 - held / len(requests) if requests else 0.0
    usages = [likely_usage(request) for request in requests]
    mean_input = sum(usage.input_tokens for usage in usages) / len(usages) if usages else 0.0
    judging = Usage(
        input_tokens=round(judgements * (mean_input + LIKELY_OUTPUT_TOKENS)),
        output_tokens=judgements * LIKELY_OUTPUT_TOKENS,
    )
    answering = Usage(
        input_tokens=round(share * sum(usage.input_tokens for usage in usages)),
        output_tokens=round(share * sum(usage.output_tokens for usage in usages)),
    )
    total = Usage(
        input_tokens=answering.input_tokens + judging.input_tokens,
        output_tokens=answering.output_tokens + judging.output_tokens,
    )
    return PromptPlan(
        location=subject.key,
        model=str(subject.model or ""),
        goldens=len(asked),
        samples=subject.samples,
        calls=len(requests) + judgements,
        held=held,
        tokens=total.total_tokens,
        cost_usd=price_usd(subject.model, total) if subject.model else None,
    )
