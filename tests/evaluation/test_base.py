from dataclasses import replace
from pathlib import Path
from typing import Any

from pytest_promptopt.errors import UsageError
from pytest_promptopt.evaluation.base import compare_with_base, loosened
from pytest_promptopt.evaluation.subject import Subject, SubjectSettings, build_subject
from pytest_promptopt.prompts.answer_place import AnswerPlace
from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden
from pytest_promptopt.prompts.prompt import GateSettings, MessageTemplate, Prompt
from pytest_promptopt.prompts.template import Template
from pytest_promptopt.providers.request import Model


def resolve(name: str) -> Model:
    provider, _, rest = name.partition("/")
    if not rest:
        raise UsageError(f"no model {name!r}")
    return Model(provider=provider, name=rest)


SETTINGS = SubjectSettings(resolve_model=resolve, root=Path("/"))


def prompt(text: str = "{{q}}", *, line: int = 1, model: str | None = "x/y") -> Prompt:
    message = MessageTemplate(role="user", template=Template(text), line=line)
    golden = Golden(id="g", variables={"q": "?", "expected": "1"}, path="a", line=1, expected="1")
    return Prompt(
        path=Path("/a"),
        location="a",
        name="a",
        messages=(message,),
        model=model,
        goldens=(golden,),
    )


def head(text: str = "{{q}}") -> Subject:
    return build_subject(prompt(text), SETTINGS)


def test_the_base_is_asked_with_its_own_text_and_the_heads_goldens() -> None:
    older = replace(prompt("old {{q}}", model="x/z"), goldens=())
    base = compare_with_base(head(), older, label="main", settings=SETTINGS)
    assert base.subject is not None
    [golden] = base.subject.prompt.goldens
    request = base.subject.request(golden, 0)
    assert (request.messages[0].content, request.model.name) == ("old ?", "z")
    assert (base.subject.key, base.record.identical) == ("a@base", False)


def test_what_sends_the_same_is_identical_wherever_it_stands() -> None:
    base = compare_with_base(head(), prompt(line=9), label="main", settings=SETTINGS)
    assert (base.subject, base.record.identical) == (None, True)


def test_the_base_is_read_where_its_own_file_says_that_the_answer_stands() -> None:
    older = replace(prompt(), answer=AnswerPlace(mark="line", value="last"))
    base = compare_with_base(head(), older, label="main", settings=SETTINGS)
    assert base.subject is not None
    assert base.subject.prompt.answer == older.answer


def test_a_model_of_the_run_stands_in_on_both_sides() -> None:
    settings = replace(SETTINGS, model="run/m")
    now = build_subject(prompt(), settings)
    base = compare_with_base(now, prompt(model="x/z"), label="main", settings=settings)
    assert base.record.identical


def test_goldens_that_the_base_cannot_fill_are_known() -> None:
    base = compare_with_base(head(), prompt("{{old}}"), label="main", settings=SETTINGS)
    [golden] = head().prompt.goldens
    assert base.unfillable(golden) == ("a:1: {{old}} has no value",)


def test_a_base_without_a_model_says_so() -> None:
    base = compare_with_base(head("new"), prompt(model="odd"), label="main", settings=SETTINGS)
    assert base.subject is not None
    assert base.subject.model_error == "at main: a: no model 'odd'"


def test_an_evaluator_that_counts_for_less_is_told() -> None:
    def asking(**said: object) -> Prompt:
        spec = EvaluatorSpec(name="e", kind="contains", options="a", path="a", line=1, **said)  # type: ignore[arg-type]
        return replace(prompt(), evaluators=(spec,))

    def told(base: Prompt, head: Prompt) -> list[str]:
        return [*loosened(base, head)]

    assert told(asking(), asking(optional=True)) == ["the evaluator `e` became optional"]
    assert told(asking(), asking(negated=True)) == ["the evaluator `e` was changed"]
    assert told(asking(weight=2.0), asking()) == [
        "the weight of the evaluator `e` went from 2 to 1"
    ]
    stricter, looser = asking(negated=True, threshold=0.5), asking(negated=True, threshold=0.8)
    assert told(stricter, looser) == ["the threshold of the evaluator `e` went from 0.5 to 0.8"]
    assert told(looser, stricter) == []


