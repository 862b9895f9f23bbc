"""What is sent without an SDK, held against what the SDK sends."""

from collections.abc import Callable

import pytest

from pytest_promptopt.providers.anthropic import AnthropicProvider
from pytest_promptopt.providers.openai import OpenAIProvider
from pytest_promptopt.providers.provider import Provider
from pytest_promptopt.providers.request import Request
from pytest_promptopt.providers.settings import ProviderSettings
from pytest_promptopt.testing import Received, WireServer
from tests.providers.questions import KEY, anthropic_model, ask, openai_model, question

_KEYS = {"OPENAI_API_KEY": KEY, "ANTHROPIC_API_KEY": KEY}
_OF_THE_SDK = ("user-agent", "x-stainless-", "host")


def received_by(
    make: Callable[[ProviderSettings], Provider], request: Callable[[str], Request], **changes: str
) -> Received:
    with WireServer() as server:
        ask(make, request(server.url), environ=changes or _KEYS)
    [received] = server.received
    return received


def to_openai(url: str) -> Request:
    return question(openai_model(f"{url}/v1"))


def to_anthropic(url: str) -> Request:
    return question(anthropic_model(url))


@pytest.mark.parametrize(
    ("make", "request_to", "changes"),
    [
        (OpenAIProvider, to_openai, {}),
        (AnthropicProvider, to_anthropic, {}),
        (AnthropicProvider, to_anthropic, {"ANTHROPIC_AUTH_TOKEN": "a-token"}),
    ],
)
def test_headers_and_path_are_those_of_the_sdk(
    make: Callable[[ProviderSettings], Provider],
    request_to: Callable[[str], Request],
    changes: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = received_by(make, request_to, **changes)
    monkeypatch.setenv("OPENAI_LOG", "none")
    monkeypatch.setenv("ANTHROPIC_LOG", "none")
    through_sdk = received_by(make, request_to, **changes)
    assert plain.headers["user-agent"].startswith("pytest-promptopt/")
    assert "pytest" not in through_sdk.headers["user-agent"]
    assert plain.path == through_sdk.path
    assert plain.body == through_sdk.body
    assert meant(plain) == meant(through_sdk)


def meant(received: Received) -> dict[str, str]:
    return {
        name: value for name, value in received.headers.items() if not name.startswith(_OF_THE_SDK)
    }


def test_an_organization_is_told_to_its_service_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    assert received_by(OpenAIProvider, to_openai).headers["openai-organization"] == "org-1"
    elsewhere = received_by(
        OpenAIProvider,
        lambda url: question(openai_model(f"{url}/v1", key_variable="TEST_KEY")),
        TEST_KEY="another",
    )
    assert "openai-organization" not in elsewhere.headers


def test_what_stands_behind_an_address_stays_behind_its_path() -> None:
    received = received_by(OpenAIProvider, lambda url: question(openai_model(f"{url}/v1/?v=2")))
    assert received.path == "/v1/chat/completions?v=2"
