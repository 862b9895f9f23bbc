"""The guards that a candidate passes before a single task call is spent on it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.diagnosis.traits import script_of, scripts_of
from pytest_promptopt.optimization.guards.copies import (
    CopiedCases,
    Copies,
    private_texts,
    texts_of,
    words_of,
)
from pytest_promptopt.optimization.guards.damage import damages
from pytest_promptopt.optimization.guards.topic import Topic
from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.prompts.template import as_text
from pytest_promptopt.text.tags import quoted

_ROOM = 4000
_WORDS_OF_AN_ECHO = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardSettings:
    """How strict the guards are.

    ``longest_characters`` of a message is by default four times its original, or 4,000 where that
    is more.
    ``copied_words`` in a row from a golden are too many. A text that is ``near_duplicate`` like
    another (0 to 1) and differs in one word at most is not worth a try.
    """

    longest_characters: int | None = None
    copied_words: int = 8
    near_duplicate: float = 0.98


class Guards:
    """Tells why a candidate for a prompt is refused; texts are never mended.

    ``editable`` are the positions of the messages that may change. ``goldens`` are all of the
    prompt's, those of the sealed split included: what is copied from them would be a leak.
    ``requests`` are the texts that ask for candidates, which small models like to repeat.
    """

    def __init__(
        self,
        prompt: Prompt,
        editable: Sequence[int],
        goldens: Sequence[Golden],
        settings: GuardSettings = GuardSettings(),
        requests: Sequence[str] = (),
    ) -> None:
        self._originals = {i: message.template.text for i, message in enumerate(prompt.messages)}
        self._roles = {i: message.role for i, message in enumerate(prompt.messages)}
        self._editable = frozenset(editable)
        self._settings = settings
        self._goldens = {golden.id for golden in goldens}
        length, originals = settings.copied_words, self._originals.values()
        self._copies = Copies(originals, private_texts(goldens), length)
        self._echoes = Copies(originals, requests, min(length, _WORDS_OF_AN_ECHO))
        self._cases = CopiedCases(prompt, goldens)
        given = [text for golden in goldens for text in texts_of(golden)]
        told = [*originals, *(as_text(golden.expected) for golden in goldens)]
        self._topic = Topic([*told, *_names_in(prompt)], given)
        self._scripts = frozenset(scripts_of([*originals, *given]))

    def refusal(self, candidate: Candidate, others: Sequence[Candidate]) -> str | None:
        """Why ``candidate`` is refused, in a sentence to read or to send; None if it is not.

        ``others`` are the candidates that the search already has.
        """
        return next(self._reasons(candidate, others), None)

    def _reasons(self, candidate: Candidate, others: Sequence[Candidate]) -> Iterator[str]:
        yield from self._unknown_demonstrations(candidate)
        for position, text in sorted(candidate.texts.items()):
            if position not in self._editable:
                yield f"{self._name(position)} may not change."
                continue
            for reason in self._reasons_of_text(text, self._originals[position]):
                yield f"{self._name(position)} {reason}."
        yield from self._duplicates(candidate, others)

    def _name(self, position: int) -> str:
        role = self._roles.get(position)
        return f"Message {position + 1} ({role or 'which is not there'})"

    def _unknown_demonstrations(self, candidate: Candidate) -> Iterator[str]:
        for golden_id in candidate.demonstrations:
            if golden_id not in self._goldens:
                yield f"There is no golden {quoted(golden_id)} to show as a demonstration."

    def _reasons_of_text(self, text: str, original: str) -> Iterator[str]:
        if text == original:
            return
        if not text.strip():
            yield "is empty"
            return
        yield from self._too_long(text, original)
        yield from damages(text, original)
        yield from self._other_script(text, original)
        if copied := self._copies.found_in(text):
            yield f"repeats the text of a golden: {quoted(copied)}"
        if self._cases.count_in(text) > self._cases.count_in(original) + 1:
            yield "shows goldens with their answers; say what they have in common"
        if echoed := self._echoes.found_in(text):
            yield f"repeats the request for it: {quoted(echoed)}"
        if language := self._topic.foreign_language(text):
            yield f"is written in {language}, which neither the prompt nor its goldens are"
        if self._topic.is_missed_by(text):
            yield "says nothing of the task: next to none of its words are the prompt's own"

    def _too_long(self, text: str, original: str) -> Iterator[str]:
        most = self._settings.longest_characters
        if most is None:
            most = max(4 * len(original), _ROOM)
        if len(text) > most:
            yield f"has {len(text):,} characters; {most:,} are the most"

    def _other_script(self, text: str, original: str) -> Iterator[str]:
        letters = Counter(filter(None, map(script_of, text)))
        other = {name: n for name, n in letters.items() if name not in self._scripts}
        kept = letters.total() - sum(other.values())
        # What keeps the original and adds to it is no answer in another language.
        is_kept = 2 * kept >= sum(script_of(char) in self._scripts for char in original)
        if self._scripts and kept < sum(other.values()) and not is_kept:
            most = max(other, key=lambda name: other[name])
            known = " or ".join(sorted(name.capitalize() for name in self._scripts))
            yield f"is written in {most.capitalize()} letters, not in {known}"

    def _duplicates(self, candidate: Candidate, others: Sequence[Candidate]) -> Iterator[str]:
        for other in (Candidate(), *others):
            if other.demonstrations == candidate.demonstrations and self._is_near(candidate, other):
                which = "the prompt as it stands" if not other.texts else f"candidate {other.id}"
                yield f"The candidate is the same as {which}, or all but one word of it."

    def _is_near(self, candidate: Candidate, other: Candidate) -> bool:
        from rapidfuzz.distance import Indel, Levenshtein

        one, two = self._spaced(candidate), self._spaced(other)
        if one == two:
            return True
        least = self._settings.near_duplicate
        if Indel.normalized_similarity(one, two, score_cutoff=least) < least:
            return False
        return Levenshtein.distance(words_of(one), words_of(two), score_cutoff=1) <= 1

    def _spaced(self, candidate: Candidate) -> str:
        texts = (candidate.texts.get(i, self._originals[i]) for i in sorted(self._editable))
        return " ".join(word for text in texts for word in text.split())


def _names_in(prompt: Prompt) -> Iterator[str]:
    """The names of the placeholders, as words."""
    for message in prompt.messages:
        yield from (name.replace("_", " ") for name in message.template.placeholders)
