from dataclasses import replace

from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.parents import Standing
from pytest_promptopt.optimization.selection import chosen, edit_length
from tests.optimization.arms import made_case, made_goldens
from tests.optimization.world import START, prompt

GOLDENS = made_goldens(20)


def standing(text: str | None, passed: int) -> Standing:
    candidate = Candidate(texts={} if text is None else {0: text})
    cases = {g.id: made_case(g, passed=n < passed) for n, g in enumerate(GOLDENS)}
    return Standing(candidate=candidate, cases=cases)


GIVEN = standing(None, 8)
LONG = f"{START} And some more words that make the text much longer than it was."


def test_among_those_within_one_standard_error_the_shortest_diff_wins() -> None:
    short, far = standing(f"{START} Go.", 17), standing(LONG, 18)
    assert chosen(prompt(), GIVEN, [far, short]) == short


def test_among_those_the_cheaper_wins_though_it_changes_more() -> None:
    short, far = standing(f"{START} Go.", 18), standing(LONG, 17)
    dear = replace(short, cases={k: replace(c, tokens=400) for k, c in short.cases.items()})
    cheap = replace(far, cases={k: replace(c, tokens=100) for k, c in far.cases.items()})
    assert chosen(prompt(), GIVEN, [dear, cheap]) == cheap


def test_three_goldens_of_twenty_are_not_given_up_for_a_cheaper_one() -> None:
    best, cheap = standing(LONG, 16), standing(f"{START} Go.", 13)
    assert chosen(prompt(), GIVEN, [best, cheap]) == best


def test_where_both_miss_the_few_that_both_were_asked_all_that_each_scored_counts() -> None:
    few = replace(GIVEN, cases=dict(list(GIVEN.cases.items())[8:14]))
    better = replace(
        standing(LONG, 20),
        cases={g.id: made_case(g, passed=not 8 <= n < 14) for n, g in enumerate(GOLDENS)},
    )
    assert chosen(prompt(), few, [better]) == better
    assert chosen(prompt(), GIVEN, [standing(LONG, 8)]) is None


def test_beyond_one_standard_error_the_better_one_wins() -> None:
    short, far = standing(f"{START} Go.", 12), standing(LONG, 18)
    assert chosen(prompt(), GIVEN, [far, short]) == far


def test_who_is_no_better_than_the_given_prompt_is_never_chosen() -> None:
    assert chosen(prompt(), GIVEN, [standing("Go.", 8), standing("No.", 3)]) is None
    assert chosen(prompt(), GIVEN, []) is None


def test_the_length_of_an_edit_counts_what_goes_and_what_comes() -> None:
    assert edit_length(prompt(), Candidate(texts={0: START.replace("team", "desk")})) == 6
    assert edit_length(prompt(), Candidate()) == 0
    assert edit_length(prompt(), Candidate(demonstrations=("a",))) == 100
