"""The likelihood of the expected answers, in place of how good the given ones are.

APE's second score (Zhou et al. 2022, arXiv 2211.01910, section 3.1). It tells prompts apart that
miss the same goldens. Only validation is scored by it: what is amiss, the critiques and the
verdict need answers.
"""

import math
from collections.abc import Sequence

from pytest_promptopt.errors import RefusedError, UsageError
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.evaluation.trial import Trial
from pytest_promptopt.optimization.case import Case
from pytest_promptopt.optimization.settings import OptimizeSettings
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.prompts.template import as_text
from pytest_promptopt.providers.provider import Provider
from pytest_promptopt.providers.request import Completion, Request
from pytest_promptopt.providers.router import tells_likelihood

_LIKELY = 0.5


def measured_by_log_probability(
    subject: Subject, settings: OptimizeSettings, validation: Sequence[Golden]
) -> frozenset[str]:
    """The ids of the goldens that are scored by log-probability; none with ``accuracy``.

    Raises :class:`UsageError` where the model does not tell it, or where a golden expects no
    text or number.
    """
    if settings.measure != "log-probability":
        return frozenset()
    if subject.model is not None and not tells_likelihood(subject.model):
        raise UsageError(
            f"measure: log-probability: {subject.model} does not tell how likely a given answer "
            "is; use a local model, or measure: accuracy"
        )
    for golden in validation:
        if not (golden.expects_null or isinstance(golden.expected, str | int | float)):
            raise UsageError(
                f"{golden.path}:{golden.line}: measure: log-probability needs `expected` as text "
                f"or a number in every golden of validation, and {golden.id} has none"
            )
    return frozenset(golden.id for golden in validation)


def likelihood_request(subject: Subject, golden: Golden) -> Request:
    """The question how likely the expected answer is, without the blanks around it."""
    return subject.request(golden, 0).forcing(as_text(golden.expected).strip())


async def ask_likelihood(provider: Provider, subject: Subject, golden: Golden) -> Trial:
    """The expected answer with its log-probability; raises :class:`ProviderError`."""
    request = likelihood_request(subject, golden)
    completion = await provider.complete(request)
    if completion.log_probability is None:
        raise RefusedError(f"{request.model} gave no log-probability")
    return Trial(completion=completion, judgements={})


def likelihood_case(golden: Golden, completion: Completion) -> Case:
    """The case whose score is the geometric mean of the probabilities of the answer's tokens.

    It counts as passed from one half on: nobody has seen what the model would have answered.
    APE averages the logarithms over the goldens; this averages what is in [0, 1] as any score.
    """
    score = math.exp(completion.log_probability or 0.0)
    return Case(
        golden=golden,
        answer=completion.text,
        score=score,
        passed=score >= _LIKELY,
        finish_reason=completion.finish_reason,
    )
