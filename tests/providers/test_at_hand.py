from datetime import date
from pathlib import Path

import pytest

from pytest_promptopt.providers import at_hand
from pytest_promptopt.providers.at_hand import AtHand, model_at_hand
from pytest_promptopt.providers.catalogue import CatalogueEntry
from pytest_promptopt.providers.weights import Weights

TODAY = date(2026, 11, 28)


def found(environ: dict[str, str], today: date = TODAY) -> AtHand | None:
    return model_at_hand(environ, today, models_dir=Path("nowhere"))


@pytest.mark.parametrize(
    ("environ", "name", "reason"),
    [
        ({"OPENAI_API_KEY": "k"}, "openai/gpt-5.4-mini", "OPENAI_API_KEY is set"),
        ({"ANTHROPIC_API_KEY": "k"}, "anthropic/claude-haiku-4-5", "ANTHROPIC_API_KEY is set"),
        (
            {"ANTHROPIC_AUTH_TOKEN": "k"},
            "anthropic/claude-haiku-4-5",
            "ANTHROPIC_AUTH_TOKEN is set",
        ),
        ({"OPENAI_API_KEY": " ", "ANTHROPIC_API_KEY": "k"}, "anthropic/claude-haiku-4-5", ""),
        (
            {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "http://localhost:1/v1"},
            "openai/gpt-5.4-mini",
            "OPENAI_API_KEY is set; it is asked at http://localhost:1/v1, which may call",
        ),
    ],
)
def test_a_key_says_whose_model_is_asked(environ: dict[str, str], name: str, reason: str) -> None:
    taken = found(environ)
    assert taken is not None
    assert taken.name == name
    assert taken.reason.startswith(reason)


def test_a_model_that_ends_soon_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    names = (("openai/gpt-5-mini", "openai/gpt-5.1"),)
    monkeypatch.setattr(at_hand, "_HOSTED", names)
    environ = {"OPENAI_API_KEY": "k"}
    for today, name in {date(2026, 1, 1): names[0][0], TODAY: names[0][1]}.items():
        taken = found(environ, today)
        assert taken is not None
        assert taken.name == name


@pytest.mark.parametrize(
    ("is_built", "lack", "name"),
    [
        (True, "no wheels", "local/qwen2.5-coder-0.5b"),
        (False, "", "local/qwen2.5-coder-0.5b"),
        (False, "no wheels", None),
    ],
)
def test_without_a_key_it_is_what_is_installed(
    monkeypatch: pytest.MonkeyPatch, is_built: bool, lack: str, name: str | None
) -> None:
    def weights(entry: CatalogueEntry, _: Path) -> Weights:
        return Weights(entry=entry, path=Path(), size_bytes=0, is_built=is_built, lack=lack)

    monkeypatch.setattr(at_hand, "find_weights", weights)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: object())
    taken = found({})
    assert (taken and taken.name) == name
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert found({}) is None
