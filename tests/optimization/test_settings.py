from dataclasses import fields
from typing import Any

import pytest

from pytest_promptopt.client.budget import Budget
from pytest_promptopt.errors import UsageError
from pytest_promptopt.optimization.allocation.allocator import ALLOCATORS
from pytest_promptopt.optimization.allowance import Caps
from pytest_promptopt.optimization.presets import DEFAULT_METHOD, PRESETS, read_optimize_settings
from pytest_promptopt.optimization.proposers.proposer import PROPOSERS
from pytest_promptopt.optimization.settings import OptimizeSettings
from pytest_promptopt.prompts.parameters import snake_case
from pytest_promptopt.prompts.violations import prompt_schema

WHERE = "--prompt-optimize-set"


def read(method: str = DEFAULT_METHOD, **overrides: Any) -> Any:
    return read_optimize_settings(method, overrides, WHERE)


def test_a_method_alone_is_its_preset() -> None:
    assert [read(method) for method in PRESETS] == list(PRESETS.values())
    assert [preset.method for preset in PRESETS.values()] == list(PRESETS)


def test_presets_name_only_what_there_is() -> None:
    for preset in PRESETS.values():
        assert preset.allocator in ALLOCATORS.names()
        assert {*preset.proposer_names} <= set(PROPOSERS.names())


@pytest.mark.parametrize(
    ("key", "raw", "expected"),
    [
        ("rounds", "3", 3),
        ("rounds", 3, 3),
        ("diagnosis", "off", False),
        ("diagnosis", True, True),
        ("temperature", "0.5", 0.5),
        ("budget", "2 usd", Budget.parse("2 usd")),
        ("budget", "none", None),
        ("tokens", None, None),
        ("proposers", "reflect:3, paraphrase", {"reflect": 3, "paraphrase": 1}),
        ("proposers", {"reflect": 3}, {"reflect": 3}),
        ("editable", "2,0", (0, 2)),
        ("editable", [1], (1,)),
        ("editable", 1, (1,)),
        ("parents", "pareto", "pareto"),
        ("measure", "log-probability", "log-probability"),
        ("step-size", "30", 30),
    ],
)
def test_values_come_from_yaml_or_as_text(key: str, raw: Any, expected: Any) -> None:
    settings = read(**{key: raw})
    assert getattr(settings, key.replace("-", "_")) == expected


@pytest.mark.parametrize(
    ("key", "raw", "told"),
    [
        ("rounds", "many", "`rounds`: expected a whole number of at least 1, found 'many'"),
        ("rounds", 0, "`rounds`: expected a whole number of at least 1, found 0"),
        ("rounds", 1.5, "`rounds`: expected a whole number of at least 1, found 1.5"),
        ("rounds", True, "`rounds`: expected a whole number of at least 1, found True"),
        ("rounds", None, "`rounds`: expected a whole number of at least 1, found nothing"),
        ("temperature", 3, "`temperature`: expected a number from 0 to 2, found 3"),
        ("temperature", "nan", "`temperature`: expected a number from 0 to 2, found 'nan'"),
        ("diagnosis", "maybe", "`diagnosis`: expected true or false, found 'maybe'"),
        ("budget", 300, "`budget`: expected an amount like '300 calls', found 300"),
        ("budget", "300", "`budget`: budget: found '300', expected an amount and its unit"),
        ("proposers", [1], "`proposers`: expected names with their counts, found a list"),
        ("editable", "system", "`editable`: expected positions of messages from 0"),
        (
            "parents",
            "pareta",
            "`parents`: 'pareta' is not one of the choices (known: best, leaders",
        ),
        ("round", 3, "`round` is not a setting"),
        ("method", "opro", "`method` is not a setting"),
        ("reflect.tone", "calm", "`reflect.tone`: `reflect` has no settings of its own"),
        ("reflct.tone", "calm", "'reflct' is not known as proposer (known: "),
        ("allocator", "racng", "'racng' is not known as allocator (known: "),
    ],
)
def test_what_cannot_be_meant_says_where_and_what_was_expected(
    key: str, raw: Any, told: str
) -> None:
    with pytest.raises(UsageError) as caught:
        read_optimize_settings(DEFAULT_METHOD, {key: raw}, WHERE)
    assert str(caught.value).startswith(f"{WHERE}: {told}")


def test_the_nearest_names_are_offered() -> None:
    with pytest.raises(UsageError, match=r"'protegy' is not a method .*did you mean `protegi`\?"):
        read("protegy")
    with pytest.raises(UsageError, match=r"did you mean `rounds`\?"):
        read(round=1)


def test_the_budget_is_a_cap_beside_the_others() -> None:
    assert read(budget="50 calls", tokens=9).caps == Caps(calls=50, tokens=9)
    assert read(budget="1k tokens").caps == Caps(tokens=1000)
    assert read(budget="0.5 usd", optimizer_calls=3).caps == Caps(cost_usd=0.5, optimizer_calls=3)


def test_demonstrations_that_may_be_added_are_proposed_too() -> None:
    settings = read_optimize_settings("opro", {"demonstrations": 3}, "here")
    assert settings.proposers == {"trajectory": 8, "demonstrations": 1}
    assert read_optimize_settings("opro", {}, "here").proposers == {"trajectory": 8}


def test_the_shape_of_prompt_files_knows_every_setting() -> None:
    known = prompt_schema()["properties"]["optimize"]["properties"]
    settings = {item.name for item in fields(OptimizeSettings) if item.metadata}
    assert {snake_case(key) for key in known} - {"method"} == settings
