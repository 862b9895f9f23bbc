"""The evaluator ``regex``: a pattern searched for in the answer, within limits."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import regex

from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden
from pytest_promptopt.prompts.template import MissingValueError, Template, as_text
from pytest_promptopt.providers.request import Completion
from pytest_promptopt.scoring.filled import hit_or_miss, no_value
from pytest_promptopt.scoring.json_value import join_few
from pytest_promptopt.scoring.kinds import Kind, ScoringContext
from pytest_promptopt.scoring.options import (
    OptionsError,
    flag_option,
    known_only,
    text_option,
    type_name,
)
from pytest_promptopt.scoring.score import Score
from pytest_promptopt.text.excerpt import excerpt
from pytest_promptopt.text.limited_regex import (
    PatternError,
    compile_pattern,
    is_found,
)

# `negate` and `match: false` are how other tools write `invert: true`.
_KEYS = ("pattern", "flags", "invert", "negate", "match")
_LONE_PLACEHOLDER = re.compile(r"\{\{[^{}]*\}\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RegexScorer:
    """Searches for one of ``patterns``; with ``invert`` the answer must match none.

    What fills a placeholder inside a pattern is taken literally; a pattern that is a single
    placeholder is the golden's, or all of the golden's list. ``compiled`` are the patterns where
    they have no placeholders.
    """

    patterns: tuple[Template, ...]
    flags: str
    invert: bool
    compiled: "tuple[regex.Pattern[str], ...] | None"

    def score(self, golden: Golden, completion: Completion) -> Score:
        """1 for a match; not scored where the search takes more than the time allowed."""
        try:
            patterns = self.compiled or self._compiled(golden)
            found = next((p for p in patterns if is_found(p, completion.text)), None)
        except MissingValueError as error:
            return no_value(error, golden)
        except PatternError as error:
            return Score.unscored(f"the pattern cannot be used: {error}")
        reason = f"{self._finding(found)}, got {excerpt(completion.text.strip())}"
        return hit_or_miss((found is not None) is not self.invert, reason)

    def _finding(self, found: "regex.Pattern[str] | None") -> str:
        if len(self.patterns) == 1:
            verb = "does not match" if found is None else "matches"
            return f"{verb} {excerpt(self.patterns[0].text)}"
        if found is not None:
            return f"matches {excerpt(found.pattern)}"
        return f"matches none of {join_few(excerpt(pattern.text) for pattern in self.patterns)}"

    def flaw(self, golden: Golden) -> str:
        """Why the golden's patterns cannot be used."""
        try:
            return "" if self.compiled or self._compiled(golden) else "there is no pattern"
        except MissingValueError:
            return ""
        except PatternError as error:
            return f"the pattern cannot be used: {error}"

    def _compiled(self, golden: Golden) -> "tuple[regex.Pattern[str], ...]":
        written = [text for pattern in self.patterns for text in _filled(pattern, golden)]
        return tuple(compile_pattern(text, self.flags) for text in written)


def _filled(pattern: Template, golden: Golden) -> list[str]:
    values = golden.variables
    if _LONE_PLACEHOLDER.fullmatch(pattern.text.strip()):
        value = pattern.fill_value(values)
        return [as_text(item) for item in (value if isinstance(value, list) else [value])]
    literally = {
        name: regex.escape(Template(f"{{{{{name}}}}}").fill(values))
        for name in (*pattern.placeholders, *pattern.others)
        if name in pattern.placeholders or name in values
    }
    return [pattern.fill(literally)]


def regex_scorer(spec: EvaluatorSpec, _context: ScoringContext) -> RegexScorer:
    """``regex: pattern`` or ``{pattern, flags, invert}`` with flags out of ``imsx``.

    ``pattern`` may be a list, of which one is enough.
    """
    options = {"pattern": spec.options} if isinstance(spec.options, str) else spec.options
    if not isinstance(options, Mapping):
        raise OptionsError(f"`regex` must be a pattern or a mapping, found {type_name(options)}")
    known_only(options, _KEYS)
    patterns = _patterns(options)
    flags = text_option(options, "flags") or ""
    has_variables = any(pattern.variables for pattern in patterns)
    try:
        fixed = tuple(compile_pattern(p.fill({}), flags) for p in patterns if not p.variables)
    except PatternError as error:
        raise OptionsError(f"the pattern cannot be used: {error}") from error
    return RegexScorer(
        patterns=patterns,
        flags=flags,
        invert=_invert(options),
        compiled=None if has_variables else fixed,
    )


def _patterns(options: Mapping[str, Any]) -> tuple[Template, ...]:
    value = options.get("pattern")
    if not isinstance(value, list):
        value = [text_option(options, "pattern")]
    for pattern in value:
        if not isinstance(pattern, str | None):
            raise OptionsError(f"`pattern` must be text, found {type_name(pattern)}")
    if not value or not all(value):
        raise OptionsError("`regex` has no `pattern`")
    return tuple(Template(pattern) for pattern in value)


def _invert(options: Mapping[str, Any]) -> bool:
    if "match" in options:
        return not flag_option(options, "match")
    return flag_option(options, "invert") or flag_option(options, "negate")


REGEX = Kind(make=regex_scorer)
