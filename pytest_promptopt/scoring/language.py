"""The evaluator ``language``: the language that the answer is in."""

import functools
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec

from pytest_promptopt.prompts.golden import EvaluatorSpec
from pytest_promptopt.prompts.template import as_text
from pytest_promptopt.scoring.extras import extra_module
from pytest_promptopt.scoring.filled import FilledScorer
from pytest_promptopt.scoring.kinds import ScoringContext, declared_kind
from pytest_promptopt.scoring.options import Options
from pytest_promptopt.scoring.score import Score
from pytest_promptopt.suggestion import close_to
from pytest_promptopt.text.excerpt import excerpt

# Enough to tell any language by.
_LOOKED_AT = 20_000
_SURE = 0.5
_NONE = "zxx"
# What people mean by the code of a language with several standards.
_PARTS = {"nb": "no", "nn": "no", "wuu": "zh", "yue": "zh"}


class LanguageOptions(Options, frozen=True):
    """The language of the answer, by its ISO 639-1 code, or several of which it is one."""

    bare = "expected"

    expected: Annotated[Any, msgspec.Meta(extra_json_schema={"type": ["string", "array"]})]


def _language_scorer(
    options: LanguageOptions, spec: EvaluatorSpec, _context: ScoringContext
) -> FilledScorer:
    extra_module("py3langid", "language", spec.kind)
    filled = {"expected": options.expected}
    return FilledScorer(options=filled, compare=_score_language, flaw_of=_flaw)


def _score_language(options: Mapping[str, Any], answer: str) -> Score:
    wanted, shares = _codes(options["expected"]), _shares(answer)
    found = max(shares, key=shares.__getitem__)
    if sum(shares[code] for code in {*wanted}) >= _SURE:
        return Score(value=1.0)
    if shares[found] < _SURE:
        return Score.unscored(f"its language cannot be told: {excerpt(answer.strip())}")
    expected = " or ".join(wanted)
    return Score(value=0.0, reason=f"expected {expected}, got {found}: {excerpt(answer.strip())}")


def _shares(answer: str) -> Mapping[str, float]:
    """How likely each language is."""
    shares: dict[str, float] = {}
    for code, share in _identifier().rank(answer[:_LOOKED_AT]):
        if code == _NONE:
            continue
        name = _PARTS.get(code, code)
        shares[name] = shares.get(name, 0.0) + float(share)
    return shares


@functools.cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def _codes(expected: Any) -> Sequence[str]:
    """The codes without regions: ``de-AT`` is ``de``."""
    listed = expected if isinstance(expected, list | tuple) else [expected]
    codes = [as_text(code).strip().lower().replace("_", "-").partition("-")[0] for code in listed]
    return [_PARTS.get(code, code) for code in codes]


def _flaw(options: Mapping[str, Any]) -> str:
    known = {_PARTS.get(code, code) for code in _identifier().labels} - {_NONE}
    for code in _codes(options["expected"]):
        if code not in known:
            return f"{excerpt(code)} is no code of a language{close_to(code, sorted(known))}"
    return "" if options["expected"] else "`expected` names no language"


LANGUAGE = declared_kind(LanguageOptions, _language_scorer)
