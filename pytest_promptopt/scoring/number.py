"""The evaluator ``number``: the last number in the answer."""

import re
import unicodedata
from collections.abc import Mapping
from decimal import Context, Decimal
from fractions import Fraction
from math import isfinite
from typing import Any

from pytest_promptopt.prompts.golden import EvaluatorSpec
from pytest_promptopt.prompts.template import as_text
from pytest_promptopt.scoring.filled import FilledScorer, hit_or_miss
from pytest_promptopt.scoring.folding import ascii_digits
from pytest_promptopt.scoring.kinds import Kind, ScoringContext
from pytest_promptopt.scoring.options import OptionsError, flag_option, known_only, type_name
from pytest_promptopt.scoring.score import Score
from pytest_promptopt.text.excerpt import excerpt, one_line

_KEYS = ("expected", "tolerance", "relative", "percent")
_PERCENT = re.compile(r"\s?(?:[%％﹪٪]|per\s?cent\b|pct\b)", re.IGNORECASE)
# The last number stands at the end; more text is not searched.
_SEARCHED_CHARACTERS = 50_000
_LONGEST_NUMBER = 300
_SHOWN_DIGITS = Context(prec=17)

_LETTER = "A-Za-zÀ-ÖØ-öø-ɏΆ-Ͽ\u0400-ӿ"
_MINUS = r"\-−–—‑‒﹣－"
# What besides a comma stands between thousands; a plain blank only between groups of three.
_GAP = "'’_\u00a0\u2007\u2009\u202f"
_CURRENCY = (
    r"(?:USD|EUR|GBP|JPY|CHF|CAD|AUD|NZD|CNY|INR|BRL|MXN|ZAR|SEK|NOK|DKK|PLN|CZK|HUF|TRY|KRW|SGD|"
    r"HKD|Rs\.?)"
)
_POWER = rf"\s?(?:\^|\*\*)\s?[{{(]?\s?(?P<NAME>[+{_MINUS}]?\d{{1,3}})"
_NUMBER = re.compile(
    rf"(?P<sign>(?<![{_LETTER}\d)\]])[{_MINUS}])?"
    rf"(?:(?:[$€£¥₹]|(?<![{_LETTER}\d]){_CURRENCY})\s?(?P<inner_sign>[{_MINUS}])?"
    rf"|(?<![{_LETTER}\d])(?<![{_LETTER}][_-])(?<!\d[.,]))"
    r"(?!0[xXbo][\dA-Fa-f])"
    rf"(?:10{_POWER.replace('NAME', 'bare')}"
    r"|(?:(?P<whole>\d{1,15})\s)?(?<![/⁄])(?P<over>\d{1,15})\s?[/⁄]\s?(?P<under>\d{1,15})"
    r"(?!\d|\s?[/⁄]|[.,]\d)"
    rf"|(?P<digits>[1-9]\d{{0,2}}(?:[ {_GAP}]\d{{3}})+(?!\s?\d)(?:[.,]\d+)?"
    rf"|\d(?:[\d.,{_GAP}]*\d)?|(?<!\.)\.\d+)"
    rf"(?:[eE](?P<exponent>[+{_MINUS}]?\d{{1,3}})(?![\d{_LETTER}])"
    rf"|\s?[×x*·]\s?10{_POWER.replace('NAME', 'power')})?)"
)
# One form with what follows: "2h30m", "1920x1080".
# Groups of three that a plain blank parts: 123 thousand and 456, or two numbers.
_GROUPS = re.compile(r"[1-9]\d\d(?: \d{3})* (?P<last>\d{3})")
_COMPOUND = re.compile(rf"[{_LETTER}'′]{{1,3}}\d")
_PLAIN = re.compile(r"\d+(?:\.\d+)?|\.\d+")
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:,\d{2,3})*,\d{3}(?:\.\d+)?")
_SPACED = re.compile(rf"[1-9]\d{{0,2}}(?:[ {_GAP}]\d{{3}})+(?:[.,]\d+)?")
_CONTINENTAL = re.compile(r"[1-9]\d{0,2}(?:(?:\.\d{3})+,\d+|(?:\.\d{3}){2,})")
_LIST = re.compile(r"(?:(?:0|[1-9]\d*)(?:\.\d+)?,)+(?:0|[1-9]\d*)(?:\.\d+)?")
_DECIMAL_COMMA = re.compile(r"\d+,\d+")