def gated(**settings: object) -> Prompt:
    return replace(prompt(), gate=GateSettings(line=1, **settings))  # type: ignore[arg-type]


def test_a_looser_gate_is_told() -> None:
    strict = gated(minimum=0.9, max_drop=0.02, confidence=0.95)
    loose = gated(minimum=0.8, max_drop=0.1, confidence=0.9, inconclusive_passes=True)
    assert list(loosened(strict, loose)) == [
        "gate.min went from 0.9 to 0.8",
        "gate.maxDrop went from 0.02 to 0.1",
        "gate.confidence went from 0.95 to 0.9",
        "gate.inconclusive went from fail to pass",
    ]
    assert list(loosened(loose, strict)) == []
    assert list(loosened(strict, prompt())) == ["the gate was taken away"]
    assert list(loosened(prompt(), strict)) == []
    assert list(loosened(strict, gated(minimum=0.9, confidence=0.95))) == [
        "gate.maxDrop 0.02 was taken away"
    ]


def test_what_the_gate_forbids_it_forbids_also_where_the_change_takes_that_away() -> None:
    a, b = (Golden(id=name, variables={}, path="a", line=1) for name in "ab")
    asked = replace(prompt(), goldens=(a, b))

    def forbidden_by(base: Prompt, head: Prompt) -> tuple[str, ...]:
        head = replace(head, goldens=(a,))
        subject = build_subject(head, SETTINGS)
        found = compare_with_base(subject, base, label="main", settings=SETTINGS)
        kept = found.compared_with(subject).prompt.gate
        assert (kept is None) == (head.gate is None and not found.record.forbidden)
        return found.record.forbidden

    gone = "goldens that were taken away: b"
    softer = "gate.min went from 0.9 to 0.8"
    plain, lower = gated(minimum=0.9), gated(minimum=0.8)
    strict = {
        key: replace(asked, gate=GateSettings(line=1, minimum=0.9, **{key: True}))  # type: ignore[arg-type]
        for key in ("removed_fails", "loosened_fails")
    }
    before = replace(asked, gate=plain.gate)
    assert forbidden_by(before, lower) == ()
    assert forbidden_by(strict["removed_fails"], lower) == (gone,)
    assert forbidden_by(before, strict["removed_fails"]) == (gone,)
    assert forbidden_by(strict["loosened_fails"], lower) == (
        softer,
        "gate.onLoosened went from fail to report",
    )
    assert forbidden_by(strict["loosened_fails"], prompt()) == ("the gate was taken away",)
    assert forbidden_by(before, prompt()) == ()


def test_a_looser_gate_on_a_part_is_told() -> None:
    strict = gated(
        tags={
            "a": GateSettings(line=1, minimum=0.9),
            "b": GateSettings(line=1, minimum=0.9),
        }
    )
    loose = gated(tags={"a": GateSettings(line=1, minimum=0.5)})
    assert list(loosened(strict, loose)) == [
        "gate.tags.a.min went from 0.9 to 0.5",
        "gate.tags.b was taken away",
    ]


def spec(name: str, kind: str = "equals", **more: object) -> EvaluatorSpec:
    values = {"options": "x", "path": "a", "line": 1, **more}
    return EvaluatorSpec(name=name, kind=kind, **values)  # type: ignore[arg-type]


def test_looser_evaluators_are_told() -> None:
    before = replace(
        prompt(),
        evaluators=(
            spec("gone"),
            spec("other"),
            spec("lower"),
            spec("judge", kind="llm"),
            spec("moved"),
            spec("lets all", kind="uses"),
            spec("theirs", kind="acme"),
        ),
    )
    after = replace(
        prompt(),
        evaluators=(
            spec("other", options="y"),
            spec("lower", threshold=0.5),
            spec("judge", kind="llm", threshold=0.5),
            spec("moved", line=7),
            spec("lets all", kind="uses", threshold=0.0),
            spec("theirs", kind="acme", threshold=0.5),
        ),
    )
    assert list(loosened(before, after)) == [
        "the evaluator `gone` was taken away",
        "the evaluator `other` was changed",
        "the threshold of the evaluator `lower` went from 1 to 0.5",
        "the threshold of the evaluator `lets all` went from above 0 to 0",
    ]


