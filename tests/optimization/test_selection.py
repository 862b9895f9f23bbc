from dataclasses import replace

from pytest_promptopt.optimization.candidate import Candidate
from pytest_promptopt.optimization.parents import Standing
from pytest_promptopt.optimization.selection import chosen, edit_length
from tests.optimization.arms import made_case, made_goldens
from tests.optimization.world import START, prompt

GOLDENS = made_goldens(40)


def standing(text: str | None, passed: int) -> Standing:
    candidate = Candidate(texts={} if text is None else {0: text})
    cases = {g.id: made_case(g, passed=n < passed) for n, g in enumerate(GOLDENS)}
    return Standing(candidate=candidate, cases=cases)


GIVEN = standing(None, 16)
LONG = f"{START} And some more words that make the text much longer than it was."


def test_among_those_within_one_standard_error_the_shortest_diff_wins() -> None:
    short, far = standing(f"{START} Go.", 35), standing(LONG, 36)
    assert chosen(prompt(), GIVEN, [far, short]) == short


def test_among_those_the_cheaper_wins_though_it_changes_more() -> None:
    short, far = standing(f"{START} Go.", 36), standing(LONG, 35)
    dear = replace(short, cases={k: replace(c, tokens=400) for k, c in short.cases.items()})
    cheap = replace(far, cases={k: replace(c, tokens=100) for k, c in far.cases.items()})
    assert chosen(prompt(), GIVEN, [dear, cheap]) == cheap


def test_two_goldens_of_forty_are_not_given_up_for_a_cheaper_one() -> None:
    best, cheap = standing(LONG, 32), standing(f"{START} Go.", 30)
    assert chosen(prompt(), GIVEN, [best, cheap]) == best


def test_where_both_miss_the_few_that_both_were_asked_all_that_each_scored_counts() -> None:
    few = replace(GIVEN, cases=dict(list(GIVEN.cases.items())[16:22]))
    better = replace(
        standing(LONG, 40),
        cases={g.id: made_case(g, passed=not 16 <= n < 22) for n, g in enumerate(GOLDENS)},
    )
    assert chosen(prompt(), few, [better]) == better
    assert chosen(prompt(), GIVEN, [standing(LONG, 16)]) is None


def test_beyond_one_standard_error_the_better_one_wins() -> None:
    short, far = standing(f"{START} Go.", 24), standing(LONG, 36)
    assert chosen(prompt(), GIVEN, [far, short]) == far


def test_who_is_no_better_than_the_given_prompt_is_never_chosen() -> None:
    assert chosen(prompt(), GIVEN, [standing("Go.", 16), standing("No.", 6)]) is None
    assert chosen(prompt(), GIVEN, []) is None


def test_the_length_of_an_edit_counts_what_goes_and_what_comes() -> None:
    assert edit_length(prompt(), Candidate(texts={0: START.replace("team", "desk")})) == 6
    assert edit_length(prompt(), Candidate()) == 0
    assert edit_length(prompt(), Candidate(demonstrations=("a",))) == 100
