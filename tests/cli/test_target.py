from pathlib import Path

import pytest

from pytest_promptopt.cli.target import read_target


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
