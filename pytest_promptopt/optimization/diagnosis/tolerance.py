"""The tolerance of a prompt: what an answer may have besides what is expected.

What evaluators accept is found out by showing it to them; what the prompt asks for stands in its
own words.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pytest_promptopt.evaluation.evaluation import Outcome
from pytest_promptopt.evaluation.subject import Subject
from pytest_promptopt.optimization.diagnosis.probe import probed
from pytest_promptopt.optimization.diagnosis.profile import meant
from pytest_promptopt.prompts.answer_place import WHOLE, AnswerPlace
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.prompts.template import as_text

_SHOWN_TO_EVALUATORS = 3
_MOST_KEYS = 20
_LOOKED_BACK = 60
_OTHER_KEY = "another_key"

_NEGATED = re.compile(
    r"\b(?:no|not|never|without|avoid|skip|omit|don['’]t|instead of|rather than)"
    r"(?:\W+\w+){0,3}\W*$",
    re.IGNORECASE,
)
# A prompt may speak of reasons or of JSON that it is given to judge.
_GIVING = r"(?:give|state|add|include|provide|show|write|with|and|plus|your|in|then)"
_EXPLANATION = re.compile(
    rf"\b(?:step[- ]by[- ]step|{_GIVING}(?: (?:a|an|the|your|all|short|brief|one-line)){{0,3}}"
    r" (?:explanations?|reasoning|rationale|justification|reasons?)\b(?! (?:for|of) (?:the|this))"
    r"|explain (?:why|how|your|yourself|briefly|in)|justify (?:your|why|the|it)"
    r"|think (?:aloud|out loud|it through|before)"
    r"|show (?:your|the|all) (?:work|working|steps))\b",
    re.IGNORECASE,
)
_JSON = re.compile(
    r"\b(?:(?i:answer|reply|respond|return|output|produce|give|write|generate|format|result)\w*"
    r"\b[^.\n]{0,40}|(?i:as|in|with)(?: (?:a|one|valid|strict|plain|raw))* ?)"
    r"(?<!the )(?<!this )(?<!that )(?<!given )\bJSON\b"
)
_PLACEHOLDER = re.compile(r"\{\{[^{}]*\}\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """What is no miss of form.

    Evaluators accept right content in other ``casing`` and punctuation, in a code ``fence``, a
    number written otherwise (``number_form``), with ``words_around`` or with ``extra_keys``; they
    do not read ``unread_keys``. ``own_words`` are the prompt's, without placeholders; it may ask
    for an explanation, for JSON, or for keys that no golden expects. The answer has its ``place``.
    """

    casing: bool = False
    fence: bool = False
    number_form: bool = False
    words_around: bool = False
    extra_keys: bool = False
    unread_keys: frozenset[str] = frozenset()
    own_words: str = ""
    place: AnswerPlace = WHOLE

    @property
    def asks_for_explanation(self) -> bool:
        """Whether the prompt wants more than the answer alone."""
        return asks_for_explanation(self.own_words)

    @property
    def asks_for_json(self) -> bool:
        """Whether the prompt speaks of JSON."""
        return asks_for_json(self.own_words)

    @property
    def lets_explain(self) -> bool:
        """Whether more than the answer may stand in its place."""
        return self.words_around or (self.asks_for_explanation and self.place == WHOLE)

    def names(self, key: str) -> bool:
        """Whether the prompt's own words have ``key``."""
        whole = rf"(?<!\w){re.escape(key)}(?!\w)"
        return key in self.own_words and re.search(whole, self.own_words) is not None


NO_TOLERANCE = Tolerance()
"""Where neither evaluators nor prompt are known."""


def asks_for_explanation(text: str) -> bool:
    """Whether ``text`` asks for reasons beside the answer, in English."""
    return _is_asked(_EXPLANATION, text)


def asks_for_json(text: str) -> bool:
    """Whether ``text`` speaks of JSON, and not to forbid it."""
    return _is_asked(_JSON, text)


def _is_asked(pattern: re.Pattern[str], text: str) -> bool:
    return any(not _is_denied(match) for match in pattern.finditer(text))


def _is_denied(match: re.Match[str]) -> bool:
    """Whether a "not" stands before it, or within it before its last word."""
    last = match.end() - len(match[0].split()[-1])
    said = (match.string[max(end - _LOOKED_BACK, 0) : end] for end in (match.start(), last))
    return any(map(_NEGATED.search, said))


def own_words(prompt: Prompt) -> str:
    """What the prompt itself says to the model."""
    said = (m.template.text for m in prompt.messages if m.role != "assistant")
    return "\n".join(_PLACEHOLDER.sub("", text) for text in said)


def tolerance_of(subject: Subject, goldens: Sequence[Golden]) -> Tolerance:
    """The tolerance, by the first few of ``goldens`` whose expected answer itself passes."""
    words = own_words(subject.prompt)
    shown = [golden for golden in goldens if golden.has_expected][:_SHOWN_TO_EVALUATORS]

    def accepts(change: Callable[[Any], str | None]) -> bool:
        changed = [(golden, change(meant(golden.expected))) for golden in shown]
        return bool(shown) and all(
            text is not None and _passes(subject, golden, text) for golden, text in changed
        )

    if not accepts(as_text):
        return Tolerance(own_words=words, place=subject.prompt.answer)
    keys = [key for key in _keys(shown) if accepts(partial(_without, key=key))]
    return Tolerance(
        casing=accepts(lambda value: f'"{as_text(value).swapcase()}."'),
        fence=accepts(lambda value: f"```\n{as_text(value)}\n```"),
        number_form=accepts(lambda value: f"${as_text(value)} pieces"),
        words_around=accepts(lambda value: f"Here the answer is {as_text(value)}, as it seems."),
        extra_keys=accepts(_with_another_key),
        unread_keys=frozenset(keys),
        own_words=words,
        place=subject.prompt.answer,
    )


def _passes(subject: Subject, golden: Golden, text: str) -> bool:
    result = probed(subject, golden, text)
    return result is not None and result.outcome is Outcome.PASSED


def _keys(goldens: Sequence[Golden]) -> Sequence[str]:
    expected = [meant(golden.expected) for golden in goldens]
    objects = [value for value in expected if isinstance(value, Mapping)]
    return [*dict.fromkeys(key for value in objects for key in value)][:_MOST_KEYS]


def _without(value: Any, *, key: str) -> str | None:
    if not isinstance(value, Mapping):
        return None
    return json.dumps({name: item for name, item in value.items() if name != key}, default=str)


def _with_another_key(value: Any) -> str | None:
    if not isinstance(value, Mapping):
        return None
    return json.dumps({**value, _OTHER_KEY: "so"}, default=str)
