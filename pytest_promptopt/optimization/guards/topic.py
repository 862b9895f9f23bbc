"""The topic and the language of a text, held against the prompt that it is written for."""

from collections import Counter
from collections.abc import Iterable, Mapping

from pytest_promptopt.optimization.guards.copies import words_of

# Enough to know what goldens speak of, and in which language.
_LOOKED_AT = 200_000
_LEAST_CONTENT = 10
_LEAST_TOLD = 0.1
_LEAST_GIVEN = 0.5
_STEM = 5
_SHORTEST = 4

_LEAST_WORDS = 8
_LEAST_SIGNS = 0.15
_MOST_CHANCE = 0.04

# What prompts of any task speak of.
_OF_TASKS = (
    "answer write give reply respond return output input text word sentence letter number label "
    "list question name choose select decide determine classify identify find read tell state "
    "following given each only exactly format task provide explain between example item order user "
    "message response result correct category first second last same different based statement "
    "option prompt instruction carefully ensure include whether must should please translate "
    "summarize extract convert rewrite compare"
)

# Words that every text of a language has, and few of the others.
_SIGNS: Mapping[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "English": "the of and to is that it with for or not be this are you from by an if which",
        "German": "der die das und ist nicht ein eine mit den dem zu auf von oder wenn im sie als",
        "French": "le les des et est dans une pour qui avec sur du ou pas vous au aux ce cette",
        "Spanish": "el los las es en una con para del si su al lo este esta sus cada debe",
        "Italian": "il di che per della non gli sono nel alla dei delle questo questa come più",
        "Portuguese": "os em um uma com não da ou ao das dos uma isso este são você seu sua",
        "Dutch": "de het een en van niet met op voor dat te zijn bij aan ook naar deze wordt",
    }.items()
}


class Topic:
    """What a prompt is about: ``told`` are its own words, ``given`` those of its goldens."""

    def __init__(self, told: Iterable[str], given: Iterable[str]) -> None:
        told, given = (" ".join(texts)[:_LOOKED_AT] for texts in (told, given))
        self._told = _stems(f"{told} {_OF_TASKS}")
        self._given = _stems(given)
        shares = [*_shares(told).items(), *_shares(given).items()]
        is_sure = max(share for _, share in shares) >= _LEAST_SIGNS
        self._languages = {name for name, share in shares if is_sure and share > _MOST_CHANCE}

    def is_missed_by(self, text: str) -> bool:
        """Whether an English text of some length says nothing of the task.

        Of 186 instructions that people wrote for 24 tasks none does, whatever the prompt said.
        """
        stems = _stems(text)
        is_english = _shares(text)["English"] > _MOST_CHANCE
        is_english = is_english and "English" in (self._languages or {"English"})
        if len(stems) < _LEAST_CONTENT or not is_english:
            return False
        told, given = len(stems & self._told), len(stems & (self._told | self._given))
        return told < _LEAST_TOLD * len(stems) and given < _LEAST_GIVEN * len(stems)

    def foreign_language(self, text: str) -> str:
        """The language of a text, if neither prompt nor goldens have it; empty if not sure."""
        if len(words_of(text)) < _LEAST_WORDS or not self._languages:
            return ""
        shares = _shares(text)
        language = max(shares, key=lambda name: shares[name])
        known = max(shares[name] for name in self._languages)
        is_foreign = shares[language] >= _LEAST_SIGNS and shares[language] > 2 * known
        return language if is_foreign else ""


def _stems(text: str) -> frozenset[str]:
    """The beginnings of its longer words."""
    return frozenset(word[:_STEM] for word in words_of(text) if len(word) >= _SHORTEST)


def _shares(text: str) -> Mapping[str, float]:
    """By language the share of the words that are its signs."""
    counts = Counter(words_of(text))
    return {
        language: sum(counts[sign] for sign in signs) / max(counts.total(), 1)
        for language, signs in _SIGNS.items()
    }
