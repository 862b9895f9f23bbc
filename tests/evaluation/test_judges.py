"""Labels of answers: what they correct, and what a gate asks of judges."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.evaluation.correction import JudgeRecord, correction_of, judged_by
from pytest_promptopt.evaluation.evaluation import (
    Answer,
    Choice,
    Evaluation,
    GoldenResult,
    Label,
    Mark,
    Named,
    Outcome,
)
from pytest_promptopt.evaluation.gate import judge
from pytest_promptopt.evaluation.judges import Judges
from pytest_promptopt.evaluation.labels import sorted_labels
from pytest_promptopt.evaluation.part import Decision
from pytest_promptopt.evaluation.record import PromptRecord
from pytest_promptopt.evaluation.verdict import Verdict
from pytest_promptopt.prompts.labels import label_key, labels_path, read_labels
from pytest_promptopt.prompts.prompt import GateSettings
from pytest_promptopt.reports.agreement import told_of_judges

TONE = JudgeRecord(
    name="tone",
    choices=(Choice(choice="good", score=1), Choice(choice="bad", score=0)),
    location="judges/tone.prompt.yml",
)
RECORDS = (TONE,)


def result(
    name: str, chosen: str, *labels: str, score: float | None = None, others: float | None = None
) -> GoldenResult:
    judged = float(chosen == "good")
    marks = [Mark(name="tone", score=judged, passed=judged > 0, reason="")]
    if others is not None:
        marks.append(Mark(name="length", score=others, passed=True, reason=""))
    mean = sum(mark.score or 0 for mark in marks) / len(marks)
    said = tuple(Label(rater=f"r{n}", choice=c, judge="tone") for n, c in enumerate(labels))
    answer = Answer(text="a", named=(Named(evaluator="tone", choice=chosen),), labels=said)
    return GoldenResult(
        id=name,
        outcome=Outcome.PASSED if judged else Outcome.MISSED,
        score=mean if score is None else score,
        evaluators=tuple(marks),
        answers=(answer,),
    )


def many(chosen: str, label: str, count: int) -> list[GoldenResult]:
    labels = [label] * bool(label)
    return [result(f"{chosen}-{label}-{n}", chosen, *labels) for n in range(count)]


def test_labels_take_the_place_of_the_judges_choice() -> None:
    results = [result("a", "good", "bad", others=0.5), result("b", "bad"), result("c", "good")]
    found = correction_of(results, RECORDS, confidence=0.95)
    assert found is not None
    assert found.labels == 1
    assert found.uncorrected == pytest.approx((0.75 + 0 + 1) / 3)
    # Two of three are judged good; of these one is labelled, which comes to .25.
    assert found.value == pytest.approx(2 / 3 * 0.25)


def test_raters_who_differ_count_by_half_and_a_tie_is_no_label() -> None:
    tied = [result("a", "good", "bad", "good")]
    found = correction_of(tied, RECORDS, confidence=0.95)
    assert found is not None
    assert found.value == 0.5
    [judged] = judged_by(tied, TONE)
    assert (judged.label, judged.choice, len(judged.labels)) == ("", "good", 2)


def test_a_score_that_is_no_mean_of_its_evaluators_is_not_corrected() -> None:
    assert correction_of([result("a", "good", "bad", score=0.3)], RECORDS, confidence=0.95) is None
    assert correction_of([result("a", "good")], RECORDS, confidence=0.95) is None


def test_labels_that_do_not_stand_for_all_are_told_beside_the_score() -> None:
    def told(labelled_bad: int) -> str:
        results = (
            *many("bad", "bad", labelled_bad),
            *many("bad", "", 20 - labelled_bad),
            *many("good", "good", 10),
            *many("good", "", 70),
        )
        record = PromptRecord(
            key="a", location="a", model="m", goldens=100, results=results, judges=RECORDS
        )
        return "\n".join(told_of_judges(record))

    assert (
        "the labels do not stand for all: 15 of 25 labelled goldens score under one half, and 20 "
        "of all 100, so that the corrected score may be off; `promptopt label` asks for what is "
        "missing\n"
    ) in told(15)
    assert "do not stand" not in told(3)


def verdict(
    results: list[GoldenResult], own: list[GoldenResult] | None = None, **gate: Any
) -> Verdict:
    evaluation = Evaluation(location="a", results=tuple(results))
    judges = Judges(records=RECORDS, own={"tone": own or []})
    return judge(GateSettings(line=1, **gate), evaluation, judges=judges)


def own(right: int, wrong: int, **more: str) -> list[GoldenResult]:
    """Results of the judge's goldens, good ones and bad ones in turn."""
    return [
        GoldenResult(
            id=f"{n}",
            outcome=Outcome.PASSED,
            score=1.0,
            evaluators=(
                Mark(
                    name="label",
                    score=1.0,
                    passed=True,
                    reason="",
                    wanted=("good", "bad")[n % 2],
                    named=("good", "bad")[(n + (n >= right)) % 2],
                ),
            ),
        )
        for n in range(right + wrong)
    ]


