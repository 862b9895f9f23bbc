import sys
from pathlib import Path

import pytest

from pytest_promptopt.project.code import CodeError, ProjectCode

MODULE = """
import functools
from os import remove
from shutil import rmtree

run = exec
text = "no function"
part = functools.partial(print)

def score(answer, variables):
    return 1

@functools.lru_cache
def kept(answer):
    return 1

class Scorer:
    def __call__(self, answer, variables):
        return 1

scorer = Scorer()
"""
FUNCTION = "def score(answer, variables):\n    return 1\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with functions, whose imports are undone."""
    root = tmp_path / "project"
    (root / "acme_inner").mkdir(parents=True)
    (root / "acme_code.py").write_text(MODULE)
    (root / "acme_inner" / "deep.py").write_text(FUNCTION)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in ("acme_code", "acme_inner", "acme_inner.deep", "acme_installed", "acme_outside"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return root


def refusal(code: ProjectCode, name: str) -> str:
    with pytest.raises(CodeError) as caught:
        code.function(name)
    return str(caught.value)


@pytest.mark.parametrize("name", ["acme_code:score", "acme_code:kept", "acme_inner.deep:score"])
def test_a_function_that_is_defined_in_the_project_is_found(root: Path, name: str) -> None:
    assert callable(ProjectCode(root=root).function(name))


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("builtins:exec", "`builtins` is no file of the project"),
        ("shutil:rmtree", "`shutil` is no file of the project"),
        ("os.path:exists", "`os.path` is no file of the project"),
        ("pytest:main", "`pytest` is no file of the project"),
        ("acme_inner:score", "`acme_inner` is no file of the project"),
        ("acme_absent:score", "there is no module `acme_absent` in the project"),
        ("acme_code:rmtree", "`rmtree` is defined in `shutil`, not in `acme_code`: name it there"),
        ("acme_code:remove", "`acme_code` has no function `remove`"),
        ("acme_code:run", "`acme_code` has no function `run`"),
        ("acme_code:part", "`acme_code` has no function `part`"),
        ("acme_code:scorer", "`acme_code` has no function `scorer` (known: score, kept); did you"),
        ("acme_code:__builtins__", "`acme_code` has no function `__builtins__`"),
        ("acme_code:score.__globals__", "expected `module:function` of the project"),
    ],
)
def test_whatever_else_a_file_names_is_refused(root: Path, name: str, why: str) -> None:
    assert refusal(ProjectCode(root=root), name).startswith(why)


def test_what_is_outside_is_refused_before_it_is_imported(root: Path) -> None:
    marker = root.parent / "imported"
    outside = root.parent / "elsewhere"
    outside.mkdir()
    (outside / "acme_outside.py").write_text(f"open({str(marker)!r}, 'w').close()\n{FUNCTION}")
    sys.path.insert(0, str(outside))
    assert "is no file of the project" in refusal(ProjectCode(root=root), "acme_outside:score")
    assert not marker.exists()
    ProjectCode(root=root, allowed=("acme_outside",)).function("acme_outside:score")
    assert marker.exists()


@pytest.mark.parametrize("folder", [".venv/lib", "lib/site-packages", "env/code"])
def test_what_is_installed_inside_the_project_is_not_the_projects(root: Path, folder: str) -> None:
    place = root / folder
    place.mkdir(parents=True)
    (place / "acme_installed.py").write_text(FUNCTION)
    (root / folder.partition("/")[0] / "pyvenv.cfg").touch()
    sys.path.insert(0, str(place))
    assert "is no file of the project" in refusal(ProjectCode(root=root), "acme_installed:score")


def test_a_link_out_of_the_project_is_outside(root: Path) -> None:
    (root.parent / "acme_linked.py").write_text(FUNCTION)
    (root / "acme_linked.py").symlink_to(root.parent / "acme_linked.py")
    assert "is no file of the project" in refusal(ProjectCode(root=root), "acme_linked:score")


def test_a_module_that_python_takes_from_elsewhere_is_refused(root: Path) -> None:
    (root / "json.py").write_text("def dumps(answer, variables):\n    return 1\n")
    assert "`json` is another module than" in refusal(ProjectCode(root=root), "json:dumps")


def test_without_code_nothing_is_imported(root: Path) -> None:
    code = ProjectCode(root=root, refusal="--prompt-no-code")
    assert refusal(code, "acme_code:score") == "`acme_code:score` is not run: --prompt-no-code"
    assert "acme_code" not in sys.modules
