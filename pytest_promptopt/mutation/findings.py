"""The findings of an examination as a record: by sentence, with what golden it lacks."""

import re
from collections.abc import Sequence

from pytest_promptopt.evaluation.mutation_record import (
    Fate,
    MutantRecord,
    MutationRecord,
    SentenceRecord,
)
from pytest_promptopt.linting.sheet import Sheet
from pytest_promptopt.mutation.examination import Examined, Hearing
from pytest_promptopt.mutation.mutants import Mutants
from pytest_promptopt.mutation.mutators import Break
from pytest_promptopt.mutation.sentences import Sentence
from pytest_promptopt.prompts.template import as_text

_LONGEST = 400
_LISTED_FROM = 3
_CASE = re.compile(
    r"\b(?:if|when|whenever|unless|in case|except|wenn|falls|sofern|außer|si|sauf|quand|lorsque"
    r"|cuando|salvo|se|quando|caso)\b|如果|若|当|除非|もし|場合",
    re.IGNORECASE,
)
_ADVICE = {
    Break.NUMBER: "a golden on either side of the number",
    Break.FORMAT: "an evaluator that looks at the form, such as json, regex or length",
    Break.CUE: "an evaluator that looks at the form, such as equals, regex or length",
    Break.ROLE: "an evaluator that hears the tone, such as a rubric",
    Break.ANSWER: "a golden like this example",
}
_OTHER_ADVICE = "a golden whose right answer depends on it"


def record_of(sheet: Sheet, mutants: Mutants, examined: Examined) -> MutationRecord:
    """The record.

    Where a sentence speaks of some inputs alone and nothing changes without it, perhaps no golden
    is of that kind: its mutants then count as not noticed, not as equal.
    """
    expected = {
        as_text(golden.expected).strip() for golden in examined.goldens if golden.has_expected
    }
    told: list[MutantRecord] = []
    sentences: list[SentenceRecord] = []
    for number, sentence in enumerate(mutants.sentences):
        hearings = [hearing for hearing in examined.hearings if hearing.mutant.sentence == number]
        if not hearings:
            continue
        unheard = _unheard_label(sheet, sentence, expected)
        text = _text_of(sheet, sentence)
        is_case = sentence.answer is None and (bool(_CASE.search(text)) or bool(unheard))
        is_unheard = is_case and all(hearing.fate is not Fate.NOTICED for hearing in hearings)
        told += [_mutant(hearing, len(sentences), is_unheard=is_unheard) for hearing in hearings]
        advice = _advice(hearings, is_case=is_case, unheard=unheard)
        sentences.append(_sentence(sheet, sentence, advice))
    return MutationRecord(
        sentences=tuple(sentences),
        mutants=tuple(told),
        goldens=len(sheet.prompt.goldens),
        passed=examined.noise.passed,
        turned=examined.noise.turned,
        repeats=examined.noise.repeats,
        left_out=mutants.left_out,
        calls=examined.calls,
        remark=examined.remark,
    )


def _mutant(hearing: Hearing, sentence: int, *, is_unheard: bool) -> MutantRecord:
    mutant = hearing.mutant
    return MutantRecord(
        sentence=sentence,
        kind=mutant.kind.value,
        before=mutant.before[:_LONGEST],
        after=mutant.after[:_LONGEST],
        fate=Fate.UNNOTICED if is_unheard and hearing.fate is Fate.EQUAL else hearing.fate,
        by=hearing.by,
        changed=tuple(hearing.changed),
        takes_away=mutant.kind is Break.DROPPED,
    )


def _sentence(sheet: Sheet, sentence: Sentence, advice: str) -> SentenceRecord:
    message = sheet.prompt.messages[sentence.message]
    passage = next((p for p in sheet.passages if p.index == sentence.message), None)
    return SentenceRecord(
        message=sentence.message,
        start=sentence.span[0],
        end=sentence.span[1],
        line=sheet.line_of(passage, *sentence.span) if passage else message.line,
        text=_shown(sheet, sentence)[:_LONGEST],
        advice=advice,
    )


def _text_of(sheet: Sheet, sentence: Sentence) -> str:
    return sheet.prompt.messages[sentence.message].template.text[slice(*sentence.span)]


def _shown(sheet: Sheet, sentence: Sentence) -> str:
    """The sentence on one line; of an example's turn what it answers, too."""
    text = _text_of(sheet, sentence)
    if sentence.cut is None and sentence.answer is not None:
        asked = sheet.prompt.messages[sentence.message - 1].template.text
        text = f"{asked} → {text}"
    return " ".join(text.split())


def _unheard_label(sheet: Sheet, sentence: Sentence, expected: set[str]) -> str:
    """A label that the sentence names, not among all, and no golden that passes expects."""
    text = _text_of(sheet, sentence)
    named = [
        label for label in sheet.labels if re.search(rf"(?<!\w){re.escape(label)}(?!\w)", text)
    ]
    unheard = [label for label in named if label not in expected]
    return unheard[0] if unheard and len(named) < _LISTED_FROM else ""


def _advice(hearings: Sequence[Hearing], *, is_case: bool, unheard: str) -> str:
    if unheard:
        return f"a golden with the right answer `{unheard}` that the prompt passes"
    if is_case:
        return "a golden with an input of this kind"
    unnoticed = [hearing.mutant.kind for hearing in hearings if hearing.fate is not Fate.NOTICED]
    return next((told for kind, told in _ADVICE.items() if kind in unnoticed), _OTHER_ADVICE)
