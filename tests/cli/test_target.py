from pathlib import Path

import pytest

from pytest_promptopt.cli.main import main
from pytest_promptopt.cli.target import read_target
from pytest_promptopt.errors import PromptNotFoundError, UsageError


@pytest.mark.parametrize(
    ("name", "path", "ref"),
    [
        ("a.prompt.yml", "a.prompt.yml", None),
        ("a.prompt.yml@main", "a.prompt.yml", "main"),
        ("a.prompt.yaml@HEAD@{1}", "a.prompt.yaml", "HEAD@{1}"),
        ("team@home/a.prompt.yml@v1", "team@home/a.prompt.yml", "v1"),
        ("team@home/a.prompt.yml", "team@home/a.prompt.yml", None),
        ("a.prompt.yml@", "a.prompt.yml", ""),
        ("a.txt@main", "a.txt@main", None),
    ],
)
def test_the_ref_begins_behind_the_suffix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, path: str, ref: str | None
) -> None:
    (tmp_path / "team@home").mkdir()
    monkeypatch.chdir(tmp_path)
    target = read_target(name)
    assert (target.path, target.ref) == (tmp_path / path, ref)


def test_links_above_the_file_are_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "real/a.prompt.yml").symlink_to("elsewhere")
    monkeypatch.chdir(tmp_path)
    assert read_target("link/a.prompt.yml").path == tmp_path / "real/a.prompt.yml"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One that keeps its prompts in two folders of its own; we are in another."""
    (tmp_path / "pytest.ini").write_text("[pytest]\nprompt_paths =\n  texts\n  more spare\n")
    for name in ("texts/deep/route", "texts/sum", "more/sum", "spare/tone", "prompts/first"):
        path = tmp_path / f"{name}.prompt.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("messages: [{role: user, content: a}]\n")
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "src").mkdir()
    monkeypatch.chdir(tmp_path / "src")
    return tmp_path


def test_a_bare_name_is_found_in_the_folders_of_the_ini_too(project: Path) -> None:
    assert read_target("route").path == project / "texts/deep/route.prompt.yml"
    target = read_target("tone@main")
    assert (target.path, target.ref) == (project / "spare/tone.prompt.yml", "main")
    assert read_target("first").path == project / "prompts/first.prompt.yml"


def test_a_bare_name_of_none_or_of_several_is_told(project: Path) -> None:
    with pytest.raises(PromptNotFoundError) as none:
        read_target("rute")
    assert str(none.value) == (
        "no prompt `rute` in ../texts, ../more, ../spare (known: sum, route, tone); "
        "did you mean `route`?"
    )
    with pytest.raises(UsageError) as several:
        read_target("sum")
    assert str(several.value) == (
        "several prompts are called `sum`: ../texts/sum.prompt.yml, ../more/sum.prompt.yml; "
        "name the file of one"
    )


def test_without_a_path_the_folders_of_the_ini_are_told(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["list"]) == 0
    told = capsys.readouterr().out
    assert told.count(".prompt.yml\n") == 4
    assert "prompts/first" not in told
    (project / "prompts/first.prompt.yml").write_text("messages: 1\n")
    assert main(["lint"]) == 0
    assert "4 files" in capsys.readouterr().out
