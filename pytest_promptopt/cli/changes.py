"""The changes between two states of a prompt, for people."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pytest_promptopt.history.snapshot import Snapshot
from pytest_promptopt.prompts.content import content_of
from pytest_promptopt.prompts.golden import EvaluatorSpec
from pytest_promptopt.prompts.prompt import GateSettings, Prompt
from pytest_promptopt.prompts.template import as_text


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedChanges:
    """Names that came, went, or stand for something else, in the order of the files."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]

    @classmethod
    def between(cls, old: Mapping[str, Any], new: Mapping[str, Any]) -> "NamedChanges":
        """Those that lead from ``old`` to ``new``."""
        return cls(
            added=tuple(name for name in new if name not in old),
            removed=tuple(name for name in old if name not in new),
            changed=tuple(name for name in new if name in old and new[name] != old[name]),
        )

    def __str__(self) -> str:
        counts = (("+", self.added), ("−", self.removed), ("~", self.changed))
        return " ".join(f"{sign}{len(names)}" for sign, names in counts if names)


def describe(old: Snapshot, new: Snapshot) -> str:
    """What changed, in a few words; empty where nothing did."""
    words = []
    for part in old.content.changed_parts(new.content):
        match part:
            case "model":
                words.append(f"model {_shown(old.prompt.model)} → {_shown(new.prompt.model)}")
            case "goldens":
                words.append(f"goldens {golden_changes(old.prompt, new.prompt)}".rstrip())
            case "files":
                words.append("code of evaluators")
            case _:
                words.append(part)
    return ", ".join(words)


def golden_changes(old: Prompt, new: Prompt) -> NamedChanges:
    """Goldens by their id, wherever they stand."""
    return NamedChanges.between(_goldens(old), _goldens(new))


def evaluator_changes(old: Prompt, new: Prompt) -> NamedChanges:
    """The evaluators of the file, by their names."""
    return NamedChanges.between(_evaluators(old), _evaluators(new))


def setting_changes(old: Prompt, new: Prompt) -> Iterator[tuple[str, str, str]]:
    """Model, parameters, samples and gate that changed: name, old and new value."""
    before, after = dict(_settings(old)), dict(_settings(new))
    for name in dict.fromkeys((*before, *after)):
        if before.get(name) != after.get(name):
            yield name, _shown(before.get(name)), _shown(after.get(name))


def _shown(value: Any) -> str:
    return "none" if value is None else as_text(value)


def _settings(prompt: Prompt) -> Iterator[tuple[str, Any]]:
    yield "model", prompt.model
    yield from prompt.parameters.items()
    yield "responseFormat", prompt.response_format
    yield "answer", str(prompt.answer)
    yield "samples", prompt.samples
    yield "reducer", str(prompt.reducer)
    if prompt.gate is not None:
        yield from _gate("gate", prompt.gate)


def _gate(where: str, gate: GateSettings) -> Iterator[tuple[str, Any]]:
    yield f"{where}.min", gate.minimum
    yield f"{where}.maxDrop", gate.max_drop
    yield f"{where}.minMutation", gate.min_mutation
    yield f"{where}.confidence", gate.confidence
    yield f"{where}.inconclusive", "pass" if gate.inconclusive_passes else None
    yield f"{where}.unscored", f"{gate.unscored:g}" if gate.unscored else None
    yield f"{where}.judges.minAgreement", gate.min_agreement
    yield f"{where}.onRemovedGoldens", "fail" if gate.removed_fails else None
    yield f"{where}.onLoosened", "fail" if gate.loosened_fails else None
    for name, part in gate.tags.items():
        yield from _gate(f"{where}.tags.{name}", part)
    for name, part in gate.evaluators.items():
        yield from _gate(f"{where}.evaluators.{name}", part)


def _goldens(prompt: Prompt) -> Mapping[str, str]:
    """The content of each golden, as a hash."""
    alone = replace(prompt, evaluators=())
    root = prompt.path.parent
    return {
        golden.id: content_of(replace(alone, goldens=(golden,)), root=root).goldens
        for golden in prompt.goldens
    }


def _evaluators(prompt: Prompt) -> Mapping[str, Sequence[EvaluatorSpec]]:
    """Those of each name, of which there may be several."""
    found: dict[str, list[EvaluatorSpec]] = {}
    for spec in prompt.evaluators:
        found.setdefault(spec.name, []).append(replace(spec, path="", line=0))
    return found
