"""Rules on what goes in and comes out: the input's place, the answer's form, its labels."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pytest_promptopt.evaluation.listing import listed
from pytest_promptopt.linting.rule import Finding, Rule
from pytest_promptopt.linting.sheet import Sheet
from pytest_promptopt.linting.sources import (
    ANTHROPIC_CLEAR,
    ANTHROPIC_FORM,
    ANTHROPIC_TAGS,
    JUDGES,
)
from pytest_promptopt.optimization.diagnosis.profile import plain_number
from pytest_promptopt.prompts.golden import EvaluatorSpec
from pytest_promptopt.prompts.shown import inputs_of, turns
from pytest_promptopt.prompts.template import Template, as_text

_LONG_VALUE = 80
_FEWEST_WORDS = 8
_PLACEHOLDER = re.compile(r"\{\{\s*(?P<name>[^\W\d][\w.-]*)\s*\}\}")
_SET_APART_BEFORE = re.compile(r"[:>\"'`“”«=|\[(*#\-–—→]\s*$|(?:\n|\\n)\s*$|\A\s*$")
_SET_APART_BEHIND = re.compile(r"\s*[\"'`“”»<\])|*]|\s*(?:\n|\\n)|\s*\Z")
_FORM = re.compile(
    r"\b(?:only|just|exactly|precisely|formats?|formatted|one of|single|one word|label|digits?"
    r"|(?:yes|true)[ /]|(?:answer|reply|respond|return|output|start|begin|end|print|use|give|say)"
    r" (?:\w+ ){0,2}(?:with|as|in|by)|without (?:any )?(?:explanation|comment|other)|nothing else"
    r"|no (?:explanation|other|additional|extra|prose|preamble)|in one (?:word|line|sentence)"
    r"|schema|template|following (?:structure|form)|must (?:be|match|start|end|have|contain))\b",
    re.IGNORECASE,
)
_LANGUAGES = {
    "json": r"json|\{\s*\"\w+\"\s*:|\bobject\b|\bkeys?\b|\bfields?\b",
    "yaml": r"ya?ml",
    "xml": r"xml|html|svg|<\w+>",
    "sql": r"sql|quer(?:y|ies)|select",
}
_NUMBER = re.compile(
    r"\d|\b(?:numbers?|numeric(?:al)?|digits?|integers?|how (?:many|much|old|long|far)|counts?"
    r"|calculate|compute|sum|add|total|amount|percent(?:age)?|scores?|rat(?:e|ing)|grades?|age"
    r"|years?|price|cost|average|solve|math\w*|arithmetic|equation|result|value)\b",
    re.IGNORECASE,
)
# In another language nothing is known of what it states.
_ENGLISH = re.compile(r"\b(?:the|and|is|to|of|this|you|your|with|for)\b", re.IGNORECASE)
# Two lines that begin alike, such as `A: …`, or arrows: worked examples.
_MARKED = re.compile(
    r"^[ \t*-]*(?P<mark>[A-Z][A-Za-z ]{0,20}):[ \t*]*\S|\S[ \t]*(?:->|=>|→)[ \t]*\S", re.MULTILINE
)
_CUE = re.compile(r"(?:[:=]|->|=>|→)\s*\Z")
_RANGE = re.compile(
    r"(?P<low>\d{1,4})\s*(?:-|–|—|to|and|through|\.\.\.?|…|/)\s*(?P<high>\d{1,4})", re.IGNORECASE
)


def _not_delimited(sheet: Sheet) -> Iterator[Finding]:
    for passage in sheet.passages:
        if _PLACEHOLDER.fullmatch(passage.text.strip()):
            continue
        for found in _PLACEHOLDER.finditer(passage.text):
            if _is_set_apart(passage.text, found):
                continue
            value = _longest(sheet, found["name"])
            is_prose = len(value.split()) >= _FEWEST_WORDS
            if is_prose and (len(value) > _LONG_VALUE or "\n" in value.strip()):
                what = "has lines" if "\n" in value.strip() else f"has {len(value)} characters"
                message = f"{found[0]} stands amid instructions, and a golden's value {what}"
                yield sheet.in_passage(passage, found, message)


def _is_set_apart(text: str, found: re.Match[str]) -> bool:
    before, behind = text[: found.start()], text[found.end() :]
    is_marked = _SET_APART_BEFORE.search(before) is not None
    return is_marked and (
        _SET_APART_BEHIND.match(behind) is not None
        or before.rstrip().endswith((":", ">", "=", "|"))
    )


def _longest(sheet: Sheet, name: str) -> str:
    template = Template(f"{{{{{name}}}}}")
    goldens = [golden for golden in sheet.goldens if not template.missing(golden.variables)]
    return max((template.fill(golden.variables) for golden in goldens), key=len, default="")


def _no_form(sheet: Sheet) -> Iterator[Finding]:
    if sheet.prompt.response_format != "text" or [*turns(sheet.prompt)] or not sheet.passages:
        return
    said = "\n".join(passage.text for passage in sheet.passages)
    for spec, given in _needing(sheet):
        wanted = "" if spec.negated else _wanted_form(spec)
        if wanted and not _states(wanted, f"{said}\n{given}"):
            message = f"evaluator `{spec.name}` needs {wanted}, and the prompt states no form"
            yield sheet.at(sheet.passages[-1].line, message)
            return


def _needing(sheet: Sheet) -> Iterator[tuple[EvaluatorSpec, str]]:
    """The evaluators that count, those of a golden with its values, which may say it too."""
    yield from ((spec, "") for spec in sheet.prompt.evaluators if not spec.optional)
    for golden in sheet.prompt.goldens:
        given = "\n".join(map(as_text, inputs_of(sheet.prompt, golden).values()))
        yield from ((spec, given) for spec in golden.evaluators if not spec.optional)


def _wanted_form(spec: EvaluatorSpec) -> str:
    """The form that an answer must have, or else it misses; empty for any."""
    match spec.kind:
        case "equals":
            return "an exact answer"
        case "json" | "yaml" | "xml" | "sql":
            return spec.kind.upper()
        case "number":
            return "a number"
        case "regex":
            return "an exact answer" if _is_anchored(spec.options) else ""
        case "string":
            options = spec.options if isinstance(spec.options, Mapping) else {}
            return "an exact answer" if "equals" in options else ""
    return ""


def _is_anchored(options: Any) -> bool:
    pattern = options.get("pattern") if isinstance(options, Mapping) else options
    return isinstance(pattern, str) and pattern.startswith("^") and pattern.endswith("$")


def _states(wanted: str, said: str) -> bool:
    if wanted == "a number":
        return _NUMBER.search(said) is not None
    named = _LANGUAGES.get(wanted.lower())
    if named is not None:
        return re.search(named, said, re.IGNORECASE) is not None
    is_english = _ENGLISH.search(said) is not None
    told = _FORM.search(said) or _CUE.search(said)
    return not is_english or told is not None or _shows_examples(said)


def _shows_examples(said: str) -> bool:
    marks = Counter(found["mark"] for found in _MARKED.finditer(said))
    return bool(marks) and max(marks.values()) > 1


def _unnamed_labels(sheet: Sheet) -> Iterator[Finding]:
    unnamed = [label for label in sheet.labels if not _is_named(sheet, label)]
    if not unnamed or not sheet.passages:
        return
    shown = listed([f"`{label}`" for label in unnamed])
    whole = "none of the labels" if len(unnamed) == len(sheet.labels) else "not all labels"
    message = f"the prompt names {whole} that an answer may be: {shown} {_is(unnamed)} missing"
    yield sheet.at(sheet.passages[0].line, message)


def _is(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _is_named(sheet: Sheet, label: str) -> bool:
    """Whether the prompt has the label, or else every golden that expects it brings it along."""
    if names(label, sheet.said):
        return True
    expecting = [golden for golden in sheet.goldens if as_text(golden.expected).strip() == label]
    templates = [message.template for message in sheet.prompt.messages]
    return bool(expecting) and all(
        any(
            names(label, template.fill(golden.variables))
            for template in templates
            if not template.missing(golden.variables)
        )
        for golden in expecting
    )


def names(label: str, text: str) -> bool:
    """Whether ``text`` has ``label`` as a word, in any case, or a range of numbers around it."""
    words = [re.escape(word) for word in re.split(r"[\s_-]+", label.strip()) if word]
    if re.search(rf"(?<!\w){'[ _-]?'.join(words)}(?:s|es)?(?!\w)", text, re.IGNORECASE):
        return True
    number = plain_number(label.strip())
    return number is not None and any(
        int(found["low"]) <= number <= int(found["high"]) for found in _RANGE.finditer(text)
    )


def _judges(sheet: Sheet) -> Iterator[Finding]:
    for spec in sheet.evaluators:
        options = spec.options
        if spec.kind != "llm" or not isinstance(options, Mapping):
            continue
        keys = ("systemPrompt", "system_prompt", "prompt")
        text = "\n".join(as_text(options[key]) for key in keys if options.get(key) is not None)
        choices = options.get("choices")
        listed_choices = choices if isinstance(choices, list) else []
        texts = [
            as_text(c["choice"]) for c in listed_choices if isinstance(c, Mapping) and "choice" in c
        ]
        unnamed = [choice for choice in texts if not names(choice, text)]
        if text and unnamed:
            shown = listed([f"`{choice}`" for choice in unnamed])
            message = f"judge `{spec.name}` is not told of what it may choose: {shown}"
            yield sheet.of_evaluator(spec, message)


RULES = (
    Rule(
        code="PL101",
        title="the input is not set apart",
        reason="Where a long value runs into the instructions, its words are taken for some.",
        source=ANTHROPIC_TAGS,
        remedy="put it on lines of its own behind a label, in tags or in quotes",
        find=_not_delimited,
    ),
    Rule(
        code="PL102",
        title="evaluators need a form that the prompt does not state",
        reason="A right answer in another form is a miss that no model can foresee.",
        source=ANTHROPIC_FORM,
        remedy="say what the answer looks like, or have an evaluator that takes any form",
        find=_no_form,
    ),
    Rule(
        code="PL103",
        title="labels that the prompt never names",
        reason="A model cannot choose a label that it has not been told of.",
        source=ANTHROPIC_CLEAR,
        remedy="name every label, with a few words on what it covers",
        find=_unnamed_labels,
    ),
    Rule(
        code="PL112",
        title="a judge that does not know its choices",
        reason="A judge that names none of its choices gives no score.",
        source=JUDGES,
        remedy="name each choice in the judge's prompt, and what earns it",
        find=_judges,
    ),
)
