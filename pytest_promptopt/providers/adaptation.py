"""Parameters that a model refuses: read from its error, remembered, left out or renamed."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_promptopt.providers.request import Model
from pytest_promptopt.providers.wire import Refusal

_REFUSING_CODES = frozenset({"unsupported_parameter", "unsupported_value", "unknown_parameter"})
_REFUSING_WORDS = re.compile(
    r"unsupported|not (?:support|accept)|not available|unrecognized|unexpected keyword|deprecated"
    r"|cannot both be|invalid for this model"
    r"|must be (?:set to )?[01](?:\.0)?(?: for this model|\W*$)"
    r"|unknown (?:name|parameter|argument|field)|only the default|may only be set"
    r"|only \S+ (?:is|are) (?:allowed|supported|permitted)|(?:is|are) not (?:allowed|permitted)"
    r"|extra (?:inputs|fields|parameters?) (?:are )?not (?:permitted|allowed)",
    re.IGNORECASE,
)
_RECOMMENDATION = re.compile(r"\buse ['\"`]?(\w+)['\"`]? instead", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdaptedBody:
    """A body that the model should accept, and what was changed for it."""

    body: dict[str, Any]
    notes: tuple[str, ...]


class Adaptations:
    """What is known, from earlier refusals, about the parameters of each model.

    No list of model names: only what a server said. Concurrent calls share what one of them
    learned.
    """

    def __init__(self) -> None:
        # For each model: a refused parameter, and the one to use instead if there is any.
        self._learned: dict[Model, dict[str, str | None]] = {}

    def apply(
        self, model: Model, body: Mapping[str, Any], adaptable: Collection[str]
    ) -> AdaptedBody:
        """The body as far as the model is known to accept it, with all that is not adaptable."""
        adapted = dict(body)
        notes = []
        for parameter, replacement in self._learned.get(model, {}).items():
            if parameter not in adapted or parameter not in adaptable:
                continue
            value = adapted.pop(parameter)
            if replacement is None:
                notes.append(f"{parameter} was left out: {model} does not accept it")
            else:
                adapted.setdefault(replacement, value)
                notes.append(f"{parameter} was sent as {replacement}: {model} wants it so")
        return AdaptedBody(body=adapted, notes=tuple(notes))

    def learn(self, model: Model, adaptable: Collection[str], refusal: Refusal) -> bool:
        """Remember what a 400 refused; True if the call is worth repeating.

        ``adaptable`` are the parameters in the body that was sent which may be left out. A
        parameter is learned once and is never sent again, so repeating ends.
        """
        parameter = _refused_parameter(adaptable, refusal)
        if parameter is None:
            return False
        learned = self._learned.setdefault(model, {})
        recommended = _RECOMMENDATION.search(refusal.message)
        replacement = recommended[1] if recommended else None
        if replacement in learned or replacement == parameter:
            replacement = None
        learned.setdefault(parameter, replacement)
        return True

    def leave_out(self, model: Model, parameter: str) -> None:
        """Remember that the model does not accept the parameter."""
        self._learned.setdefault(model, {})[parameter] = None


def _refused_parameter(adaptable: Collection[str], refusal: Refusal) -> str | None:
    is_refusal = refusal.code in _REFUSING_CODES or _REFUSING_WORDS.search(refusal.message)
    if not is_refusal:
        return None
    # Some write `topP` for the `top_p` that was sent.
    spelled = {name.replace("_", ""): name for name in adaptable}
    named = refusal.parameter.partition(".")[0].partition("[")[0]
    if named:
        return spelled.get(_bare(named))
    complaint = _RECOMMENDATION.sub("", refusal.message)
    words: list[str] = re.findall(r"\w+", complaint)
    mentioned = [spelled[_bare(word)] for word in words if _bare(word) in spelled]
    if not mentioned:
        return None
    return mentioned[-1] if "cannot both" in complaint else mentioned[0]


def _bare(name: str) -> str:
    return name.replace("_", "").lower()
