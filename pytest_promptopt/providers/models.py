"""The model that a name stands for."""

import difflib
import hashlib
import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pytest_promptopt.errors import UsageError
from pytest_promptopt.project.code import CodeError, module_file
from pytest_promptopt.providers.catalogue import CATALOGUE
from pytest_promptopt.providers.pricing import Prices
from pytest_promptopt.providers.request import Model

OPENAI_KEY_VARIABLE = "OPENAI_API_KEY"
ANTHROPIC_KEY_VARIABLE = "ANTHROPIC_API_KEY"

_KEY_VARIABLES = {"openai": OPENAI_KEY_VARIABLE, "anthropic": ANTHROPIC_KEY_VARIABLE}
_URL_VARIABLES = {"openai": "OPENAI_BASE_URL", "anthropic": "ANTHROPIC_BASE_URL"}
_BARE_NAMES = (
    ("openai", re.compile(r"(ft:)?(gpt-|chatgpt-|o\d)")),
    ("anthropic", re.compile(r"claude-")),
)
_AZURE_OPENAI = re.compile(r"azureml://registries/azure-openai/models/([^/]+)(/.*)?")
_FUNCTION = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
_LEAST_LIKENESS = 0.55
_EXAMPLES = ("openai/gpt-5-mini", "anthropic/claude-haiku-4-5")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """One line of ini ``prompt_models``.

    A ``base_url`` without ``key_variable`` is asked without any key.
    """

    target: str
    base_url: str | None = None
    key_variable: str | None = None


def parse_aliases(lines: Iterable[str]) -> dict[str, Alias]:
    """The names that ini ``prompt_models`` maps, one a line.

    A line is ``NAME = provider/model [BASE_URL [KEY_VARIABLE]]``; empty lines are skipped. Raises
    UsageError for a line that is anything else, and for a name given twice.
    """
    aliases: dict[str, Alias] = {}
    for line in lines:
        if not line.strip():
            continue
        name, alias = _parse_alias(line.strip())
        if name in aliases:
            raise UsageError(f"ini prompt_models: {name!r} is given twice: keep one line of it")
        aliases[name] = alias
    return aliases


def resolve_model(
    name: str,
    *,
    aliases: Mapping[str, Alias],
    environ: Mapping[str, str],
    root: Path,
    other_providers: Callable[[], Collection[str]] = tuple,
) -> Model:
    """The model that ``name`` stands for, in a prompt file or on the command line.

    Aliases come first. Paths are relative to ``root``. ``other_providers`` tells those that
    entry points add. Raises UsageError for a name that stands for nothing.
    """
    found = name.strip()
    alias = aliases.get(found)
    if alias is None:
        return _Names(aliases, environ, root, other_providers).resolve(found)
    model = _Names({}, environ, root, other_providers).resolve(alias.target)
    if alias.base_url is None:
        return model
    if model.provider not in _KEY_VARIABLES:
        raise UsageError(
            f"ini prompt_models: {found} = {alias.target} {alias.base_url}: {model.provider} has "
            "no base URL, only openai/… and anthropic/… have one: leave the URL out"
        )
    return Model(
        provider=model.provider,
        name=model.name,
        base_url=alias.base_url,
        key_variable=alias.key_variable,
    )


