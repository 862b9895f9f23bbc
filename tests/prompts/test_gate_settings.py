from pathlib import Path

import pytest

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.evaluation.base import loosened
from pytest_promptopt.prompts.content import content_of
from pytest_promptopt.prompts.prompt import GateSettings, Prompt, Reducer
from pytest_promptopt.prompts.reader import read_prompt

PROMPT = """\
messages: [{role: user, content: '{{q}}'}]
testData:
  - {q: a, expected: b, tags: [refund, urgent]}
  - {q: c, expected: d, evaluators: [{name: polite, contains: please}]}
evaluators: [{name: right team, equals: '{{expected}}'}]
"""


def read(root: Path, text: str, *, prompt: str = PROMPT) -> Prompt:
    path = root / "a.prompt.yml"
    path.write_text(prompt + text)
    return read_prompt(path, root=root)


def warnings(prompt: Prompt) -> list[str]:
    return [str(problem) for problem in prompt.problems]


def refusal(root: Path, text: str, *, prompt: str = PROMPT) -> str:
    with pytest.raises(PromptFileError) as caught:
        read(root, text, prompt=prompt)
    return str(caught.value)


def test_gates_on_tags_and_evaluators_are_read_with_their_lines(tmp_path: Path) -> None:
    prompt = read(
        tmp_path,
        """\
gate:
  min: 0.85
  maxDrop: 0.02
  confidence: 0.95
  inconclusive: pass
  tags:
    refund: {min: 1}
    urgent: {maxDrop: 0, confidence: 0.9, inconclusive: fail}
  evaluators:
    right team:
      min: 0.8
    polite: {min: 0.5}
""",
    )
    assert warnings(prompt) == []
    assert prompt.gate == GateSettings(
        line=6,
        minimum=0.85,
        max_drop=0.02,
        confidence=0.95,
        inconclusive_passes=True,
        tags={
            "refund": GateSettings(line=12, minimum=1, confidence=0.95, inconclusive_passes=True),
            "urgent": GateSettings(line=13, max_drop=0, confidence=0.9),
        },
        evaluators={
            "right team": GateSettings(
                line=15, minimum=0.8, confidence=0.95, inconclusive_passes=True
            ),
            "polite": GateSettings(line=17, minimum=0.5, confidence=0.95, inconclusive_passes=True),
        },
    )


def test_a_gate_is_none_where_nothing_stands(tmp_path: Path) -> None:
    assert read(tmp_path, "").gate is None
    assert read(tmp_path, "gate:\n").gate is None


NOTHING_ASKED = "asks for nothing and would always pass; write `min: 0.85` or `maxDrop: 0.02`"


@pytest.mark.parametrize("gate", ["{}", "{confidence: 0.9}", "{inconclusive: pass}", "{tags: {}}"])
def test_a_gate_that_nothing_can_fail_is_refused(tmp_path: Path, gate: str) -> None:
    assert refusal(tmp_path, f"gate:\n  {gate}\n") == (
        f"a.prompt.yml:6: `gate` {NOTHING_ASKED}, or mark a golden `required: true`"
    )


def test_so_is_one_on_a_part_whatever_the_whole_asks_for(tmp_path: Path) -> None:
    gate = "gate: {min: 1, tags: {refund: {}, urgent: {min: 1}}, evaluators: {polite: {}}}\n"
    assert refusal(tmp_path, gate) == (
        f"a.prompt.yml:6: `gate.tags.refund` {NOTHING_ASKED}\n"
        f"a.prompt.yml:6: `gate.evaluators.polite` {NOTHING_ASKED}"
    )


@pytest.mark.parametrize(
    "gate", ["{maxDrop: 0}", "{tags: {refund: {min: 1}}}", "{confidence: 0.9}"]
)
def test_a_drop_a_part_or_a_required_golden_is_enough(tmp_path: Path, gate: str) -> None:
    prompt = PROMPT.replace("tags:", "required: true, tags:")
    if "confidence" not in gate:
        prompt = PROMPT
    assert read(tmp_path, f"gate: {gate}\n", prompt=prompt).gate is not None


@pytest.mark.parametrize(
    ("gate", "message"),
    [
        (
            "{minimum: 1}",
            "`gate.minimum` is not understood (known: {})",
        ),
        (
            "{min: 1, mni: 1}",
            "`gate.mni` is not understood (known: {})",
        ),
        (
            "{min: 1, max_drop: 0}",
            "`gate.max_drop` is not understood (known: {})",
        ),
        (
            "{tags: {refund: {min: 1, mxDrop: 0}}}",
            "`gate.tags.refund.mxDrop` is not understood (known: {})",
        ),
    ],
)
def test_keys_that_a_gate_does_not_have_are_refused(
    tmp_path: Path, gate: str, message: str
) -> None:
    is_part = "tags.refund" in message
    least = "" if is_part else "minMutation, "
    others = "" if is_part else "unscored, judges, onRemovedGoldens, onLoosened, "
    keys = f"min, maxDrop, {least}confidence, inconclusive, {others}tags, evaluators"
    known = message.format(keys)
    meant = "min" if "min" in message.partition("(")[0] or "mni" in message else "maxDrop"
    text = refusal(tmp_path, f"gate:\n  {gate}\n")
    assert text == f"a.prompt.yml:7: {known}; did you mean `{meant}`?"


