"""Judges that are prompt files: what ``uses: ./judges/tone.prompt.yml`` names, and its choices."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.prompts.answer_place import WHOLE
from pytest_promptopt.prompts.document import Document, read_document
from pytest_promptopt.prompts.evaluators import names_judge
from pytest_promptopt.prompts.files import DISK, Files
from pytest_promptopt.prompts.golden import EvaluatorSpec
from pytest_promptopt.prompts.labels import LABEL
from pytest_promptopt.prompts.named_files import named_files
from pytest_promptopt.prompts.parser import parse_prompt
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.prompts.template import as_text
from pytest_promptopt.prompts.violations import violations

_REMEDY = "add `choices: [{choice: good, score: 1}, {choice: bad, score: 0}]`"
_HIGHEST_SCORE = 1e9


class _Named(NamedTuple):
    """A judge that an entry names, with file, location and line of the entry."""

    name: str
    namer: Path
    location: str
    line: int

    def error(self, problem: str) -> PromptFileError:
        """That the entry cannot have its judge."""
        return PromptFileError.at(self.location, self.line, f"`uses: {self.name}`{problem}")


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeFiles:
    """The judges that prompts in ``root`` may name, read through ``files``."""

    root: Path
    files: Files = DISK

    def resolved(self, spec: EvaluatorSpec, user: Path) -> EvaluatorSpec:
        """``spec`` of the prompt ``user`` with the judge that it names, any other as it is.

        The name is relative to the file that ``spec`` stands in. What the judge says is part of the
        options, so that another wording is another evaluator. Raises :class:`PromptFileError`.
        """
        if not names_judge(spec.kind, spec.options):
            return spec
        named = _Named(spec.options, self.root / spec.path, spec.path, spec.line)
        judge = self._judge(named, (self._real(user),))
        return replace(spec, options=_content(judge), judge=judge)

    def _judge(self, named: _Named, chain: tuple[Path, ...]) -> Prompt:
        """The judge of that name; ``chain`` are the prompts that wait for it."""
        path = self._path(named)
        if path in chain:
            circle = " → ".join(judge.name for judge in (*chain[chain.index(path) :], path))
            raise named.error(f" has a judge judge itself ({circle}); judge it by labels alone")
        document = read_document(path, self._shown(path), self.files)
        if problems := violations(document, of_past=False):
            raise PromptFileError(problems)
        choices = choices_in(document)
        if not choices:
            raise named.error(f": {document.location} has no `choices`; {_REMEDY}")
        for inner in _judges_of(document, path):
            self._judge(inner, (*chain, path))
        return replace(parse_prompt(document, path), choices=choices)

    def _path(self, named: _Named) -> Path:
        path, *others = named_files(
            [named.name],
            what="judge",
            prompt_path=named.namer,
            root=self.root,
            location=named.location,
            line=named.line,
            files=self.files,
        )
        if others:
            raise named.error(f" names {1 + len(others)} files; name one judge an entry")
        return path

    def _real(self, path: Path) -> Path:
        try:
            return self.files.resolve(path)
        except OSError:
            return path

    def _shown(self, path: Path) -> str:
        inside = path.is_relative_to(self.root)
        return path.relative_to(self.root).as_posix() if inside else str(path)


def choices_in(document: Document) -> Mapping[str, float]:
    """What the valid ``document`` has under ``choices``: scores in [0, 1], empty without any.

    Where a score is above 1, all are divided by the largest. Raises :class:`PromptFileError` where
    two choices are the same but for case.
    """
    scores: dict[str, float] = {}
    for index, entry in enumerate(document.data.get("choices") or []):
        choice = as_text(entry["choice"]).strip()
        if choice.casefold() in map(str.casefold, scores):
            line = document.line_of("choices", index)
            message = f"the choice `{choice}` stands there twice; a case of its own is no other"
            raise PromptFileError.at(document.location, line, message)
        scores[choice] = float(entry["score"])
    largest = max([1.0, *scores.values()])
    return {choice: score / largest for choice, score in scores.items()}


def label_spec(document: Document, choices: Mapping[str, float], *, counts: bool) -> EvaluatorSpec:
    """What scores a judge on its own goldens: whether its choice is the label."""
    return EvaluatorSpec(
        name=LABEL,
        kind="choice",
        options={"labels": [*choices], "expected": f"{{{{{LABEL}}}}}", "by": "verdict"},
        path=document.location,
        line=document.line_of("choices"),
        optional=not counts,
    )


def _judges_of(document: Document, path: Path) -> Iterator[_Named]:
    """The judges that the document's own evaluators name."""
    for index, entry in enumerate(document.data.get("evaluators") or []):
        name = entry.get("uses") if isinstance(entry, Mapping) else None
        if isinstance(name, str) and names_judge("uses", name):
            line = document.line_of("evaluators", index)
            yield _Named(name, path, document.location, line)


def _content(judge: Prompt) -> Mapping[str, Any]:
    """What is asked, of whom and what counts: JSON in which the path is nothing."""
    return {
        "messages": [[message.role, message.template.text] for message in judge.messages],
        "model": judge.model,
        "parameters": dict(judge.parameters),
        "choices": dict(judge.choices),
        "responseFormat": judge.response_format,
        "jsonSchema": judge.json_schema,
        "answer": None if judge.answer == WHOLE else judge.answer.content,
    }
