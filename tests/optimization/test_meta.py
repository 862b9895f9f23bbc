"""The requests to the optimizer model are prompt files, and hold together like any."""

import pytest

from pytest_promptopt.optimization.optimizer import META, request_prompt

NAMES = sorted(path.name.removesuffix(".prompt.yml") for path in META.glob("*.prompt.yml"))


@pytest.mark.parametrize("name", NAMES)
def test_a_meta_prompt_has_goldens_that_fill_it_and_names_no_model(name: str) -> None:
    prompt = request_prompt(name)
    assert prompt.problems == ()
    assert prompt.model is None
    assert len(prompt.goldens) >= 2
    assert len(prompt.evaluators) == 2
    for golden in prompt.goldens:
        for message in prompt.messages:
            assert message.template.missing(golden.variables) == ()


@pytest.mark.parametrize("name", NAMES)
def test_a_meta_prompt_ends_with_the_form_of_the_reply(name: str) -> None:
    *_, last = request_prompt(name).messages
    assert last.role == "user"
    assert last.template.text.endswith("{{form}}")
