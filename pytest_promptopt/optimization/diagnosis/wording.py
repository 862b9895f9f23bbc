"""The wording of a contract: sentences on the form of the answer, as the profile shows it."""

import re
from dataclasses import dataclass

from pytest_promptopt.optimization.diagnosis.profile import (
    AnswerKind,
    Key,
    Profile,
    plain_number,
)
from pytest_promptopt.optimization.diagnosis.traits import shown_form
from pytest_promptopt.prompts.answer_place import WHOLE, AnswerPlace
from pytest_promptopt.text.tags import quoted

# Longer answers are compositions: a sentence on their form would not tell what is missing.
_MOST_WORDS = 25
_WORDS_STEP = 5

_PLAIN_LABEL = re.compile(r"[\w+#&./'’-]+(?: [\w+#&./'’-]+)*")
_CASINGS = {"lower": "in lower case", "upper": "in upper case"}


def lead_to(place: AnswerPlace) -> str:
    """How a sentence begins that says what the answer is."""
    match place.mark:
        case "after":
            return f"After {quoted(place.value)} write"
        case "tag":
            return f"Between <{place.value}> and </{place.value}> write"
        case "line":
            return f"On the {place.value} line write"
        case "json":
            return f"In the field {quoted(place.value)} write"
    return "Answer with"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """How much a contract may say.

    ``is_alone`` where nothing but the answer may stand in its ``place``, ``has_own_keys`` where
    an object may have no others than those expected.
    """

    place: AnswerPlace = WHOLE
    is_alone: bool = True
    has_own_keys: bool = True

    def sentences(self, profile: Profile) -> str:
        """What is said of the answer; empty where the profile shows no form."""
        match profile.kind:
            case AnswerKind.LABEL:
                return self._labels(profile)
            case AnswerKind.OBJECT:
                return self._object(profile)
            case AnswerKind.LIST:
                items = " or ".join(profile.item_types) or "nothing"
                return f"{self._lead} one JSON list of {items}{self._and_nothing_else}."
            case AnswerKind.NUMBER:
                return self._number(profile)
            case AnswerKind.TEXT:
                return self._text(profile)
        return ""

    @property
    def only(self) -> str:
        """That there is nothing but the answer."""
        if not self.is_alone:
            return ""
        return f"Give the answer only{self._there}, with no explanation."

    @property
    def _lead(self) -> str:
        return lead_to(self.place)

    @property
    def _there(self) -> str:
        return "" if self.place == WHOLE else " there"

    @property
    def _and_nothing_else(self) -> str:
        if not self.is_alone:
            return ""
        return f" and nothing else{self._there}: no code fence and no text around it"

    def _labels(self, profile: Profile) -> str:
        labels = list(profile.labels)
        are_numbers = all(plain_number(label) is not None for label in labels)
        if are_numbers:
            labels.sort(key=float)
        stated = f"{self._lead} exactly one of: {', '.join(map(_label, labels))}."
        casing = _CASINGS.get(profile.casing, "spelled as here")
        if not self.is_alone:
            return stated if are_numbers else f"{stated} Write the label {casing}."
        what = f"number only{self._there}" if are_numbers else f"label only{self._there}, {casing}"
        return f"{stated} Give the {what}, with no other words."

    def _object(self, profile: Profile) -> str:
        always = [_key(key) for key in profile.keys if key.is_always_there]
        sometimes = [_key(key) for key in profile.keys if not key.is_always_there]
        if not profile.keys:
            return f"{self._lead} one JSON object{self._and_nothing_else}."
        keys = f" with the keys {', '.join(always)}" if always else ""
        optional = f", and {', '.join(sometimes)} only where it applies" if sometimes else ""
        return f"{self._lead} one JSON object{keys}{optional}.{self._object_alone}"

    @property
    def _object_alone(self) -> str:
        if not self.is_alone:
            return " Give no other keys." if self.has_own_keys else ""
        keys = "no other keys, " if self.has_own_keys else ""
        return f" Give the object only{self._there}: {keys}no code fence and no text around it."

    def _number(self, profile: Profile) -> str:
        number = "a whole number" if profile.is_whole else "a number with a decimal point"
        nots = "no unit, no separators between thousands and no other words"
        if not self.is_alone:
            nots = "no unit and no separators between thousands"
        return f"{self._lead} {number} in digits only: {nots}."

    def _text(self, profile: Profile) -> str:
        if profile.words is None or profile.words.most > _MOST_WORDS or profile.has_lines:
            return ""
        details = [_form_or_length(profile, profile.words.most)]
        casing = _CASINGS.get(profile.casing)
        if casing and not profile.form:
            details.append(casing)
        start = f" Begin with {quoted(profile.prefix)}." if profile.prefix else ""
        said = ", ".join(details)
        if not self.is_alone:
            return f"{self._lead} the answer {said}.{start}"
        return f"Give the answer only{self._there}, {said}, with no explanation.{start}"


def _label(label: str) -> str:
    return label if _PLAIN_LABEL.fullmatch(label) else quoted(label)


def _key(key: Key) -> str:
    form = f" {_as_form(key.form)}" if key.form else ""
    return f"{_label(key.name)} ({' or '.join(key.types)}{form})"


def _as_form(form: str) -> str:
    shown = shown_form(form)
    return shown if shown.startswith("of ") else f"as {shown}"


def _form_or_length(profile: Profile, most_words: int) -> str:
    if profile.form:
        others = [f" or {quoted(answer)} where that applies" for answer in profile.frequent]
        return "".join([_as_form(profile.form), *others])
    if profile.parts:
        return f"as {profile.parts}"
    if most_words <= 1:
        return "in one word"
    most = -(-most_words // _WORDS_STEP) * _WORDS_STEP
    return f"at most {most} words on one line"
