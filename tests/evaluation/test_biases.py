"""What a judge's choices go by besides what an answer is worth."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from pytest_promptopt.evaluation.agreement import agreement_of
from pytest_promptopt.evaluation.biases import NO_BIASES, Biases, biases_of
from pytest_promptopt.evaluation.evaluation import Choice, JudgedText
from pytest_promptopt.evaluation.judged import Judged
from pytest_promptopt.reports.agreement import agreement
from tests.project import Project

SCORES = {"good": 1.0, "bad": 0.0}
SIDES = {"A": 1.0, "B": 0.0}


def found_of(judged: Sequence[Judged], scores: dict[str, float], model: str = "") -> Biases:
    return biases_of(judged, scores, model=model, confidence=0.95)


def last_told(judged: Sequence[Judged], scores: dict[str, float], model: str = "") -> str:
    choices = [Choice(choice=choice, score=score) for choice, score in scores.items()]
    found = agreement_of(judged, choices, confidence=0.95, model=model)
    assert found is not None
    return [*agreement(found)][-1]


def sized(answer: int | None = None, others: int = 0) -> JudgedText:
    return JudgedText(characters=answer, input_characters=others)


def test_nothing_is_told_where_nothing_tells() -> None:
    judged = [Judged(label="good", choice="good"), Judged(label="bad", choice="good")]
    assert found_of(judged, SCORES) == NO_BIASES
    assert found_of([], SCORES) == NO_BIASES


def test_a_preference_for_length_is_told_where_it_is_shown() -> None:
    judged = [
        Judged(label="good", choice="good" if size > 9 else "bad", text=sized(size))
        for size in range(20)
    ]
    assert last_told(judged, SCORES) == (
        "of answers with the same label it prefers the longer in 100 % (85 to 100 %) of 100 pairs "
        "(p = 0.00075)"
    )
    mixed = [
        Judged(label="good", choice=("good", "bad")[size % 2], text=sized(size))
        for size in range(20)
    ]
    assert found_of(mixed, SCORES).longer is not None
    assert "longer" not in last_told(mixed, SCORES)


def test_few_clusters_show_no_preference() -> None:
    judged = [
        Judged(
            label="good",
            choice="good" if size > 9 else "bad",
            text=sized(size),
            cluster="long" if size > 9 else "short",
        )
        for size in range(20)
    ]
    assert found_of(judged, SCORES).longer is None


def test_misses_on_long_inputs_are_told() -> None:
    judged = [
        Judged(label=label, choice="good" if size < 10 else "bad", text=sized(5, size + 1))
        for label in ("good", "good")
        for size in range(20)
    ]
    told = last_told(judged, SCORES)
    assert told.startswith(
        "of answers with the same label it misjudges the one with the longer input in 100 % ("
    )


def test_a_judge_that_is_asked_again_is_told_by_pairs_of_its_choices() -> None:
    judged = [
        Judged(label="good", choice="good", repeats=("good", "good", "bad")),
        *[Judged(label="bad", choice="bad", repeats=("bad",) * 3)] * 9,
    ]
    found = found_of(judged, SCORES).repeated
    assert found is not None
    assert found.figure.value == pytest.approx((1 / 3 + 9) / 10)
    told = [*agreement(agreement_of(judged, CHOICES, confidence=0.95))]  # type: ignore[arg-type]
    assert told[-1].startswith("asked again about 10 answers, it chooses the same 0.93 (0.")


CHOICES = [Choice(choice=choice, score=score) for choice, score in SCORES.items()]


def in_both_orders(choices: Sequence[tuple[str, str]]) -> list[Judged]:
    """Pairs of goldens of which the first deserves A and the second, turned round, B."""
    return [
        Judged(label=label, choice=choice, text=JudgedText(texts=f"t{n}", order=f"t{n}{label}"))
        for n, pair in enumerate(choices)
        for label, choice in zip("AB", pair, strict=True)
    ]


def test_a_judge_that_sticks_to_a_place_is_found_out_by_both_orders() -> None:
    judged = in_both_orders([("A", "A")] * 6 + [("B", "B")] * 2 + [("A", "B")] * 12)
    assert (
        "of 20 pairs shown in both orders it keeps its choice in 0.40 (0.19 to 0.64), where "
        in (
            "\n".join(agreement(agreement_of(judged, SIDED, confidence=0.95)))  # type: ignore[arg-type]
        )
    )
    found = found_of(judged, SIDES).swapped
    assert found is not None
    assert (found.count, found.toward) == (20, "A")
    alike = [Judged(label="A", choice="A", text=item.text) for item in judged]
    assert found_of(alike, SIDES).swapped is None


SIDED = [Choice(choice=choice, score=score) for choice, score in SIDES.items()]


def test_a_place_is_preferred_where_it_is_chosen_more_than_either_label_says() -> None:
    judged = [
        *[Judged(label="A", choice="A")] * 30,
        *[Judged(label="B", choice="A")] * 5,
        *[Judged(label="B", choice="B")] * 5,
    ]
    found = found_of(judged, SIDES).placed
    assert found is not None
    assert found.figure.value == pytest.approx(0.75)
    assert found.figure.interval.low > 0.5
    assert found.toward == "A"
    fair = [
        *[Judged(label="A", choice="A")] * 24,
        *[Judged(label="A", choice="B")] * 6,
        *[Judged(label="B", choice="B")] * 8,
        *[Judged(label="B", choice="A")] * 2,
    ]
    none = found_of(fair, SIDES).placed
    assert none is not None
    assert none.figure.value == pytest.approx(0.5)
    assert last_told(fair, SIDES).startswith(
        'were either place right as often, it would choose "A" in 0.50 ('
    )


@pytest.mark.parametrize(
    ("choices", "first"),
    [
        (["B", "tie", "A"], "A"),
        (["Answer 1", "Answer 2", "both"], "Answer 1"),
        (["second", "first"], "first"),
        (["response_a", "response_b"], "response_a"),
        (["1", "2"], ""),
        (["A", "B", "C"], ""),
        (["good", "bad"], ""),
        (["answer 1", "reply 2"], ""),
    ],
)
def test_places_are_told_by_their_names(choices: list[str], first: str) -> None:
    scores = dict.fromkeys(choices, 1.0)
    judged = [Judged(label=label, choice=label) for label in choices for _ in range(10)]
    found = found_of(judged, scores).placed
    assert (found.toward if found else "") == first


@pytest.mark.parametrize(
    ("author", "model", "is_own"),
    [
        ("openai/gpt-5-mini", "openai/gpt-5-mini", True),
        ("GPT-5-mini", "openai/gpt-5-mini", True),
        ("azure/gpt-5-mini", "openai/gpt-5-mini", False),
        ("gpt-5", "openai/gpt-5-mini", False),
    ],
)
def test_answers_of_the_judges_own_model_are_set_against_others(
    author: str, model: str, is_own: bool
) -> None:
    def by(name: str, label: str, choice: str) -> Judged:
        return Judged(label=label, choice=choice, text=JudgedText(author=name))

    judged = [
        *[by(author, "bad", "good")] * 20,
        *[by(author, "good", "good")] * 20,
        *[by("other", "bad", "bad")] * 20,
        *[by("other", "good", "good")] * 20,
    ]
    found = found_of(judged, SCORES, model).own_model
    assert (found is not None) is is_own
    if found is not None:
        assert found.figure.value == pytest.approx(0.5)
        assert found.figure.interval.low > 0.1
        assert last_told(judged, SCORES, model).startswith(
            "40 answers of its own model come off +0.50 (+0."
        )
    assert found_of(judged[15:], SCORES, "").own_model is None


def test_a_judges_goldens_are_told_by_what_it_is_shown(project: Project) -> None:
    """A judge that always says A, of pairs in both orders, by two models, asked twice."""
    goldens: list[dict[str, Any]] = []
    for n in range(6):
        pair = {"first": f"good {n}", "second": f"bad {n}"}
        goldens += [
            {**pair, "label": "A", "author": "scripted:answers.json"},
            {"first": pair["second"], "second": pair["first"], "label": "B", "model": "other"},
        ]
    project.answers({"*": "A"})
    project.write("prompts/g.jsonl", "".join(f"{json.dumps(g)}\n" for g in goldens))
    project.write(
        "prompts/a.prompt.yml",
        """\
        model: scripted:answers.json
        messages: [{role: user, content: "Which is better, A {{first}} or B {{second}}?"}]
        choices: [{choice: A, score: 1}, {choice: B, score: 0}]
        goldens: g.jsonl
        gate: {min: 0.5}
        samples: 2
        """,
    )
    result = project.run("--prompt-report", "report.json")
    result.assert_outcomes(passed=7)
    result.stdout.fnmatch_lines(
        [
            "    asked again about 12 answers, it chooses the same 1.00 (0.74 to 1.00)",
            "    of 6 pairs shown in both orders it keeps its choice in 1.00 (0.54 to *"
            'most often "A"',
            '    were either place right as often, it would choose "A" in 1.00 (0.* to 1.00) of *',
            "    6 answers of its own model come off -1.00 (-1.00 to *) against others, beyond *",
        ]
    )
    [prompt] = json.loads((project.path / "report.json").read_text())["prompts"]
    assert prompt["agreement"]["biases"]["swapped"]["count"] == 6
    assert {row["judged"]["author"] for row in prompt["results"]} == {
        "scripted:answers.json",
        "other",
    }
    assert "no placeholder uses" not in result.stdout.str()
