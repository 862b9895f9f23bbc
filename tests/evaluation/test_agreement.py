from collections.abc import Sequence

from pytest_promptopt.codec import from_json, to_json
from pytest_promptopt.evaluation.agreement import Agreement, agreement_of
from pytest_promptopt.evaluation.evaluation import (
    Answer,
    Choice,
    GoldenResult,
    JudgedText,
    Label,
    Mark,
    Named,
    Outcome,
)
from pytest_promptopt.evaluation.judged import Judged, judged_in
from pytest_promptopt.evaluation.record import PromptRecord, Run
from pytest_promptopt.reports.agreement import agreement
from pytest_promptopt.reports.json import render_json
from pytest_promptopt.reports.reader import read_report

CHOICES = (Choice(choice="good", score=1), Choice(choice="bad", score=0))


def found_of(pairs: Sequence[tuple[str, str]], choices: Sequence[Choice] = CHOICES) -> Agreement:
    judged = [Judged(label=label, choice=choice) for label, choice in pairs]
    found = agreement_of(judged, choices, confidence=0.95)
    assert found is not None
    return found


def test_the_table_has_a_row_a_label_and_a_column_a_choice() -> None:
    pairs = [("good", "good")] * 8 + [("good", "bad")] * 2 + [("bad", "bad")] * 9 + [("bad", "")]
    found = found_of(pairs)
    assert found.counts == ((8, 2, 0), (0, 9, 1))
    assert (found.right, found.answers, found.only_label) == (17, 20, "")
    assert [*agreement(found)] == [
        "the judge agrees with 17 of 20 labels: 0.85 (0.62 to 0.97), κ 0.71 (0.35 to 0.90)",
        "it takes for good 0.80 (0.44 to 0.97) of what is, and 0.00 (0.00 to 0.31) of what is not",
    ]


def test_grades_are_weighed_and_good_from_one_half_on() -> None:
    grades = [Choice(choice=str(n), score=n / 4) for n in range(5)]
    found = found_of([(str(n), str(max(n - 1, 0))) for n in range(5)] * 4, grades)
    assert found.is_graded
    assert "weighted κ 0." in next(agreement(found))
    assert found.true_positives is not None
    assert round(found.true_positives.value, 3) == 0.667


def test_labels_of_one_class_tell_little() -> None:
    lines = [*agreement(found_of([("good", "good")] * 6))]
    assert lines == [
        "the judge agrees with 6 of 6 labels: 1.00 (0.54 to 1.00)",
        'all labels are "good", so that nothing tells whether the judge knows another; '
        "give it goldens that deserve one",
    ]


def test_without_labels_there_is_nothing_to_agree_with() -> None:
    assert agreement_of([], CHOICES, confidence=0.95) is None
    other = [Judged(label="fair", choice="good")]
    assert agreement_of(other, CHOICES, confidence=0.95) is None


def result(name: str, label: str, *choices: str, **more: object) -> GoldenResult:
    named = choices[0] if len({*choices}) == 1 else ""
    mark = Mark(name="label", score=1, passed=True, reason="", named=named, wanted=label)
    answers = tuple(
        Answer(text=c, named=(Named(evaluator="label", choice=c),) if c else ()) for c in choices
    )
    return GoldenResult(
        id=name,
        outcome=Outcome.PASSED,
        score=1.0,
        evaluators=(mark, Mark(name="length", score=1, passed=True, reason="")),
        answers=answers,
        **more,  # type: ignore[arg-type]
    )


def labels(**said: str) -> tuple[Label, ...]:
    return tuple(Label(rater=rater, choice=choice) for rater, choice in said.items())


RESULTS = (
    result("a", "good", "good", "bad", "good", labels=labels(ann="good", ben="good")),
    result("b", "bad", "bad", labels=labels(ann="bad", ben="bad"), judged=JudgedText(characters=7)),
    result("c", "", "good", labels=labels(ann="bad", ben="good")),
    result("d", "bad", ""),
)


def test_of_several_choices_that_most_often_made_counts() -> None:
    judged = judged_in(RESULTS)
    assert [(item.label, item.choice) for item in judged] == [
        ("good", "good"),
        ("bad", "bad"),
        ("", "good"),
        ("bad", ""),
    ]


def test_people_stand_beside_the_judge_also_where_they_disagree() -> None:
    found = agreement_of(judged_in(RESULTS), CHOICES, confidence=0.95)
    assert found is not None
    assert found.counts == ((1, 0, 0), (0, 1, 1))
    assert found.raters is not None
    assert (found.raters.count, found.raters.answers) == (2, 3)
    assert round(found.raters.people.value, 3) == 0.667
    assert round(found.raters.judge.value, 3) == 0.833
    assert any(
        line.startswith("2 raters on 3 answers: two people agree on 0.67 (")
        for line in agreement(found)
    )


def test_the_record_and_the_report_keep_what_it_takes() -> None:
    record = PromptRecord(
        key="a", location="a", model="m", goldens=4, choices=CHOICES, results=RESULTS
    )
    assert from_json(PromptRecord, to_json(record)).agreement == record.agreement
    report = render_json(Run(prompts=(record,)))
    [read] = read_report(report.encode()).prompts
    assert read.agreement is not None
    assert record.agreement is not None
    assert read.agreement.counts == record.agreement.counts
    assert read.agreement.raters == record.agreement.raters


def test_labels_of_one_cluster_count_as_one() -> None:
    judged = [
        Judged(label=label, choice=label, cluster=f"{label} {n // 5}")
        for label in ("good", "bad")
        for n in range(20)
    ]
    found = agreement_of(judged, CHOICES, confidence=0.95)
    assert found is not None
    assert found.right == 40
    assert [*agreement(found)] == [
        "the judge agrees with 40 of 40 labels: 1.00 (0.63 to 1.00), κ 1.00 (0.48 to 1.00)",
        "it takes for good 1.00 (0.40 to 1.00) of what is, and 0.00 (0.00 to 0.60) of what is not",
    ]
