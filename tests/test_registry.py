import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_promptopt import registry
from pytest_promptopt.errors import UsageError
from pytest_promptopt.registry import Registry

GROUP = "pytest_promptopt.test_things"
BUILTIN = {"dumps": "json:dumps"}


@pytest.fixture
def contributed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed distribution that contributes to the group."""
    metadata = tmp_path / "acme_things-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-things\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        f"[{GROUP}]\nroot = math:sqrt\nbroken = acme_is_not_here:thing\ndumps = math:floor\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))


def things() -> Registry[Callable[..., object]]:
    return Registry(GROUP, BUILTIN)


def test_a_built_in_name_is_imported_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    colors: Registry[Callable[..., object]] = Registry(GROUP, {"rgb": "colorsys:rgb_to_hsv"})
    assert "colorsys" not in sys.modules
    assert colors.get("rgb") is sys.modules["colorsys"].rgb_to_hsv


def test_entry_points_are_not_scanned_for_a_built_in_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def scan(**_: object) -> None:
        raise AssertionError("scanned")

    monkeypatch.setattr(registry, "entry_points", scan)
    assert things().get("dumps") is not None
    with pytest.raises(AssertionError, match="scanned"):
        things().get("other")


@pytest.mark.usefixtures("contributed")
def test_another_package_can_contribute_names() -> None:
    root = things().get("root")
    assert root is not None
    assert root(9) == 3
    assert things().names() == ("dumps", "broken", "root")


@pytest.mark.usefixtures("contributed")
def test_a_built_in_name_cannot_be_taken_over() -> None:
    dumps = things().get("dumps")
    assert dumps is not None
    assert dumps([1]) == "[1]"


def test_an_unknown_name_is_nothing() -> None:
    assert things().get("thing") is None


@pytest.mark.usefixtures("contributed")
def test_a_contribution_that_cannot_be_imported_names_its_package() -> None:
    with pytest.raises(UsageError) as raised:
        things().get("broken")
    assert str(raised.value) == (
        f"`broken` of {GROUP} is acme_is_not_here:thing from acme-things, which cannot be "
        "imported (ModuleNotFoundError: No module named 'acme_is_not_here'); "
        "update or uninstall acme-things"
    )
