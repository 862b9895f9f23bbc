"""A prompt file as a :class:`Prompt`, with everything that was not understood said."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pytest_promptopt.errors import Problem, PromptFileError, Severity
from pytest_promptopt.prompts.data_set import DataSet
from pytest_promptopt.prompts.document import Document, read_document
from pytest_promptopt.prompts.evaluator_files import read_evaluator_file
from pytest_promptopt.prompts.evaluators import is_file_name, read_evaluator
from pytest_promptopt.prompts.files import DISK, Files
from pytest_promptopt.prompts.gate_settings import check_gate, read_gate, read_reducer
from pytest_promptopt.prompts.golden import EvaluatorSpec, Golden
from pytest_promptopt.prompts.golden_files import RawGolden, read_golden_file
from pytest_promptopt.prompts.goldens import build_goldens
from pytest_promptopt.prompts.judge_file import JudgeFiles, choices_in, label_spec
from pytest_promptopt.prompts.labels import AnswerLabel, labelled, labels_path, read_labels
from pytest_promptopt.prompts.lettered import with_letters
from pytest_promptopt.prompts.named_files import named_files
from pytest_promptopt.prompts.parser import parse_prompt
from pytest_promptopt.prompts.prompt import OptimizeSpec, Prompt
from pytest_promptopt.prompts.shown import shown_in
from pytest_promptopt.prompts.use import check_use, used_variables
from pytest_promptopt.prompts.violations import prompt_schema, violations
from pytest_promptopt.suggestion import not_understood

# Carried by many public prompt files to document themselves; they mean nothing to a run.
_FOR_PEOPLE = {"version", "metadata", "authors", "author", "tags", "license", "variables"}
# Keys of other tools that look like ours; under this one, values to try a prompt with.
_FOREIGN_KEYS = {"sample"}
_SHOWN_IDS = 8


def read_prompt(path: Path, *, root: Path, files: Files = DISK, of_past: bool = False) -> Prompt:
    """The prompt at ``path``; its goldens must lie in ``root``, to which locations are relative.

    It and its goldens are read through ``files``. Raises :class:`PromptFileError` with every
    violation there is, not only the first. A prompt ``of_past``, which nobody can mend any more,
    is refused only where it cannot be read at all: what it says wrongly has no effect.
    """
    document = read_document(path, location_of(path, root), files)
    return prompt_in(document, path, root=root, files=files, of_past=of_past)


def prompt_in(
    document: Document, path: Path, *, root: Path, files: Files = DISK, of_past: bool = False
) -> Prompt:
    """The same of a ``document`` that was read already."""
    _raise_errors(violations(document, of_past=of_past))
    prompt = _Reader(document, path, root, files, of_past).prompt()
    if not of_past:
        _raise_errors(prompt.problems)
    return prompt


@dataclass(frozen=True, slots=True)
class _Reader:
    """One reading of a valid document."""

    document: Document
    path: Path
    root: Path
    files: Files
    of_past: bool

    def prompt(self) -> Prompt:
        document = self.document
        parsed = parse_prompt(document, self.path)
        self._check_json_schema(parsed)
        choices = choices_in(document)
        evaluators, evaluator_problems = self._evaluators(choices)
        used = used_variables(parsed, evaluators)
        goldens, golden_problems = build_goldens(self._raw_goldens(), used=used)
        goldens = tuple(map(self._with_judges, goldens))
        if choices:
            is_shown = any("expected" in m.template.variables for m in parsed.messages)
            goldens = tuple(labelled(golden, shows_expected=is_shown) for golden in goldens)
        goldens = with_letters(goldens, evaluators)
        shown = shown_in(parsed, goldens)
        ids = {golden.id for golden in shown}
        goldens = tuple(golden for golden in goldens if golden.id not in ids)
        gate, gate_problems = read_gate(document)
        reducer, reducer_problems = read_reducer(document)
        problems = (
            *document.problems,
            *self._unknown_keys(),
            *parsed.problems,
            *golden_problems,
            *self._told(shown),
            *evaluator_problems,
            *gate_problems,
            *(check_gate(document, gate, goldens, evaluators) if gate else ()),
            *_nothing_counts(goldens, evaluators),
            *reducer_problems,
        )
        prompt = replace(
            parsed,
            goldens=goldens,
            evaluators=evaluators,
            gate=gate,
            optimize=self._optimize(),
            samples=document.data.get("samples", 1),
            reducer=reducer,
            shown=shown,
            choices=choices,
            labels=self._labels(),
        )
        return replace(prompt, problems=(*problems, *check_use(prompt)))

    def _told(self, shown: Sequence[Golden]) -> Iterable[Problem]:
        if shown:
            ids = ", ".join(golden.id for golden in shown[:_SHOWN_IDS])
            more = f" and {len(shown) - _SHOWN_IDS} more" * (len(shown) > _SHOWN_IDS)
            yield Problem(
                path=self.document.location,
                line=self.document.line_of("messages"),
                message=f"not scored, as the messages show their answers: {ids}{more}",
                severity=Severity.WARNING,
            )

    def _optimize(self) -> OptimizeSpec | None:
        settings = self.document.data.get("optimize")
        line = self.document.line_of("optimize")
        return None if settings is None else OptimizeSpec(settings=settings, line=line)

    def _unknown_keys(self) -> Iterable[Problem]:
        data = self.document.data
        known = prompt_schema()["properties"].keys() - _FOR_PEOPLE
        for key in data.keys() - known - _FOR_PEOPLE:
            is_foreign = key in _FOREIGN_KEYS and not isinstance(data[key], int)
            yield self._unknown("the key", () if is_foreign else known, key)
        if not isinstance(data.get("variables", []), list):
            yield self._unknown("the key", (), "variables")
        for index, message in enumerate(data["messages"]):
            for key in message.keys() - {"role", "content"}:
                yield self._unknown(
                    "the message's key", ("role", "content"), "messages", index, key
                )

    def _unknown(self, what: str, known: Collection[str], *path: str | int) -> Problem:
        location, line = self.document.location, self.document.line_of(*path)
        return not_understood(what, known, path=location, line=line, name=str(path[-1]))

    def _check_json_schema(self, prompt: Prompt) -> None:
        if prompt.json_schema is None:
            return

        from jsonschema import Draft202012Validator
        from jsonschema.exceptions import SchemaError

        try:
            Draft202012Validator.check_schema(prompt.json_schema["schema"])
        except SchemaError as error:
            where = "/".join(str(step) for step in error.absolute_path)
            message = f"jsonSchema is not a JSON Schema: {where}: {error.message}"
            line = self.document.line_of("jsonSchema")
            raise PromptFileError.at(self.document.location, line, message[:400]) from None

    def _evaluators(
        self, choices: Mapping[str, float]
    ) -> tuple[tuple[EvaluatorSpec, ...], list[Problem]]:
        specs: list[EvaluatorSpec] = []
        problems: list[Problem] = []
        for position, (raw, path, line) in enumerate(self._raw_evaluators(), start=1):
            spec, found = read_evaluator(
                raw, path=path, line=line, position=position, from_golden=False
            )
            problems.extend(found)
            if spec is not None:
                specs.append(self._with_judge(spec))
        if choices:
            specs.insert(0, label_spec(self.document, choices, counts=not specs))
        return tuple(specs), problems

    def _with_judge(self, spec: EvaluatorSpec) -> EvaluatorSpec:
        try:
            return JudgeFiles(root=self.root, files=self.files).resolved(spec, self.path)
        except PromptFileError:
            if self.of_past:
                return spec
            raise

    def _with_judges(self, golden: Golden) -> Golden:
        if not golden.evaluators:
            return golden
        return replace(golden, evaluators=tuple(map(self._with_judge, golden.evaluators)))

    def _raw_evaluators(self) -> Iterable[tuple[Any, str, int]]:
        """The entries, also those of files that are named, with file and line."""
        location = self.document.location
        taken: set[Path] = set()
        for index, entry in enumerate(self.document.data.get("evaluators") or []):
            line = self.document.line_of("evaluators", index)
            if not is_file_name(entry):
                yield entry, location, line
                continue
            for path in self._named(entry, "evaluators", line):
                if path in taken:
                    message = f"evaluators `{entry}` are named already; name each file once"
                    raise PromptFileError.at(location, line, message)
                taken.add(path)
                shown = location_of(path, self.root)
                read = read_evaluator_file(path, shown, self.files, of_past=self.of_past)
                yield from ((raw, shown, at) for raw, at in read)

    def _named(self, name: str, what: str, line: int) -> tuple[Path, ...]:
        return named_files(
            [name],
            what=what,
            prompt_path=self.path,
            root=self.root,
            location=self.document.location,
            line=line,
            files=self.files,
        )

    def _labels(self) -> tuple[AnswerLabel, ...]:
        path = labels_path(self.path)
        try:
            return read_labels(path, location_of(path, self.root), self.files)
        except PromptFileError:
            if self.of_past:
                return ()
            raise

    def _raw_goldens(self) -> Iterable[RawGolden]:
        data, location = self.document.data, self.document.location
        for index, content in enumerate(data.get("testData") or []):
            line = self.document.line_of("testData", index)
            yield RawGolden(content=content, path=location, line=line)
        entries = data.get("goldens") or []
        taken: set[Path] = set()
        for entry in entries if isinstance(entries, list) else [entries]:
            data_set = DataSet.of(entry)
            paths = self._named(data_set.file, "goldens", self.document.line_of("goldens"))
            new = [path for path in paths if path not in taken or not isinstance(entry, str)]
            taken.update(paths)
            rows = [
                row
                for path in new
                for row in read_golden_file(
                    path,
                    location_of(path, self.root),
                    self.files,
                    header=data_set.header,
                    is_nested=bool(data_set.rows),
                )
            ]
            yield from data_set.goldens(rows)


def _nothing_counts(
    goldens: Iterable[Golden], evaluators: tuple[EvaluatorSpec, ...]
) -> Iterable[Problem]:
    """Where nothing could be a miss."""
    for golden in goldens:
        specs = evaluators + golden.evaluators
        if specs and all(spec.optional for spec in specs):
            message = "all evaluators are optional, so that nothing could miss: let one count"
            yield Problem(path=specs[-1].path, line=specs[-1].line, message=message)
            return


def _raise_errors(problems: Iterable[Problem]) -> None:
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    if errors:
        raise PromptFileError(sorted(errors, key=lambda problem: problem.line))


def location_of(path: Path, root: Path) -> str:
    """How a file of the project is told: from its root on, where it is in there."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