def test_what_a_prompt_of_the_past_says_wrongly_has_no_effect(tmp_path: Path) -> None:
    path = tmp_path / "a.prompt.yml"
    path.write_text(f"{PROMPT}gate: {{minimum: 1}}\noptimize: {{ruonds: 1}}\n")
    prompt = read_prompt(path, root=tmp_path, of_past=True)
    assert prompt.gate == GateSettings(line=6)


@pytest.mark.parametrize(
    ("gate", "expected"),
    [
        (
            "{min: 1, inconclusive: pass}",
            ["a.prompt.yml:7: `gate.inconclusive` has no effect without `confidence`"],
        ),
        (
            "{min: 1, tags: {refund: {min: 1, inconclusive: pass}}}",
            ["a.prompt.yml:7: `gate.tags.refund.inconclusive` has no effect without `confidence`"],
        ),
        ("{confidence: 0.9, tags: {refund: {min: 1}}}", []),
        ("{inconclusive: pass, tags: {refund: {min: 1, confidence: 0.9}}}", []),
        ("{min: 1, inconclusive: fail}", []),
    ],
)
def test_keys_without_effect_are_told(tmp_path: Path, gate: str, expected: list[str]) -> None:
    assert warnings(read(tmp_path, f"gate:\n  {gate}\n")) == expected


@pytest.mark.parametrize(
    ("gate", "message"),
    [
        (
            "{min: 85}",
            "`gate.min` must be at most 1, found 85; for 85 % write 0.85",
        ),
        (
            "{confidence: 95}",
            "`gate.confidence` must be below 1, found 95; for 95 % write 0.95",
        ),
        (
            "{tags: {refund: {maxDrop: 2.5}}}",
            "`gate.tags.refund.maxDrop` must be at most 1, found 2.5; for 2.5 % write 0.025",
        ),
        (
            "{confidence: 0.5}",
            "`gate.confidence` must be above 0.5, found 0.5",
        ),
        (
            "{tags: {refund: {tags: {urgent: {min: 1}}}}}",
            "`gate.tags.refund.tags` does not belong here: "
            "A gate inside a gate holds no further ones.",
        ),
    ],
)
def test_values_a_gate_cannot_have_say_what_to_write(
    tmp_path: Path, gate: str, message: str
) -> None:
    assert refusal(tmp_path, f"gate:\n  {gate}\n") == f"a.prompt.yml:7: {message}"


def test_tags_and_evaluators_that_are_not_there_are_refused_together(tmp_path: Path) -> None:
    gate = """\
gate:
  evaluators:
    right taem: {min: 1}
  tags:
    refund: {min: 1}
    refnd: {min: 1}
"""
    assert refusal(tmp_path, gate) == (
        "a.prompt.yml:8: `gate.evaluators.right taem`: no evaluator has this name "
        "(known: right team, polite); did you mean `right team`?\n"
        "a.prompt.yml:11: `gate.tags.refnd`: no golden has this tag "
        "(known: refund, urgent); did you mean `refund`?"
    )


def test_only_the_first_of_many_known_tags_are_listed(tmp_path: Path) -> None:
    tags = ", ".join(f"t{number:02}" for number in range(30))
    prompt = f"messages: [{{role: user, content: x}}]\ntestData: [{{q: a, tags: [{tags}]}}]\n"
    message = refusal(tmp_path, "gate: {tags: {other: {min: 1}}}\n", prompt=prompt)
    assert message.endswith("t18, t19 and 10 more)")


def test_the_comparison_to_expected_can_be_gated_where_no_evaluator_stands(
    tmp_path: Path,
) -> None:
    gate = "gate: {evaluators: {expected: {min: 1}}}\n"
    messages = "messages: [{role: user, content: x}]\n"
    prompt = read(tmp_path, gate, prompt=f"{messages}testData: [{{expected: a}}]\n")
    assert prompt.gate is not None
    assert list(prompt.gate.evaluators) == ["expected"]
    for other in (f"{messages}testData: [{{q: a}}]\n", PROMPT):
        message = refusal(tmp_path, gate, prompt=other)
        assert "`gate.evaluators.expected`: no evaluator has this name" in message


