"""The findings of a judge that looks at several things one by one, and the share that holds."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from pytest_promptopt.prompts.template import as_text
from pytest_promptopt.providers.request import Completion, FinishReason
from pytest_promptopt.scoring.answer import read_answer
from pytest_promptopt.scoring.folding import folded
from pytest_promptopt.scoring.json_value import NotJsonError, read_json
from pytest_promptopt.scoring.score import Score
from pytest_promptopt.text.excerpt import excerpt

_SHOWN = 3
_FENCED = re.compile(r"(?P<mark>```+|~~~+).*?(?:(?P=mark)|\Z)", re.DOTALL)
_OPENING = re.compile(r"^[ \t]*[\[{]", re.MULTILINE)
_CLOSING = re.compile(r"[\]}][ \t]*$", re.MULTILINE)


class NoFindingsError(Exception):
    """The judge's reply cannot be read; says why."""


class NoListError(NoFindingsError):
    """The reply holds no list of findings, be it for want of JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a judge found of one thing: ``value`` from 0 to 1, ``about`` what and why.

    ``number`` is that of the thing where they were numbered, else None.
    """

    value: float
    about: str = ""
    reason: str = ""
    number: int | None = None

    def __str__(self) -> str:
        parts = filter(None, (self.about, self.reason))
        return ": ".join(excerpt(part.strip()) for part in parts) or "without a reason"


def read_findings(
    answer: Completion, key: str, value_of: Callable[[Mapping[str, Any]], float | None]
) -> Sequence[Finding]:
    """The entries of the list ``key`` in the reply's JSON, by ``value_of`` each.

    The JSON is all of the reply, or opens or ends it on lines of its own, or stands in its only
    code block: within a sentence it may be quoted from what is judged.

    Raises :class:`NoListError` where there is no such list and :class:`NoFindingsError` where an
    entry has no value: what was found by half tells nothing of the whole.
    """
    answer = read_answer(answer)
    said = excerpt(answer.text.strip())
    if answer.finish_reason is FinishReason.REFUSAL:
        raise NoFindingsError(f"the judge refused: {said}")
    is_cut = answer.finish_reason is FinishReason.LENGTH
    try:
        found = read_json(answer.text, strict=True) if is_cut else _own_json(answer.text)
    except NotJsonError as error:
        cut = " and was cut off" if is_cut else ""
        raise NoListError(f"the judge gave no verdict{cut} ({error}): {said}") from None
    entries = found.get(key) if isinstance(found, Mapping) else found
    if not isinstance(entries, list):
        raise NoListError(f"the judge gave no `{key}`: {said}")
    return [_finding(entry, value_of) for entry in entries]


def _own_json(text: str) -> Any:
    """The JSON that the reply gives itself; raises :class:`NotJsonError`, also for two of them."""
    try:
        return read_json(text, strict=True)
    except NotJsonError:
        bare = list(_bare_json(_FENCED.sub("", text)))
    try:
        fenced = read_json(text)
    except NotJsonError:
        if not bare:
            raise
        return bare[0]
    if bare:
        raise NotJsonError("more than one JSON value")
    return fenced


def _bare_json(text: str) -> Iterator[Any]:
    """The value that ends ``text`` on lines of its own, or else opens it."""
    opening, closing = _OPENING.search(text), [*_CLOSING.finditer(text)]
    parts = [text[opening.start() :]] if opening else []
    if closing and opening and not text[: opening.start()].strip():
        parts.append(text[: closing[-1].end()])
    for part in parts:
        try:
            yield read_json(part, strict=True)
        except NotJsonError:
            continue
        return


def _finding(entry: Any, value_of: Callable[[Mapping[str, Any]], float | None]) -> Finding:
    value = value_of(entry) if isinstance(entry, Mapping) else None
    if value is None:
        raise NoFindingsError(f"the judge gave an entry without a verdict: {excerpt(entry)}")
    number = entry.get("number")
    return Finding(
        value=value,
        about=as_text(entry.get("claim") or ""),
        reason=as_text(entry.get("reason") or ""),
        number=number if isinstance(number, int) and not isinstance(number, bool) else None,
    )


def verdict_of(entry: Mapping[str, Any]) -> float | None:
    """1 for yes, 0 for no."""
    said = entry.get("verdict")
    if isinstance(said, bool):
        return float(said)
    return {"yes": 1.0, "no": 0.0}.get(folded(said).strip(".!")) if isinstance(said, str) else None


def grade_of(entry: Mapping[str, Any]) -> float | None:
    """A number from 0 to 1."""
    said = entry.get("score")
    if isinstance(said, bool) or not isinstance(said, int | float):
        return None
    return float(said) if 0 <= said <= 1 else None


def numbered(findings: Sequence[Finding], count: int) -> Sequence[Finding]:
    """The findings in the order of their numbers; raises where they are not one for each."""
    numbers = [finding.number for finding in findings]
    if sorted(number or 0 for number in numbers) != [*range(1, count + 1)]:
        told = ", ".join(map(str, numbers)) or "none"
        raise NoFindingsError(f"the judge must tell of 1 to {count}, each once, and told of {told}")
    return sorted(findings, key=lambda finding: finding.number or 0)


def share(findings: Sequence[Finding], things: str) -> Score:
    """The mean; the reason names what does not hold, or else what was found."""
    lacking = [finding for finding in findings if finding.value < 1]
    if len(findings) == 1:
        value = findings[0].value
        word = {1.0: "yes", 0.0: "no"}.get(value, f"{value:.2f}")
        return Score(value=value, reason=f"the judge says {word}: {findings[0]}")
    holding = len(findings) - len(lacking)
    reason = f"{holding} of {len(findings)} {things}"
    return Score(
        value=round(fmean(finding.value for finding in findings), 9),
        reason="; ".join([reason, *_shown(lacking)]),
    )


def _shown(lacking: Sequence[Finding]) -> Iterator[str]:
    for finding in lacking[:_SHOWN]:
        yield f"{f'{finding.value:.2f} for' if finding.value else 'not'} {finding}"
    if len(lacking) > _SHOWN:
        yield f"and {len(lacking) - _SHOWN} more"
