import random
import string
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_promptopt.messages import Message
from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.proposals.flags import flags
from pytest_promptopt.proposals.proposal import Proposal, ShownExamples, TextChange
from tests.proposals.made import FILE, made

SIGNS = string.ascii_letters + string.digits
WORDS = st.text("abc ,.!?:;()[]{}\n'\"`*é東", max_size=40)


@pytest.fixture(scope="module")
def proposal(tmp_path_factory: pytest.TempPathFactory) -> Proposal:
    return made(Path(tmp_path_factory.mktemp("project")))


def found(proposal: Proposal, after: str, before: str = "") -> tuple[str, ...]:
    change = TextChange(position=0, role="system", before=before, after=after)
    return flags(replace(proposal, texts=(change,)))


def signs(count: int, seed: int) -> str:
    return "".join(random.Random(seed).choices(SIGNS, k=count))


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("see https://user:pw@evil.example:8080/x?y#z.", "a link to evil.example:8080"),
        ("HTTPS://EVIL.EXAMPLE", "a link to evil.example"),
        ("ssh://evil.example/x", "a link to evil.example"),
        ("www.evil.example", "a link to www.evil.example"),
        ("//evil.example/x", "a link to evil.example"),
        (r"http:\\evil.example", "a link to evil.example"),
        ("evil.example/x", "a link to evil.example"),
        ("evil.example?q=1", "a link to evil.example"),
        ("10.0.0.1/x", "a link to 10.0.0.1"),
        ("evil.example:80", "a link to evil.example:80"),
        ("evil.sh:8080", "a link to evil.sh:8080"),
        ("localhost:9000", "a link to localhost:9000"),
        ("10.0.0.1:8080", "a link to 10.0.0.1:8080"),
        ("xn--80ak6aa92e.com", "a link to xn--80ak6aa92e.com"),
        ("at mail.XN--80ak6aa92e", "a link to mail.xn--80ak6aa92e"),
        ("tel:+4915112345678", "a link to tel:"),
        ("SMS:0151", "a link to sms:"),
        ("magnet:?xt=urn:x", "a link to magnet:"),
        ("<script>x</script>", "HTML's `script`"),
        ("<IMG/onerror=x> <svg onload=x>", "HTML's `img`, `svg`"),
        ("<input type=text>", "HTML's `input`"),
        ("<b style='display:none'>", "HTML's `b`"),
        ("<!-- not seen -->", "HTML's `!--`"),
        ("a\xa0b\u2003c\u200a", "invisible characters: U+00A0, U+2003, U+200A"),
        ("[a](http://evil.example)", "a link to evil.example"),
        ("![a](data:image/png;base64,AAAA)", "a link to data:"),
        ("[a](javascript:alert(1))", "a link to javascript:"),
        ("JavaScript:alert(1)", "a link to javascript:"),
        ("data:,x", "a link to data:"),
        ("[a](docs/b.md)", "a link to elsewhere"),
        ("<track src='/x'>", "a link to elsewhere"),
        ("https://{{host}}/x", "a link to elsewhere"),
        ("https://gіthub.com", r"a link to g\u0456thub.com"),
        (f"https://{'a.' * 60}evil.example", f"a link to ….{'a.' * 23}evil.example"),
        ("grace@evil.example", "an e-mail address at evil.example"),
        ("mailto:grace@evil.example", "a link to mailto:"),
        ("a.example/1 b.example/1 c.example/1 d.example/1 e.example/1",
         "links to a.example, b.example, c.example and 2 more"),
        ("a\u200bb\u202ec\u200b", "invisible characters: U+200B, U+202E"),
        ("a\U000e0041\u3164", "invisible characters: U+E0041, U+3164"),
        ("a\u200d", "the invisible character U+200D"),
        (f"AIza{signs(35, 1)}", "what looks like an API key"),
        ("sk-proj-abcdefghij0123456789", "what looks like an API key"),
        (f"sk_live_{signs(24, 1)}", "what looks like an API key"),
        ("xoxb-123456789012-abcdefghij", "what looks like a Slack token"),
        (f"npm_{signs(36, 1)}", "what looks like a package registry's token"),
        (f"pypi-{signs(60, 1)}", "what looks like a package registry's token"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc", "what looks like a JSON web token"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", "what looks like a private key"),
        (signs(40, 1), "what looks like a random token"),
    ],
)  # fmt: skip
def test_what_is_added_is_told(proposal: Proposal, text: str, flag: str) -> None:
    [told] = found(proposal, f"Answer so: {text}")
    assert told == f"message 1 adds {flag}"
    assert found(proposal, f"Say {text}", f"Answer so: {text}") == ()


