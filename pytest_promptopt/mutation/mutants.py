"""The mutants of a prompt: every change of its sentences that leaves a prompt."""

import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

from pytest_promptopt.linting.sheet import Sheet
from pytest_promptopt.mutation.mutators import Break, Material, Mutation, changes_of
from pytest_promptopt.mutation.sentences import Sentence, sentences_of
from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.editable import own_text
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.prompts.template import Template

MOST_MUTANTS = 200
"""More are not asked: a sample of them tells nearly as much, and what it costs stays bounded."""

_SHOWN_AROUND = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """The prompt with another ``text`` of one message; ``sentence`` is the number of what changed.

    ``before`` and ``after`` are the words around the change.
    """

    sentence: int
    message: int
    kind: Break
    text: str
    before: str
    after: str

    @property
    def candidate(self) -> Candidate:
        """The mutant as an edit of the prompt."""
        return Candidate(texts={self.message: self.text})


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutants:
    """The sentences of a prompt and its mutants; ``left_out`` are those that there were beside."""

    sentences: tuple[Sentence, ...]
    chosen: tuple[Mutant, ...]
    left_out: int = 0


def mutants_of(sheet: Sheet, most: int = MOST_MUTANTS) -> Mutants:
    """All mutants, or ``most`` of them drawn by chance, of as many sentences as can be.

    No two are the same text, and none is the prompt itself, lacks a placeholder or leaves a
    message empty. The draw depends on the prompt alone.
    """
    sentences = tuple(sentences_of(sheet))
    changes = [
        [(number, change) for change in changes_of(_material(sheet, sentences, sentence))]
        for number, sentence in enumerate(sentences)
    ]
    if sum(map(len, changes)) > most:
        random.Random(0).shuffle(changes)
    queue = deque(filter(None, chain.from_iterable(zip_longest(*changes))))
    seen = {(n, _squeezed(m.template.text)) for n, m in enumerate(sheet.prompt.messages)}
    chosen: list[Mutant] = []
    while queue and len(chosen) < most:
        number, change = queue.popleft()
        mutant = _mutant(sheet.prompt, sentences[number], number, change)
        key = sentences[number].message, _squeezed(mutant.text)
        if key not in seen and _is_prompt(sheet.prompt, mutant):
            seen.add(key)
            chosen.append(mutant)
    chosen.sort(key=lambda mutant: mutant.sentence)
    return Mutants(sentences=sentences, chosen=tuple(chosen), left_out=len(queue))


def _mutant(prompt: Prompt, sentence: Sentence, number: int, change: Mutation) -> Mutant:
    text = prompt.messages[sentence.message].template.text
    changed = f"{text[: change.span[0]]}{change.text}{text[change.span[1] :]}"
    before, after = _around(text, changed, sentence, change)
    return Mutant(
        sentence=number,
        message=sentence.message,
        kind=change.kind,
        text=changed,
        before=before,
        after=after,
    )


def _material(sheet: Sheet, sentences: Sequence[Sentence], sentence: Sentence) -> Material:
    texts = [message.template.text for message in sheet.prompt.messages]
    plain = {passage.index: passage.plain for passage in sheet.passages}
    answers = [texts[s.message][slice(*s.answer)] for s in sentences if s.answer]
    return Material(
        sentence=sentence,
        text=texts[sentence.message],
        plain=plain.get(sentence.message, texts[sentence.message]),
        labels=sheet.labels,
        answers=answers,
    )


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _is_prompt(prompt: Prompt, mutant: Mutant) -> bool:
    """Whether all placeholders are kept, and what is left says something."""
    before, after = prompt.messages[mutant.message].template, Template(mutant.text)
    if (before.placeholders, before.others) != (after.placeholders, after.others):
        return False
    changed = mutant.candidate.apply_to(prompt, ())
    return mutant.kind is not Break.DROPPED or bool(own_text(changed, mutant.message))


def _around(text: str, changed: str, sentence: Sentence, change: Mutation) -> tuple[str, str]:
    """The words at the change, before and after it; of what is dropped, all of it."""
    if change.kind is Break.DROPPED:
        return _squeezed(text[slice(*sentence.span)]), ""
    start = max(sentence.span[0], _word_start(text, change.span[0] - _SHOWN_AROUND))
    end = min(sentence.span[1], change.span[1] + _SHOWN_AROUND)
    while end < sentence.span[1] and not text[end].isspace():
        end += 1
    moved = len(changed) - len(text)
    return _squeezed(text[start:end]), _squeezed(changed[start : end + moved])


def _word_start(text: str, at: int) -> int:
    while at > 0 and not text[at - 1].isspace():
        at -= 1
    return at
