"""The record of an import: prompts, goldens, and what has no counterpart here."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pytest_promptopt.errors import Problem, Severity
from pytest_promptopt.prompts.formats.yaml_text import without_notes
from pytest_promptopt.prompts.golden import RESERVED_KEYS, slug
from pytest_promptopt.prompts.template import templates_in
from pytest_promptopt.suggestion import misspelt

_LONGEST_ID = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedPrompt:
    """A prompt by the name of its file, with the content of one but for its goldens.

    Keys and items may be :class:`~pytest_promptopt.prompts.formats.yaml_text.Note`.
    """

    name: str
    content: Mapping[Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """The prompts and goldens of a foreign file, what has no counterpart and what means else here.

    ``goldens`` are those of all ``prompts``; each is a mapping as a file of goldens has it, with
    notes. ``checks`` counts what was to be checked of answers by type and by whether it was
    understood.
    """

    format: str
    location: str
    name: str
    prompts: tuple[ImportedPrompt, ...] = ()
    goldens: tuple[Mapping[Any, Any], ...] = ()
    losses: tuple[Problem, ...] = ()
    remarks: tuple[Problem, ...] = ()
    checks: Counter[tuple[str, bool]] = field(default_factory=Counter)


def golden(
    variables: Mapping[str, Any],
    *,
    expected: Any = None,
    tags: tuple[str, ...] = (),
    description: str = "",
    is_judged: bool = False,
    more: Mapping[Any, Any] | None = None,
) -> dict[Any, Any]:
    """A golden as a file has it.

    Variables that are called like a key of ours stand apart; so does one called ``expected`` where
    no evaluator judges the golden, as the answer would be compared with it.
    """
    content: dict[Any, Any] = {}
    name = slug(description)[:_LONGEST_ID].strip("-")
    if name and name != "gate":
        content["id"] = name
    apart = {*RESERVED_KEYS, "vars"} - ({"expected"} if is_judged else set())
    is_flat = apart.isdisjoint(variables)
    content |= variables if is_flat else {"vars": dict(variables)}
    content |= {} if expected is None else {"expected": expected}
    content |= {"tags": list(tags)} if tags else {}
    return content | dict(more or {})


def with_own_ids(goldens: list[dict[Any, Any]]) -> list[dict[Any, Any]]:
    """The goldens with a number behind an id that stands before."""
    taken: set[str] = set()
    for item in goldens:
        name = item.get("id")
        if name is None:
            continue
        number = 1
        while item["id"] in taken:
            number += 1
            item["id"] = f"{name}-{number}"
        taken.add(item["id"])
    return goldens


def without_lookalikes(imported: Imported) -> Imported:
    """The same without variables that nothing uses and a run would take for slips, and told so."""
    said = [prompt.content for prompt in imported.prompts]
    said += [item["evaluators"] for item in imported.goldens if "evaluators" in item]
    templates = templates_in(without_notes(said))
    used = {name for template in templates for name in template.variables}
    names = {name for item in imported.goldens for name in item if isinstance(name, str)}
    dropped = {
        name: meant
        for name in sorted(names - used - {*RESERVED_KEYS, "vars"})
        if (meant := misspelt(name, RESERVED_KEYS))
    }
    if not dropped or not imported.prompts:
        return imported
    goldens = tuple(
        {key: value for key, value in item.items() if key not in dropped}
        for item in imported.goldens
    )
    told = (
        Problem(
            path=imported.location,
            line=1,
            message=f"`{name}` is left out: nothing uses it, and it would be taken for `{meant}`",
            severity=Severity.WARNING,
        )
        for name, meant in dropped.items()
    )
    return replace(imported, goldens=goldens, losses=(*imported.losses, *told))
