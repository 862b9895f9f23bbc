"""Mutators: each breaks a sentence of a prompt in one way.

A mutator takes a :class:`Material` and gives changes. What it knows of languages stands in tables,
of which those are used that fit; a sentence in another language is still dropped, and its labels,
numbers and examples are changed.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, islice

from pytest_promptopt.mutation.sentences import Bounds, Sentence


class Break(StrEnum):
    """The ways in which a sentence is broken, as what it then is."""

    DROPPED = "dropped"
    NEGATED = "negated"
    LABEL = "with another label"
    NUMBER = "with another number"
    ANSWER = "with another answer"
    FORMAT = "without its format"
    ROLE = "in another role"
    CUE = "without its cue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """``text`` in the place of the characters of ``span`` of the sentence's message."""

    kind: Break
    span: Bounds
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A sentence with what mutators need to know of its prompt.

    In ``plain``, which is as long as the message's ``text``, what is quoted is struck out.
    ``answers`` are those of the prompt's worked examples.
    """

    sentence: Sentence
    text: str
    plain: str
    labels: Sequence[str] = ()
    answers: Sequence[str] = ()

    @property
    def bounds(self) -> Bounds:
        """Where the sentence stands."""
        return self.sentence.span


def changes_of(material: Material) -> Iterator[Mutation]:
    """All changes of the sentence, the gravest kind first."""
    mutators = _MUTATORS if material.sentence.answer is None else (_dropped, _example)
    return chain.from_iterable(mutator(material) for mutator in mutators)


def _dropped(material: Material) -> Iterator[Mutation]:
    if material.sentence.cut is not None:
        yield Mutation(kind=Break.DROPPED, span=material.sentence.cut)


def _example(material: Material) -> Iterator[Mutation]:
    """Another example's answer in the place of this one's."""
    span = material.sentence.answer
    if span is None:
        return
    own = material.text[slice(*span)]
    another = next((a for a in _from(material.answers, own) if a.strip() != own.strip()), None)
    if another is not None:
        yield Mutation(kind=Break.ANSWER, span=span, text=another)


def _from(items: Sequence[str], start: str) -> Sequence[str]:
    """The items from ``start`` on, and then those before it."""
    at = items.index(start) if start in items else 0
    return [*items[at:], *items[:at]]


_NEGATIONS = (
    (r"\b(?:do not|don['’]t) (\w)", r"\1"),
    (r"\bnever\b", "always"),
    (r"\b(must|should|may|can|will|shall|need) ?(?:not|n['’]t)\b", r"\1"),
    (r"\bwithout\b", "with"),
    (r"\b(?:nicht|niemals|nie) ", ""),
    (r"\bkein(e[mnrs]?)?\b", r"ein\1"),
    (r"\bohne\b", "mit"),
    (r"\b(?:ne |n['’])(\w+) (?:pas|jamais|plus)\b", r"\1"),
    (r"\bsans\b", "avec"),
    (r"\b(?:n[aã]o|nunca|jamás|non) (?=\w)", ""),
    (r"\bno (?=[a-záéíóúñ])", ""),
    (r"(?:请勿|不要|请不要)", "请"),
    (r"(?:不得|不可以|不能)", "可以"),
    (r"しないで", "して"),
)
_AFFIRMATIONS = (
    (r"\b(must|should|may|can|will|shall)\b", r"\1 not"),
    (r"\balways\b", "never"),
    (r"\bif\b", "unless"),
    (r"\bimmer\b", "nie"),
    (r"\b(muss|müssen|musst|soll|sollen|sollst|darf|dürfen|darfst)\b", r"\1 nicht"),
    (r"\b(?:toujours)\b", "jamais"),
    (r"\b(doit|dois|devez|doivent)\b", r"ne \1 pas"),
    (r"\b(?:siempre|sempre)\b", "nunca"),
    (r"\b(debe|debes|deben)\b", r"no \1"),
    (r"\b(deve|devi|devono)\b", r"non \1"),
    ("必须|总是", "不得"),
    ("必ず", "決して"),
)
_ORDER = re.compile(
    r"(?P<please>please )?(?P<verb>answer|reply|respond|return|output|write|use|give|list|include"
    r"|keep|put|start|begin|end|classify|extract|route|choose|pick|select|translate|summari[sz]e"
    r"|format|ignore|treat|prefer|mention|copy|set|round|sort|order|separate|wrap|call|name|say|tell"
    r"|ask|think|check|make|leave|omit|convert|replace|read|follow|explain|describe|label|mark|quote"
    r"|rate|score|count|add|remove|state|show|print|provide|produce|generate|create|assign|map|take"
    r"|be|do)\b",
    re.IGNORECASE,
)


Rules = Sequence[tuple[re.Pattern[str], str]]


def _compiled(rules: Sequence[tuple[str, str]]) -> Rules:
    return [(re.compile(pattern, re.IGNORECASE), other) for pattern, other in rules]


_TURNED = (*_compiled(_NEGATIONS), *_compiled(_AFFIRMATIONS))


def _negated(material: Material) -> Iterator[Mutation]:
    """The contrary, by the first word that says yes or no; else of an order at the beginning."""
    for found, other in _first(_TURNED, material.plain, material.bounds):
        yield Mutation(kind=Break.NEGATED, span=found.span(), text=_as(found, other))
        return
    order = _ORDER.match(material.plain, *material.bounds)
    if order:
        text = f"{order['please'] or ''}do not {order['verb'].lower()}"
        yield Mutation(kind=Break.NEGATED, span=order.span(), text=_as(order, text))


def _first(rules: Rules, text: str, bounds: Bounds) -> Iterator[tuple[re.Match[str], str]]:
    """What the first rule that fits finds, and what it makes of that; nothing where none fits."""
    for pattern, other in rules:
        found = pattern.search(text, *bounds)
        if found:
            yield found, found.expand(other)
            return


def _as(found: re.Match[str], text: str) -> str:
    """``text`` with a capital where the words that it stands for have one."""
    return text[:1].upper() + text[1:] if found[0][:1].isupper() else text


def _labels(material: Material) -> Iterator[Mutation]:
    """Of an enumeration each label left out, else each label another one."""
    found = {label: _named(label, material) for label in material.labels}
    places = {label: place for label, place in found.items() if place}
    for label, place in places.items():
        if len(places) > 2:
            yield Mutation(kind=Break.LABEL, span=_with_comma(material, place))
        elif len(material.labels) > 1:
            others = _from(material.labels, label)
            yield Mutation(kind=Break.LABEL, span=place.span(), text=others[1])


def _named(label: str, material: Material) -> re.Match[str] | None:
    pattern = re.compile(rf"(?<!\w){re.escape(label)}(?!\w)")
    return pattern.search(material.text, *material.bounds)


_JOINED = (
    r"(?:\s*,\s*(?:(?:or|and|oder|und|ou|et|o|y|e)\s+)?|\s+(?:or|and|oder|und|ou|et|o|y|e)\s+"
    r"|\s*[、，;|/]\s*)"
)
_BEHIND = re.compile(rf"[\"'`”»*]*{_JOINED}[\"'`“«*]*")
_BEFORE = re.compile(rf"{_JOINED}$")


def _with_comma(material: Material, place: re.Match[str]) -> Bounds:
    """The label with what parts it from the next one, of the last with what is before it."""
    behind = _BEHIND.match(material.text, place.end(), material.bounds[1])
    if behind:
        return place.start(), behind.end()
    before = _BEFORE.search(material.text[: place.start()], material.bounds[0])
    return before.start() if before else place.start(), place.end()


_MOST_NUMBERS = 2
_WORDS = (
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "twelve",
    "twenty",
)
_NUMBER = re.compile(
    rf"(?<![\w.,{{:/-])(?:(?P<digits>\d{{1,6}})(?![\w}}/-]|[.,:]\d)|(?P<word>{'|'.join(_WORDS)})(?!\w))",
    re.IGNORECASE,
)
_VALUES: Mapping[str, int] = dict(zip(_WORDS, (*range(2, 11), 12, 20), strict=True))


def _numbers(material: Material) -> Iterator[Mutation]:
    """The first numbers doubled, and half of them."""
    numbers = _NUMBER.finditer(material.text, *material.bounds)
    for found in islice(numbers, _MOST_NUMBERS):
        value = int(found["digits"]) if found["digits"] else _VALUES[found["word"].lower()]
        for other in (2 * value or 1, value // 2):
            if other != value:
                yield Mutation(kind=Break.NUMBER, span=found.span(), text=str(other))


_FORMATS = (
    r"JSON|YAML|XML|CSV|HTML|Markdown|LaTeX|ISO[- ]8601|lower[- ]?case|upper[- ]?case|title case"
    r"|kebab[- ]case|snake[_ ]case|camel ?case|plain text|bullet points|capital letters"
    r"|Kleinbuchstaben|Großbuchstaben|minuscules|majuscules|minúsculas|mayúsculas"
)
_FORMAT = re.compile(
    rf",? ?\b(?:(?:in|as|using|with|als|im|en|au format|em) )(?:\w+ )?(?:{_FORMATS})\b(?: format)?"
    r"|,? (?:and )?(?:without|with no|ohne|sans|sin|sem) [^.,;:\n·]{3,50}"
    r"|(?:以|用)\s*JSON\s*(?:格式)?",
    re.IGNORECASE,
)


def _formats(material: Material) -> Iterator[Mutation]:
    return _without(Break.FORMAT, _FORMAT, material)


_ROLES = (
    (r"\b(You are|Act as|You['’]re) (?:an?|the) [^.,;:\n]{2,80}", r"\1 a poet"),
    (r"\b(Du bist|Sie sind) (?:ein|eine|der|die|das) [^.,;:\n]{2,80}", r"\1 ein Dichter"),
    (r"\b(Tu es|Vous êtes) (?:une?|le|la|l['’])[ \w][^.,;:\n]{2,80}", r"\1 un poète"),
    (r"\b(Eres|Usted es|Você é|Sei) (?:una?|uma?|uno|el|la) [^.,;:\n]{2,80}", r"\1 un poeta"),
    (r"(你是|您是)[^。，；\n]{2,40}", r"\1一位诗人"),
    (r"(あなたは)[^。、\n]{2,40}です", r"\1詩人です"),
)
_ROLE = _compiled(_ROLES)


def _role(material: Material) -> Iterator[Mutation]:
    for found, other in _first(_ROLE, material.text, material.bounds):
        yield Mutation(kind=Break.ROLE, span=found.span(), text=other)


_CUE = re.compile(
    r"(?:\b(?:step[- ]by[- ]step|and nothing else|nothing but|only|exactly|strictly|solely"
    r"|exclusively|precisely|verbatim|Schritt für Schritt|nur|genau|ausschließlich|wörtlich"
    r"|étape par étape|uniquement|seulement|exactement|strictement|paso a paso|solamente|s[oó]lo"
    r"|únicamente|exactamente|passo dopo passo|soltanto|esattamente|passo a passo|apenas|somente"
    r"|exatamente)\b|一步一步|逐步|仅|只|ステップバイステップ|のみ|だけ) ?",
    re.IGNORECASE,
)


def _cues(material: Material) -> Iterator[Mutation]:
    return _without(Break.CUE, _CUE, material)


def _without(kind: Break, pattern: re.Pattern[str], material: Material) -> Iterator[Mutation]:
    for found in pattern.finditer(material.plain, *material.bounds):
        yield Mutation(kind=kind, span=_with_blank(material.text, found.span()))


def _with_blank(text: str, span: Bounds) -> Bounds:
    """With the blank before it where no word follows."""
    is_last = text[span[0] - 1 : span[0]] == " " and not text[span[1] : span[1] + 1].isalnum()
    return span[0] - is_last, span[1]


_MUTATORS: Sequence[Callable[[Material], Iterator[Mutation]]] = (
    _dropped,
    _negated,
    _labels,
    _numbers,
    _formats,
    _role,
    _cues,
)
