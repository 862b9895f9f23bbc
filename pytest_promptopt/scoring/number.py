"""The evaluator ``number``: the last number in the answer."""

import re
from collections.abc import Mapping
from decimal import Context, Decimal
from typing import Any

from pytest_promptopt.prompts.golden import EvaluatorSpec
from pytest_promptopt.scoring.context import ScoringContext
from pytest_promptopt.scoring.excerpt import excerpt
from pytest_promptopt.scoring.filled import FilledScorer, hit_or_miss
from pytest_promptopt.scoring.options import OptionsError, known_only, type_name
from pytest_promptopt.scoring.score import Score

_KEYS = ("expected", "tolerance", "relative")
# The last number stands at the end; more text is not searched.
_SEARCHED_CHARACTERS = 100_000
_LONGEST_NUMBER = 300
_ARITHMETIC = Context(prec=2 * _LONGEST_NUMBER)

_LETTER = "A-Za-zÀ-ÖØ-öø-ɏΆ-Ͽ\u0400-ӿ"
# What besides a comma stands between thousands.
_GAP = "'’_\u00a0\u202f"
_NUMBER = re.compile(
    rf"(?P<sign>(?<![{_LETTER}\d)\]])[-−])?"
    rf"(?:[$€£¥₹]\s?(?P<inner_sign>[-−])?)?"
    rf"(?<![{_LETTER}\d])(?<![{_LETTER}]_)(?<!\d[.,])"
    rf"(?P<digits>\d(?:[\d.,{_GAP}]*\d)?|(?<!\.)\.\d+)"
    rf"(?:[eE](?P<exponent>[-+−]?\d{{1,3}})(?![\d{_LETTER}])"
    r"|\s?[×x*·]\s?10\s?(?:\^|\*\*)\s?[{(]?(?P<power>[-+−]?\d{1,3}))?"
)
_PLAIN = re.compile(r"\d+(?:\.\d+)?|\.\d+")
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:,\d{2,3})*,\d{3}(?:\.\d+)?")
_SPACED = re.compile(rf"[1-9]\d{{0,2}}(?:[{_GAP}]\d{{3}})+(?:[.,]\d+)?")
_CONTINENTAL = re.compile(r"[1-9]\d{0,2}(?:(?:\.\d{3})+,\d+|(?:\.\d{3}){2,})")
_LIST = re.compile(r"(?:(?:0|[1-9]\d*)(?:\.\d+)?,)+(?:0|[1-9]\d*)(?:\.\d+)?")
_DECIMAL_COMMA = re.compile(r"\d+,\d+")


def number_scorer(spec: EvaluatorSpec, _context: ScoringContext) -> FilledScorer:
    """``number: "{{expected}}"`` or ``{expected, tolerance, relative}``.

    The answer may be off by ``tolerance`` or by ``relative`` times the expected number,
    whichever is more; without them it must be the number.
    """
    options = spec.options
    if isinstance(options, list):
        raise OptionsError("`number` must be one number or a mapping, found a list")
    if not isinstance(options, Mapping):
        options = {"expected": options}
    known_only(options, _KEYS)
    for key in ("tolerance", "relative"):
        _require_positive(key, options.get(key, 0))
    return FilledScorer(options={"expected": "{{expected}}", **options}, compare=_score_number)


def _require_positive(key: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise OptionsError(f"`{key}` must be a number, found {type_name(value)}")
    if not 0 <= value < float("inf"):
        raise OptionsError(f"`{key}` must be 0 or more, found {value}")


def _score_number(options: Mapping[str, Any], answer: str) -> Score:
    expected = _expected(options["expected"])
    if expected is None:
        return Score.unscored(f"expected {excerpt(options['expected'])} is not a number")
    found = last_number(answer)
    if found is None:
        return Score(value=0.0, reason=f"expected {expected}, got no number: {excerpt(answer)}")
    allowed = max(
        _decimal(options.get("tolerance", 0)),
        _ARITHMETIC.multiply(_decimal(options.get("relative", 0)), expected.copy_abs()),
    )
    is_close = _ARITHMETIC.subtract(found, expected).copy_abs() <= allowed
    within = f" (± {allowed})" if allowed else ""
    return hit_or_miss(is_close, f"expected {expected}{within}, got {found}")


def _expected(value: Any) -> Decimal | None:
    if isinstance(value, str):
        return last_number(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    number = _decimal(value)
    return number if number.is_finite() else None


def _decimal(value: float) -> Decimal:
    return Decimal(repr(value))


def last_number(text: str) -> Decimal | None:
    """The last number in ``text``, None where there is none.

    A currency sign before it and a ``%`` or unit after it do not count, digits inside a word
    (``gpt4``) are no number. ``1,234`` is a thousand and more, ``1.234`` a bit over one,
    ``1.234,56`` and ``1.234.567`` have points between thousands, ``12,5`` has a decimal comma;
    in a list such as ``1,2,3`` the last counts. A form that none of this explains, such as
    ``1.2.3``, is no number.
    """
    found = None
    for match in _NUMBER.finditer(text[-_SEARCHED_CHARACTERS:]):
        number = _value(match)
        found = found if number is None else number
    return found


def _value(match: re.Match[str]) -> Decimal | None:
    digits = _canonical(match["digits"])
    if digits is None or len(digits) > _LONGEST_NUMBER:
        return None
    is_negative = bool(match["sign"] or match["inner_sign"])
    exponent = (match["exponent"] or match["power"] or "0").replace("−", "-")
    return Decimal(f"{'-' if is_negative else ''}{digits}e{exponent}")


def _canonical(digits: str) -> str | None:
    """``digits`` with a decimal point and nothing else, None where they are no number."""
    if _PLAIN.fullmatch(digits):
        return digits
    if _THOUSANDS.fullmatch(digits):
        return digits.replace(",", "")
    if _SPACED.fullmatch(digits):
        return re.sub(f"[{_GAP}]", "", digits).replace(",", ".")
    if _CONTINENTAL.fullmatch(digits):
        return digits.replace(".", "").replace(",", ".")
    if _DECIMAL_COMMA.fullmatch(digits):
        return digits.replace(",", ".")
    *_, last = digits.split(",")
    return last if _LIST.fullmatch(digits) else None
