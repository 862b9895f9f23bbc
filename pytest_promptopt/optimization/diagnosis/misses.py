"""Ways in which an answer misses what was expected."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any

from pytest_promptopt.optimization.case import Case
from pytest_promptopt.optimization.diagnosis.profile import AnswerKind, Profile, meant, plain_number
from pytest_promptopt.optimization.diagnosis.tolerance import NO_TOLERANCE, Tolerance
from pytest_promptopt.optimization.diagnosis.traits import form_of, parts_of
from pytest_promptopt.prompts.golden import RESERVED_KEYS, Golden
from pytest_promptopt.prompts.template import as_text
from pytest_promptopt.providers.request import FinishReason
from pytest_promptopt.scoring.folding import folded
from pytest_promptopt.scoring.json_value import NotJsonError, read_json, same_value
from pytest_promptopt.scoring.labels import named_labels
from pytest_promptopt.scoring.number import last_number

# Longer texts are no short answer that could stand within another.
_LONGEST_WITHIN = 200
_READ_FOR_A_REFUSAL = 200
# Words beyond twice the longest expected answer that are no chance.
_MARGIN = 3

_REFUSAL = re.compile(
    r"\W*(?:(?:i['’]m|i am) (?:(?:very|really|so) )?sorry\b|sorry[,.]|as an ai\b"
    r"|(?:unfortunately,? |apologies,? (?:but )?)?i (?:can(?:no|['’])t|can not|won['’]t)\b"
    r"|(?:unfortunately,? |apologies,? (?:but )?)?(?:i['’]m|i am) (?:unable|not able)\b)",
    re.IGNORECASE,
)
_QUOTES_AND_MARKS = " \t\r\n\"'`“”„‘’«»*_.,:;!?()[]<>"
_JOINER = re.compile(r"(?<=\w)[-_\s]+(?=\w)")
_WORD = re.compile(r"[^\W\d_]{2,}")
_FIGURES = re.compile(r"\d+(?:\.\d+)?")
_POWERS = tuple(Fraction(10) ** n for n in (-6, -3, -2, -1, 1, 2, 3, 6))


class MissKind(StrEnum):
    """How an answer misses."""

    EMPTY = "empty"
    REFUSAL = "refusal"
    CODE_FENCE = "code fence around the right content"
    FORM = "right value in other casing, punctuation or quotes"
    NUMBER_FORM = "right number written otherwise"
    LABEL_WITHIN = "right label inside a longer answer"
    EXPLAINED = "right content with an explanation around it"
    CUT_OFF = "cut off"
    SEVERAL_LABELS = "several labels"
    NO_LABEL = "none of the labels"
    OTHER_FORM = "longer than what is expected, or formed otherwise"
    NOT_JSON = "not JSON"
    WRONG_KEYS = "wrong JSON keys"
    UNCHANGED = "the input as it stands"
    OTHER_ORDER = "right words or items in another order"
    SOME_PARTS = "some of the right words or items"
    OTHER_SIGN = "right number with the other sign"
    OTHER_POWER = "right number times a power of ten"
    OTHER_ROUNDING = "right number rounded otherwise"
    WRONG_LABEL = "wrong label"
    WRONG_VALUE = "right form, wrong value"
    OTHER = "other"


_OF_FORM = frozenset(
    {
        MissKind.CODE_FENCE,
        MissKind.FORM,
        MissKind.NUMBER_FORM,
        MissKind.LABEL_WITHIN,
        MissKind.EXPLAINED,
        MissKind.CUT_OFF,
        MissKind.SEVERAL_LABELS,
        MissKind.NO_LABEL,
        MissKind.OTHER_FORM,
        MissKind.NOT_JSON,
        MissKind.WRONG_KEYS,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """A missed answer's kind; labels for a wrong label, keys for wrong JSON keys.

    ``wrong_fields`` are keys with another value than expected; ``missing_parts`` and
    ``extra_parts`` words of a text or items of a list.
    """

    kind: MissKind
    golden_id: str
    expected_label: str = ""
    answered_label: str = ""
    missing_keys: tuple[str, ...] = ()
    extra_keys: tuple[str, ...] = ()
    wrong_fields: tuple[str, ...] = ()
    missing_parts: tuple[str, ...] = ()
    extra_parts: tuple[str, ...] = ()


def miss_of(case: Case, profile: Profile, tolerance: Tolerance = NO_TOLERANCE) -> Miss:
    """How the answer of ``case``, which did not pass, misses; the first kind that fits.

    Right content in a wrong form comes before an answer cut off, and that before wrong content.
    Keys that the ``tolerance`` lets pass count neither as missing nor as too many.
    """
    expected = meant(case.golden.expected)
    kind = _without_content(case, expected)
    if kind is None and case.golden.has_expected:
        kind = _right_content(case.answer, expected, profile)
    if kind is None and case.finish_reason is FinishReason.LENGTH:
        kind = MissKind.CUT_OFF
    if kind is not None:
        return Miss(kind=kind, golden_id=case.golden.id)
    return _tolerated(_wrong_content(case, expected, profile), tolerance)


def is_of_form(kind: MissKind, tolerance: Tolerance) -> bool:
    """Whether saying how to answer could mend it, and neither evaluators nor prompt want it so."""
    match kind:
        case MissKind.FORM:
            is_let_through = tolerance.casing
        case MissKind.CODE_FENCE:
            is_let_through = tolerance.fence
        case MissKind.NUMBER_FORM:
            is_let_through = tolerance.number_form
        case MissKind.LABEL_WITHIN | MissKind.OTHER_FORM:
            is_let_through = tolerance.lets_explain or tolerance.asks_for_json
        case MissKind.EXPLAINED:
            is_let_through = tolerance.lets_explain
        case _:
            is_let_through = False
    return kind in _OF_FORM and not is_let_through


def _tolerated(miss: Miss, tolerance: Tolerance) -> Miss:
    """Without keys that evaluators do not mind or the prompt asks for."""
    if miss.kind is not MissKind.WRONG_KEYS:
        return miss
    missing = tuple(key for key in miss.missing_keys if key not in tolerance.unread_keys)
    extra = tuple(
        key for key in miss.extra_keys if not (tolerance.extra_keys or tolerance.names(key))
    )
    kind = MissKind.WRONG_KEYS if missing or extra else MissKind.WRONG_VALUE
    return replace(miss, kind=kind, missing_keys=missing, extra_keys=extra)


def looks_like_refusal(text: str) -> bool:
    """Whether ``text`` begins as models decline a request, in English."""
    return _REFUSAL.match(text[:_READ_FOR_A_REFUSAL]) is not None


def unfenced(text: str) -> str | None:
    """The content of a text that is one code block from start to end, else None."""
    lines = text.strip().splitlines()
    if len(lines) < 2 or lines[-1].strip() not in {"```", "~~~"}:
        return None
    mark = lines[-1].strip()
    inner = lines[1:-1]
    is_one = lines[0].startswith(mark) and not any(line.startswith(mark) for line in inner)
    return "\n".join(inner) if is_one else None


def _without_content(case: Case, expected: Any) -> MissKind | None:
    if not case.answer.strip():
        is_cut = case.finish_reason is FinishReason.LENGTH
        return MissKind.CUT_OFF if is_cut else MissKind.EMPTY
    declines = looks_like_refusal(case.answer) and not (
        isinstance(expected, str) and looks_like_refusal(expected)
    )
    if case.finish_reason is FinishReason.REFUSAL or declines:
        return MissKind.REFUSAL
    return None


def _right_content(answer: str, expected: Any, profile: Profile) -> MissKind | None:
    if isinstance(expected, Mapping | list):
        return _right_json(answer, expected)
    wanted = as_text(expected).strip()
    inner = unfenced(answer)
    if inner is not None and _bare(inner) == _bare(wanted):
        return MissKind.CODE_FENCE
    if answer.strip() != wanted and _bare(answer) == _bare(wanted):
        return MissKind.FORM
    if profile.labels:
        return _named_among(wanted, answer, profile)
    number = plain_number(wanted)
    if number is not None and last_number(answer) == number and answer.strip() != wanted:
        has_words = len(_WORD.findall(answer)) > 1
        return MissKind.EXPLAINED if has_words else MissKind.NUMBER_FORM
    is_within = len(wanted) <= _LONGEST_WITHIN and folded(wanted) and len(answer) > len(wanted)
    return MissKind.EXPLAINED if is_within and named_labels((wanted,), answer) else None


def _named_among(wanted: str, answer: str, profile: Profile) -> MissKind | None:
    named = named_labels(profile.labels, answer)
    if wanted not in named or answer.strip() == wanted:
        return None
    return MissKind.LABEL_WITHIN if named == (wanted,) else MissKind.SEVERAL_LABELS


def _right_json(answer: str, expected: Any) -> MissKind | None:
    inner = unfenced(answer)
    if inner is not None and _is_json(inner, expected):
        return MissKind.CODE_FENCE
    try:
        read_json(answer, strict=True)
    except NotJsonError:
        return MissKind.EXPLAINED if _is_json(_outermost(answer, expected), expected) else None
    return None


def _is_json(text: str, expected: Any) -> bool:
    try:
        return same_value(expected, read_json(text))
    except NotJsonError:
        return False


def _outermost(answer: str, expected: Any) -> str:
    """From the first opening to the last closing bracket."""
    opening, closing = "{}" if isinstance(expected, Mapping) else "[]"
    start, end = answer.find(opening), answer.rfind(closing)
    return answer[start : end + 1] if 0 <= start < end else ""


def _wrong_content(case: Case, expected: Any, profile: Profile) -> Miss:
    if isinstance(expected, Mapping | list):
        return _wrong_json(case, expected)
    if not case.golden.has_expected:
        return Miss(kind=MissKind.OTHER, golden_id=case.golden.id)
    wanted = as_text(expected).strip()
    if profile.labels:
        return _wrong_label(case, wanted, profile)
    if profile.kind is AnswerKind.NUMBER:
        return Miss(kind=_wrong_number(case.answer.strip(), wanted), golden_id=case.golden.id)
    return _wrong_text(case, wanted, profile)


def _wrong_number(answer: str, wanted: str) -> MissKind:
    expected, found = plain_number(wanted), last_number(answer)
    if expected is None or found is None:
        return MissKind.OTHER
    if found == -expected:
        return MissKind.OTHER_SIGN
    if expected and any(found == Fraction(expected) * power for power in _POWERS):
        return MissKind.OTHER_POWER
    if _is_rounding(found, expected, _decimals(answer), _decimals(wanted)):
        return MissKind.OTHER_ROUNDING
    return MissKind.WRONG_VALUE if plain_number(answer) is not None else MissKind.OTHER


def _decimals(text: str) -> int:
    *_, last = ("", *_FIGURES.findall(text))
    return len(last.partition(".")[2])


def _is_rounding(found: Fraction, expected: Decimal, more: int, fewer: int) -> bool:
    """Whether two numbers are the same to as many decimals as the shorter has."""
    half = Fraction(1, 2 * 10 ** min(more, fewer))
    return more != fewer and abs(found - Fraction(expected)) <= half


def _wrong_text(case: Case, wanted: str, profile: Profile) -> Miss:
    answer, golden = case.answer.strip(), case.golden
    if _is_input(answer, golden):
        return Miss(kind=MissKind.UNCHANGED, golden_id=golden.id)
    if profile.form and (form_of(answer) == profile.form or answer in profile.frequent):
        return Miss(kind=MissKind.WRONG_VALUE, golden_id=golden.id)
    if profile.form or (profile.words and len(answer.split()) > 2 * profile.words.most + _MARGIN):
        return Miss(kind=MissKind.OTHER_FORM, golden_id=golden.id)
    found = _wrong_parts(folded(wanted).split(), folded(answer).split(), golden.id)
    is_otherwise = profile.parts and parts_of([answer]) != profile.parts
    if found.kind is MissKind.OTHER and is_otherwise:
        return replace(found, kind=MissKind.OTHER_FORM)
    return found


def _is_input(answer: str, golden: Golden) -> bool:
    inputs = (value for key, value in golden.variables.items() if key not in RESERVED_KEYS)
    texts = {folded(value) for value in inputs if isinstance(value, str)}
    return len(answer) > 1 and folded(answer) in texts


def _wrong_parts(wanted: Sequence[str], found: Sequence[str], golden_id: str) -> Miss:
    """By words or items; of those that have little in common nothing is told."""
    missing, extra = Counter(wanted) - Counter(found), Counter(found) - Counter(wanted)
    shared = len(wanted) - missing.total()
    if shared < 2 or 2 * shared < len(wanted):
        return Miss(kind=MissKind.OTHER, golden_id=golden_id)
    if not missing and not extra:
        return Miss(kind=MissKind.OTHER_ORDER, golden_id=golden_id)
    return Miss(
        kind=MissKind.SOME_PARTS,
        golden_id=golden_id,
        missing_parts=tuple(missing),
        extra_parts=tuple(extra),
    )


def _wrong_json(case: Case, expected: Any) -> Miss:
    golden_id = case.golden.id
    try:
        found = read_json(case.answer)
    except NotJsonError:
        try:
            found = read_json(_outermost(case.answer, expected))
        except NotJsonError:
            return Miss(kind=MissKind.NOT_JSON, golden_id=golden_id)
    if not isinstance(expected, Mapping):
        if not isinstance(found, list):
            return Miss(kind=MissKind.OTHER, golden_id=golden_id)
        parts = _wrong_parts([*map(_item, expected)], [*map(_item, found)], golden_id)
        is_told = parts.kind is not MissKind.OTHER
        return parts if is_told else replace(parts, kind=MissKind.WRONG_VALUE)
    if not isinstance(found, Mapping):
        return Miss(kind=MissKind.WRONG_KEYS, golden_id=golden_id, missing_keys=tuple(expected))
    missing = tuple(str(key) for key in expected if key not in found)
    extra = tuple(key for key in found if key not in expected)
    shared = [key for key in expected if key in found]
    return Miss(
        kind=MissKind.WRONG_KEYS if missing or extra else MissKind.WRONG_VALUE,
        golden_id=golden_id,
        missing_keys=missing,
        extra_keys=extra,
        wrong_fields=tuple(str(k) for k in shared if not same_value(expected[k], found[k])),
    )


def _item(value: Any) -> str:
    """A list's item, so that equal ones are equal as text."""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)


def _wrong_label(case: Case, wanted: str, profile: Profile) -> Miss:
    named = named_labels(profile.labels, case.answer)
    if wanted in named:
        return Miss(kind=MissKind.OTHER, golden_id=case.golden.id)
    if not named:
        return Miss(kind=MissKind.NO_LABEL, golden_id=case.golden.id)
    if len(named) > 1:
        return Miss(kind=MissKind.SEVERAL_LABELS, golden_id=case.golden.id)
    return Miss(
        kind=MissKind.WRONG_LABEL,
        golden_id=case.golden.id,
        expected_label=wanted,
        answered_label=named[0],
    )


def _bare(text: str) -> str:
    """``text`` without regard to case, quotes, marks around it and joiners between words."""
    return _JOINER.sub(" ", folded(text).strip(_QUOTES_AND_MARKS))