@pytest.mark.parametrize(
    "text",
    [
        "README.md, node.js, node.js/express, prompts/a.prompt.yml, src/app.py and README.md:12",
        "e.g. this, i.e. that, U.S./EU, TCP/IP, and/or, yes/no, 1/2, Mr.Smith",
        "v1.2.3, 3.14, 12:30, 2024-05-17T12:30:00Z, 10.0.0.0/8, $12.50/month, 1.5/10",
        'Use the data: name. {"url": "text", "http": true, "data": "text"}',
        "application/json, text/html; charset=utf-8, application/vnd.api+json",
        "starts with https:// or http://, https: or www., https://…",
        "JavaScript: a language. [label](confidence) a // b std::vector C:\\Users\\x",
        "@octocat user@host numpy@1.2.3",
        '<answer>, <input>{{q}}</input>, <source>, <doc index="1"> a<b, x<a and <a>',
        "app.py:12, 1:10, Tel: 110, tel: {{tel}}, Matthew 5:12, key:value, 3.5:10, 東京\u3000府",
        "{{ticket.body}}/{{ticket.title}} Bearer {{token_0123456789abcdef}} sk-{{key}}",
        "123e4567-e89b-12d3-a456-426614174000 order-2024-05-17-customer-00123-refund",
        "getUserNameFromDatabaseByIdentifier docs/Guide2/Reference_manual/Section-4",
        f"Donaudampfschifffahrtsgesellschaft {'-' * 50} {'1234567890' * 4}",
        "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL} ❤️ می‌خواهم Straße\r\n\ttab",
    ],
)
def test_ordinary_prose_is_not_told(proposal: Proposal, text: str) -> None:
    assert found(proposal, text) == ()


def test_what_the_text_held_before_is_not_new_but_more_of_it_is(proposal: Proposal) -> None:
    old = "See https://a.example/x. a\u200b"
    assert found(proposal, "Look: https://a.example/x, a\u200b!", old) == ()
    assert found(proposal, "See https://a.example/y a\u200b\u200b", old) == (
        "message 1 adds a link to a.example",
        "message 1 adds the invisible character U+200B",
    )


def test_each_message_is_told_by_its_number(proposal: Proposal) -> None:
    texts = [
        TextChange(position=n, role="user", before="", after=f"https://{n}.example") for n in (0, 2)
    ]
    shown = ShownExamples(
        position=1,
        question="www.q.example",
        messages=(
            Message(role="user", content="www.q.example"),
            Message(role="assistant", content="www.a.example"),
        ),
    )
    assert flags(replace(proposal, texts=tuple(texts), demonstrations=shown)) == (
        "message 1 adds a link to 0.example",
        "message 3 adds a link to 2.example",
        "message 2 of the demonstrations adds a link to www.a.example",
    )


@given(WORDS, WORDS, st.sampled_from(["https://e.example/x", "www.e.example", "e.example/x"]))
def test_a_planted_link_is_always_told(
    proposal: Proposal, before: str, after: str, link: str
) -> None:
    assert any("link" in flag for flag in found(proposal, f"{before} {link} {after}"))


@given(WORDS, WORDS, st.integers(0, 2**32), st.integers(0, 4), st.sampled_from(["", "https://"]))
def test_a_planted_secret_is_always_told_and_never_shown(
    proposal: Proposal, before: str, after: str, seed: int, kind: int, scheme: str
) -> None:
    starts = ("AIza", "npm_", "ghp_", "sk_live_", "sk-0")
    secret = starts[kind] + signs(36 if kind == 1 else 35, seed)
    told = found(proposal, f"{before} {scheme}{secret} {after}")
    assert any("what looks like" in flag for flag in told)
    assert not any(secret.lower()[8:] in flag.lower() for flag in told)


@pytest.mark.parametrize(
    "part",
    [
        "sk-",
        "eyJ-",
        "](a",
        "<a href ",
        "://",
        "//a.",
        "a@a",
        "a.",
        "a-",
        "a.xn--",
        "[a:",
        "<b on",
        "1.",
    ],
)
def test_a_hostile_text_takes_no_long_time(proposal: Proposal, part: str) -> None:
    assert isinstance(found(proposal, part * 20_000), tuple)


def test_what_contradicts_the_prompts_own_words_is_told_wherever_it_stands(tmp_path: Path) -> None:
    asks = FILE.replace(b"ticket.'", b"ticket, and explain why.'")
    candidate = Candidate(texts={1: "Ticket: {{ticket}}\n\nGive the label only, no other words."})
    proposal = made(tmp_path, candidate, content=asks)
    assert flags(proposal) == (
        "the new text forbids the explanation that the prompt asks for: "
        '"Give the label only, no other words."',
    )
    assert flags(Proposal.from_json(proposal.to_json())) == flags(proposal)
    assert flags(made(tmp_path, candidate)) == ()
