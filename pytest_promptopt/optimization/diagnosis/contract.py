"""The proposer ``contract``: says how to answer, from the goldens alone and without a model."""

from collections.abc import Sequence

from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.diagnosis.diagnosis import Diagnosis
from pytest_promptopt.optimization.diagnosis.profile import AnswerKind
from pytest_promptopt.optimization.diagnosis.wording import Wording
from pytest_promptopt.prompts.answer_place import WHOLE, AnswerPlace
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.prompts.template import Template

# What a model is meant to go on from, such as "Answer:".
_CUE = (":", "=", "->", "=>", "→")


def contract_sentences(diagnosis: Diagnosis, place: AnswerPlace = WHOLE) -> str | None:
    """One or two sentences on the form of the answer, which stands in ``place``.

    None where the goldens show none, and where there were answers of which none missed by its
    form: then the prompt says enough about it. Nothing is forbidden that evaluators accept or
    the prompt itself asks for.
    """
    if diagnosis.answers and not diagnosis.missed_by_form:
        return None
    return escaped(_wording(diagnosis, place).sentences(diagnosis.profile)) or None


def form_beside_a_task(diagnosis: Diagnosis, place: AnswerPlace) -> str:
    """What is said of the answer's form where the task is stated, which tells texts and labels."""
    wording, profile = _wording(diagnosis, place), diagnosis.profile
    has_form = profile.kind in {AnswerKind.NUMBER, AnswerKind.OBJECT, AnswerKind.LIST}
    return escaped(wording.sentences(profile)) if has_form else wording.only


def _wording(diagnosis: Diagnosis, place: AnswerPlace) -> Wording:
    tolerance = diagnosis.tolerance
    is_json = diagnosis.profile.kind in {AnswerKind.OBJECT, AnswerKind.LIST}
    asks_for_more = tolerance.asks_for_explanation or (tolerance.asks_for_json and not is_json)
    may_have_other_keys = tolerance.extra_keys or (
        tolerance.asks_for_json and not diagnosis.extra_keys
    )
    return Wording(
        place=place,
        is_alone=not tolerance.words_around and not (asks_for_more and place == WHOLE),
        has_own_keys=not may_have_other_keys,
    )


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
    sentences = contract_sentences(diagnosis, prompt.answer)
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
