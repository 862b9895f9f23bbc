"""A run as GitHub Actions shows it beside its log: the job's summary, and annotations."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_promptopt.text.markdown import command_data, command_property

MOST_CHARACTERS = 250_000
"""GitHub takes 1 MiB of UTF-8 from a step, and more than that not at all."""

_MOST_ANNOTATIONS = 10
"""GitHub shows no more errors of a step."""

_MESSAGE = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """An error at a line of a file; ``path`` is relative to the repository, ``line`` from 1."""

    path: str
    line: int
    message: str


def render_annotations(annotations: Sequence[Annotation]) -> Iterator[str]:
    """The first of them as workflow commands, a line each."""
    for annotation in annotations[:_MOST_ANNOTATIONS]:
        path = command_property(annotation.path)
        message = command_data(annotation.message[:_MESSAGE])
        yield f"::error file={path},line={annotation.line}::{message}"


def append_summary(path: Path, markdown: str) -> None:
    """Add to the summary that earlier commands of the step may have begun; raises OSError."""
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{markdown}\n")
