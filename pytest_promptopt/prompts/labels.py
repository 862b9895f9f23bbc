"""Labels: what people say of an answer, in the words that a judge chooses from."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pytest_promptopt.errors import PromptFileError
from pytest_promptopt.prompts.files import DISK, Files
from pytest_promptopt.prompts.golden import INPUT_KEYS, RESERVED_KEYS, Golden
from pytest_promptopt.prompts.golden_files import RawGolden, read_golden_file
from pytest_promptopt.prompts.library import bare_name
from pytest_promptopt.prompts.named_files import LABELS_SUFFIX
from pytest_promptopt.prompts.template import as_text
from pytest_promptopt.prompts.version import digest
from pytest_promptopt.suggestion import did_you_mean

LABEL = "label"
RATERS = "labels"
"""The variable of a judge's golden that has a label by each of several raters."""
AUTHORS = ("author", "model")
"""Variables of a judge's golden that may name the model which wrote the answer."""

_KEYS = ("input", "answer", "choice", "rater", "at", "judge")
_LINE = (
    'expected a label: {"input": {"ticket": "…"}, "answer": "…", "choice": "good", "rater": "anna"}'
)


def labels_of(golden: Golden) -> Mapping[str, str]:
    """What each rater says of the answer in a judge's golden; empty where none is named."""
    said: Any = golden.variables.get(RATERS)
    if not isinstance(said, Mapping):
        return {}
    return {str(rater): as_text(choice).strip() for rater, choice in said.items()}


def labelled(golden: Golden, *, shows_expected: bool) -> Golden:
    """The golden of a judge, expecting its label: ``label``, what most raters say, or ``expected``.

    As a placeholder ``{{expected}}`` stays what a good answer is, as where the judge is used; a
    judge that ``shows_expected`` would see the label there, so that it cannot be the label then.
    Where no choice has more raters than any other, nothing is expected.
    """
    label = golden.variables.get(LABEL, _consensus(golden))
    if label is None and not shows_expected:
        label = golden.expected
    if label is None and shows_expected:
        message = (
            f"golden {golden.id} has no `label`; {{{{expected}}}}, which the judge is shown, "
            "is what a good answer is"
        )
        raise PromptFileError.at(golden.path, golden.line, message)
    if label is None:
        return golden
    return replace(
        golden,
        expected=label or None,
        expects_null=False,
        variables={**golden.variables, LABEL: label},
    )


def _consensus(golden: Golden) -> str | None:
    """What most raters say, empty where none is ahead; None without raters."""
    labels = labels_of(golden)
    return most_said(labels.values()) if labels else None


def most_said(choices: Iterable[str]) -> str:
    """What most of them are; empty where none is ahead."""
    counts = Counter(choices).most_common(2)
    is_tie = len(counts) > 1 and counts[0][1] == counts[1][1]
    return "" if is_tie or not counts else counts[0][0]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerLabel:
    """A line of a prompt's labels file: what a rater says of an answer.

    ``key`` is made of the input and the answer by :func:`label_key`. ``judge`` is the evaluator
    whose choices it is about, empty where the prompt has one judge; ``at`` is when it was given,
    as ISO 8601, empty where that is not said.
    """

    key: str
    choice: str
    rater: str
    judge: str
    at: str
    path: str
    line: int


def label_key(inputs: Mapping[str, Any], answer: str) -> str:
    """What tells one answer to one input from all others, however the file is written."""
    return digest([_told(inputs), answer.strip()])


def _told(inputs: Mapping[str, Any]) -> dict[str, str]:
    hidden = {*RESERVED_KEYS, *INPUT_KEYS}
    return {name: as_text(value) for name, value in inputs.items() if name not in hidden}


def label_line(inputs: Mapping[str, Any], answer: str, **said: str) -> bytes:
    """The line of a labels file that says ``choice``, ``rater``, ``at`` and ``judge`` of an answer.

    What is empty is left out; the same is always written alike, so that git can merge it.
    """
    content = {"input": _told(inputs), "answer": answer.strip()}
    content.update({key: value for key, value in said.items() if value})
    try:
        return f"{json.dumps(content, sort_keys=True, ensure_ascii=False)}\n".encode()
    except UnicodeEncodeError:
        # Halves of a character, which only an escape can write.
        return f"{json.dumps(content, sort_keys=True)}\n".encode()


def labels_path(prompt: Path) -> Path:
    """The file of a prompt's labels: ``tone.labels.jsonl`` beside ``tone.prompt.yml``."""
    return prompt.with_name(f"{bare_name(prompt)}{LABELS_SUFFIX}")


def read_labels(path: Path, location: str, files: Files = DISK) -> tuple[AnswerLabel, ...]:
    """The lines of the file, none where it is empty or not there; raises :class:`PromptFileError`.

    Each is ``{"input": {…}, "answer": …, "choice": …, "rater": …, "at": …, "judge": …}``, of which
    the last three may be left out.
    """
    try:
        if not files.read(path).strip():
            return ()
    except FileNotFoundError:
        return ()
    except OSError as error:
        problem = f"cannot be read: {error.strerror or error}"
        raise PromptFileError.at(location, 1, problem) from None
    rows = read_golden_file(path, location, files)
    return tuple(_read_label(row) for row in rows)


def _read_label(row: RawGolden) -> AnswerLabel:
    content = row.content
    inputs = content.get("input") if isinstance(content, Mapping) else None
    if not isinstance(inputs, Mapping) or not {"answer", "choice"} <= content.keys():
        raise PromptFileError.at(row.path, row.line, _LINE)
    texts = {name: _text(content.get(name, "")) for name in ("choice", "rater", "judge", "at")}
    if unknown := [*(content.keys() - _KEYS)]:
        message = f"`{unknown[0]}` is not understood{did_you_mean(str(unknown[0]), _KEYS)}"
        raise PromptFileError.at(row.path, row.line, message)
    key = label_key(inputs, as_text(content["answer"]))
    return AnswerLabel(key=key, path=row.path, line=row.line, **texts)


def _text(value: Any) -> str:
    return "" if value is None else as_text(value).strip()
