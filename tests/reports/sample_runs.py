"""Three runs to report on: all is good; one prompt fails and has a proposal; too much to show."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pytest_promptopt.evaluation.evaluation import GoldenResult, Mark, Outcome
from pytest_promptopt.evaluation.gate import Decision, Verdict
from pytest_promptopt.reports.search import Offer, Rung, SearchSummary
from pytest_promptopt.reports.summary import Answer, BaseSummary, GoldenRow, PromptSummary
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a report is made from."""

    summaries: Sequence[PromptSummary]
    searches: Sequence[SearchSummary] = ()


def row(number: int, *, passed: bool, before: bool | None = None, answer: str = "") -> GoldenRow:
    """A golden that has passed or missed, here and at the base."""
    return GoldenRow(
        result=_result(number, passed=passed),
        before=None if before is None else _result(number, passed=before),
        place=f"prompts/ticket_routing.prompt.yml:{number + 9}",
        input="" if passed else f"ticket: ticket number {number}",
        expected=None if passed else "returns",
        answers=() if passed else (Answer(text=answer or "It is about billing.", passed=False),),
    )


def _result(number: int, *, passed: bool) -> GoldenResult:
    score = float(passed)
    return GoldenResult(
        golden_id=f"ticket-{number:02}",
        outcome=Outcome.PASSED if passed else Outcome.MISSED,
        score=score,
        marks=(
            Mark(
                evaluator="right team",
                value=score,
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
        summaries=[
            PromptSummary(
                location="prompts/ticket_routing.prompt.yml",
                model=MODEL,
                goldens=20,
                rows=gated,
                verdict=Verdict(decision=Decision.PASS, passed=True, score=0.95),
            ),
            PromptSummary(
                location="prompts/greeting.prompt.yml",
                model=MODEL,
                goldens=3,
                rows=[row(n, passed=True) for n in range(3)],
            ),
        ]
    )


def one_failing(answer: str = "", patch: str = PATCH) -> Run:
    """A prompt that got worse, for which something better was found, beside one that holds."""
    location = "prompts/ticket_routing.prompt.yml"
    rows = [row(n, passed=n >= 8, before=n != 19, answer=answer) for n in range(20)]
    failing = PromptSummary(
        key=location,
        location=location,
        model=MODEL,
        goldens=20,
        rows=rows,
        verdict=Verdict(
            decision=Decision.FAIL,
            passed=False,
            score=0.6,
            reasons=("score 0.600 is under min 0.85 (20 goldens scored)",),
        ),
        base=BaseSummary(label="main (642c912f7)", loosened=("`min` was 0.9, now 0.85",)),
    )
    search = SearchSummary(
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
        offer=Offer(rung=Rung.SUGGEST, url="https://github.com/acme/shop/pull/7#review-1"),
        calls=200,
        model=MODEL,
        optimizer_model="openai/gpt-5",
    )
    [holding, _] = all_good().summaries
    holding.key = holding.location = "prompts/summary.prompt.yml"
    holding.base = BaseSummary(label="main (642c912f7)", identical=True)
    return Run(summaries=[holding, failing], searches=[search])


def several_too_long() -> Run:
    """Failing prompts with long diffs, many goldens, and hostile text everywhere."""
    runs = [one_failing(HOSTILE, PATCH + f"+{HOSTILE}" * 40) for _ in range(3)]
    summaries, searches = [], []
    for number, run in enumerate(runs):
        [_, failing] = run.summaries
        [search] = run.searches
        name = f"prompts/{number}-{HOSTILE}.prompt.yml"
        failing.key = failing.location = name
        failing.base = BaseSummary(label=HOSTILE, loosened=(HOSTILE,))
        summaries.append(failing)
        offer = Offer(rung=Rung.COMMENT, remark=f"no suggestion: {HOSTILE}")
        flags = (f"message 1 adds a link to {HOSTILE}",)
        searches.append(replace(search, key=name, location=name, offer=offer, flags=flags))
    return Run(summaries=summaries, searches=searches)
