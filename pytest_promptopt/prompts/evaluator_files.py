"""Evaluators in a file of their own, which several prompts may name."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.prompts.document import read_document
from pytest_promptopt.prompts.files import DISK, Files
from pytest_promptopt.prompts.value import kind_of
from pytest_promptopt.prompts.violations import evaluator_violations


def read_evaluator_file(
    path: Path, location: str, files: Files = DISK, *, of_past: bool = False
) -> Iterator[tuple[Any, int]]:
    """The entries of a YAML file, a list or a single one, each with its line.

    Raises :class:`PromptFileError`, also where the file names another.
    """
    document = read_document(path, location, files)
    data = document.data
    if not data or not isinstance(data, list | Mapping):
        message = f"expected an evaluator or a list of evaluators, found {kind_of(data)}"
        raise PromptFileError.at(location, document.root.line, message)
    if isinstance(data, Mapping) and [*data] == ["evaluators"]:
        message = "holds `evaluators:`; write the list itself, without the key"
        raise PromptFileError.at(location, document.root.line, message)
    if problems := evaluator_violations(document, of_past=of_past):
        raise PromptFileError(problems)
    if isinstance(data, Mapping):
        yield data, document.root.line
        return
    for index, entry in enumerate(data):
        yield entry, document.line_of(index)