START = "the judge `tone` (judges/tone.prompt.yml) "


@pytest.mark.parametrize(
    ("labelled", "told"),
    [
        (
            [],
            "has no labels, so that its agreement is not known; 14 labels that it agrees with "
            "would show 0.8 with 95 % confidence (`promptopt label` takes them)",
        ),
        (
            own(9, 1),
            "agrees with 9 of 10 labels, at least 0.606 with 95 % confidence, and minAgreement is "
            "0.8; about 40 more labels would decide at this rate",
        ),
        (
            own(10, 20),
            "agrees with 10 of 30 labels, at least 0.193 with 95 % confidence and at most 0.499: "
            "under minAgreement 0.8; mend it",
        ),
    ],
)
def test_a_judge_that_has_not_shown_its_agreement_leaves_it_open(
    labelled: list[GoldenResult], told: str
) -> None:
    found = verdict(many("good", "", 5), labelled, min_agreement=0.8)
    assert (found.decision, found.passed) == (Decision.INCONCLUSIVE, False)
    assert found.reasons == (f"{START}{told}",)
    assert found.headline == "inconclusive: a judge has not shown its agreement"


def test_labels_of_one_kind_show_nothing() -> None:
    found = verdict(many("good", "good", 40), min_agreement=0.8)
    assert found.decision is Decision.INCONCLUSIVE
    assert found.reasons[0].startswith(f"{START}has labels of one kind only (`good`)")


def test_agreement_is_shown_by_its_goldens_and_the_answers_here_together() -> None:
    here = [*many("good", "good", 20), *many("bad", "bad", 10)]
    assert verdict(here, own(10, 0), min_agreement=0.8).decision is Decision.PASS
    assert verdict(here, own(0, 10), min_agreement=0.8).decision is Decision.INCONCLUSIVE


def test_agreement_is_asked_of_clusters_and_answers_to_one_golden_are_one() -> None:
    shared = [replace(r, cluster=f"c{n // 4}") for n, r in enumerate(own(40, 0))]
    found = verdict(many("good", "", 5), shared, min_agreement=0.8)
    assert found.reasons == (
        f"{START}agrees with 40 of 40 labels in 10 clusters, at least 0.741 with 95 % confidence, "
        "and minAgreement is 0.8; about 4 more clusters would decide at this rate",
    )
    several = [replace(r, answers=r.answers * 2) for r in many("good", "good", 2)]
    assert [item.cluster for item in judged_by(several, TONE)] == [
        *["good-good-0\n"] * 2,
        *["good-good-1\n"] * 2,
    ]
    assert judged_by(many("good", "good", 1), TONE)[0].cluster == ""


def test_a_judge_without_choices_cannot_show_any() -> None:
    judges = Judges(records=(JudgeRecord(name="tone"),))
    evaluation = Evaluation(location="a", results=tuple(many("good", "", 2)))
    found = judge(GateSettings(line=1, min_agreement=0.8), evaluation, judges=judges)
    assert found.reasons == (
        "the judge `tone` makes no choice that people could label; let it be `optional: true`, or "
        "judge by `uses` or `llm`",
    )
    none = judge(GateSettings(line=1, min_agreement=0.8), evaluation)
    assert none.decision is Decision.PASS
    assert none.remarks == ("minAgreement was not applied: no evaluator is a judge",)


