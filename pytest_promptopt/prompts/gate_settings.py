"""``gate``, ``samples`` and ``reducer`` of a prompt file."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_promptopt.errors import Problem, Severity
from pytest_promptopt.prompts.document import Document
from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden
from pytest_promptopt.prompts.prompt import GateSettings, Reducer
from pytest_promptopt.suggestion import did_you_mean

_NO_CRITERION = "asks for nothing and would always pass; write `min: 0.85` or `maxDrop: 0.02`"
_PART_KEYS = ("tags", "evaluators")
# What `expected` is scored by where no evaluators stand.
_DEFAULT_EVALUATOR = "expected"


def read_gate(document: Document) -> tuple[GateSettings | None, list[Problem]]:
    """What the valid document has under ``gate``, and warnings for what has no effect."""
    raw = document.data.get("gate")
    if raw is None:
        return None, []
    reader = _GateReader(document)
    return reader.gate(raw), reader.problems


@dataclass(slots=True)
class _GateReader:
    """One reading of ``gate``."""

    document: Document
    problems: list[Problem] = field(default_factory=list)

    def gate(self, raw: Mapping[str, Any]) -> GateSettings:
        parts = {
            key: {
                name: self._part(nested, raw, ("gate", key, name))
                for name, nested in raw.get(key, {}).items()
            }
            for key in _PART_KEYS
        }
        nested = [raw[key][name] for key in _PART_KEYS for name in parts[key]]
        self._tell_idle_keys(raw, ("gate",), used_by=[raw, *nested])
        unscored = raw.get("unscored", 0)
        if unscored > 1 and unscored % 1:
            message = (
                f"`gate.unscored` is a number of goldens or a share under 1, found {unscored:g}"
            )
            path = ("gate", "unscored")
            self.problems.append(_problem(self.document, path, message, Severity.ERROR))
        return self._settings(raw, ("gate",), **parts)

    def _part(
        self, raw: Mapping[str, Any], outer: Mapping[str, Any], path: tuple[str, ...]
    ) -> GateSettings:
        """A gate on a part of the goldens or scores; its verdict is reached as the outer one's."""
        inherited = {key: outer[key] for key in ("confidence", "inconclusive") if key in outer}
        whole = {**inherited, **raw}
        self._tell_idle_keys(raw, path, used_by=[whole])
        return self._settings(whole, path)

    def _settings(
        self, raw: Mapping[str, Any], path: tuple[str, ...], **parts: Mapping[str, GateSettings]
    ) -> GateSettings:
        return GateSettings(
            line=self.document.line_of(*path),
            minimum=_number(raw.get("min")),
            max_drop=_number(raw.get("maxDrop")),
            min_mutation=_number(raw.get("minMutation")),
            confidence=_number(raw.get("confidence")),
            inconclusive_passes=raw.get("inconclusive") == "pass",
            unscored=_number(raw.get("unscored")) or 0.0,
            min_agreement=_number((raw.get("judges") or {}).get("minAgreement")),
            removed_fails=raw.get("onRemovedGoldens") == "fail",
            loosened_fails=raw.get("onLoosened") == "fail",
            **parts,
        )

    def _tell_idle_keys(
        self,
        raw: Mapping[str, Any],
        path: tuple[str, ...],
        *,
        used_by: Iterable[Mapping[str, Any]],
    ) -> None:
        """Warn of keys without the ones they act on, in the gates that take them over."""
        keys = {key for gate in used_by for key in gate}
        if "confidence" in raw and not keys & {"min", "maxDrop", "minMutation", "judges"}:
            self._warn("has no effect without `min` or `maxDrop`", *path, "confidence")
        if raw.get("inconclusive") == "pass" and "confidence" not in keys:
            self._warn("has no effect without `confidence`", *path, "inconclusive")

    def _warn(self, message: str, *path: str) -> None:
        text = f"`{'.'.join(path)}` {message}"
        self.problems.append(_problem(self.document, path, text, Severity.WARNING))