@dataclass(frozen=True, slots=True)
class _Names:
    aliases: Mapping[str, Alias]
    environ: Mapping[str, str]
    root: Path
    other_providers: Callable[[], Collection[str]]

    def resolve(self, name: str) -> Model:
        kind, colon, rest = name.partition(":")
        if colon and kind == "local":
            return self._weights_file(name, rest)
        if colon and kind == "scripted":
            return self._script(name, rest)
        azure = _AZURE_OPENAI.fullmatch(name)
        if azure is not None:
            return self._remote("openai", azure[1])
        provider, slash, model = name.partition("/")
        if slash and model:
            return self._of_provider(name, provider, model)
        for provider, pattern in _BARE_NAMES:
            if pattern.match(name):
                return self._remote(provider, name)
        raise self._unknown(name, "is not the name of a model")

    def _of_provider(self, name: str, provider: str, model: str) -> Model:
        if provider in _KEY_VARIABLES:
            return self._remote(provider, model)
        if provider == "local":
            return self._catalogued(name, model)
        if provider in self.other_providers():
            return Model(provider=provider, name=model)
        if provider == "scripted":
            raise UsageError(f"model {name!r}: write scripted:{model}, with a colon")
        if provider == "azure-openai" and _BARE_NAMES[0][1].match(model):
            return self._remote("openai", model)
        raise self._unknown(name, f"names the provider {provider!r}, which is not known")

    def _remote(self, provider: str, model: str) -> Model:
        variable = _URL_VARIABLES[provider]
        base_url = self.environ.get(variable, "").strip() or None
        if base_url is not None:
            _check_url(base_url, where=f"environment variable {variable}")
        return Model(
            provider=provider,
            name=model,
            base_url=base_url,
            key_variable=_KEY_VARIABLES[provider],
        )

    def _catalogued(self, name: str, model: str) -> Model:
        entry = CATALOGUE.get(model)
        if entry is None:
            raise self._unknown(name, "is not in the catalogue of local models")
        return Model(provider="local", name=model, revision=entry.sha256[:16])

    def _weights_file(self, name: str, written: str) -> Model:
        path = self._file(name, written, expected="a model's weights (*.gguf)")
        with path.open("rb") as file:
            if file.read(4) != b"GGUF":
                raise UsageError(f"model {name}: {path} is not a GGUF file: give a file of weights")
        status = path.stat()
        return Model(
            provider="local",
            name=written,
            is_file=True,
            revision=f"{status.st_size}-{status.st_mtime_ns}",
        )

    def _script(self, name: str, written: str) -> Model:
        if _FUNCTION.fullmatch(written):
            path = self._module_file(name, written.partition(":")[0])
        else:
            path = self._file(name, written, expected="a JSON file of answers")
        revision = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        return Model(provider="scripted", name=written, is_file=True, revision=revision)

    def _file(self, name: str, written: str, *, expected: str) -> Path:
        path = self.root / written
        if not written or not _is_readable_file(path):
            raise UsageError(
                f"model {name}: there is no readable file {path}: "
                f"give the path of {expected}, relative to {self.root}"
            )
        return path

    def _module_file(self, name: str, module: str) -> Path:
        stem = self.root.joinpath(*module.split("."))
        for path in (stem.with_name(f"{stem.name}.py"), stem / "__init__.py"):
            if path.is_file():
                return path
        try:
            return module_file(module, self.root)
        except CodeError:
            raise UsageError(
                f"model {name}: there is no module {module!r} under {self.root} or installed: "
                "give scripted:module:function"
            ) from None

    def _unknown(self, name: str, why: str) -> UsageError:
        if not name:
            return UsageError("the model's name is empty: give one such as openai/gpt-5-mini")
        local = tuple(f"local/{model}" for model in CATALOGUE)
        known = (*self.aliases, *Prices.load().listed, *local)
        nearest = _nearest(name, known) or _EXAMPLES
        providers = ", ".join(
            ("openai/…", "anthropic/…", *local, *(f"{other}/…" for other in self.other_providers()))
        )
        return UsageError(
            f"model {name!r} {why}. Known: {providers}, local:path.gguf, scripted:path.json. "
            f"Nearest: {', '.join(nearest)}. Map it in the ini file: "
            f"prompt_models = {name} = openai/{name.rpartition('/')[2]} BASE_URL KEY_VARIABLE"
        )


def _nearest(name: str, known: Collection[str]) -> list[str]:
    """The three of ``known`` that are most like ``name``, whichever provider it leaves out."""

    def likeness(other: str) -> float:
        parts = (other, other.rpartition("/")[2])
        return max(difflib.SequenceMatcher(None, name.lower(), part).ratio() for part in parts)

    near = [other for other in known if likeness(other) >= _LEAST_LIKENESS]
    return sorted(near, key=likeness, reverse=True)[:3]


def _parse_alias(line: str) -> tuple[str, Alias]:
    name, equals, rest = (part.strip() for part in line.partition("="))
    fields = rest.split()
    if not equals or not name or not 1 <= len(fields) <= 3:
        raise UsageError(
            f"ini prompt_models: cannot read the line of {name!r}: write "
            "NAME = provider/model [BASE_URL [KEY_VARIABLE]]"
        )
    target, base_url, key_variable = (*fields, None, None)[:3]
    assert target is not None
    where = f"ini prompt_models, {name}"
    if base_url is not None:
        _check_url(base_url, where=where)
    if key_variable is not None and not _VARIABLE.fullmatch(key_variable):
        raise UsageError(
            f"{where}: what stands after the base URL must be the name of an environment "
            "variable in capitals that holds the key, never the key itself"
        )
    return name, Alias(target=target, base_url=base_url, key_variable=key_variable)


def _is_readable_file(path: Path) -> bool:
    try:
        return path.is_file() and os.access(path, os.R_OK)
    except ValueError:
        return False


def _check_url(url: str, *, where: str) -> None:
    try:
        parts = urlsplit(url)
        # A port that is none raises.
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        has_secret = parts.username is not None or parts.password is not None
    except ValueError:
        is_address = has_secret = False
    if has_secret:
        raise UsageError(f"{where}: take user and password out of the URL and name a key variable")
    if not is_address:
        raise UsageError(
            f"{where}: {url!r} is not a base URL: write one such as http://localhost:11434/v1"
        )
