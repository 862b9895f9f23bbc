import pytest

from pytest_promptopt.text.secrets import Secrets


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("key: sk-proj-abcdefghij0123456789", "an API key"),
        ("sk-ant-api03-abcdefghij_0123456789", "an API key"),
        ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", "a GitHub token"),
        ("github_pat_11ABCDEFG0123456789_abcdefghij", "a GitHub token"),
        ("AKIAIOSFODNN7EXAMPLE", "an AWS access key"),
        ("Authorization: Bearer abc123def456ghi789", "a bearer token"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMII", "a private key"),
        ("-----BEGIN PRIVATE KEY-----", "a private key"),
        ("AIzaSyA0123456789abcdefghijklmnopqrstuv", "an API key"),
        ("sk_live_0123456789abcdefghij", "an API key"),
        ("xoxb-123456789012-abcdefghij", "a Slack token"),
        ("npm_abcdefghijklmnopqrstuvwxyz0123456789", "a package registry's token"),
        ("pypi-AgEIcHlwaS5vcmcCJDAxMjM0NTY3ODlhYmNkZWY", "a package registry's token"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.x", "a JSON web token"),
        ("the value is hunter2-hunter2.", "the value of a secret environment variable"),
    ],
)
def test_secrets_are_known_by_shape_or_value(text: str, kind: str) -> None:
    assert Secrets(["hunter2-hunter2"]).find(text) == kind


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a risk-averse task-oriented desk-bound clerk",
        "The bearer of this letter has responsibilities",
        "sk-short1",
        "an sk-learn-compatible-pipeline",
        "AKIA is a prefix",
        "npm_config_registry and xoxo-hugs",
        "pypi-publish-an-action-that-uploads-wheels-and-sdists",
        "eyJ starts an object",
        "-----BEGIN CERTIFICATE-----",
        "password: test",
    ],
)
def test_ordinary_text_holds_none(text: str) -> None:
    assert Secrets(["", "test"]).find(text) is None
