import errno
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import pytest

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.prompts import document, files
from pytest_promptopt.prompts.content import content_of
from pytest_promptopt.prompts.files import DISK
from pytest_promptopt.prompts.reader import read_prompt

ROOT = Path("/project")


@dataclass(frozen=True)
class InMemory:
    """Files that are nowhere on disk."""

    contents: dict[str, str]

    def read(self, path: Path) -> bytes:
        return self.contents[self._name(path)].encode()

    def resolve(self, path: Path) -> Path:
        if path != ROOT:
            self._name(path)
        return path

    def glob(self, folder: Path, pattern: str) -> list[Path]:
        paths = sorted(ROOT / name for name in self.contents)
        return [path for path in paths if fnmatch(str(path), str(folder / pattern))]

    def _name(self, path: Path) -> str:
        name = path.relative_to(ROOT).as_posix()
        if name not in self.contents:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory")
        return name


PROMPT = """\
messages: [{role: user, content: '{{q}}'}]
goldens: [one.jsonl, more/*.csv]
evaluators: [{python: 'checks:short'}]
"""


def test_a_prompt_and_all_it_names_are_read_from_the_files_given() -> None:
    made = InMemory(
        {
            "prompts/a.prompt.yml": PROMPT,
            "prompts/one.jsonl": '{"q": "1"}\n',
            "prompts/more/b.csv": "q\n3\n",
            "prompts/more/a.csv": "q\n2\n",
        }
    )
    prompt = read_prompt(ROOT / "prompts" / "a.prompt.yml", root=ROOT, files=made)
    assert [(golden.path, golden.variables["q"]) for golden in prompt.goldens] == [
        ("prompts/one.jsonl", "1"),
        ("prompts/more/a.csv", "2"),
        ("prompts/more/b.csv", "3"),
    ]
    with_module = InMemory({**made.contents, "checks.py": "def short(): ..."})
    before = content_of(prompt, root=ROOT, files=made)
    after = content_of(prompt, root=ROOT, files=with_module)
    assert after.changed_parts(before) == ("files",)


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        ({}, "prompts/a.prompt.yml:1: cannot be read: No such file or directory"),
        (
            {"prompts/a.prompt.yml": PROMPT},
            "prompts/a.prompt.yml:2: goldens `one.jsonl` is not there",
        ),
        (
            {"prompts/a.prompt.yml": PROMPT, "prompts/one.jsonl": "{}"},
            "prompts/a.prompt.yml:2: goldens `more/*.csv` matches no file in /project/prompts",
        ),
    ],
)
def test_what_the_files_do_not_have_is_said(contents: dict[str, str], message: str) -> None:
    with pytest.raises(PromptFileError) as caught:
        read_prompt(ROOT / "prompts" / "a.prompt.yml", root=ROOT, files=InMemory(contents))
    assert str(caught.value).startswith(message)


def test_a_loop_of_links_on_disk_is_an_oserror(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "a")
    with pytest.raises(OSError, match=r"loop|many levels"):
        DISK.resolve(tmp_path / "a")


@pytest.mark.parametrize("pattern", ["/etc/*", "a**b/*"])
def test_an_unusable_pattern_on_disk_is_a_valueerror(tmp_path: Path, pattern: str) -> None:
    if pattern == "a**b/*" and hasattr(Path, "full_match"):
        pytest.skip("usable from Python 3.13 on")
    with pytest.raises(ValueError, match="pattern"):
        DISK.glob(tmp_path, pattern)


def test_a_file_that_is_too_large_is_refused_and_never_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_BYTES", 1 << 20)
    monkeypatch.setattr(document, "MAX_BYTES", 1 << 20)
    path = tmp_path / "a.prompt.yml"
    path.write_bytes(b"#" * (2 << 20))
    assert len(DISK.read(path)) == (1 << 20) + 1
    with pytest.raises(PromptFileError) as caught:
        read_prompt(path, root=tmp_path)
    assert str(caught.value) == "a.prompt.yml:1: the file is larger than 1 MiB"