def test_min_is_held_against_the_score_that_labels_correct() -> None:
    kind = [*many("good", "bad", 12), *many("good", "good", 12), *many("good", "", 40)]
    assert verdict(many("good", "", 64), minimum=0.8).decision is Decision.PASS
    found = verdict(kind, minimum=0.8)
    assert found.reasons == (
        "score 0.500 is under min 0.8 (64 goldens scored, corrected by 24 labels from 1.000)",
    )
    sure = verdict(kind, minimum=0.8, confidence=0.95)
    assert sure.decision is Decision.FAIL
    assert "is under min 0.8 with 95 % confidence" in sure.reasons[0]
    open_ = verdict(kind, minimum=0.6, confidence=0.95)
    assert open_.decision is Decision.INCONCLUSIVE
    assert open_.reasons[0].endswith("; more labels, or more goldens, would decide")


def test_few_labels_turn_no_score_without_confidence() -> None:
    results = [result("a", "bad", "good"), *many("good", "", 1), *many("bad", "", 8)]
    found = verdict(results, minimum=0.5)
    assert found.decision is Decision.FAIL
    assert found.remarks == (
        "too few labels to correct the score by without `confidence` (1 of the 10 it takes): "
        "it is the judge's own",
    )


LINE = '{"input": {"q": "a"}, "answer": " b ", "choice": "Good"'


def labels_in(root: Path, *lines: str) -> tuple[list[str], list[str]]:
    """The choices that count of the answer b to a, and what is told of the others."""
    path = labels_path(root / "tone.prompt.yml")
    path.write_text("\n".join(lines) + "\n")
    read = read_labels(path, path.name)
    found, problems = sorted_labels(read, {"tone": ("good", "bad")})
    labels = found.get(label_key({"q": "a", "id": "x", "expected": "y"}, "b"), ())
    return [f"{label.rater}: {label.choice}" for label in labels], [str(p) for p in problems]


def test_labels_are_those_of_the_content_of_input_and_answer(tmp_path: Path) -> None:
    other = '{"input": {"q": "other"}, "answer": "b", "choice": "bad"}'
    assert labels_in(tmp_path, LINE + ', "rater": "ann"}', other) == (["ann: good"], [])
    assert read_labels(tmp_path / "none.labels.jsonl", "none.labels.jsonl") == ()


def test_labels_that_cannot_count_are_told(tmp_path: Path) -> None:
    found, told = labels_in(
        tmp_path,
        LINE + ', "rater": "ann", "at": "2026-02-01"}',
        LINE.replace("Good", "bad") + ', "rater": "ann", "at": "2026-01-01"}',
        LINE.replace("Good", "goood") + "}",
        LINE + ', "judge": "tome"}',
    )
    assert found == ["ann: good"]
    assert [line.partition("warning: ")[2] or line for line in told] == [
        'tone.labels.jsonl:1: ann says "good" of an answer, and "bad" in line 2; the later one '
        "counts",
        'tone.labels.jsonl:3: the label "goood" is no choice of `tone` (known: good, bad); '
        "did you mean `good`?",
        "tone.labels.jsonl:4: the prompt has no judge `tome` (known: tone); did you mean `tone`?",
    ]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{}", "tone.labels.jsonl:1: expected a label: "),
        (
            '{"input": "a", "answer": "b", "choice": "good"}',
            "tone.labels.jsonl:1: expected a label",
        ),
        (LINE + ', "ratr": "ann"}', "tone.labels.jsonl:1: `ratr` is not understood"),
        ("[1", "tone.labels.jsonl:1: "),
    ],
)
def test_lines_that_are_no_label_are_refused(tmp_path: Path, line: str, told: str) -> None:
    with pytest.raises(PromptFileError) as raised:
        labels_in(tmp_path, line)
    assert str(raised.value).startswith(told)
