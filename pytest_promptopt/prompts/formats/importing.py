"""A file of another tool as files of ours."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pytest_promptopt.config import PROMPT_SUFFIXES
from pytest_promptopt.errors import Problem, PromptFileError, Severity, UsageError
from pytest_promptopt.project.files import not_written
from pytest_promptopt.prompts.files import DISK, Files
from pytest_promptopt.prompts.formats import (
    deepeval,
    dotprompt,
    inspect_samples,
    langfuse,
    langsmith,
    openai_evals,
    promptfoo,
    prompty,
    stored_prompt,
    table,
)
from pytest_promptopt.prompts.formats.foreign import Foreign
from pytest_promptopt.prompts.formats.imported import Imported, without_lookalikes
from pytest_promptopt.prompts.formats.reading import Reading
from pytest_promptopt.prompts.formats.text_files import TextFile, text_files
from pytest_promptopt.prompts.prompt import Prompt
from pytest_promptopt.prompts.reader import read_prompt
from pytest_promptopt.suggestion import did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A format of files: its name, whether a file is in it, and how it is read."""

    name: str
    is_it: Callable[[Foreign], bool]
    read: Callable[[Foreign], Imported]


FORMATS: tuple[Format, ...] = (
    Format(
        name=promptfoo.NAME,
        is_it=lambda foreign: promptfoo.is_promptfoo(foreign.mapping),
        read=lambda foreign: promptfoo.read_promptfoo(foreign.data, foreign.name, foreign.reading),
    ),
    Format(name=promptfoo.TESTS, is_it=promptfoo.is_tests, read=promptfoo.read_tests),
    Format(name=openai_evals.NAME, is_it=openai_evals.is_eval, read=openai_evals.read_eval),
    Format(
        name=stored_prompt.NAME,
        is_it=stored_prompt.is_stored_prompt,
        read=stored_prompt.read_stored_prompt,
    ),
    Format(name=prompty.NAME, is_it=prompty.is_prompty, read=prompty.read_prompty),
    Format(name=dotprompt.NAME, is_it=dotprompt.is_dotprompt, read=dotprompt.read_dotprompt),
    Format(name=langsmith.NAME, is_it=langsmith.is_langsmith, read=langsmith.read_langsmith),
    Format(name=deepeval.NAME, is_it=deepeval.is_deepeval, read=deepeval.read_deepeval),
    Format(name=langfuse.NAME, is_it=langfuse.is_langfuse, read=langfuse.read_langfuse),
    Format(
        name=inspect_samples.NAME,
        is_it=inspect_samples.is_inspect,
        read=inspect_samples.read_inspect,
    ),
    Format(name=table.NAME, is_it=table.is_table, read=table.read_table),
)
"""In the order in which they are tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """What came of a file: the files to write, and what reading them back tells."""

    imported: Imported
    files: tuple[TextFile, ...]
    problems: tuple[Problem, ...]


def import_file(
    path: Path, *, root: Path, into: Path, format_name: str | None = None, files: Files = DISK
) -> Import:
    """What the file of another tool is here, by its content or as ``format_name`` says.

    Nothing is written, run or fetched; what it names is read inside ``root`` only. The files are
    meant for the folder ``into``, from where they are read back. Raises
    :class:`PromptFileError` with file and line for what cannot be read, :class:`UsageError` for
    an unknown format.
    """
    path, root = path.absolute(), root.absolute()
    foreign = Foreign(path, Reading(root, files))
    imported = without_lookalikes(_format(foreign, format_name).read(foreign))
    imported = replace(imported, remarks=foreign.reading.remarks)
    if not imported.prompts and not imported.goldens:
        nothing = foreign.text.problem("nothing in it has a counterpart here")
        raise PromptFileError([*imported.losses, nothing])
    written = text_files(imported)
    return Import(
        imported=imported,
        files=written,
        problems=tuple(_read_back(written, into.absolute(), root)),
    )


def _format(foreign: Foreign, name: str | None) -> Format:
    names = [known.name for known in FORMATS]
    if name is not None:
        found = next((known for known in FORMATS if known.name == name), None)
        if found is None:
            raise UsageError(f"there is no format `{name}`{did_you_mean(name, names)}")
        return found
    location = foreign.reading.location(foreign.path)
    if foreign.path.name.endswith(PROMPT_SUFFIXES) and "messages" in foreign.mapping:
        message = "is a prompt file already: `pytest --prompt-eval` runs it as it is"
        raise PromptFileError.at(location, 1, message)
    found = next((known for known in FORMATS if known.is_it(foreign)), None)
    if found is None:
        message = f"is in no format that is known; name it by `--format`: {', '.join(names)}"
        raise PromptFileError.at(location, 1, message)
    return found


def _read_back(written: tuple[TextFile, ...], into: Path, root: Path) -> list[Problem]:
    """What a run would tell of the files, each thing once."""
    files = _Written({into / file.name: file.text.encode() for file in written})
    found: dict[str, Problem] = {}
    root = root if into.is_relative_to(root) else into
    for file in written:
        if file.name.endswith(PROMPT_SUFFIXES):
            try:
                prompt = read_prompt(into / file.name, root=root, files=files)
                problems = (*prompt.problems, *_unjudged(prompt))
            except PromptFileError as error:
                problems = error.problems
            found |= {str(problem): problem for problem in problems}
    return list(found.values())


def _unjudged(prompt: Prompt) -> Iterator[Problem]:
    """That goldens cannot be scored, as nothing is asked of their answers."""
    without = [
        golden for golden in prompt.goldens if not (golden.has_expected or golden.evaluators)
    ]
    if without and not prompt.evaluators:
        message = (
            f"{len(without)} of {len(prompt.goldens)} goldens have neither `expected` nor "
            "evaluators, and are not scored before there are"
        )
        yield Problem(
            path=prompt.location,
            line=without[0].line if without[0].path == prompt.location else 1,
            message=message,
            severity=Severity.WARNING,
        )


@dataclass(frozen=True, slots=True)
class _Written:
    """Files that are to be written, before they are."""

    contents: Mapping[Path, bytes]

    def read(self, path: Path) -> bytes:
        """The content; raises FileNotFoundError for any other file."""
        if path not in self.contents:
            raise FileNotFoundError(path)
        return self.contents[path]

    def resolve(self, path: Path) -> Path:
        """The path as it is."""
        return path

    def glob(self, folder: Path, pattern: str) -> list[Path]:
        """The files of the folder that match."""
        return [path for path in self.contents if path.match(str(folder / pattern))]


def write_files(files: Sequence[TextFile], into: Path) -> tuple[Path, ...]:
    """Write the files into the folder, which is made; raises :class:`UsageError`.

    Nothing is written where one of them is there already.
    """
    paths = tuple(into / file.name for file in files)
    there = [path.name for path in paths if path.exists() or path.is_symlink()]
    if there:
        raise UsageError(
            f"{into} has {', '.join(there)} already, and nothing is overwritten: move it away, "
            "or write elsewhere"
        )
    try:
        into.mkdir(parents=True, exist_ok=True)
        for path, file in zip(paths, files, strict=True):
            with path.open("x", encoding="utf-8", newline="\n") as stream:
                stream.write(file.text)
    except OSError as error:
        raise UsageError(not_written(into, error)) from None
    return paths
