"""Flags on a proposal: what people must look at before they take it."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from pytest_promptopt.evaluation.listing import listed
from pytest_promptopt.proposals.invisible import invisible_in
from pytest_promptopt.proposals.proposal import Proposal
from pytest_promptopt.text.excerpt import one_line
from pytest_promptopt.text.secrets import Shape, shapes_in

_SHOWN = 3
_LONGEST_HOST = 60
_LONGEST_SENTENCE = 300

_NAME = r"[^\W\d_]"
# Ends of files' names that no domain has.
_NO_DOMAIN = (
    "cfg|conf|cpp|css|csv|docx|exe|go|hpp|html?|ini|ipynb|java|jpe?g|jsx?|json|jsonl|log|pdf|php"
    "|png|rb|scss|sql|toml|tsv|tsx?|txt|xlsx|xml|ya?ml"
)
# Ends of files' names that are domains too: `app.py:12` is a line.
_CODE = "cc|md|mm|pl|ps|py|rs|sh"
_LINK = re.compile(
    rf"""
    \]\(\s*<?(?P<markdown>[^\s<>()]*[/.:\#][^\s<>()]*)
    | <[A-Za-z][^<>]{{0,500}}?\s(?i:href|src|srcset|action|formaction|background|poster)\s*=
      \s*["']?(?P<html>[^\s"'<>]+)
    | (?P<url>(?:\b[A-Za-z][A-Za-z0-9+.-]{{0,30}})?://(?=[\w\[{{%@/-])[^\s<>"]*)
    | (?P<no_scheme>(?<![\w:/])//(?=[\w-]+\.[\w.-]*{_NAME}{{2}})[^\s<>"]*)
    | (?P<scheme>\b(?i:https?|ftp|javascript|vbscript|mailto):
        (?={_NAME}|[/\\%[(]+[\w[{{%])[^\s<>"]*)
    | (?P<app>\b(?i:(?:tel|sms):(?=\(?[+\d])|(?:bitcoin|callto|facetime|magnet|sips?|skype|xmpp)
        :(?=[\w?]))[^\s<>"]*)
    | (?P<data>\b(?i:data):(?:[\w.+-]{{1,99}}/[\w.+-]{{1,99}})?(?:;[\w=.+-]{{1,99}}){{0,5}},
        [^\s<>"]*)
    | (?P<www>\b(?i:www)\d{{0,3}}\.(?=\w)[^\s<>"]*)
    | (?P<domain>
        (?<![\w/.@\\-])(?:[\w-]{{1,63}}[.。．｡])+
        (?!(?i:{_NO_DOMAIN})\b)(?:[a-z]{{2,24}}|[A-Z]{{2,24}}|xn--[\w-]{{2,59}}|[^\x00-\x7f]{{2,24}})
        (?:(?::\d{{1,5}})?(?:/|\?\w+=)|:\d{{4,5}}\b|(?<!\.(?i:{_CODE})):\d{{2,5}}\b)[^\s<>"]*
      )
    | (?P<punycode>(?<![\w.-])(?:[\w-]{{1,63}}\.){{0,9}}(?i:xn--)[\w.:-]{{1,250}}[^\s<>"]*)
    | (?P<address>(?<![\w/.@-])(?:\d{{1,3}}(?:\.\d{{1,3}}){{3}}|\[[\da-fA-F]*:[\da-fA-F:.]+\]
        |(?i:localhost))(?::\d{{2,5}}\b|(?::\d{{1,5}})?/(?!\d{{1,2}}\b))[^\s<>"]*)
    | (?<=[\w.+%'-])@(?P<email>(?:[\w-]+\.)+{_NAME}{{2,24}})
    """,
    re.VERBOSE,
)
_PARTS = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+-]*):)?(?P<slashes>[/\\]*)(?:[^/\\?#]*@)?(?P<host>[\w.%:-]*)"
)
_WITHOUT_HOST = {
    *("bitcoin", "callto", "data", "facetime", "javascript", "magnet", "mailto"),
    *("sip", "sips", "skype", "sms", "tel", "vbscript", "xmpp"),
}
# Tags that prompts use for their own ends (`<input>`, `<source>`) are HTML where they have HTML's
# attributes.
_TAG = re.compile(
    r"""
    <(?i:(?P<active>applet|audio|embed|frame|frameset|iframe|img|marquee|noscript|object|script|svg
        |textarea|video)(?=[\s/>])
    | (?P<known>a|base|button|form|input|link|meta|source)(?=\s+[\w-]+\s*=)
    | (?P<styled>[a-z][\w-]{0,30})\s[^<>]{0,500}?\b(?:on[a-z]{3,30}|style)\s*=
    | (?P<comment>!--))
    """,
    re.VERBOSE,
)
_BARE = {"www", "domain", "punycode", "address"}
_AFTER_A_LINK = ".,;:!?)]}'\"*_`"

_TOKEN = re.compile(r"[A-Za-z0-9+/_=-]{32,}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SIGNS = re.compile(r"(?P<digit>[0-9]+)|(?P<upper>[A-Z]+)|(?P<lower>[a-z]+)")
_LEAST_CHANGES = 0.25


class _Kind(Enum):
    """What is looked for, as it is told of one and of more."""

    SECRET = ("what looks like", "what looks like")
    LINK = ("a link to", "links to")
    HTML = ("HTML's", "HTML's")
    EMAIL = ("an e-mail address at", "e-mail addresses at")
    INVISIBLE = ("the invisible character", "invisible characters:")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """Something in a text: ``text`` tells it from others, ``shown`` is for people."""

    kind: _Kind
    text: str
    shown: str


def flags(proposal: Proposal) -> tuple[str, ...]:
    """What is added to each message, as a sentence a kind without its end.

    Looked for are links, tags of HTML, e-mail addresses, what has the shape of a secret, and
    characters that nobody sees. What the changed messages held before is not told. Of a link the
    host is shown, of a secret nothing. What contradicts the prompt's own words comes first.
    """
    old = [change.before for change in proposal.texts]
    new = [(f"message {change.position + 1}", change.after) for change in proposal.texts]
    if proposal.demonstrations is not None:
        old.append(proposal.demonstrations.question)
        for number, message in enumerate(proposal.demonstrations.messages, start=1):
            new.append((f"message {number} of the demonstrations", message.content))
    known = {(found.kind, found.text) for text in old for found in _finds(text)}
    added = (
        f"{name} adds {what}"
        for name, text in new
        for what in _told([f for f in _finds(text) if (f.kind, f.text) not in known])
    )
    said = (one_line(text, _LONGEST_SENTENCE) for text in proposal.contradictions)
    return (*(f"the new text {text}" for text in said), *added)


def _told(finds: Sequence[_Found]) -> Iterator[str]:
    for kind in _Kind:
        shown = [*dict.fromkeys(found.shown for found in finds if found.kind is kind)]
        if shown:
            one, more = kind.value
            yield f"{one if len(shown) == 1 else more} {listed(shown, shown=_SHOWN)}"


def _finds(text: str) -> Iterator[_Found]:
    for number, char in _numbered(invisible_in(text)):
        shown = f"U+{ord(char):04X}"
        yield _Found(kind=_Kind.INVISIBLE, text=f"{shown} {number}", shown=shown)
    # What is told of links is told of a text that no longer holds the secrets.
    rest = text
    for find in (shapes_in, _random_in):
        shapes = [*find(rest)]
        for shape in shapes:
            found = rest[shape.start : shape.end]
            yield _Found(kind=_Kind.SECRET, text=found, shown=shape.kind)
        rest = _without(rest, shapes)
    for match in _TAG.finditer(rest):
        name = match[match.lastgroup or 0].lower()
        yield _Found(kind=_Kind.HTML, text=name, shown=f"`{name}`")
    for match in _LINK.finditer(rest):
        target = match[match.lastgroup or 0]
        if match.lastgroup == "email":
            start = max(match.start() - 64, 0)
            name = rest[start : match.start()].split()[-1]
            yield _Found(kind=_Kind.EMAIL, text=f"{name}@{target}", shown=_shown(target))
        else:
            yield _Found(
                kind=_Kind.LINK,
                text=target.rstrip(_AFTER_A_LINK),
                shown=_host(target, is_bare=match.lastgroup in _BARE),
            )


def _numbered(chars: Iterator[str]) -> Iterator[tuple[int, str]]:
    """Each with how often it has come, so that one more than before is new."""
    counts: Counter[str] = Counter()
    for char in chars:
        counts[char] += 1
        yield counts[char], char


def _random_in(text: str) -> Iterator[Shape]:
    for match in _TOKEN.finditer(text):
        if _looks_random(_UUID.sub("", match[0])):
            yield Shape(kind="a random token", start=match.start(), end=match.end())


def _without(text: str, shapes: Sequence[Shape]) -> str:
    ends = [0, *(shape.end for shape in shapes)]
    starts = [*(shape.start for shape in shapes), len(text)]
    return "…".join(text[end:start] for end, start in zip(ends, starts, strict=True))


def _looks_random(token: str) -> bool:
    """Whether digits, capitals and small letters change places as only chance has it."""
    runs = [match.lastgroup for match in _SIGNS.finditer("".join(re.findall(r"[^\W_]+", token)))]
    return runs.count("digit") > 1 and len(runs) - 1 >= _LEAST_CHANGES * len(token)


def _host(target: str, *, is_bare: bool) -> str:
    """Where a link leads; of one that names no host, how it does so."""
    parts = _PARTS.match(f"//{target}" if is_bare else target)
    if parts is None:
        return "elsewhere"
    scheme = (parts["scheme"] or "").lower()
    if scheme in _WITHOUT_HOST:
        return f"{scheme}:"
    is_host = scheme or len(parts["slashes"]) > 1
    host = parts["host"] if is_host else ""
    return _shown(host) or "elsewhere"


def _shown(host: str) -> str:
    """The end of a host tells whose it is; letters that look like others are written out."""
    plain = host.strip(".:").lower().encode("ascii", "backslashreplace").decode()
    return plain if len(plain) <= _LONGEST_HOST else f"…{plain[1 - _LONGEST_HOST :]}"
