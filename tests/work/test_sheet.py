"""The order in which answers are labelled, and what raters are shown."""

from collections import Counter
from pathlib import Path

import numpy as np

from pytest_promptopt.prompts.golden import Golden
from pytest_promptopt.prompts.reader import read_prompt
from pytest_promptopt.statistics.prediction_powered import Scored, corrected
from pytest_promptopt.work.sheet import Given, criterion_of, in_order

PROMPT = """\
messages:
  - {role: user, content: "Answer {{ticket}}"}
evaluators:
  - {name: flow, uses: github/coherence}
testData:
  - {id: a, ticket: "Lamp"}
"""


def given(golden: int, choice: str, text: str = "", cluster: str = "") -> Given:
    found = Golden(id=str(golden), variables={}, path="p", line=1, cluster=cluster)
    return Given(key=f"{golden} {text}", golden=found, text=text, choices=(choice,))


ANSWERS = [given(n, "bad" if n % 4 == 0 else "good") for n in range(80)]


def test_any_number_of_labels_has_choices_in_their_proportions() -> None:
    order = in_order(ANSWERS, ())
    for count in range(1, 81):
        bad = sum(answer.choices == ("bad",) for answer in order[:count])
        assert abs(bad - count / 4) <= 1, count
    assert order == in_order(ANSWERS[::-1], ())
    assert order != ANSWERS


def test_what_is_out_of_proportion_is_made_up_for() -> None:
    labelled = {answer.key for answer in ANSWERS if answer.choices == ("bad",)}
    order = in_order(ANSWERS, labelled)
    assert Counter(answer.choices[0] for answer in order[:60]) == {"good": 60}
    assert {answer.key for answer in order[60:]} == labelled


def test_each_golden_comes_once_before_its_other_answers_and_labelled_ones_last() -> None:
    several = [given(n, "good", text) for n in range(3) for text in "ab"]
    order = in_order(several, {"1 a"})
    assert sorted(answer.golden.id for answer in order[:2]) == ["0", "2"]
    assert sorted(answer.golden.id for answer in order[2:5]) == ["0", "1", "2"]
    assert order[5].key == "1 a"


def test_clusters_come_in_turn_and_in_the_proportions_of_their_goldens() -> None:
    equal = [given(n, "good", cluster=str(n % 10)) for n in range(40)]
    clusters = [answer.golden.cluster for answer in in_order(equal, ())]
    for start in range(0, 40, 10):
        assert len({*clusters[start : start + 10]}) == 10
    large = [given(n, "good", cluster="large" if n < 60 else "") for n in range(120)]
    for count in range(1, 121):
        found = in_order(large, ())[:count]
        assert abs(sum(a.golden.cluster == "large" for a in found) - count / 2) <= 8, count
    told = {answer.key for answer in in_order(equal, ())[:7]}
    assert [a.golden.cluster for a in in_order(equal, told)][:33] == clusters[7:]


def test_the_corrected_interval_holds_with_labels_in_order_and_not_with_more_of_the_bad() -> None:
    random, rate, runs = np.random.default_rng(3), 0.75, 15
    held: Counter[str] = Counter()
    for run in range(runs):
        good = random.random(120) < rate
        judged = random.random(120) < np.where(good, 0.95, 0.05)
        answers = [given(n, str(score), str(run)) for n, score in enumerate(judged)]
        order = in_order(answers, ())
        by_choice = sorted(order, key=lambda answer: answer.choices == ("True",))
        for name, first in (("in order", order[:30]), ("the bad", by_choice[:30])):
            known = {int(answer.golden.id) for answer in first}
            found = corrected(
                [
                    Scored(float(score), float(label) if n in known else None)
                    for n, (score, label) in enumerate(zip(judged, good, strict=True))
                ],
                confidence=0.95,
            )
            assert found is not None
            held[name] += found.interval.low <= rate <= found.interval.high
    assert held["in order"] >= runs - 1
    assert held["the bad"] < runs / 2


def test_what_a_judge_of_ours_is_asked_is_shown_with_its_grades(tmp_path: Path) -> None:
    path = tmp_path / "reply.prompt.yml"
    path.write_text(PROMPT)
    asked = criterion_of(read_prompt(path, root=tmp_path), "flow")
    assert "1: words or sentences without connection" in asked
