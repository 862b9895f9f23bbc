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
    """Searches for ``pattern``; with ``invert`` the answer must not match.

    What fills a placeholder inside the pattern is taken literally; a pattern that is a single
    placeholder is the golden's pattern. ``compiled`` is the pattern where it has no placeholders.
    """

    pattern: Template
    flags: str
    invert: bool
    compiled: "regex.Pattern[str] | None"

    def score(self, golden: Golden, completion: Completion) -> Score:
        """1 for a match; not scored where the search takes more than the time allowed."""
        try:
            compiled = self.compiled or compile_pattern(self._filled(golden), self.flags)
            found = is_found(compiled, completion.text)
        except MissingValueError as error:
            return no_value(error, golden)
        except PatternError as error:
            return Score.unscored(f"the pattern cannot be used: {error}")
        verb = "matches" if self.invert else "does not match"
        reason = f"{verb} {excerpt(self.pattern.text)}, got {excerpt(completion.text.strip())}"
        return hit_or_miss(found is not self.invert, reason)

    def flaw(self, golden: Golden) -> str:
        """Why the golden's pattern cannot be used."""
        try:
            self.compiled or compile_pattern(self._filled(golden), self.flags)
        except MissingValueError:
            return ""
        except PatternError as error:
            return f"the pattern cannot be used: {error}"
        return ""

    def _filled(self, golden: Golden) -> str:
        values = golden.variables
        if _LONE_PLACEHOLDER.fullmatch(self.pattern.text.strip()):
            return as_text(self.pattern.fill_value(values))
        literally = {
            name: regex.escape(Template(f"{{{{{name}}}}}").fill(values))
            for name in (*self.pattern.placeholders, *self.pattern.others)
            if name in self.pattern.placeholders or name in values
        }
        return self.pattern.fill(literally)


def regex_scorer(spec: EvaluatorSpec, _context: ScoringContext) -> RegexScorer:
    """``regex: pattern`` or ``{pattern, flags, invert}`` with flags out of ``imsx``."""
    options = {"pattern": spec.options} if isinstance(spec.options, str) else spec.options
    if not isinstance(options, Mapping):
        raise OptionsError(f"`regex` must be a pattern or a mapping, found {type_name(options)}")
    known_only(options, _KEYS)
    pattern = text_option(options, "pattern")
    if not pattern:
        raise OptionsError("`regex` has no `pattern`")
    template, flags = Template(pattern), text_option(options, "flags") or ""
    try:
        compiled = None if template.variables else compile_pattern(template.fill({}), flags)
    except PatternError as error:
        raise OptionsError(f"the pattern cannot be used: {error}") from error
    return RegexScorer(pattern=template, flags=flags, invert=_invert(options), compiled=compiled)


def _invert(options: Mapping[str, Any]) -> bool:
    if "match" in options:
        return not flag_option(options, "match")
    return flag_option(options, "invert") or flag_option(options, "negate")


REGEX = Kind(make=regex_scorer)
