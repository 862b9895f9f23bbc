"""Names to implementations: a built-in table first, then what other packages contribute."""

from collections.abc import Mapping
from functools import cached_property
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Generic, TypeVar, cast

from pytest_promptopt.errors import UsageError

T = TypeVar("T")


class Registry(Generic[T]):
    """What stands behind a name.

    ``builtin`` maps a name to ``"module:attribute"``, imported when it is first asked for.
    ``group`` is the entry point group of other packages; it is scanned when a name is asked for
    that is not built in, and a built-in name cannot be taken over.
    """

    def __init__(self, group: str, builtin: Mapping[str, str]) -> None:
        self._group = group
        self._builtin = builtin

    def get(self, name: str) -> T | None:
        """What stands behind ``name``, None where nothing does.

        Raises :class:`UsageError` where another package's implementation cannot be imported.
        """
        if name in self._builtin:
            module, _, attribute = self._builtin[name].partition(":")
            return cast(T, getattr(import_module(module), attribute))
        entry = self._contributed.get(name)
        return None if entry is None else self._load(entry)

    def names(self) -> tuple[str, ...]:
        """Every known name: the built-in ones in their order, then the contributed ones sorted."""
        return (*self._builtin, *self.contributed())

    def contributed(self) -> tuple[str, ...]:
        """The names that other packages contribute, sorted."""
        return tuple(sorted(self._contributed.keys() - self._builtin.keys()))

    @cached_property
    def _contributed(self) -> Mapping[str, EntryPoint]:
        return {entry.name: entry for entry in entry_points(group=self._group)}

    def _load(self, entry: EntryPoint) -> T:
        # An import runs foreign code, which may raise anything.
        try:
            return cast(T, entry.load())
        except Exception as error:
            package = entry.dist.name if entry.dist else "an unknown package"
            raise UsageError(
                f"`{entry.name}` of {self._group} is {entry.value} from {package}, which cannot "
                f"be imported ({type(error).__name__}: {error}); update or uninstall {package}"
            ) from error
