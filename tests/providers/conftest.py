"""Both ways of asking: what holds for one must hold for the other."""

import pytest

PLAINLY, WITH_SDK = "plainly", "through the SDK"


@pytest.fixture(params=[PLAINLY, WITH_SDK])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How addresses are asked whose key is in the service's own variable."""
    chosen: str = request.param
    if chosen == WITH_SDK:
        # A setting that only the SDK reads, and that changes nothing.
        monkeypatch.setenv("OPENAI_LOG", "none")
        monkeypatch.setenv("ANTHROPIC_LOG", "none")
    return chosen
