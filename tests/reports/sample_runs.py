"""Three runs to report on: all is good; one prompt fails and has a proposal; too much to show."""

from dataclasses import replace
from random import Random

from pytest_promptopt.evaluation.base import BaseRecord
from pytest_promptopt.evaluation.evaluation import Answer, Evaluation, GoldenResult, Mark, Outcome
from pytest_promptopt.evaluation.gate import judge
from pytest_promptopt.evaluation.part import Decision
from pytest_promptopt.evaluation.record import PromptRecord, Run
from pytest_promptopt.evaluation.search_record import Offer, Rung, SearchRecord
from pytest_promptopt.evaluation.verdict import Verdict
from pytest_promptopt.prompts.prompt import GateSettings
from pytest_promptopt.statistics.comparison import Pair, compare

MODEL = "openai/gpt-5-mini"
HOSTILE = (
    "</details> <!-- promptopt --> @octocat closes #1 ![x](http://evil.example) `a` | b\n```\n"
)

PATCH = """\
--- a/prompts/ticket_routing.prompt.yml
+++ b/prompts/ticket_routing.prompt.yml
@@ -3,3 +3,3 @@
   - role: system
-    content: Route the ticket.
+    content: Answer with one of billing, returns, shipping.
   - {role: user, content: "{{ticket}}"}
"""


def row(number: int, *, passed: bool, before: bool | None = None, answer: str = "") -> GoldenResult:
    """A golden that has passed or missed, here and at the base."""
    text = "returns" if passed else answer or "It is about billing."
    return replace(
        _result(number, passed=passed),
        before=None if before is None else _result(number, passed=before),
        place=f"prompts/ticket_routing.prompt.yml:{number + 9}",
        input=f"ticket: ticket number {number}",
        expected="returns",
        answers=(Answer(text=text, passed=passed),),
    )


def _result(number: int, *, passed: bool) -> GoldenResult:
    score = float(passed)
    return GoldenResult(
        id=f"ticket-{number:02}",
        outcome=Outcome.PASSED if passed else Outcome.MISSED,
        score=score,
        evaluators=(
            Mark(
                name="right team",
                score=score,
                passed=passed,
                reason="" if passed else "not equal to the expected",
            ),
        ),
        input_tokens=100,
        output_tokens=2,
        cost_usd=0.0001,
    )


def all_good() -> Run:
    """Two prompts, one of them with a gate that a missed golden does not fail."""
    gated = [row(n, passed=n > 0) for n in range(20)]
    return Run(
        prompts=(
            PromptRecord(
                key="prompts/ticket_routing.prompt.yml",
                location="prompts/ticket_routing.prompt.yml",
                model=MODEL,
                goldens=20,
                results=tuple(gated),
                verdict=Verdict(decision=Decision.PASS, passed=True, score=0.95),
            ),
            PromptRecord(
                key="prompts/greeting.prompt.yml",
                location="prompts/greeting.prompt.yml",
                model=MODEL,
                goldens=3,
                results=tuple(row(n, passed=True) for n in range(3)),
            ),
        )
    )


def one_failing(answer: str = "", patch: str = PATCH) -> Run:
    """A prompt that got worse, for which something better was found, beside one that holds."""
    location = "prompts/ticket_routing.prompt.yml"
    rows = (row(n, passed=n >= 8, before=n != 19, answer=answer) for n in range(20))
    failing = PromptRecord(
        key=location,
        location=location,
        model=MODEL,
        goldens=20,
        results=tuple(rows),
        verdict=Verdict(
            decision=Decision.FAIL,
            passed=False,
            score=0.6,
            reasons=("score 0.600 is under min 0.85 (20 goldens scored)",),
        ),
        base=BaseRecord(label="main (642c912f7)", loosened=("`min` was 0.9, now 0.85",)),
    )
    search = SearchRecord(
        key=location,
        location=location,
        sentence="Improved: +1.000 on 12 test goldens [+0.735, +1.000], 12 fixed and 0 broken.",
        is_proven=True,
        comparison=compare(
            [
                Pair(golden_id=str(n), before=0, after=1, passed_before=False, passed_after=True)
                for n in range(12)
            ]
        ),
        before=0.0,
        after=1.0,
        patch=patch,
        apply_command="promptopt apply 0123456789ab",
        cost="12 tokens instead of 10, $0.0001 as before",
        gate="The gate holds on 12 test goldens with the new prompt: score 1.000, min 0.85.",
        offer=Offer(rung=Rung.SUGGEST, url="https://github.com/acme/shop/pull/7#review-1"),
        calls=200,
        model=MODEL,
        optimizer_model="openai/gpt-5",
    )
    other = "prompts/summary.prompt.yml"
    same = BaseRecord(label="main (642c912f7)", identical=True)
    holding = replace(all_good().prompts[0], key=other, location=other, base=same)
    return Run(prompts=(holding, failing), searches=(search,))


