"""The label that an answer names, of a set of labels."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pytest_promptopt.scoring.mentions import Mention, is_denied, is_heading, mentions
from pytest_promptopt.scoring.statements import Statements

_SECOND_THOUGHT = re.compile(
    r"\b(?:actually|wait|correction|scratch that|on (?:second thought|reflection))\b", re.IGNORECASE
)
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """The labels that an answer names, and those that it names only to deny them."""

    named: tuple[str, ...]
    denied: tuple[str, ...] = ()


def named_labels(labels: Iterable[str], text: str) -> tuple[str, ...]:
    """Those of ``labels`` that ``text`` names, in their order; see :func:`read_naming`."""
    return read_naming(labels, text).named


def read_naming(labels: Iterable[str], text: str) -> Naming:
    """Which of ``labels`` the text names.

    A verdict mark tells more than a word in prose, in this order: the whole text, a tag or box,
    what follows ``Answer:``, bold, the first or last paragraph, what a line has before a colon.
    Else all labels that stand in the text as whole words (see
    :func:`~pytest_promptopt.scoring.mentions.mentions`) and that it does not deny ("not spam").
    """
    labels = tuple(labels)
    statements = Statements(labels)
    plain = statements.plain(text)
    found = mentions(labels, plain)
    stated = _stated(statements, plain) or _only_one(
        mention.choice for mention in found if _is_title(mention, plain)
    )
    if stated is not None:
        return Naming(named=(stated,))
    meant: set[str] = set()
    for mention in found:
        if mention.choice not in meant and not is_denied(mention, plain):
            meant.add(mention.choice)
    denied = {mention.choice for mention in found} - meant
    return Naming(
        named=tuple(label for label in labels if label in meant),
        denied=tuple(label for label in labels if label in denied),
    )


def _is_title(mention: Mention, text: str) -> bool:
    return is_heading(mention, text) and not is_denied(mention, text)


def _stated(statements: Statements, text: str) -> str | None:
    field, _ = statements.in_json(text)
    found = statements.whole(text) or field
    if found is not None:
        return found
    stated = statements.formal(text) or statements.marked(text, is_solution=True)
    if stated:
        return stated[-1].choice
    bold = statements.emphasised(text)
    return _only_one(
        mention.choice for mention in bold if not is_denied(mention, text)
    ) or _only_one(_alone(statements, text))


def _alone(statements: Statements, text: str) -> Iterator[str]:
    """The labels that the first and the last paragraph are, unless something is taken back."""
    first, *others = _BLANK_LINE.split(text)
    if any(map(_SECOND_THOUGHT.search, others)):
        return
    for paragraph in (first, *others[-1:]):
        if choice := statements.whole(paragraph):
            yield choice


def _only_one(choices: Iterable[str]) -> str | None:
    found = set(choices)
    return found.pop() if len(found) == 1 else None
