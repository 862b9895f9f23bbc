"""The content of a prompt file as hashes, which tell a change from a move."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

from pytest_promptopt.prompts.files import DISK, Files
from pytest_promptopt.prompts.golden import RESERVED_KEYS, EvaluatorSpec, Golden
from pytest_promptopt.prompts.goldens import (
    read_cluster,
    read_required,
    read_split,
    read_tags,
    read_weight,
)
from pytest_promptopt.prompts.prompt import GateSettings, Prompt
from pytest_promptopt.prompts.template import as_text
from pytest_promptopt.prompts.version import digest, text_digest, version_of_parts

_FIELDS: Mapping[str, Callable[[Any], Any]] = {
    "tags": read_tags,
    "split": read_split,
    "required": read_required,
    "weight": read_weight,
    "cluster": read_cluster,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The parts of a prompt file, each a hash of what it says: 16 hex digits of a SHA-256.

    ``text`` holds roles, messages, the wanted format of the answer and its place; ``gate`` also
    samples, reducer and labels; ``files`` the project's modules that ``python`` evaluators name.
    The name, the description, the path and how the file is written are no part of it; nor are the
    order of goldens and evaluators and the files in which goldens stand. The same on every machine.
    """

    text: str
    model: str
    parameters: str
    goldens: str
    evaluators: str
    gate: str
    files: str

    @property
    def version(self) -> str:
        """The prompt itself, without what judges it: 12 hex digits."""
        return version_of_parts(self.text, self.model, self.parameters)

    def changed_parts(self, other: "Content") -> tuple[str, ...]:
        """The names of the parts that differ, in the order of the fields."""
        names = (field.name for field in fields(self))
        return tuple(name for name in names if getattr(self, name) != getattr(other, name))


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredContent:
    """The parts of a prompt's content that decide its score, each as its hash.

    Gate, samples and reducer are none of them.
    """

    version: str
    goldens: str
    evaluators: str
    files: str

    @classmethod
    def of(cls, content: Content) -> "ScoredContent":
        """Those of the whole content."""
        return cls(
            version=content.version,
            goldens=content.goldens,
            evaluators=content.evaluators,
            files=content.files,
        )


def content_of(prompt: Prompt, *, root: Path, files: Files = DISK) -> Content:
    """The hashes of ``prompt``; modules are looked for in ``root`` and read through ``files``."""
    return Content(
        text=text_digest(prompt),
        model=digest(prompt.model),
        parameters=digest(prompt.parameters),
        goldens=digest(sorted(digest(_golden(g)) for g in (*prompt.goldens, *prompt.shown))),
        evaluators=digest(_evaluators(prompt.evaluators)),
        gate=digest(
            [_gate(prompt.gate), prompt.samples, astuple(prompt.reducer), *_labels(prompt)]
        ),
        files=digest(_modules(prompt.evaluators, root, files)),
    )


def _labels(prompt: Prompt) -> list[Any]:
    """Empty without any, so that the hash is that of before there were some."""
    found = [[label.key, label.judge, label.rater, label.choice] for label in prompt.labels]
    return [sorted(found)] if found else []


def _golden(golden: Golden) -> Any:
    return {
        "variables": {
            name: _as_sent(value)
            for name, value in golden.variables.items()
            if not _is_in_field(name, value, golden)
        },
        "expected": golden.expected,
        "tags": golden.tags,
        "split": golden.split,
        "required": golden.required,
        "weight": golden.weight,
        "evaluators": _evaluators(golden.evaluators),
        # Goldens without one keep the hash that they had before there was such a key.
        **({"cluster": golden.cluster} if golden.cluster else {}),
    }


def _as_sent(value: Any) -> Any:
    """``value``; a number that JSON writes otherwise as it is written, since that is sent."""
    is_otherwise = not isinstance(value, str) and as_text(value) != json.dumps(
        value, ensure_ascii=False
    )
    return {"written": as_text(value)} if is_otherwise else value


def _is_in_field(name: str, value: Any, golden: Golden) -> bool:
    """Whether a field of ``golden`` says what this variable says.

    So that a default may be written or not. A reserved key of the wrong type is in no field, and
    an explicit ``id`` is content, which a derived one is not.
    """
    if value is None:
        return name in RESERVED_KEYS and name != "expected"
    if name == "expected":
        return digest(value) == digest(golden.expected)
    if name == "evaluators":
        return isinstance(value, list) and len(value) == len(golden.evaluators)
    read = _FIELDS[name](value) if name in _FIELDS else None
    return read is not None and read == getattr(golden, name)


def _evaluators(specs: Iterable[EvaluatorSpec]) -> list[str]:
    return sorted(digest(spec.content) for spec in specs)


def _gate(gate: GateSettings | None) -> Any:
    if gate is None:
        return None
    return {
        "min": gate.minimum,
        "max_drop": gate.max_drop,
        "confidence": gate.confidence,
        "inconclusive_passes": gate.inconclusive_passes,
        "tags": {name: _gate(part) for name, part in gate.tags.items()},
        "evaluators": {name: _gate(part) for name, part in gate.evaluators.items()},
        # Gates without them keep the hash that they had before there were such keys.
        **({"unscored": gate.unscored} if gate.unscored else {}),
        **({"min_mutation": gate.min_mutation} if gate.min_mutation is not None else {}),
        **({"min_agreement": gate.min_agreement} if gate.min_agreement else {}),
        **({"removed_fails": True} if gate.removed_fails else {}),
        **({"loosened_fails": True} if gate.loosened_fails else {}),
    }


def _modules(specs: Iterable[EvaluatorSpec], root: Path, files: Files) -> dict[str, str | None]:
    """The files that may hold the functions of ``python`` evaluators; None for one not there."""
    names = {str(spec.options).partition(":")[0] for spec in specs if spec.kind == "python"}
    paths = {path for name in names for path in module_files(name)}
    return {path: _file_digest(root / path, files) for path in paths}


def module_files(name: str) -> Iterable[str]:
    """Where a module of the project may lie, with the packages that are imported before it."""
    parts = name.split(".")
    if not all(part.isidentifier() for part in parts):
        return
    yield f"{'/'.join(parts)}.py"
    for length in range(1, len(parts) + 1):
        yield f"{'/'.join(parts[:length])}/__init__.py"


def _file_digest(path: Path, files: Files) -> str | None:
    try:
        content = files.read(path)
    except OSError:
        return None
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()
