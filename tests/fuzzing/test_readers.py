from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_promptopt.errors import PromptoptError
from tests.fuzzing.readers import READERS, Reader


def try_out(reader: Reader, content: bytes, folder: Path) -> None:
    """Have the file read; raises what is no error of ours."""
    path = folder / reader.name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    with suppress(PromptoptError):
        reader.read(path)


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_what_is_damaged_was_sound(reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / reader.name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(reader.sound)
    reader.read(path)


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_a_damaged_file_is_read_or_told_of(reader: Reader, tmp_path: Path) -> None:
    @settings(
        max_examples=15,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def check(data: st.DataObject) -> None:
        try_out(reader, data.draw(reader.contents), tmp_path)

    check()


OTHER: dict[str, tuple[tuple[str, str], ...]] = {
    "a.prompt.yml": (
        ('"choices": [{"choice": "1", "score": 1}, {"choice": "2", "score": 0}]', '"choices": 1'),
        ('"number": {"expected": "1"', f'"number": {{"expected": {10**400}'),
        ('"split": "test"', '"split": 2.5'),
        ('{"choice": "1", "score": 1}', f'{{"choice": "1", "score": {10**400}}}'),
    ),
    "recording.jsonl": (
        ('"cached_tokens": 1', '"cached_tokens": null'),
        ('"notes": ["n"]', '"notes": [null]'),
        ('"input_tokens": 3', '"input_tokens": "3"'),
    ),
    ".promptopt/runs/r/journal.jsonl": (
        ('"parents": ["c"]', '"parents": 1'),
        ('"scores": {"c": 0.5, "d": null}', '"scores": {"c": "high"}'),
        ('"scores": {"c": 0.5, "d": null}', f'"scores": {{"c": {10**400}}}'),
        ('"sentence": "s"}', '"told": "s"}'),
        ('"value": [{', '"value": [1, {'),
        ('"output_tokens": 2', '"output_tokens": "two"'),
        ('"error": "no answer"', '"error": 1'),
    ),
    ".promptopt/runs/20260101T000000Z-ab.json": (
        ('"weight": 1.0', '"weight": -20'),
        ('"weight": 1.0', '"weight": 1e999'),
        ('"score": 1.0', '"score": 20'),
        ('"input_tokens": 100', '"input_tokens": -1'),
    ),
    "memory.jsonl": (
        ('"gain": 0.5', f'"gain": {10**400}'),
        ('"gain": 0.5', '"gain": 1e999'),
        ('"gain": 0.5', '"gain": "high"'),
        ('"event": "tried"', '"event": ["tried"]'),
    ),
    "row": (('"reasoning": "r"', '"reasoning": 1'), ('"log_probability": -0.5', '"x": 1')),
}


@pytest.mark.parametrize(
    ("name", "sound", "other"),
    [(name, *change) for name, changes in OTHER.items() for change in changes],
)
def test_what_once_broke_a_reader_is_told(
    name: str, sound: str, other: str, tmp_path: Path
) -> None:
    reader = READERS[name]
    content = reader.sound.decode()
    assert sound in content
    try_out(reader, content.replace(sound, other).encode(), tmp_path)
