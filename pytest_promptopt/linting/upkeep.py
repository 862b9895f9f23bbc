"""Rules on what a prompt file carries along: what is not used, too long, or no one's to see."""

import re
from collections.abc import Iterator

from pytest_promptopt.evaluation.listing import counted, listed
from pytest_promptopt.linting.rule import Finding, Rule
from pytest_promptopt.linting.sheet import Sheet
from pytest_promptopt.linting.sources import GOLDENS, LONG, TRUST
from pytest_promptopt.prompts.use import unused_variables
from pytest_promptopt.text.secrets import shapes_in

_MOST_WORDS = 2_000


def _unused(sheet: Sheet) -> Iterator[Finding]:
    """Those of goldens in the prompt file: others may share their file with other prompts."""
    unused = {
        name: golden
        for name, golden in unused_variables(sheet.prompt).items()
        if golden.path == sheet.prompt.location and not _stands_in(sheet, name)
    }
    if unused:
        names = listed([f"`{name}`" for name in unused])
        golden = next(iter(unused.values()))
        yield sheet.of_golden(golden, f"neither prompt nor evaluators use {names}")


def _stands_in(sheet: Sheet, name: str) -> bool:
    """Whether the messages have the name, in a form that is no placeholder: told by the reader."""
    pattern = re.compile(rf"[{{%$<\[][^\n]*?(?<!\w){re.escape(name)}(?!\w)[^\n]*?[}}%>\]]")
    return pattern.search(sheet.said) is not None


def _very_long(sheet: Sheet) -> Iterator[Finding]:
    words = sum(len(passage.text.split()) for passage in sheet.passages)
    if words > _MOST_WORDS:
        longest = max(sheet.passages, key=lambda passage: len(passage.text))
        message = f"the messages have {counted(words, 'word')}, {_MOST_WORDS:,} are a lot"
        yield sheet.at(longest.line, message)


def _secrets(sheet: Sheet) -> Iterator[Finding]:
    text = sheet.document.text
    for shape in shapes_in(text):
        line = text.count("\n", 0, shape.start) + 1
        yield sheet.at(line, f"this looks like {shape.kind}")


RULES = (
    Rule(
        code="PL109",
        title="variables that nothing uses",
        reason="A value that reaches neither model nor evaluator is a slip in a name, or ballast.",
        source=GOLDENS,
        remedy="use it in a message as {{name}}, or take it away (`_name` is a note)",
        find=_unused,
    ),
    Rule(
        code="PL110",
        title="a very long prompt",
        reason="Each call pays for it, and what stands in the middle is heeded least.",
        source=LONG,
        remedy="leave out what no golden notices, or make two prompts of it",
        find=_very_long,
    ),
    Rule(
        code="PL111",
        title="a secret",
        reason="A prompt file goes to git, to the model and into reports.",
        source=TRUST,
        remedy="take it away, and have it revoked",
        find=_secrets,
    ),
)
