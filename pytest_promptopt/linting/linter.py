"""The linter: every rule on a prompt file, but for those that it silences."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.linting import examples, form, golden_sets, limits, phrases, upkeep
from pytest_promptopt.linting.rule import Finding, Fix, Rule
from pytest_promptopt.linting.sheet import Sheet, place_in
from pytest_promptopt.prompts.document import Document, decoded, parse_document, read_bytes
from pytest_promptopt.prompts.edits import Replacement, edit_texts, encode_text, reads_as
from pytest_promptopt.prompts.places import KeyPath
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.prompts.reader import location_of, prompt_in
from pytest_promptopt.suggestion import close_to

RULES: tuple[Rule, ...] = tuple(
    sorted(
        (
            *form.RULES,
            *limits.RULES,
            *phrases.RULES,
            *upkeep.RULES,
            *examples.RULES,
            *golden_sets.RULES,
        ),
        key=lambda rule: rule.code,
    )
)
CODES = tuple(rule.code for rule in RULES)
UNKNOWN_CODE = "PL001"
"""Of a comment that silences no rule there is."""

_MOST_FINDINGS = 100
"""Of a rule in a file: more of the same tell nothing more."""

_CODE = re.compile(r"\bPL\w{0,8}\d\w{0,8}", re.IGNORECASE)
_IGNORE = re.compile(
    rf"(?:^|\s)# lint: ignore (?P<codes>{_CODE.pattern}(?:[, ]+{_CODE.pattern})*)",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Linted:
    """A prompt file's ``content`` as it was read, and what was found in it, in its order."""

    path: Path
    content: bytes
    findings: tuple[Finding, ...]


def remedy_of(code: str) -> str:
    """What to do about a finding of that code."""
    known = next((rule for rule in RULES if rule.code == code), None)
    return known.remedy if known else "name a rule that there is: `promptopt lint --rules`"


def lint_file(path: Path, *, root: Path, ignored: Collection[str] = ()) -> Linted:
    """Lint the prompt file at ``path`` in ``root``; raises :class:`PromptFileError`.

    ``ignored`` are codes besides those that a comment ``# lint: ignore PL101`` in the file names.
    """
    location = location_of(path, root)
    content = read_bytes(path, location)
    document = parse_document(decoded(content, location), location)
    prompt = prompt_in(document, path, root=root)
    return Linted(path=path, content=content, findings=_lint(prompt, document, ignored))


def _lint(prompt: Prompt, document: Document, ignored: Collection[str]) -> tuple[Finding, ...]:
    sheet = Sheet.of(prompt, document)
    silenced = {*ignored, *(code for _, code in _silenced(document.text))}
    found = [
        replace(finding, code=rule.code)
        for rule in RULES
        if rule.code not in silenced
        for finding in islice(rule.find(sheet), _MOST_FINDINGS)
    ]
    found += [
        replace(
            sheet.at(line, f"there is no rule `{code}`{close_to(code, CODES)}"), code=UNKNOWN_CODE
        )
        for line, code in _silenced(document.text)
        if code not in CODES
    ]
    unique = dict.fromkeys(found)
    return tuple(sorted(unique, key=lambda f: (f.path != prompt.location, f.path, f.line, f.code)))


def _silenced(text: str) -> Iterable[tuple[int, str]]:
    """The codes that comments silence, each with its line."""
    for comment in _IGNORE.finditer(text):
        for code in _CODE.findall(comment["codes"]):
            yield text.count("\n", 0, comment.start("codes")) + 1, code


def with_fixes(linted: Linted) -> tuple[bytes, Sequence[Finding]]:
    """The content with every fix that the file takes, and the findings that are mended by them.

    What is not mended stays as it is written, but for a text whose words are escaped.
    """
    content, mended = linted.content, list[Finding]()
    fixes = [(finding.fix, finding) for finding in linted.findings if finding.fix is not None]
    # From the end, so that what stands before keeps its place.
    for fix, finding in sorted(fixes, key=lambda x: (x[0].message, x[0].start), reverse=True):
        try:
            content = _fixed(content, fix, finding.path)
        except PromptFileError:
            # A text that is an alias or in parts: what is found there stays for a person.
            continue
        mended.append(finding)
    return content, mended[::-1]


def _fixed(content: bytes, fix: Fix, location: str) -> bytes:
    document = parse_document(decoded(content, location), location)
    path: KeyPath = ("messages", fix.message, "content")
    before = document.data["messages"][fix.message]["content"]
    if not isinstance(before, str):
        raise PromptFileError.at(location, document.line_of(*path), "is not text")
    text = before[: fix.start] + fix.text + before[fix.end :]
    rewritten = edit_texts(content, [Replacement(path=path, text=text)], location=location)
    meant = parse_document(decoded(rewritten, location), location).data
    place = place_in(document.text, document.line_of(*path), before, fix.start, fix.end)
    if place is not None:
        spliced = document.text[: place[0]] + fix.text + document.text[place[1] :]
        if reads_as(spliced, meant, location):
            return encode_text(content, spliced)
    return rewritten