_MARKUP = {
    "{,}": ",",
    r"\times": "×",
    r"\cdot": "·",
    r"\$": "$",
    r"\%": "%",
    **dict.fromkeys((r"\ ", r"\,", r"\;", r"\:", r"\!"), "\u202f"),
    "٫": ".",
    "٬": ",",
    "．": ".",
    "，": ",",
}
# LaTeX's blank; no range ends in a number that begins with 0.
_TIE = re.compile(r"(?<=\d)~(?=0\d\d(?!\d))")
_MARKUP_PATTERN = re.compile("|".join(map(re.escape, _MARKUP)))
_FRACTION = re.compile(
    r"(?P<whole>\d{0,15})\s?"
    r"(?:\\[dtc]?frac(?:\{(?P<over>[-−]?\d{1,15})\}\{(?P<under>\d{1,15})\}|(?P<digits>\d\d))"
    r"|(?P<sign>[¼-¾⅐-⅞]))"
)
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_POWER_OF_TEN = re.compile(r"(?<=10)[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_IN_BRACKETS = re.compile(r"\s*\(\s*[^()\w]*[\d.,]+[^()\w]*\)\s*")


def number_scorer(spec: EvaluatorSpec, _context: ScoringContext) -> FilledScorer:
    """``number: "{{expected}}"`` or ``{expected, tolerance, relative, percent}``.

    The answer may be off by ``tolerance`` or by ``relative`` times the expected number,
    whichever is more; without them it must be the number. With ``percent``, 12 % is 0.12.
    """
    options = spec.options
    if isinstance(options, list):
        raise OptionsError("`number` must be one number or a mapping, found a list")
    if not isinstance(options, Mapping):
        options = {} if options is None else {"expected": options}
    known_only(options, _KEYS)
    flag_option(options, "percent")
    for key in ("tolerance", "relative"):
        _require_positive(key, options.get(key, 0))
    return FilledScorer(
        options={"expected": "{{expected}}", **options}, compare=_score_number, flaw_of=_flaw
    )


def _flaw(options: Mapping[str, Any]) -> str:
    expected = options["expected"]
    if _expected(expected, percent=options.get("percent", False)) is not None:
        return ""
    return f"expected {excerpt(expected)} is not one number"


def _require_positive(key: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise OptionsError(f"`{key}` must be a number, found {type_name(value)}")
    if not 0 <= value < float("inf"):
        raise OptionsError(f"`{key}` must be 0 or more, found {value}")


def _score_number(options: Mapping[str, Any], answer: str) -> Score:
    percent = options.get("percent", False)
    expected = _expected(options["expected"], percent=percent)
    shown = _as_written(options["expected"])
    assert expected is not None
    found = last_number(answer, percent=percent)
    if found is None:
        return Score(value=0.0, reason=f"expected {shown}, got no number: {excerpt(answer)}")
    if _IN_BRACKETS.fullmatch(answer):
        # Accountants write -5 as (5); others mean 5.
        found = -abs(found) if expected < 0 else abs(found)
    relative = Fraction(str(options.get("relative", 0)))
    allowed = max(Fraction(str(options.get("tolerance", 0))), relative * abs(expected))
    within = f" (± {_shown(allowed)})" if allowed else ""
    is_close = abs(found - expected) <= allowed
    if not is_close and _may_be_two(answer, expected):
        return Score.unscored(f"{excerpt(answer.strip())} ends in one number or in two")
    return hit_or_miss(is_close, f"expected {shown}{within}, got {_shown(found)}")


def _may_be_two(answer: str, expected: Fraction) -> bool:
    """Whether the answer ends in ``expected`` where a blank may or may not end a number before."""
    *_, last = _NUMBER.finditer(_readable(answer[-_SEARCHED_CHARACTERS:]))
    found = _GROUPS.fullmatch(last["digits"] or "")
    return found is not None and Fraction(found["last"]) == expected


def _as_written(expected: Any) -> str:
    return one_line(as_text(expected).strip())


def _shown(number: Fraction) -> str:
    """The number in decimals, where few tell it; else as a fraction."""
    denominator = number.denominator
    for prime in (2, 5):
        while denominator % prime == 0:
            denominator //= prime
    if denominator != 1:
        return one_line(str(number))
    decimal = _SHOWN_DIGITS.divide(Decimal(number.numerator), Decimal(number.denominator))
    return f"{decimal.normalize():f}" if -20 < decimal.adjusted() < 20 else str(decimal)


def _expected(value: Any, *, percent: bool) -> Fraction | None:
    if isinstance(value, str):
        return only_number(value, percent=percent)
    if isinstance(value, int) and not isinstance(value, bool):
        return Fraction(value)
    return Fraction(repr(value)) if isinstance(value, float) and isfinite(value) else None


def only_number(text: str, *, percent: bool = False) -> Fraction | None:
    """The number that ``text`` is, with a currency, unit or words around; None if not just one.

    With ``percent`` one in per cent is a hundredth.
    """
    found = list(_NUMBER.finditer(_readable(text)))
    is_list = any(_is_list(match["digits"]) for match in found)
    return _value(found[0], percent=percent) if len(found) == 1 and not is_list else None


def _is_list(digits: str | None) -> bool:
    read = (_THOUSANDS, _DECIMAL_COMMA, _CONTINENTAL)
    return bool(digits and _LIST.fullmatch(digits) and not any(p.fullmatch(digits) for p in read))


def last_number(text: str, *, percent: bool = False) -> Fraction | None:
    """The last number in ``text``, None where there is none.

    A currency before it and a unit after it do not count, nor does a ``%`` unless with
    ``percent`` it makes a hundredth of it; digits inside a word
    (``gpt4``) are no number. ``1,234`` is a thousand and more, ``1.234`` a bit over one,
    ``1.234,56`` and ``1.234.567`` have points between thousands, ``12 000`` a blank, ``12,5`` has
    a decimal comma; in a list such as ``1,2,3`` the last counts. Fractions (``3/4``, ``1½``),
    powers of ten, LaTeX and the digits and dashes of other scripts are read. A form that none of
    this explains, such as ``1.2.3``, is no number.
    """
    found = None
    for match in _NUMBER.finditer(_readable(text[-_SEARCHED_CHARACTERS:])):
        number = _value(match, percent=percent)
        found = found if number is None else number
    return found


def _readable(text: str) -> str:
    """``text`` with fractions, powers, LaTeX and digits written one way."""
    text = _MARKUP_PATTERN.sub(lambda match: _MARKUP[match[0]], text)
    text = _TIE.sub("\u202f", _FRACTION.sub(_improper, text))
    text = _POWER_OF_TEN.sub(lambda match: f"^{match[0].translate(_SUPERSCRIPTS)}", text)
    return ascii_digits(text)


def _improper(match: re.Match[str]) -> str:
    if match["sign"]:
        over, _, under = unicodedata.normalize("NFKC", match["sign"]).partition("⁄")
    else:
        over, under = tuple(match["digits"] or ()) or (match["over"], match["under"])
        over = over.replace("−", "-")
    return f"{int(match['whole'] or 0) * int(under) + int(over)}/{under}"


def _value(match: re.Match[str], *, percent: bool) -> Fraction | None:
    number = _magnitude(match)
    if number is not None and percent and _PERCENT.match(match.string, match.end()):
        number /= 100
    is_negative = bool(match["sign"] or match["inner_sign"])
    return -number if number is not None and is_negative else number


def _magnitude(match: re.Match[str]) -> Fraction | None:
    if _COMPOUND.match(match.string, match.end()):
        return None
    if match["bare"]:
        return Fraction(10) ** _exponent(match["bare"])
    if match["under"]:
        over, under = int(match["over"]), int(match["under"])
        whole = int(match["whole"] or 0) if over < under else 0
        return whole + Fraction(over, under) if under else None
    digits = _canonical(match["digits"])
    if digits is None or len(digits) > _LONGEST_NUMBER:
        return None
    return Fraction(digits) * Fraction(10) ** _exponent(match["exponent"] or match["power"] or "0")


def _exponent(written: str) -> int:
    return int(re.sub(f"[{_MINUS}]", "-", written))


def _canonical(digits: str) -> str | None:
    """``digits`` with a decimal point and nothing else, None where they are no number."""
    if _PLAIN.fullmatch(digits):
        return digits
    if _THOUSANDS.fullmatch(digits):
        return digits.replace(",", "")
    if _SPACED.fullmatch(digits):
        return re.sub(f"[ {_GAP}]", "", digits).replace(",", ".")
    if _CONTINENTAL.fullmatch(digits):
        return digits.replace(".", "").replace(",", ".")
    if _DECIMAL_COMMA.fullmatch(digits):
        return digits.replace(",", ".")
    *_, last = digits.split(",")
    return last if _LIST.fullmatch(digits) else None


def _vote(options: Any, answer: str) -> str:
    percent = isinstance(options, Mapping) and options.get("percent") is True
    value = last_number(answer, percent=percent)
    return "" if value is None else str(value)


NUMBER = Kind(make=number_scorer, vote=_vote)
