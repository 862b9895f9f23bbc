"""The proposer ``contract``: says how to answer, from the goldens alone and without a model."""

import re
from collections.abc import Sequence

from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.diagnosis.diagnosis import Diagnosis
from pytest_promptopt.optimization.diagnosis.profile import (
    AnswerKind,
    Key,
    Profile,
    plain_number,
)
from pytest_promptopt.optimization.diagnosis.traits import shown_form
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.prompts.template import Template
from pytest_promptopt.text.tags import quoted

# Longer answers are compositions: a sentence on their form would not tell what is missing.
_MOST_WORDS = 25
_WORDS_STEP = 5

_NO_WRAPPING = "no code fence and no text around it"
_PLAIN_LABEL = re.compile(r"[\w+#&./'’-]+(?: [\w+#&./'’-]+)*")
_CASINGS = {"lower": "in lower case", "upper": "in upper case"}
# What a model is meant to go on from, such as "Answer:".
_CUE = (":", "=", "->", "=>", "→")


def contract_sentences(diagnosis: Diagnosis) -> str | None:
    """One or two sentences on the form of the answer.

    None where the goldens show none, and where there were answers of which none missed by its
    form: then the prompt says enough about it.
    """
    if diagnosis.answers and not diagnosis.missed_by_form:
        return None
    sentences = _stated(diagnosis.profile)
    return escaped(sentences) if sentences else None


def form_beside_a_task(profile: Profile) -> str:
    """What is said of the answer's form where the task is stated: it tells texts and labels."""
    if profile.kind in {AnswerKind.NUMBER, AnswerKind.OBJECT, AnswerKind.LIST}:
        return escaped(_stated(profile) or "")
    return "Give the answer only, with no explanation."


def with_contract(text: str, sentences: str) -> str | None:
    """``text`` of a message and ``sentences`` after it, None if it has them already.

    They come last because that is what a model heeds most, and because a value that stands
    before them cannot overrule them. Only a cue at the end, such as ``Answer:``, stays the end.
    """
    if _spaced(sentences) in _spaced(text):
        return None
    body = text.rstrip()
    tail = text[len(body) :]
    before, line_end, last = body.rpartition("\n")
    if last.endswith(_CUE):
        return f"{before}{line_end}{sentences}\n{last}{tail}"
    if not body:
        return sentences
    if Template(last).placeholders:
        return f"{body}\n\n{sentences}{tail}"
    return f"{body}{line_end or ' '}{sentences}{tail}"


def contract_candidates(
    prompt: Prompt, editable: Sequence[int], diagnosis: Diagnosis
) -> tuple[Candidate, ...]:
    """The prompt with its contract, as :func:`candidates_saying` puts it."""
    sentences = contract_sentences(diagnosis)
    if sentences is None:
        return ()
    note = _note(diagnosis)
    return candidates_saying(sentences, prompt, editable, origin="contract", note=note)


def candidates_saying(
    sentences: str, prompt: Prompt, editable: Sequence[int], *, origin: str, note: str
) -> tuple[Candidate, ...]:
    """The prompt with ``sentences`` added, once in each place where they may do most.

    That is the last editable system message, then the first editable user message with a
    placeholder, where the task is put; without these the first user message. Which of them does
    more differs by task: with a contract in the one, a small model got 43 and 50 of 100 questions
    right and with it in the other 18 and 23; of tickets it was 28 and 37.
    """
    texts = {
        position: with_contract(prompt.messages[position].template.text, sentences)
        for position in _positions(prompt, editable)
    }
    return tuple(
        Candidate(texts={position: text}, origin=origin, parent=Candidate().id, note=note)
        for position, text in texts.items()
        if text is not None
    )


def _stated(profile: Profile) -> str | None:
    match profile.kind:
        case AnswerKind.LABEL:
            return _labels(profile)
        case AnswerKind.OBJECT:
            return _object(profile)
        case AnswerKind.LIST:
            items = " or ".join(profile.item_types) or "nothing"
            return f"Answer with one JSON list of {items} and nothing else: {_NO_WRAPPING}."
        case AnswerKind.NUMBER:
            return _number(profile)
        case AnswerKind.TEXT:
            return _text(profile)
        case AnswerKind.UNKNOWN:
            return None


def _labels(profile: Profile) -> str:
    labels = list(profile.labels)
    numbers = [plain_number(label) for label in labels]
    if all(number is not None for number in numbers):
        labels.sort(key=float)
        only = "Give the number only, with no other words."
        return f"Answer with exactly one of: {', '.join(labels)}. {only}"
    shown = ", ".join(_label(label) for label in labels)
    casing = _CASINGS.get(profile.casing, "spelled as here")
    return (
        f"Answer with exactly one of: {shown}. Give the label only, {casing}, with no other words."
    )


def _label(label: str) -> str:
    return label if _PLAIN_LABEL.fullmatch(label) else quoted(label)


def _object(profile: Profile) -> str:
    always = [_key(key) for key in profile.keys if key.is_always_there]
    sometimes = [_key(key) for key in profile.keys if not key.is_always_there]
    if not profile.keys:
        return f"Answer with one JSON object and nothing else: {_NO_WRAPPING}."
    keys = f" with the keys {', '.join(always)}" if always else ""
    optional = f", and {', '.join(sometimes)} only where it applies" if sometimes else ""
    return (
        f"Answer with one JSON object{keys}{optional}. "
        f"Give the object only: no other keys, {_NO_WRAPPING}."
    )


def _key(key: Key) -> str:
    form = f" {_as_form(key.form)}" if key.form else ""
    return f"{_label(key.name)} ({' or '.join(key.types)}{form})"


def _as_form(form: str) -> str:
    shown = shown_form(form)
    return shown if shown.startswith("of ") else f"as {shown}"


def _number(profile: Profile) -> str:
    number = "a whole number" if profile.is_whole else "a number with a decimal point"
    return (
        f"Answer with {number} in digits only: "
        "no unit, no separators between thousands and no other words."
    )


def _text(profile: Profile) -> str | None:
    if profile.words is None or profile.words.most > _MOST_WORDS or profile.has_lines:
        return None
    details = [_form_or_length(profile, profile.words.most)]
    casing = _CASINGS.get(profile.casing)
    if casing and not profile.form:
        details.append(casing)
    start = f" Begin with {quoted(profile.prefix)}." if profile.prefix else ""
    return f"Give the answer only, {', '.join(details)}, with no explanation.{start}"


def _form_or_length(profile: Profile, most_words: int) -> str:
    if profile.form:
        others = [f" or {quoted(answer)} where that applies" for answer in profile.frequent]
        return "".join([_as_form(profile.form), *others])
    if most_words <= 1:
        return "in one word"
    most = -(-most_words // _WORDS_STEP) * _WORDS_STEP
    return f"at most {most} words on one line"


def _positions(prompt: Prompt, editable: Sequence[int]) -> list[int]:
    messages = {index: prompt.messages[index] for index in sorted(editable)}
    system = [index for index, message in messages.items() if message.role == "system"]
    user = [index for index, message in messages.items() if message.role == "user"]
    asking = [index for index in user if messages[index].template.placeholders]
    return [*system[-1:], *asking[:1]] or user[:1]


def _note(diagnosis: Diagnosis) -> str:
    says = "Says how to answer, as the goldens show it"
    if not diagnosis.missed:
        return f"{says}."
    return f"{says}: {diagnosis.missed_by_form} of {diagnosis.missed} misses are of form."


def escaped(text: str) -> str:
    """``text`` as it stands in a template."""
    return text.replace("{{", "{{{{")


def _spaced(text: str) -> str:
    return " ".join(text.split()).casefold()
