from hypothesis import given
from hypothesis import strategies as st

from pytest_promptopt.client.estimate import (
    DEFAULT_OUTPUT_TOKENS,
    LIKELY_OUTPUT_TOKENS,
    likely_usage,
    most_usage,
)
from pytest_promptopt.providers.request import Request
from tests.client.asking import ask


@given(st.text())
def test_the_most_is_at_least_a_token_a_byte_and_the_likely_is_not_more(text: str) -> None:
    request = ask(text)

    assert most_usage(request).input_tokens >= len(text.encode("utf-8", "surrogatepass"))
    assert likely_usage(request).total_tokens <= most_usage(request).total_tokens


def test_the_output_is_bounded_by_the_request_or_the_stated_default() -> None:
    assert most_usage(ask(max_tokens=8)).output_tokens == 8
    assert most_usage(ask(max_completion_tokens=9)).output_tokens == 9
    assert most_usage(ask()).output_tokens == DEFAULT_OUTPUT_TOKENS
    assert likely_usage(ask(max_tokens=8)).output_tokens == 8
    assert likely_usage(ask()).output_tokens == LIKELY_OUTPUT_TOKENS


def test_a_schema_counts_as_input() -> None:
    plain = ask()
    schema = {"name": "n", "schema": {"type": "object", "description": "x" * 1000}}
    with_schema = Request(model=plain.model, messages=plain.messages, json_schema=schema)

    assert most_usage(with_schema).input_tokens > most_usage(plain).input_tokens + 1000
