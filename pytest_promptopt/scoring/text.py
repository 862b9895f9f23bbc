"""Evaluators that look at an answer as text: ``string``, ``equals`` and ``contains``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden
from pytest_promptopt.prompts.template import as_text
from pytest_promptopt.providers.request import Completion
from pytest_promptopt.scoring.filled import FilledScorer, hit_or_miss
from pytest_promptopt.scoring.folding import tidy
from pytest_promptopt.scoring.json_value import (
    NotJsonError,
    describe_differences,
    join_few,
    read_json,
)
from pytest_promptopt.scoring.kinds import Kind, ScoringContext
from pytest_promptopt.scoring.options import OptionsError, flag_option, known_only, type_name
from pytest_promptopt.scoring.score import Score
from pytest_promptopt.suggestion import misspelt
from pytest_promptopt.text.excerpt import excerpt

_STRING_KEYS = ("equals", "contains", "startsWith", "endsWith", "notContains")
# Spellings of public prompt files, without case, hyphens and underscores.
_STRING_SPELLINGS = {
    **{key.lower(): key for key in _STRING_KEYS},
    "includes": "contains",
    "doesnotcontain": "notContains",
}
# About a second's work.
_MOST_COMPARISONS = 2_000_000_000
_CONTAINS_KEYS = ("any", "all", "none")
_IGNORING_KEYS = ("ignoreCase", "ignorePunctuation")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ignoring:
    """What makes no difference between two texts."""

    case: bool
    punctuation: bool

    @classmethod
    def of(cls, options: Mapping[str, Any], *, case: bool) -> "_Ignoring":
        """What the options say; else ``case``, and punctuation makes a difference."""
        return cls(
            case=flag_option(options, "ignoreCase", default=case),
            punctuation=flag_option(options, "ignorePunctuation"),
        )

    def plain(self, text: str) -> str:
        """``text`` as it is compared."""
        plain = tidy(text)
        if self.punctuation:
            from pytest_promptopt.scoring.words import without_punctuation

            plain = " ".join(without_punctuation(plain).split())
        return plain.casefold() if self.case else plain


def string_scorer(spec: EvaluatorSpec, _context: ScoringContext) -> FilledScorer:
    """``string`` of GitHub Models: ``equals`` exact, the others ignoring case; all must hold.

    As in gh-models, blanks and line ends around the answer do not count. For the others than
    ``equals``, neither do ways to write the same character and what is invisible.
    """
    if not isinstance(spec.options, Mapping):
        raise OptionsError(
            f"`string` must be a mapping of {', '.join(_STRING_KEYS)}, "
            f"found {type_name(spec.options)}"
        )
    options = {_string_key(key): value for key, value in spec.options.items()}
    known_only(options, _STRING_KEYS)
    if not options:
        raise OptionsError(f"`string` is empty; it needs one of {', '.join(_STRING_KEYS)}")
    for key, value in options.items():
        _require_scalar(key, value, may_be_empty=key == "equals")
    return FilledScorer(options=options, compare=_score_string, flaw_of=_string_flaw)


def _string_flaw(options: Mapping[str, Any]) -> str:
    texts = {key: as_text(value) for key, value in options.items()}
    empty = next((key for key, text in texts.items() if not text and key != "equals"), None)
    if empty is not None:
        return f"`{empty}` is empty"
    if "equals" in texts and texts["equals"] != texts["equals"].strip():
        return f"`equals` has blanks around it, which no answer has: {excerpt(texts['equals'])}"
    parts = [texts[key] for key in ("startsWith", "contains", "endsWith") if key in texts]
    best = texts.get("equals", "\0".join(parts))
    missed = _score_string(options, best).value == 0
    return f"{' and '.join(f'`{key}`' for key in texts)} cannot all hold" if missed else ""


def _string_key(key: Any) -> Any:
    return _STRING_SPELLINGS.get(str(key).replace("_", "").replace("-", "").lower(), key)


def _require_scalar(key: str, value: Any, *, may_be_empty: bool = False) -> None:
    if isinstance(value, Mapping | list) or value is None:
        raise OptionsError(f"`{key}` must be text, found {type_name(value)}")
    if value == "" and not may_be_empty:
        raise OptionsError(f"`{key}` is empty, which every answer would satisfy")


def _score_string(options: Mapping[str, Any], answer: str) -> Score:
    text = answer.strip()
    misses = []
    for key, value in options.items():
        wanted = as_text(value)
        if not _string_holds(key, wanted, text):
            misses.append(f"{_STRING_MISSES[key]} {excerpt(wanted)}{_only_case(key, wanted, text)}")
    return hit_or_miss(not misses, f"{'; '.join(misses)}, got {excerpt(text)}")


_STRING_MISSES = {
    "equals": "expected exactly",
    "contains": "does not contain",
    "startsWith": "does not start with",
    "endsWith": "does not end with",
    "notContains": "contains",
}


def _string_holds(key: str, wanted: str, text: str) -> bool:
    if key == "equals":
        return text == wanted
    folded, part = tidy(text).strip().casefold(), tidy(wanted).casefold()
    match key:
        case "contains":
            return part in folded
        case "startsWith":
            return folded.startswith(part)
        case "endsWith":
            return folded.endswith(part)
        case _:
            return part not in folded


def _only_case(key: str, wanted: str, text: str) -> str:
    """A hint where an exact comparison fails on what is hard to see."""
    if key != "equals":
        return ""
    if tidy(wanted).strip() == tidy(text).strip():
        return " (they look alike: accents, line ends or invisible characters differ)"
    is_case = tidy(wanted).strip().casefold() == tidy(text).strip().casefold()
    return " (only upper and lower case differ)" if is_case else ""


def equals_scorer(spec: EvaluatorSpec, _context: ScoringContext) -> FilledScorer:
    """``equals``: text that looks the same, after trimming; what is not text, as JSON.

    ``{to, ignoreCase, ignorePunctuation}`` says what makes no difference between texts. Any other
    mapping is what is expected.
    """
    options = spec.options
    if not _is_ignoring(options):
        return FilledScorer(options=options, compare=_score_equality)
    known_only(options, ("to", *_IGNORING_KEYS))
    ignoring = _Ignoring.of(options, case=False)

    def compare(expected: Any, answer: str) -> Score:
        return _score_equality(expected, answer, ignoring)

    def flaw(expected: Any) -> str:
        is_empty = isinstance(expected, str) and not ignoring.plain(expected).strip()
        return f"nothing is left of {excerpt(expected)}" if is_empty else ""

    return FilledScorer(options=options.get("to", "{{expected}}"), compare=compare, flaw_of=flaw)


def _is_ignoring(options: Any) -> bool:
    """Whether it is a mapping of options, be one of them misspelt."""
    if not isinstance(options, Mapping) or not options.keys() - {"to"}:
        return False
    return all(
        key in _IGNORING_KEYS or misspelt(key, _IGNORING_KEYS) for key in options.keys() - {"to"}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedScorer:
    """Equality to what the golden expects, as by ``equals: "{{expected}}"``."""

    def score(self, golden: Golden, completion: Completion) -> Score:
        """1 or 0."""
        return _score_equality(golden.expected, completion.text)


_EXACT = _Ignoring(case=False, punctuation=False)


def _score_equality(expected: Any, answer: str, ignoring: _Ignoring = _EXACT) -> Score:
    if not isinstance(expected, str):
        return _score_json_equality(expected, answer)
    wanted, text = tidy(expected).strip(), tidy(answer).strip()
    if ignoring.plain(text) == ignoring.plain(wanted):
        return Score(value=1.0)
    reason = f"expected {excerpt(wanted)}, got {excerpt(text)}{_only_case('equals', wanted, text)}"
    return Score(value=0.0, reason=reason)


def _score_json_equality(expected: Any, answer: str) -> Score:
    try:
        found = read_json(answer)
    except NotJsonError as error:
        reason = f"expected {excerpt(expected)}, got {excerpt(answer.strip())} ({error})"
        return Score(value=0.0, reason=reason)
    differences = describe_differences(expected, found)
    return hit_or_miss(not differences, differences)


def contains_scorer(spec: EvaluatorSpec, _context: ScoringContext) -> FilledScorer:
    """``contains``: all of, any of and none of some texts, ignoring case unless that counts."""
    options = spec.options
    if not isinstance(options, Mapping):
        options = {"all": options}
    known_only(options, (*_CONTAINS_KEYS, *_IGNORING_KEYS))
    ignoring = _Ignoring.of(options, case=True)
    options = {key: texts for key, texts in options.items() if key in _CONTAINS_KEYS}
    if not options:
        raise OptionsError(f"`contains` is empty; it needs one of {', '.join(_CONTAINS_KEYS)}")
    for key, texts in options.items():
        if texts == []:
            raise OptionsError(f"`{key}` of `contains` names no text")
        for text in _texts(texts):
            _require_scalar(f"{key}` of `contains", text)
    return FilledScorer(
        options=options,
        compare=partial(_score_contains, ignoring=ignoring),
        flaw_of=partial(_contains_flaw, ignoring=ignoring),
    )


def _contains_flaw(options: Mapping[str, Any], ignoring: _Ignoring) -> str:
    texts = {key: [as_text(text) for text in _texts(value)] for key, value in options.items()}
    if not all(part and all(map(ignoring.plain, part)) for part in texts.values()):
        return "a text of `contains` is empty"
    best = ["\0".join([*texts.get("all", ()), text]) for text in texts.get("any", [""])]
    missed = all(_score_contains(options, text, ignoring).value == 0 for text in best)
    return f"{' and '.join(f'`{key}`' for key in texts)} cannot all hold" if missed else ""


def _score_contains(options: Mapping[str, Any], answer: str, ignoring: _Ignoring) -> Score:
    texts = {key: [as_text(text) for text in _texts(value)] for key, value in options.items()}
    folded = ignoring.plain(answer)
    if len(folded) * sum(map(len, texts.values())) > _MOST_COMPARISONS:
        return Score.unscored(f"an answer of {len(answer):,} characters is too long to search")
    present = {key: [t for t in part if ignoring.plain(t) in folded] for key, part in texts.items()}
    misses = []
    if absent := [text for text in texts.get("all", ()) if text not in present["all"]]:
        misses.append(f"does not contain {_few(absent)}")
    if "any" in texts and not present["any"]:
        misses.append(f"contains none of {_few(texts['any'])}")
    if present.get("none"):
        misses.append(f"contains {_few(present['none'])}")
    return hit_or_miss(not misses, f"{' and '.join(misses)}, got {excerpt(answer.strip())}")


def _texts(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]


def _few(texts: Sequence[str]) -> str:
    return join_few(excerpt(text) for text in texts)


STRING = Kind(make=string_scorer, is_githubs=True, is_quick=True)
EQUALS = Kind(make=equals_scorer, is_quick=True)
CONTAINS = Kind(make=contains_scorer, is_quick=True)
