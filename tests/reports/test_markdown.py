"""The comment, whole: ``python -m tests.reports.test_markdown`` writes the expected texts anew."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from pytest_promptopt.evaluation.base import BaseRecord
from pytest_promptopt.evaluation.evaluation import GoldenResult, Outcome
from pytest_promptopt.evaluation.record import PromptRecord, Run
from pytest_promptopt.evaluation.search_record import Offer, Rung
from pytest_promptopt.reports.markdown import (
    MOST_CHARACTERS,
    Part,
    PartKind,
    render_markdown,
    shorten,
)
from tests.reports.sample_runs import all_good, one_failing, several_too_long

COMMENTS = Path(__file__).with_name("comments")
# The too long one is held to a small limit, so that the expected text can be read.
CASES: dict[str, tuple[Callable[[], Run], int]] = {
    "all_good": (all_good, MOST_CHARACTERS),
    "one_failing": (one_failing, MOST_CHARACTERS),
    "several_too_long": (several_too_long, 11_000),
}


def rendered(case: str) -> str:
    run, most_characters = CASES[case]
    return render_markdown(run(), most_characters=most_characters)


@pytest.mark.parametrize("case", CASES)
def test_the_comment_is_the_expected_one(case: str) -> None:
    assert rendered(case) == (COMMENTS / f"{case}.md").read_text(encoding="utf-8")


def test_all_good_is_one_line() -> None:
    assert rendered("all_good").count("\n") == 1


def test_hostile_text_stays_text_in_the_whole_comment() -> None:
    run = several_too_long()
    text = render_markdown(run)
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    outside = [t for t in tokens if t.type not in {"fence", "html_block"}]
    children = [child for token in outside for child in token.children or ()]
    assert {c.content for c in children if c.type == "code_inline"} == {"git apply"}
    allowed = {"text", "text_special", "strong_open", "strong_close", "code_inline"}
    assert {c.type for c in children} <= allowed
    html = [token.content for token in tokens if token.type == "html_block"]
    assert set(html) == {
        "<details><summary>8 missed</summary>\n",
        "<details><summary>answers and reasons of 8 missed</summary>\n",
        "</details>\n",
    }
    assert len([token for token in tokens if token.type == "fence"]) == 3 + 3 * 8
    assert not re.search(r"@octocat|(?<!&)#1", "".join(token.content for token in outside))


def test_what_is_unproven_is_never_shown_as_a_gain() -> None:
    run = one_failing()
    [search] = run.searches
    text = render_markdown(replace(run, searches=(replace(search, is_proven=False),)))
    assert "| unproven | **FAIL** |" in text
    assert "To take what is proposed, which is unproven: commit the suggestion" in text


def test_a_prompt_without_a_gate_fails_by_its_goldens_and_names_the_errors() -> None:
    lost = GoldenResult(id="lost", outcome=Outcome.ERROR, reason="no answer: @octocat")
    name = "a.prompt.yml"
    prompt = PromptRecord(key=name, location=name, model="m", goldens=1, results=(lost,))
    text = render_markdown(Run(prompts=(prompt,)))
    assert "| a.prompt.yml | – | **1 error** |\n" in text
    assert "\n- 1 error of 1 golden\n" in text
    assert "\n- 1 error: no answer: @&#8203;octocat (lost)\n" in text


def test_a_loosened_gate_is_told_also_where_all_is_good() -> None:
    base = BaseRecord(label="main", identical=True, loosened=("`min` 0.9 → 0.8",))
    first, second = all_good().prompts
    text = render_markdown(Run(prompts=(replace(first, base=base), second)))
    assert text.startswith("**No prompt fails:** 2 prompts, ")
    assert "\n- since main: \\`min\\` 0.9 → 0.8\n" in text


def test_nothing_is_cut_while_there_is_room() -> None:
    parts = [Part("head\n"), Part("list\n", PartKind.LIST)]
    assert shorten(parts, 10) == "head\nlist\n"


def test_lists_are_cut_before_diffs_and_the_last_first() -> None:
    parts = [
        Part("head\n"),
        Part("row\n", PartKind.ROW),
        Part("1" * 600, PartKind.DIFF),
        Part("2" * 600, PartKind.LIST),
        Part("3" * 600, PartKind.DIFF),
        Part("4" * 600, PartKind.LIST),
    ]
    assert shorten(parts, 1_700) == (
        f"head\nrow\n{'1' * 600}{'3' * 600}\n"
        "Left out, to stay under 1,700 characters: "
        "2 × list of goldens (whole in the JSON report).\n"
    )
    assert shorten(parts, 1_100) == (
        f"head\nrow\n{'1' * 600}\nLeft out, to stay under 1,100 characters: "
        "2 × list of goldens (whole in the JSON report), 1 × diff (in `.promptopt/proposals/`).\n"
    )


@pytest.mark.parametrize("most_characters", [2_000, 5_000, 20_000])
def test_no_comment_is_longer_than_allowed(most_characters: int) -> None:
    run = several_too_long()
    text = render_markdown(replace(run, prompts=run.prompts * 70), most_characters=most_characters)
    assert len(text) <= most_characters
    assert text.startswith("**210 of 210 prompts fail:**")


def test_a_text_that_was_cut_says_where_there_is_more() -> None:
    run = several_too_long()
    url = "https://github.com/acme/shop/actions/runs/7"
    text = render_markdown(run, run_url=url, most_characters=8_000)
    assert text.endswith(f" More is in [the summary of the job]({url}).\n")
    assert len(text) <= 8_000


@pytest.mark.parametrize(
    ("offer", "expected"),
    [
        (None, "proposed:\n\n```sh\npromptopt apply 0123456789ab\n```\n"),
        (Offer(rung=Rung.PATCH), "proposed:\n\n```sh\npromptopt apply 0123456789ab\n```\n"),
        (
            Offer(rung=Rung.PR, url="https://github.com/acme/shop/pull/8", number=8),
            "proposed: merge [pull request 8](https://github.com/acme/shop/pull/8).\n",
        ),
        (
            Offer(rung=Rung.PR, url="javascript:alert(1)", number=8),
            "proposed: merge pull request 8.\n",
        ),
        (
            Offer(rung=Rung.SUGGEST, url="https://github.com/acme/shop/pull/7#r1", remark="@all"),
            "proposed: commit the suggestion in [the review]"
            "(https://github.com/acme/shop/pull/7#r1). (@&#8203;all)\n",
        ),
        (
            Offer(rung=Rung.COMMENT, remark="no suggestion: no such line"),
            "proposed: save the diff as a file and give it to `git apply`. "
            "(no suggestion: no such line)\n",
        ),
    ],
)
def test_it_says_how_to_take_what_is_proposed(offer: Offer | None, expected: str) -> None:
    run = one_failing()
    text = render_markdown(replace(run, searches=(replace(run.searches[0], offer=offer),)))
    assert f"\nTo take what is {expected}\n```diff\n" in text


def test_a_diff_that_is_not_to_be_shown_is_not_shown() -> None:
    run = one_failing()
    offer = Offer(rung=Rung.COMMENT, remark="it seems to hold an API key")
    text = render_markdown(
        replace(run, searches=(replace(run.searches[0], patch="", offer=offer),))
    )
    assert "```diff" not in text
    assert "1.000, was 0.000 (12 unseen)" in text


def test_a_run_without_prompts_says_so() -> None:
    assert render_markdown(Run()) == "No prompt was scored.\n"


if __name__ == "__main__":
    for name in CASES:
        (COMMENTS / f"{name}.md").write_text(rendered(name), encoding="utf-8")