def check_gate(
    document: Document,
    gate: GateSettings,
    goldens: Collection[Golden],
    evaluators: Collection[EvaluatorSpec],
) -> list[Problem]:
    """An error for each part of the prompt that is not there, and where nothing can fail."""
    tags = sorted({tag for golden in goldens for tag in golden.tags})
    names = _evaluator_names(goldens, evaluators)
    return [
        *_unknown(document, "tags", gate.tags, tags, "no golden has this tag"),
        *_unknown(document, "evaluators", gate.evaluators, names, "no evaluator has this name"),
        *_without_criterion(document, gate, any(golden.required for golden in goldens)),
    ]


def _without_criterion(
    document: Document, gate: GateSettings, has_required: bool
) -> Iterable[Problem]:
    parts = {"tags": gate.tags, "evaluators": gate.evaluators}
    paths = [("gate", key, name) for key in parts for name in parts[key]]
    gates = [settings for part in parts.values() for settings in part.values()]
    lacking = [path for path, part in zip(paths, gates, strict=True) if not _can_fail(part)]
    for path in lacking:
        yield _problem(document, path, f"`{'.'.join(path)}` {_NO_CRITERION}", Severity.ERROR)
    if not (gates or has_required or _can_fail(gate)):
        message = f"`gate` {_NO_CRITERION}, or mark a golden `required: true`"
        yield _problem(document, ("gate",), message, Severity.ERROR)


def _can_fail(gate: GateSettings) -> bool:
    limits = (gate.minimum, gate.max_drop, gate.min_mutation, gate.min_agreement)
    is_policy = gate.removed_fails or gate.loosened_fails
    return is_policy or any(limit is not None for limit in limits)


def _evaluator_names(
    goldens: Collection[Golden], evaluators: Collection[EvaluatorSpec]
) -> list[str]:
    own = [spec.name for golden in goldens for spec in golden.evaluators]
    names = dict.fromkeys([*(spec.name for spec in evaluators), *own])
    is_default_used = not evaluators and any(
        golden.has_expected and not golden.evaluators for golden in goldens
    )
    return [*names, _DEFAULT_EVALUATOR] if is_default_used else [*names]


def _unknown(
    document: Document, key: str, wanted: Iterable[str], known: Collection[str], what: str
) -> list[Problem]:
    return [
        _problem(
            document,
            ("gate", key, name),
            f"`gate.{key}.{name}`: {what}{did_you_mean(name, known)}",
            Severity.ERROR,
        )
        for name in wanted
        if name not in known
    ]


def read_reducer(document: Document) -> tuple[Reducer, list[Problem]]:
    """What the valid document has as ``reducer``, and what is wrong with it beside ``samples``."""
    text: str = document.data.get("reducer", "mean")
    if text == "mean":
        return Reducer(), []
    if text == "majority":
        return Reducer(kind="majority"), []
    is_pass = text.startswith("pass@")
    count = int(text.removeprefix("at-least-").removeprefix("pass@"))
    reducer = Reducer(kind="pass@" if is_pass else "at-least", count=count)
    samples: int | None = document.data.get("samples")
    severity = Severity.ERROR
    if reducer.count == 0:
        message = f"passes whatever is answered; write {text.rstrip('0')}1"
    elif samples is not None and reducer.count > samples:
        message = f"is never reached with `samples: {samples}`"
    elif samples is None and reducer.count > 1:
        message = f"needs {reducer.count} samples or more, as `samples` or --prompt-samples"
        severity = Severity.WARNING
    else:
        return reducer, []
    return reducer, [_problem(document, ("reducer",), f"the reducer `{text}` {message}", severity)]


def _problem(
    document: Document, path: tuple[str, ...], message: str, severity: Severity
) -> Problem:
    line = document.line_of(*path)
    return Problem(path=document.location, line=line, message=message, severity=severity)


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)
