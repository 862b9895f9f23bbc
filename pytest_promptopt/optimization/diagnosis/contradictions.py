"""Contradictions between what a prompt asks for and what a new version of it says."""

import re
from collections.abc import Iterator, Sequence

from pytest_promptopt.optimization.diagnosis.tolerance import (
    asks_for_explanation,
    asks_for_json,
    own_words,
)
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.text.tags import quoted

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
_NO_WORDS = re.compile(
    r"\b(?:no|without|not|any|never)(?: \w+){0,2} (?:words|text|explanations?|explain|reasons?"
    r"|reasoning|comments?|prose)\b|\bnothing (?:else|more)\b",
    re.IGNORECASE,
)
_BARE = r"(?:label|number|word|letter|name|answer|category|class|value)s?"
_ONLY_BARE = re.compile(
    rf"\b{_BARE}(?:['’]s \w+)? only\b|\bonly (?:with )?(?:the|a|one|its) (?:\w+ )?{_BARE}\b",
    re.IGNORECASE,
)
_NO_KEYS = re.compile(
    r"\b(?:no|without)(?: any)? (?:other|additional|extra|more|further) (?:keys|fields)\b"
    r"|\bonly (?:the|these|this) (?:keys?|fields?)\b",
    re.IGNORECASE,
)
_KEY = re.compile(r"[\"'`](?P<key>[A-Za-z_][\w-]{0,40})[\"'`]")


def contradictions(before: Prompt, after: Prompt) -> tuple[str, ...]:
    """What ``after`` forbids or no longer asks for, as sentences about it without their end."""
    old, new = own_words(before), own_words(after)
    known = {*_SENTENCE_END.split(old)}
    added = [sentence for sentence in _SENTENCE_END.split(new) if sentence not in known]
    return (*_of_explanation(old, new, added), *_of_json(old, new, added))


def _of_explanation(old: str, new: str, added: Sequence[str]) -> Iterator[str]:
    if not asks_for_explanation(old):
        return
    if forbidding := _first(_NO_WORDS, added):
        yield f"forbids the explanation that the prompt asks for: {quoted(forbidding)}"
    elif not asks_for_explanation(new):
        yield "no longer asks for the explanation that the prompt asks for"


def _of_json(old: str, new: str, added: Sequence[str]) -> Iterator[str]:
    if not asks_for_json(old):
        return
    bare = _first(_ONLY_BARE, added)
    if bare and not any(map(asks_for_json, added)):
        yield f"forbids the JSON that the prompt asks for: {quoted(bare)}"
    elif not asks_for_json(new):
        yield "no longer asks for the JSON that the prompt asks for"
    keys = dict.fromkeys(match["key"] for match in _KEY.finditer(old))
    forbidding = _first(_NO_KEYS, added)
    told = " ".join(added) if forbidding else new
    lost = [quoted(key) for key in keys if not re.search(rf"(?<!\w){re.escape(key)}(?!\w)", told)]
    if lost and forbidding:
        yield f"forbids keys that the prompt asks for, {', '.join(lost)}: {quoted(forbidding)}"
    elif lost:
        yield f"no longer names what the prompt names, {', '.join(lost)}"


def _first(pattern: re.Pattern[str], sentences: Sequence[str]) -> str:
    return next((sentence for sentence in sentences if pattern.search(sentence)), "")