def several_too_long() -> Run:
    """Failing prompts with long diffs, many goldens, and hostile text everywhere."""
    runs = [one_failing(HOSTILE, PATCH + f"+{HOSTILE}" * 40) for _ in range(3)]
    prompts, searches = [], []
    for number, run in enumerate(runs):
        [_, failing] = run.prompts
        [search] = run.searches
        name = f"prompts/{number}-{HOSTILE}.prompt.yml"
        base = BaseRecord(label=HOSTILE, loosened=(HOSTILE,))
        prompts.append(replace(failing, key=name, location=name, base=base))
        offer = Offer(rung=Rung.COMMENT, remark=f"no suggestion: {HOSTILE}")
        flags = (f"message 1 adds a link to {HOSTILE}",)
        searches.append(replace(search, key=name, location=name, offer=offer, flags=flags))
    return Run(prompts=tuple(prompts), searches=tuple(searches))


LABELS = ("billing", "shipping", "returns", "technical", "account")
_TEXT = (
    "Hello, my order has not arrived and the invoice shows twice what the website said when "
    "I bought the lamp, please tell me whether I can return it or get my money back soon"
)


def many(prompts: int, goldens: int, *, models: int = 1) -> Run:
    """So many prompts with so many goldens each, on both sides of a base; the first are worse."""
    return Run(
        exit_code=1,
        prompts=tuple(
            _routing(number, goldens, MODEL if not model else f"{MODEL}-{model + 1}")
            for number in range(prompts)
            for model in range(models)
        ),
    )


def _routing(number: int, goldens: int, model: str) -> PromptRecord:
    pick = Random(f"{number} {model}")
    rate = 0.6 + 0.035 * number
    results = tuple(_routed(n, pick, rate) for n in range(goldens))
    location = f"prompts/{_NAMES[number % len(_NAMES)]}.prompt.yml"
    evaluation = Evaluation(location=location, results=results)
    verdict = judge(GateSettings(line=1, minimum=0.7, confidence=0.95), evaluation)
    return PromptRecord(
        key=location if model == MODEL else f"{location}[{model}]",
        location=location,
        model=model,
        goldens=goldens,
        has_gate=True,
        results=results,
        verdict=verdict,
        base=BaseRecord(label="main (642c912f7)"),
    )


_NAMES = (
    "ticket_routing",
    "refund_reason",
    "tone",
    "language",
    "urgency",
    "product_line",
    "spam",
    "summary_topic",
    "sentiment",
    "escalation",
)


def _routed(number: int, pick: Random, rate: float) -> GoldenResult:
    own = Random(number)
    wanted = own.choice(LABELS)
    named = wanted if pick.random() < rate else pick.choice(LABELS)
    earlier = wanted if pick.random() < 0.72 else pick.choice(LABELS)
    ticket = " ".join(own.choices(_TEXT.split(), k=own.randrange(12, 40)))
    answer, before = (f"It is {n}." if pick.random() < 0.3 else n for n in (named, earlier))
    result = replace(
        _answered(f"ticket-{number:04}", wanted, named, answer),
        tags=(own.choice(("mail", "chat", "phone")), own.choice(("en", "de"))),
        input=f"ticket: {ticket}",
        expected=wanted,
        place=f"prompts/tickets.jsonl:{number + 1}",
        input_tokens=pick.randrange(100, 180),
        latency_seconds=pick.lognormvariate(-0.3, 0.5),
        cost_usd=0.00001 * pick.randrange(4, 12),
    )
    return result.against(_answered(result.id, wanted, earlier, before))


def _answered(name: str, wanted: str, named: str, answer: str) -> GoldenResult:
    is_right, is_bare = wanted == named, answer == named
    return GoldenResult(
        id=name,
        outcome=Outcome.PASSED if is_right and is_bare else Outcome.MISSED,
        score=(is_right + is_bare) / 2,
        evaluators=(
            Mark(
                name="right team",
                score=float(is_right),
                passed=is_right,
                reason=f"names {named}",
                named=named,
                wanted=wanted,
            ),
            Mark(
                name="nothing else",
                score=float(is_bare),
                passed=is_bare,
                reason="" if is_bare else "is more than a label",
            ),
        ),
        output_tokens=len(answer.split()) + 1,
        answers=(
            Answer(
                text=answer,
                passed=is_right and is_bare,
                reasoning=f"The customer writes about {named}, so {named} it is.",
            ),
        ),
    )