@pytest.mark.parametrize(
    ("text", "reducer"),
    [
        ("", Reducer()),
        ("reducer: mean\n", Reducer()),
        ("reducer: majority\nsamples: 5\n", Reducer(kind="majority")),
        ("reducer: at-least-2\nsamples: 3\n", Reducer(kind="at-least", count=2)),
        ("reducer: at-least-1\n", Reducer(kind="at-least", count=1)),
        ("reducer: pass@5\nsamples: 10\n", Reducer(kind="pass@", count=5)),
    ],
)
def test_reducers_are_read(tmp_path: Path, text: str, reducer: Reducer) -> None:
    prompt = read(tmp_path, text)
    assert prompt.reducer == reducer
    assert warnings(prompt) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "samples: 2\nreducer: at-least-3\n",
            "a.prompt.yml:7: the reducer `at-least-3` is never reached with `samples: 2`",
        ),
        (
            "samples: 2\nreducer: pass@3\n",
            "a.prompt.yml:7: the reducer `pass@3` is never reached with `samples: 2`",
        ),
        (
            "reducer: pass@0\n",
            "a.prompt.yml:6: the reducer `pass@0` passes whatever is answered; write pass@1",
        ),
        (
            "samples: 2\nreducer: at-least-0\n",
            "a.prompt.yml:7: the reducer `at-least-0` passes whatever is answered; "
            "write at-least-1",
        ),
        (
            "reducer: median\n",
            "a.prompt.yml:6: `reducer` cannot be 'median' "
            "(known: mean, majority, at-least-2, pass@1)",
        ),
        (
            "reducer: majorty\n",
            "a.prompt.yml:6: `reducer` cannot be 'majorty' "
            "(known: mean, majority, at-least-2, pass@1); "
            "did you mean `majority`?",
        ),
        ("reducer: 2\n", "a.prompt.yml:6: `reducer` cannot be 2 (known: mean"),
        (f"reducer: at-least-{'9' * 5000}\n", "a.prompt.yml:6: `reducer` cannot be 'at-least-9"),
    ],
)
def test_reducers_that_cannot_be_meant_are_refused(tmp_path: Path, text: str, message: str) -> None:
    assert refusal(tmp_path, text).startswith(message)


def test_a_reducer_that_waits_for_samples_from_the_command_line_is_told(tmp_path: Path) -> None:
    assert warnings(read(tmp_path, "reducer: at-least-3\n")) == [
        "a.prompt.yml:6: the reducer `at-least-3` needs 3 samples or more, "
        "as `samples` or --prompt-samples"
    ]


@pytest.mark.parametrize(("text", "value"), [("2", 2), ("0.05", 0.05), ("0", 0)])
def test_how_many_goldens_may_go_without_a_score_is_a_number_or_a_share(
    tmp_path: Path, text: str, value: float
) -> None:
    gate = read(tmp_path, f"gate: {{min: 1, unscored: {text}}}\n").gate
    assert gate == GateSettings(line=6, minimum=1, unscored=value)


def test_half_a_golden_cannot_go_without_a_score(tmp_path: Path) -> None:
    said = refusal(tmp_path, "gate: {min: 1, unscored: 1.5}\n")
    assert said == (
        "a.prompt.yml:6: `gate.unscored` is a number of goldens or a share under 1, found 1.5"
    )


def test_the_least_mutation_score_is_read_and_is_a_share(tmp_path: Path) -> None:
    gate = read(tmp_path, "gate: {minMutation: 0.6, confidence: 0.9}\n").gate
    assert gate == GateSettings(line=6, min_mutation=0.6, confidence=0.9)
    assert "`gate.minMutation`" in refusal(tmp_path, "gate: {minMutation: 60}\n")
    part = "gate: {min: 0.5, tags: {refund: {minMutation: 0.6}}}\n"
    assert "`gate.tags.refund.minMutation`" in refusal(tmp_path, part)


def test_judges_may_be_all_that_a_gate_asks_about(tmp_path: Path) -> None:
    before = read(tmp_path, "gate: {confidence: 0.9, judges: {minAgreement: 0.8}}\n")
    assert before.gate is not None
    assert (before.gate.min_agreement, before.gate.minimum) == (0.8, None)
    assert before.problems == ()
    softer = read(tmp_path, "gate: {confidence: 0.9, judges: {minAgreement: 0.7}}\n")
    assert [*loosened(before, softer)] == ["gate.judges.minAgreement went from 0.8 to 0.7"]
    assert [*loosened(softer, before)] == []
    none = read(tmp_path, "gate: {confidence: 0.9, min: 0.1}\n")
    assert [*loosened(before, none)] == ["gate.judges.minAgreement was taken away"]
    with pytest.raises(PromptFileError, match=r"`gate\.judges\.minAgreement` must be below 1"):
        read(tmp_path, "gate: {judges: {minAgreement: 1}}\n")
    assert "`gate.judges.minAgreement` is missing" in refusal(tmp_path, "gate: {judges: {}}\n")


def test_labels_are_part_of_what_a_gate_judges_by(tmp_path: Path) -> None:
    before = content_of(read(tmp_path, "gate: {min: 1}\n"), root=tmp_path)
    label = '{"input": {"q": "a"}, "answer": "b", "choice": "good"}\n'
    (tmp_path / "a.labels.jsonl").write_text(label)
    after = content_of(read(tmp_path, "gate: {min: 1}\n"), root=tmp_path)
    assert after.changed_parts(before) == ("gate",)


def test_a_policy_alone_is_a_gate_unless_it_only_reports(tmp_path: Path) -> None:
    gate = read(tmp_path, "gate: {onRemovedGoldens: fail}\n").gate
    assert gate == GateSettings(line=6, removed_fails=True)
    assert "asks for nothing" in refusal(tmp_path, "gate: {onLoosened: report}\n")
    assert "onLoosened" in refusal(tmp_path, "gate: {min: 1, onLoosened: warn}\n")
