from typing import Any

import pytest

from pytest_promptopt.optimization.diagnosis.majority import Majority, majority_of
from tests.optimization.answers import golden, goldens, scored_by


def test_the_commonest_answer_scores_its_share_by_weight() -> None:
    assert majority_of(goldens("a", "b", " b ", "c")) == Majority(answer="b", score=0.5)
    assert majority_of(goldens({"x": 1, "y": 2}, '{"y": 2, "x": 1}')) == Majority(
        answer='{"x": 1, "y": 2}', score=1.0
    )
    heavy = [golden("g0", "a", weight=6.0), *goldens("b", "b")]
    assert majority_of(heavy) == Majority(answer="b", score=0.25)
    silent = [*goldens("a", "a"), golden("g3"), golden("g4")]
    assert majority_of(silent) == Majority(answer="a", score=0.5)


def test_where_no_two_expect_the_same_there_is_none() -> None:
    assert majority_of(goldens("a", "b", "c")) is None
    assert majority_of(goldens(None, None)) is None
    assert majority_of([]) is None


@pytest.mark.parametrize(
    ("kind", "options", "score"),
    [
        ("equals", {"to": "{{expected}}", "ignoreCase": True}, 0.75),
        ("contains", {"any": ["{{expected}}"], "ignoreCase": True}, 1.0),
        ("length", {"maxCharacters": 10}, 1.0),
        ("rubric", "It is polite.", 0.5),
    ],
)
def test_evaluators_say_what_it_scores_where_the_text_alone_tells(
    kind: str, options: Any, score: float
) -> None:
    asked = goldens("Yes", "Yes", "yes", "es")
    found = majority_of(asked, scored_by(kind, options, asked))
    assert found == Majority(answer="Yes", score=score)
    assert found.sentence.startswith(f'Always answering "Yes" would score {score:.2f}')


def test_goldens_of_one_answer_tell_nothing() -> None:
    assert Majority(answer="a", score=0.5).sentence == 'Always answering "a" would score 0.50.'
    found = majority_of(goldens("a", "a"))
    assert found is not None
    assert found.sentence == (
        'Always answering "a" would score 1.00: these goldens tell no prompt that does the '
        "task from one that does not."
    )


def test_it_stands_where_the_answer_is_looked_for() -> None:
    asked = goldens("Yes", "Yes", "No")
    for place in ({"after": "Answer:"}, {"tag": "a"}, {"json": "answer"}, {"line": "last"}):
        found = majority_of(asked, scored_by("equals", "{{expected}}", asked, answer=place))
        assert found == Majority(answer="Yes", score=2 / 3)
