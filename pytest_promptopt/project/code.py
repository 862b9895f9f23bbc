"""Functions of the project that a file may name: found before anything of them is run."""

import inspect
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

from pytest_promptopt.suggestion import did_you_mean

_NAME = re.compile(r"(?P<module>[^\W\d]\w*(?:\.[^\W\d]\w*)*):(?P<function>[^\W\d]\w*)")
_INSTALLED = frozenset({"site-packages", "dist-packages"})


class CodeError(Exception):
    """There is no function of that name to be called; says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectCode:
    """Whose functions may be called by their name.

    Those that are defined in a file under ``root`` which is not installed there, and those of the
    modules in ``allowed``, wherever they are. None where ``refusal`` says why.
    """

    root: Path
    allowed: tuple[str, ...] = ()
    refusal: str = ""

    def function(self, name: str) -> Callable[..., Any]:
        """The function that ``module:function`` names; raises :class:`CodeError`.

        Whether the module may be imported is decided by where it lies, before it is.
        """
        found = _NAME.fullmatch(name)
        if found is None:
            raise CodeError("expected `module:function` of the project")
        if self.refusal:
            raise CodeError(f"`{name}` is not run: {self.refusal}")
        module_name, function_name = found["module"], found["function"]
        # As pytest does for the directory of a conftest.py.
        if str(self.root) not in sys.path:
            sys.path.insert(0, str(self.root))
        origin = None if self._is_allowed(module_name) else self._origin(module_name)
        module = _imported(module_name, self.root)
        if origin is not None and not _is_at(module, origin):
            raise CodeError(f"`{module_name}` is another module than {origin}; rename it")
        return _function(module, function_name, is_own=origin is not None)

    def _is_allowed(self, module: str) -> bool:
        return any(module == name or module.startswith(f"{name}.") for name in self.allowed)

    def _origin(self, module: str) -> Path:
        """The file of the module, which is the project's as are the packages around it."""
        *packages, last = _specs(module, self.root)
        files = [spec.origin for spec in packages if spec.origin] + [last.origin or ""]
        if not all(self._is_own(Path(file)) for file in files):
            raise CodeError(
                f"`{module}` is no file of the project ({self.root}): write a function there, or "
                "name the module in the ini `prompt_python_modules`"
            )
        return Path(files[-1]).resolve()

    def _is_own(self, file: Path) -> bool:
        path, root = file.resolve(), self.root.resolve()
        if path.suffix != ".py" or not path.is_relative_to(root):
            return False
        folders = [folder for folder in path.parents if folder.is_relative_to(root)]
        is_environment = any((folder / "pyvenv.cfg").exists() for folder in folders)
        return not is_environment and _INSTALLED.isdisjoint(path.parts)


def module_file(module: str, root: Path) -> Path:
    """The file of a module, which nothing imports; raises :class:`CodeError`."""
    *_, last = _specs(module, root)
    if last.origin is None or not Path(last.origin).is_file():
        raise CodeError(f"`{module}` is no file")
    return Path(last.origin)


def _specs(module: str, root: Path) -> Iterator[ModuleSpec]:
    """Where the module and the packages around it lie; nothing of them is imported."""
    parts = module.split(".")
    places: list[str] | None = None
    for length in range(1, len(parts) + 1):
        name = ".".join(parts[:length])
        finders = (getattr(finder, "find_spec", None) for finder in sys.meta_path)
        specs = (find(name, places) for find in finders if find is not None)
        spec = next((spec for spec in specs if spec is not None), None)
        if spec is None:
            raise CodeError(f"there is no module `{name}` in the project ({root})")
        yield spec
        found = spec.submodule_search_locations
        # The places of a namespace package look for their parent among what is imported.
        places = list(getattr(found, "_path", found) or ())


def _imported(name: str, root: Path) -> Any:
    # An import runs the project's code, which may raise anything, pytest.skip() too.
    try:
        return import_module(name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        what = " ".join(f"{type(error).__name__}: {error}".split())
        raise CodeError(f"`{name}` cannot be imported from {root}: {what[:200]}") from error


def _is_at(module: Any, origin: Path) -> bool:
    file = getattr(module, "__file__", None)
    return file is not None and Path(file).resolve() == origin


def _function(module: Any, name: str, *, is_own: bool) -> Callable[..., Any]:
    value: Any = getattr(module, name, None)
    functions = {key: item for key, item in vars(module).items() if _is_function(item)}
    if name not in functions:
        known = [key for key, item in functions.items() if item.__module__ == module.__name__]
        raise CodeError(f"`{module.__name__}` has no function `{name}`{did_you_mean(name, known)}")
    if is_own and value.__module__ != module.__name__:
        where = f"`{value.__module__}`, not in `{module.__name__}`"
        raise CodeError(f"`{name}` is defined in {where}: name it there")
    if inspect.iscoroutinefunction(value):
        raise CodeError(f"`{module.__name__}:{name}` is async; it must be a plain function")
    function: Callable[..., Any] = value
    return function


def _is_function(value: Any) -> bool:
    """Whether it is one written in Python, also behind a decorator that says what it wraps."""
    return callable(value) and inspect.isfunction(inspect.unwrap(value))
