import base64
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from pytest_promptopt.evaluation.evaluation import Answer, Mark
from pytest_promptopt.evaluation.record import Failure, PromptRecord, Run
from pytest_promptopt.history.scores import SavedScore
from pytest_promptopt.prompts.content import ScoredContent
from pytest_promptopt.reports.html.charts import charts_of
from pytest_promptopt.reports.html.goldens import goldens_of
from pytest_promptopt.reports.html.page import Surroundings, render_html
from tests.reports.browser import look, needs_chromium
from tests.reports.sample_runs import LABELS, all_good, many, one_failing, several_too_long

HOSTILE = (
    "</script><script>document.title='gone'</script><img src=x onerror=\"document.title='gone'\">"
    "\u202eevil\x1b[2J \ud800 <!-- {{ 7 * 7 }} & ' \" \u2028"
)


class Elements(HTMLParser):
    """The elements of a page, and the text in each kind of them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.within = ""
        self.texts: dict[str, list[str]] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self.within = tag

    def handle_endtag(self, tag: str) -> None:
        self.within = ""

    def handle_data(self, data: str) -> None:
        self.texts.setdefault(self.within, []).append(data)

    @property
    def policy(self) -> str:
        return next(a["content"] or "" for _, a in self.found if "http-equiv" in a)

    @property
    def data(self) -> Any:
        return json.loads(self.texts["script"][0])


def hostile() -> Run:
    """A run in which every text that is not ours is hostile."""
    [_, failing] = one_failing().prompts
    assert failing.base is not None
    results = tuple(
        replace(
            result,
            id=f"{n} {HOSTILE}",
            tags=(HOSTILE,),
            notes=(HOSTILE,),
            place=HOSTILE,
            input=HOSTILE,
            expected=HOSTILE,
            answers=(Answer(text=f"{HOSTILE} no", reasoning=HOSTILE, whole=HOSTILE),),
            evaluators=tuple(
                replace(m, name=HOSTILE, reason=HOSTILE, named=HOSTILE, wanted=f"{HOSTILE} {n % 3}")
                for m in result.evaluators
            ),
        )
        for n, result in enumerate(failing.results)
    )
    longest = Answer(text=f"{HOSTILE}{'x' * 1_000_000}", passed=False)
    results = (*results[:7], replace(results[7], answers=(longest,)), *results[8:])
    base = replace(failing.base, label=HOSTILE, loosened=(HOSTILE,))
    prompt = replace(
        failing, key=HOSTILE, location=HOSTILE, model=HOSTILE, results=results, base=base
    )
    return Run(
        exit_code=1,
        failures=(Failure(location=HOSTILE, reason=HOSTILE),),
        prompts=(prompt,),
    )


def saved(prompt: PromptRecord, score: float, version: str) -> SavedScore:
    return SavedScore(
        content=ScoredContent(version=version, goldens="", evaluators="", files=""),
        model=prompt.model,
        location=prompt.location,
        samples=1,
        score=score,
        interval=None,
        goldens={},
        recorded=date(2026, 11, 21),
    )


def test_the_first_screen_has_a_row_a_prompt_those_that_need_a_person_first() -> None:
    run = one_failing()
    [_, failing] = run.prompts
    assert failing.verdict is not None
    verdict = replace(failing.verdict, minimum=0.85)
    run = replace(run, prompts=(run.prompts[0], replace(failing, verdict=verdict)))
    scores = [saved(failing, 0.75, "1"), saved(failing, 0.95, "2")]
    ended = datetime(2026, 11, 28, 13, 39, tzinfo=UTC)
    page = render_html(run, Surroundings(ended=ended, scores=scores))
    elements = Elements(page)
    assert elements.texts["title"] == ["1 of 2 prompts fails · promptopt"]
    assert "28 November 2026, 13:39 UTC · against main (642c912f7)" in page
    assert elements.texts["button"] == [
        "prompts/ticket_routing.prompt.yml",
        "prompts/summary.prompt.yml",
    ]
    labels = [a["aria-label"] for tag, a in elements.found if tag == "svg" and "aria-label" in a]
    assert labels == [
        "0.600, 95 % interval 0.387 to 0.781, gate at 0.850, base 0.950",
        "scores of the last versions: 0.750, 0.950, 0.600",
        "0.950, 95 % interval 0.764 to 0.991",
    ]
    assert "score 0.600 is under min 0.85 (20 goldens scored)" in page
    assert "since main (642c912f7): `min` was 0.9, now 0.85" in page


def test_all_good_is_said_and_what_failed_beside_the_goldens_too() -> None:
    good = render_html(all_good())
    assert "<title>All good · promptopt</title>" in good
    assert '<th scope="col" class="number">Δ base</th>' not in good
    failed = Run(exit_code=2, failures=(Failure(location="a", reason="a.prompt.yml:3: <no>"),))
    page = render_html(failed)
    assert "<title>The run fails, no prompt does · promptopt</title>" in page
    assert "a.prompt.yml:3: &lt;no&gt;" in page


@pytest.mark.parametrize("run", [hostile, several_too_long])
def test_text_that_is_not_ours_is_only_text(run: Callable[[], Run]) -> None:
    page = render_html(run())
    page.encode()
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\ud800-\udfff]", page
    )
    elements = Elements(page)
    kinds = [attributes.get("type") for tag, attributes in elements.found if tag == "script"]
    assert kinds == ["application/json", None]
    assert not [tag for tag, _ in elements.found if tag in {"img", "iframe", "link", "object"}]
    names = {name for _, attributes in elements.found for name in attributes}
    assert not [name for name in names if name.startswith("on") or name in {"style", "src"}]
    links = {a["href"] or "" for _, a in elements.found if "href" in a}
    assert all(re.fullmatch("#goldens|#search-[0-9]", link) for link in links)


def test_the_browser_may_run_the_one_script_and_use_the_one_style() -> None:
    elements = Elements(render_html(all_good()))
    rules = dict(rule.split(" ", 1) for rule in elements.policy.split("; "))
    assert rules["default-src"] == "'none'"
    for kind, text in (("style-src", "style"), ("script-src", "script")):
        digest = hashlib.sha256(elements.texts[text][-1].encode()).digest()
        assert rules[kind] == f"'sha256-{base64.b64encode(digest).decode()}'"


def test_a_golden_is_told_with_what_changed_word_by_word() -> None:
    run = one_failing(answer="returns it.")
    data = Elements(render_html(run)).data
    golden = data["goldens"][0]
    assert (golden["i"], golden["o"], golden["m"], golden["x"]) == (
        "ticket-00",
        "missed",
        "broken",
        "returns",
    )
    assert golden["a"] == [{"t": "returns it.", "p": 0}]
    assert golden["d"] == "=7+4"
    assert golden["b"] == {"o": "passed", "s": 1.0}
    assert data["goldens"][-1]["o"] == "passed"


def test_a_prompt_is_drawn_by_tag_by_evaluator_and_by_label() -> None:
    [prompt] = many(1, 60).prompts
    marks = [result.evaluators[0] for result in prompt.results]
    charts = charts_of(prompt)
    assert [(group.kind, {part.name for part in group.parts}) for group in charts.groups] == [
        ("tag", {"de", "en", "chat", "mail", "phone"}),
        ("evaluator", {"right team", "nothing else"}),
    ]
    [matrix] = charts.matrices
    cells = {
        (row, column): cell.count
        for row, line in matrix.lines
        for column, cell in zip(matrix.named, line, strict=True)
    }
    assert cells == {
        (wanted, named): sum((m.wanted, m.named) == (wanted, named) for m in marks)
        for wanted in LABELS
        for named in LABELS
    }
    assert [histogram.title for histogram in charts.histograms] == [
        "time of an answer",
        "cost of a golden",
        "tokens of a golden",
    ]
    assert all(max(histogram.bars) == 1 for histogram in charts.histograms)
    quick = [replace(r, latency_seconds=r.latency_seconds / 1e6) for r in prompt.results]
    told = charts_of(replace(prompt, results=tuple(quick))).histograms
    assert told == charts.histograms[1:]


def test_many_labels_are_drawn_as_the_commonest_and_others() -> None:
    [prompt] = many(1, 30).prompts
    results = []
    for number, result in enumerate(prompt.results):
        named = "" if number == 1 else str(number % 15)
        mark = Mark(
            name="a", score=0.0, passed=False, reason="", wanted=str(number % 14), named=named
        )
        results.append(replace(result, evaluators=(mark,)))
    [matrix] = charts_of(replace(prompt, results=tuple(results))).matrices
    assert [*matrix.named[-2:], matrix.lines[-1][0]] == ["others", "none", "others"]
    assert sum(cell.count for _, line in matrix.lines for cell in line) == 30


def test_a_large_run_is_cut_and_says_so() -> None:
    def long(run: Run, size: int) -> Run:
        def grown(prompt: PromptRecord) -> PromptRecord:
            results = [replace(r, before=None, input="x é" * size) for r in prompt.results]
            return replace(prompt, results=tuple(results))

        return replace(run, prompts=tuple(map(grown, run.prompts)))

    goldens = goldens_of(long(many(1, 40), 10_000).prompts, most=1_000_000)
    assert len(goldens.rows.encode()) + len(json.dumps(goldens.texts).encode()) < 1_250_000
    assert goldens.remarks == ("texts are cut to their first 12,000 characters",)
    goldens = goldens_of(many(1, 500).prompts, most=100_000)
    told = json.loads(goldens.rows)
    assert {golden["o"] for golden in told} == {"missed"}
    assert goldens.remarks == (
        "texts are cut to their first 80 characters",
        f"{500 - len(told)} goldens left out for want of room, those that passed first",
    )


@needs_chromium
def test_in_a_browser_goldens_are_found_and_open_and_no_text_does_anything(tmp_path: Path) -> None:
    script = """
        const rows = () => page.querySelectorAll("tr.row").length;
        const seen = {rows: rows(), title: page.title};
        clicked("tr.row .id");
        const opened = page.querySelector("tr.opened");
        seen.input = opened.querySelector("pre").textContent;
        seen.added = [...opened.querySelectorAll("ins")].map((ins) => ins.textContent);
        const shown = (selector) => page.querySelector(selector).getClientRects().length > 0;
        seen.shown = [".marks th[scope=row]", ".parts caption", ".matrix thead th"].map(shown);
        seen.elements = page.querySelectorAll("img, script:not([type])").length;
        page.querySelectorAll("tr.row .id")[7].click();
        const last = [...page.querySelectorAll("ins")].pop().textContent;
        seen.cut = /x{1000}… \\([\\d,]+ characters more\\)$/.test(last);
        clicked("input[value=all]");
        seen.all = rows();
        const search = page.querySelector("input[type=search]");
        search.value = "19 </SCRIPT>";
        search.dispatchEvent(new Event("input"));
        seen.searched = rows();
        seen.status = page.querySelector("[role=status]").textContent;
        seen.overflow = page.documentElement.scrollWidth - page.documentElement.clientWidth;
        return seen;
    """
    seen = look(tmp_path, render_html(hostile()), script, width=360)
    shown = (
        "</script><script>document.title='gone'</script><img src=x onerror=\"document.title="
        "'gone'\">\\u202eevil\\x1b[2J \\ud800 <!-- {{ 7 * 7 }} & ' \" \\u2028"
    )
    assert seen == {
        "rows": 8,
        "title": "1 of 1 prompt fails · promptopt",
        "input": shown,
        "added": [" no"],
        "shown": [True, True, True],
        "elements": 1,
        "cut": True,
        "all": 20,
        "searched": 1,
        "status": "1 of 20",
        "overflow": 0,
    }


@needs_chromium
def test_in_a_browser_a_golden_is_shown_beside_other_models_and_by_its_address(
    tmp_path: Path,
) -> None:
    run = many(1, 12, models=2)
    script = """
        const texts = (selector) => [...page.querySelectorAll(selector)].map((e) => e.textContent);
        const seen = {opened: texts("tr.opened h3"), prompts: texts(".opened .dim").length};
        clicked("a[data-prompt='1']");
        seen.where = [...new Set(texts("tr.row .where"))];
        clicked("th button");
        clicked("th button");
        seen.sorted = page.querySelector("th[aria-sort=descending]").textContent;
        return seen;
    """
    seen = look(tmp_path, render_html(run), script, hash="#0/ticket-0003")
    assert seen["opened"][:2] == ["input", "expected"]
    assert re.match(r"openai/gpt-5-mini(-2)? . (passed|missed) [01]\.\d\d", seen["opened"][-1])
    assert len(seen["where"]) == 1
    assert seen["sorted"] == "outcome"
