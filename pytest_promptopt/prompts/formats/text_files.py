"""The files of ours that an import writes."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pytest_promptopt.errors import Problem
from pytest_promptopt.prompts.formats.imported import Imported, ImportedPrompt
from pytest_promptopt.prompts.formats.yaml_text import has_notes, without_notes, yaml_text
from pytest_promptopt.prompts.template import as_text
from pytest_promptopt.prompts.written import WrittenFloat, WrittenInt

_MOST_INLINE = 12
_MOST_COMMENTS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFile:
    """A file to write: its name and its text."""

    name: str
    text: str


def text_files(imported: Imported) -> tuple[TextFile, ...]:
    """A prompt file each; many goldens, or those of several prompts, in a file of their own.

    Losses that have no place of their own are comments at the head of the first.
    """
    first, *others = _files(imported)
    if first.name.endswith(".yml"):
        first = replace(first, text=_comments(imported.losses, [first, *others]) + first.text)
    return (first, *others)


def _comments(losses: Iterable[Problem], files: Iterable[TextFile]) -> str:
    """Those that stand in none of the files, a line each."""
    lines = (line.strip() for file in files for line in file.text.splitlines())
    placed = {line for line in lines if line.startswith("#")}
    missing = [line for loss in losses if (line := f"# {loss}") not in placed]
    more = [f"# and {len(missing) - _MOST_COMMENTS} more"] * (len(missing) > _MOST_COMMENTS)
    return "".join(f"{line}\n" for line in [*missing[:_MOST_COMMENTS], *more])


def _files(imported: Imported) -> tuple[TextFile, ...]:
    goldens = list(imported.goldens)
    is_inline = len(imported.prompts) == 1 and len(goldens) <= _MOST_INLINE
    if is_inline:
        return (_prompt_file(imported.prompts[0], {"testData": goldens} if goldens else {}),)
    beside = _golden_file(imported.name, goldens) if goldens else None
    named = {"goldens": beside.name} if beside else {}
    prompts = tuple(_prompt_file(prompt, named) for prompt in imported.prompts)
    return (*prompts, beside) if beside else prompts


def _prompt_file(prompt: ImportedPrompt, goldens: Mapping[str, Any]) -> TextFile:
    content = dict(prompt.content)
    evaluators = {"evaluators": content.pop("evaluators")} if "evaluators" in content else {}
    return TextFile(
        name=f"{prompt.name}.prompt.yml", text=yaml_text({**content, **goldens, **evaluators})
    )


def _golden_file(name: str, goldens: list[Any]) -> TextFile:
    """JSON Lines, or YAML where there are notes to keep."""
    if has_notes(goldens):
        return TextFile(name=f"{name}.goldens.yml", text=yaml_text(goldens))
    lines = (f"{_json(without_notes(item))}\n" for item in goldens)
    return TextFile(name=f"{name}.goldens.jsonl", text="".join(lines))


def _json(value: Any) -> str:
    """JSON whose numbers have their digits as written, where JSON writes them so."""
    match value:
        case Mapping():
            pairs = (
                f"{json.dumps(str(k), ensure_ascii=False)}: {_json(v)}" for k, v in value.items()
            )
            return f"{{{', '.join(pairs)}}}"
        case list() | tuple():
            return f"[{', '.join(map(_json, value))}]"
        case WrittenInt() | WrittenFloat():
            return as_text(value) if _is_json_number(as_text(value)) else json.dumps(as_text(value))
        case _:
            return json.dumps(value, ensure_ascii=False)


def _is_json_number(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
