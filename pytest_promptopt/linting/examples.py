"""Rules on the worked examples of a prompt, beside its goldens."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import takewhile

from pytest_promptopt.evaluation.listing import listed
from pytest_promptopt.linting.rule import Finding, Rule
from pytest_promptopt.linting.sheet import Sheet
from pytest_promptopt.linting.sources import CALIBRATE, GOLDENS, ORDER
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.prompts.shown import inputs_of, shown_in, turns
from pytest_promptopt.prompts.template import as_text
from pytest_promptopt.text.excerpt import excerpt

_LEAST_TO_BALANCE = 3
# A line that ends in an answer: behind an arrow, or behind a mark such as `Label:`.
_ANSWERED = re.compile(
    r"(?:->|=>|→|\|)[ \t]*[\"'`*]*(?P<arrow>[^\n|\"'`*]{1,40}?)[\"'`*.|]*[ \t]*$"
    r"|^[ \t*-]*(?P<mark>[A-Z][A-Za-z ]{0,20}):[ \t*]*"
    r"[\"'`]?(?P<marked>[^\n\"'`*]{1,40}?)[\"'`.]?[ \t]*$",
    re.MULTILINE,
)


def _contradictions(sheet: Sheet) -> Iterator[Finding]:
    """Examples that have a golden's input and another label than it expects."""
    goldens = [golden for golden in sheet.prompt.goldens if _may_stand(sheet, golden)]
    for label in sheet.labels:
        others = {g.id: g for g in goldens if _expected(g) not in ("", label)}
        claimed = [replace(golden, expected=label) for golden in others.values()]
        for claim in shown_in(sheet.prompt, claimed):
            golden = others[claim.id]
            message = (
                f"golden {golden.id} expects {excerpt(golden.expected)}, and an example in the "
                f"messages answers the same input with {excerpt(label)}"
            )
            yield sheet.of_golden(golden, message)


def _may_stand(sheet: Sheet, golden: Golden) -> bool:
    values = [as_text(value).strip() for value in inputs_of(sheet.prompt, golden).values()]
    return bool(values) and all(value and value in sheet.said for value in values)


def _expected(golden: Golden) -> str:
    return as_text(golden.expected).strip() if golden.has_expected else ""


def _goldens_shown(sheet: Sheet) -> Iterator[Finding]:
    for golden in sheet.prompt.shown:
        message = f"golden {golden.id} stands in the messages as an example, and is not scored"
        yield sheet.of_golden(golden, message)


def _one_sided(sheet: Sheet) -> Iterator[Finding]:
    if len(sheet.labels) < 2:
        return
    answers = _answers(sheet)
    line = sheet.prompt.messages[0].line
    missing = [label for label in sheet.labels if label not in answers]
    last = [*takewhile(lambda answer: answer == answers[-1], reversed(answers))]
    if len(answers) >= max(_LEAST_TO_BALANCE, len(sheet.labels)) and missing:
        shown = listed([f"`{label}`" for label in missing])
        yield sheet.at(line, f"of {len(answers)} examples none is answered with {shown}")
    elif len(last) >= _LEAST_TO_BALANCE:
        yield sheet.at(line, f"the last {len(last)} examples are all answered with `{last[0]}`")


def _answers(sheet: Sheet) -> Sequence[str]:
    """The labels that examples are answered with, in the order of the messages."""
    labels = {label.casefold(): label for label in sheet.labels}
    asked = [answer for _, answer in turns(sheet.prompt)]
    if not asked:
        found = [match for p in sheet.passages for match in _ANSWERED.finditer(p.text)]
        marks = {match["mark"] for match in found if _label_in(match, labels)}
        if len(marks) > 1:
            return ()
        asked = [match["arrow"] or match["marked"] for match in found]
    answers = (labels.get(answer.strip(" .\"'`*\n").casefold()) for answer in asked)
    return [answer for answer in answers if answer is not None]


def _label_in(match: re.Match[str], labels: dict[str, str]) -> bool:
    return (match["arrow"] or match["marked"]).strip().casefold() in labels


RULES = (
    Rule(
        code="PL201",
        title="an example that contradicts a golden",
        reason="The prompt teaches what the golden punishes.",
        source=GOLDENS,
        remedy="decide which of the two is right, and mend the other",
        find=_contradictions,
    ),
    Rule(
        code="PL202",
        title="an example that is a golden",
        reason="An answer that can be copied from the prompt tells nothing of new inputs.",
        source=GOLDENS,
        remedy="take another example, or take the golden away",
        find=_goldens_shown,
    ),
    Rule(
        code="PL203",
        title="one-sided examples",
        reason="Answers lean to the label that examples show most, and to the last ones.",
        source=f"{CALIBRATE}; {ORDER}",
        remedy="show every label, and mix their order",
        find=_one_sided,
    ),
)
