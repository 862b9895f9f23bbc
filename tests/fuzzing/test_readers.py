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
        max_examples=25,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def check(data: st.DataObject) -> None:
        try_out(reader, data.draw(reader.contents), tmp_path)

    check()