def test_evaluators_of_one_name_are_told_apart_by_their_order() -> None:
    several = replace(prompt(), evaluators=(spec("same"), spec("same", options="y")))
    assert list(loosened(several, several)) == []
    fewer = replace(prompt(), evaluators=several.evaluators[:1])
    assert list(loosened(several, fewer)) == ["the evaluator `same` was taken away"]
    assert list(loosened(fewer, several)) == []


def test_goldens_that_ask_for_less_are_told() -> None:
    def golden(name: str, expected: str, required: bool = False) -> Golden:
        return Golden(id=name, variables={}, path="a", line=1, expected=expected, required=required)

    before = replace(
        prompt(),
        goldens=(golden("a", "1"), golden("b", "1"), golden("c", "1", required=True)),
    )
    after = replace(prompt(), goldens=(golden("b", "2"), golden("c", "1"), golden("d", "1")))
    assert list(loosened(before, after)) == [
        "goldens that now expect something else: b",
        "goldens that are no longer required: c",
        "goldens that were taken away: a",
    ]
    shown = replace(prompt(), goldens=before.goldens[1:], shown=before.goldens[:1])
    assert list(loosened(before, shown)) == ["goldens whose answers the prompt now shows: a"]


def test_goldens_that_count_for_less_are_told() -> None:
    def told(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
        def of(more: dict[str, Any]) -> Prompt:
            golden = Golden(id="a", variables={}, path="a", line=1, **more)
            return replace(gated(tags={"hard": GateSettings(line=1)}), goldens=(golden,))

        return [*loosened(of(before), of(after))]

    assert told({"weight": 2.0}, {"weight": 0.0}) == ["goldens that weigh something else: a"]
    assert told({"tags": ("hard", "x")}, {"tags": ("x",)}) == [
        "goldens that left a tag that has a limit: a"
    ]
    assert told({"tags": ("x",)}, {"tags": ("hard",)}) == []
    own = {"evaluators": (spec("equals"), spec("equals", options="y"))}
    assert told(own, {"evaluators": own["evaluators"][:1]}) == [
        "goldens that are checked otherwise on their own: a"
    ]
    moved = {"evaluators": tuple(replace(one, line=7) for one in own["evaluators"])}
    assert told(own, moved) == []
    assert told({"evaluators": own["evaluators"][:1]}, own) == []


def test_goldens_that_come_to_share_a_cluster_are_told_where_drops_are_limited() -> None:
    def of(cluster: str, **gate: Any) -> Prompt:
        goldens = (
            Golden(id=name, variables={}, path="a", line=1, cluster=cluster) for name in "ab"
        )
        return replace(gated(**gate), goldens=tuple(goldens))

    assert [*loosened(of("", max_drop=0.1), of("x", max_drop=0.1))] == [
        "goldens that now share a cluster, so that fewer drops show: b"
    ]
    assert [*loosened(of("", minimum=0.5), of("x", minimum=0.5))] == []


def test_goldens_that_leave_their_cluster_are_told() -> None:
    def golden(name: str, cluster: str) -> Golden:
        return Golden(id=name, variables={}, path="a", line=1, cluster=cluster)

    def told(*clusters: str) -> list[str]:
        names = zip("abcd", clusters, strict=True)
        return [*loosened(before, replace(prompt(), goldens=tuple(golden(*n) for n in names)))]

    at_base = zip("abcd", ("x", "x", "y", ""), strict=True)
    before = replace(prompt(), goldens=tuple(golden(*named) for named in at_base))
    assert told("x", "x", "y", "") == []
    assert told("renamed", "renamed", "", "") == []
    assert told("x", "x", "x", "x") == []
    assert told("x", "", "y", "") == ["goldens that no longer share a cluster: b"]
    assert told("", "", "y", "") == ["goldens that no longer share a cluster: b"]
