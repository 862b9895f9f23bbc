from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_promptopt.evaluation.record import Run
from pytest_promptopt.reports.html.page import Surroundings, render_html
from pytest_promptopt.reports.html.search import Drawn, drawn_search
from tests.reports.browser import barriers, needs_axe, needs_chromium
from tests.reports.sample_runs import all_good, many, one_failing

HOSTILE = "</script><script>alert(1)</script>\u202e"


def scored(candidate: str, *scores: float) -> list[dict[str, Any]]:
    """The lines of calls and scores on as many goldens of validation."""
    lines: list[dict[str, Any]] = []
    for number, score in enumerate(scores):
        about = {"candidate": candidate, "golden": f"v{number}"}
        lines += [{"event": "call", "role": "task", **about}]
        lines += [{"event": "call", "role": "task", "saved": True, **about}]
        lines += [{"event": "scored", **about, "score": score, "passed": score == 1}]
    return lines


def tried(event: str, candidate: str, parent: str, text: str, **facts: Any) -> dict[str, Any]:
    about = {"origin": "edit", "note": f"Makes {candidate}.", "texts": {"0": text}}
    return {"event": event, "candidate": candidate, "parent": parent, **about, **facts}


LINES: list[dict[str, Any]] = [
    {"event": "run", "prompt": "a.prompt.yml", "method": "race", "model": "m"},
    {"event": "splits", "validation": ["v0", "v1", "v2", "v3"]},
    *scored("given", 0, 0, 0, 1),
    {"event": "scored", "candidate": "given", "golden": "learned", "score": 1.0, "passed": True},
    {"event": "headroom", "sentence": "Wrong format."},
    {"event": "round", "number": 1, "parents": ["given"]},
    {"event": "call", "role": "optimizer"},
    tried("proposed", "c1", "given", "Say it in one word."),
    tried("refused", "c2", "given", "Say", reason="It is empty."),
    tried("proposed", "c3", "given", "Shout it."),
    *scored("c1", 1, 1, 0, 1),
    *scored("c3", 0),
    {"event": "raced", "scores": {"c1": 0.75, "c3": 0.0}, "left": ["c1"], "joined": ["c1"]},
    {"event": "round", "number": 2, "parents": ["c1"]},
    tried("proposed", "c4", "c1", "Say it in one small word."),
    *scored("c4", 1, 1, 1, 1),
    {"event": "raced", "scores": {"c4": 1.0}, "left": ["c4"], "joined": ["c4"]},
    {"event": "chosen", "candidate": "c4"},
    {"event": "verdict", "sentence": "Improved."},
    {"event": "ended", "reason": "all rounds are done"},
]


def drawn(lines: list[dict[str, Any]]) -> Drawn:
    return drawn_search("search", lines, None, {"0": "Say it."})


def test_candidates_stand_under_what_they_were_made_from() -> None:
    search = drawn(LINES)
    assert [(n.id, n.depth, n.state, n.score, n.goldens) for n in search.nodes] == [
        ("given", 0, "given", 0.25, 4),
        ("c1", 1, "kept", 0.75, 4),
        ("c4", 2, "chosen", 1.0, 4),
        ("c3", 1, "left behind", 0.0, 1),
        ("c2", 1, "refused", None, 0),
    ]
    assert search.about == "race · m · 14 calls · 1 of the optimizer model"
    assert (search.verdict, search.ended) == ("Improved.", "all rounds are done")
    assert search.refused == {"It is empty.": 1}
    changes = search.nodes[2].changes["0"]
    assert [(piece.change, piece.text) for piece in changes] == [
        ("same", "Say it in one"),
        ("added", " small"),
        ("same", " word."),
    ]


def test_the_best_so_far_rises_with_the_calls_and_no_few_goldens_lead() -> None:
    curve = drawn(LINES).curve
    assert curve is not None
    assert [(point.calls, point.best) for point in curve.points] == [(4, 0.25), (10, 0.75), (14, 1)]
    assert all(point.low <= point.best <= point.high for point in curve.points)
    assert curve.label == (
        "best score on validation: 0.250 after 4 calls, 0.750 after 10 calls, 1.000 after 14 calls"
    )


def test_goldens_of_a_cluster_tell_less_than_as_many_that_stand_alone() -> None:
    alone = drawn(LINES).nodes[1].whisker
    clusters = {"v0": "chat", "v1": "chat", "v2": "other", "v3": "other"}
    lines = [line | ({"clusters": clusters} if line["event"] == "splits" else {}) for line in LINES]
    together = drawn(lines).nodes[1].whisker
    assert alone is not None
    assert together is not None
    assert (together.score, together.high - together.low > alone.high - alone.low) == (0.75, True)


@pytest.mark.parametrize("clusters", [None, 1, "chat", ["chat"], {"v0": None, "v1": None}])
def test_clusters_that_are_none_are_not_heeded(clusters: Any) -> None:
    lines = [line | ({"clusters": clusters} if line["event"] == "splits" else {}) for line in LINES]
    assert drawn(lines) == drawn(LINES)


@pytest.mark.parametrize("damage", [["v0"], {"v0": 1}, 10**400, None])
def test_scores_and_parents_that_are_none_are_not_heeded(damage: Any) -> None:
    about = {"event": "scored", "candidate": "given", "golden": "v0", "score": 1.0}
    wrong = [about | {name: damage} for name in ("candidate", "golden", "score")]
    assert drawn([*LINES[:2], *wrong, *LINES[2:]]) == drawn(LINES)
    alone = [tried("proposed", "c1", "", "Say it.") | {"parent": damage}]
    assert [node.id for node in drawn(alone).nodes] == ["", "c1"]


def test_a_journal_of_before_there_were_splits_or_of_nothing_is_shown_too() -> None:
    old = drawn([line for line in LINES if line["event"] != "splits"])
    assert old.curve is None
    assert [node.score for node in old.nodes] == [None, 0.75, 1.0, 0.0, None]
    assert drawn(LINES[:1]).nodes == ()
    assert drawn([]).ended == "not finished"
    circle = [tried("proposed", "a", "b", "x"), tried("proposed", "b", "a", "y")]
    assert drawn(circle).nodes == ()


def test_the_page_shows_what_is_proposed_and_leads_to_it() -> None:
    run = one_failing(patch=f"--- a\n+++ b\n-old\n+{HOSTILE}\n")
    page = render_html(run)
    assert '<a href="#search-0">something better is proposed</a>' in page
    assert "<code>promptopt apply 0123456789ab</code>" in page
    assert '<span class="removed">-old</span>' in page
    assert '<span class="added">+&lt;/script&gt;' in page
    assert HOSTILE not in page


@needs_chromium
@needs_axe
@pytest.mark.parametrize("flags", [(), ("--force-dark-mode",)])
def test_nothing_on_the_page_keeps_anybody_out(tmp_path: Path, flags: tuple[str, ...]) -> None:
    [search] = one_failing().searches
    [prompt] = many(1, 40).prompts
    search = replace(search, key=prompt.key, run="abc", flags=("it adds a link",))
    run = Run(exit_code=1, prompts=(prompt, *all_good().prompts), searches=(search,))
    page = render_html(run, Surroundings(searches={"abc": LINES}))
    assert barriers(tmp_path, page, flags=flags) == []


def test_a_search_alone_has_a_page() -> None:
    lines = [{**line, "note": HOSTILE} for line in LINES]
    page = render_html(Run(), Surroundings(searches={"abc": lines}))
    assert "<title>A search for a better a.prompt.yml · promptopt</title>" in page
    assert "★ chosen" in page
    assert HOSTILE not in page
    assert page.count("<script") == 2
