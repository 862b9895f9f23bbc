from dataclasses import replace

from pytest_promptopt.reports.terminal import render
from pytest_promptopt.reports.whisker import HEADING, drawn
from tests.reports.sample_runs import all_good, many, one_failing


def test_the_score_stands_in_its_interval_beside_min_and_base() -> None:
    signs = drawn(many(prompts=1, goldens=20).prompts[0])
    assert len(signs) == len(HEADING)
    assert signs.count("●") == 1
    assert signs.count("┊") == 1


def test_where_nothing_was_scored_nothing_is_drawn() -> None:
    assert drawn(replace(all_good().prompts[0], results=())) == ""


def test_it_is_there_where_there_is_room() -> None:
    prompts = one_failing().prompts
    assert HEADING in next(iter(render(prompts, width=140))).text
    assert HEADING not in next(iter(render(prompts, width=80))).text
