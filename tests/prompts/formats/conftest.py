from pathlib import Path

import pytest

from tests.prompts.formats.project import Foreign


@pytest.fixture
def foreign(tmp_path: Path) -> Foreign:
    return Foreign(tmp_path)
