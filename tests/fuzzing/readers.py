"""Every reader of a file: what it is tried with, and the use that is made of what it reads."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

from pytest_promptopt.cli.main import main
from pytest_promptopt.client.recording_file import AnswerReader, encode, read_lines
from pytest_promptopt.client.store import Store
from pytest_promptopt.codec import to_json
from pytest_promptopt.evaluation.reduction import score_golden
from pytest_promptopt.evaluation.subject import SubjectSettings, build_subject
from pytest_promptopt.evaluation.trial import Trial
from pytest_promptopt.history.scores import ScoreFile
from pytest_promptopt.optimization.journal import Journal, read_journal
from pytest_promptopt.optimization.memory import Earlier, Memory, MemoryFile, Remembered
from pytest_promptopt.prompts.content import content_of
from pytest_promptopt.prompts.reader import read_prompt
from pytest_promptopt.providers.request import Completion, Model, Usage
from pytest_promptopt.reports.html.search import drawn_search
from pytest_promptopt.reports.json import render_json
from pytest_promptopt.reports.markdown import render_markdown
from pytest_promptopt.reports.reader import read_report
from pytest_promptopt.work.saved_runs import SavedRun
from tests.client.asking import ask
from tests.fuzzing.damage import damaged, lines, replaced
from tests.history.test_scores import SCORE
from tests.reports.sample_runs import one_failing

PROMPT: dict[str, Any] = {
    "name": "Routing",
    "description": "Sends a ticket to a team.",
    "model": "scripted:answers.json",
    "modelParameters": {"temperature": 0, "max_tokens": 8, "stop": ["x"]},
    "responseFormat": "json_schema",
    "jsonSchema": {"name": "a", "schema": {"type": "object", "properties": {"a": {"enum": [1]}}}},
    "messages": [
        {"role": "system", "content": "Route it."},
        {"role": "user", "content": "{{q}} {{{{ {{ user.name }}"},
    ],
    "testData": [
        {"id": "a", "q": "one", "user": {"name": "x"}, "expected": "1", "tags": ["t"], "weight": 2},
        {"q": 2, "user.name": "y", "expected": "2", "required": True, "split": "test"},
        {"inputs": {"q": "x", "user": {"name": "z"}}, "expected": "1",
         "evaluators": [{"name": "e", "equals": "1"}]},
    ],
    "goldens": ["beside.jsonl"],
    "evaluators": [
        {"name": "s", "string": {"equals": "{{expected}}", "endsWith": "{{expected}}"}},
        {"name": "c", "choice": {"labels": ["1", "2"], "expected": "{{expected}}"}},
        {"name": "r", "regex": {"pattern": "(a|b)+{{q}}", "flags": "i"}, "threshold": 0.5},
        {"name": "n", "number": {"expected": "1", "tolerance": 0.1}},
        {"name": "j", "json": {"schema": {"type": "integer"}}},
        {"name": "v", "similarity": {"to": "{{expected}}"}, "threshold": 0.5},
        {"name": "d", "contains": {"all": ["a"], "none": ["b"]}},
        {"name": "l", "llm": {"modelId": "scripted:j", "prompt": "{{completion}}",
         "choices": [{"choice": "1", "score": 1}, {"choice": "2", "score": 0}]}},
        {"name": "u", "uses": "github/relevance"},
    ],
    "gate": {"min": 0.5, "maxDrop": 0.1, "confidence": 0.9, "tags": {"t": {"min": 1}}},
    "optimize": {"method": "protegi", "budget": "300 calls"},
    "samples": 2,
    "reducer": "mean",
}  # fmt: skip
GOLDENS: tuple[Any, ...] = (
    {"id": "a", "q": "one", "user": "x", "expected": "1", "tags": ["t"], "weight": 2},
    {"q": 1.10, "expected": {"a": [1, None]}, "required": True, "split": "test"},
    {"inputs": {"q": "x"}, "expected": 1, "evaluators": [{"name": "e", "choice": ["1", "2"]}]},
)
TABLE = b'id,q,expected,tags,required\na,one,1,"t,u",true\nb,"two\nlines","say ""2""",,\n'
PROMPT_OF_GOLDENS = """\
model: scripted:answers.json
messages: [{role: user, content: "{{q}}"}]
goldens: "GOLDENS"
"""
COMPLETION = Completion(
    text="1", usage=Usage(input_tokens=3, output_tokens=2, cached_tokens=1), cost_usd=0.5,
    notes=("n",), reasoning="r", log_probability=-0.5, latency_seconds=0.5,
)  # fmt: skip
FINGERPRINT = ask("q").fingerprint


Read = Callable[[Path], None]


def resolve(name: str) -> Model:
    return Model(provider="scripted", name=name)


def used(completion: Completion) -> None:
    """What a run does with an answer that it did not ask for."""
    assert completion.usage.total_tokens + completion.usage.cached_tokens >= 0
    assert float(completion.latency_seconds) + (completion.cost_usd or 0) >= 0
    assert isinstance(completion.log_probability or 0.0, int | float)
    "; ".join((*completion.notes, completion.reasoning, completion.text))
    json.dumps(completion.to_json(), allow_nan=False)


def read_prompt_file(path: Path) -> None:
    path.with_name("beside.jsonl").write_text('{"q": 1, "expected": "1", "user": {"name": ""}}\n')
    prompt = read_prompt(path, root=path.parent)
    content_of(prompt, root=path.parent)
    subject = build_subject(prompt, SubjectSettings(resolve_model=resolve, root=path.parent))
    for golden in prompt.goldens:
        if not subject.missing_values(golden):
            assert subject.request(golden, 0).fingerprint
            judged = (Completion(text='{"score": 1}'),)
            judgements = dict.fromkeys(range(len(subject.evaluators_for(golden))), judged)
            score_golden(subject, golden, [Trial(completion=COMPLETION, judgements=judgements)])


def read_goldens(path: Path) -> None:
    prompt = path.with_name("a.prompt.yml")
    prompt.write_text(PROMPT_OF_GOLDENS.replace("GOLDENS", path.name))
    read_prompt_file(prompt)


def read_json_report(path: Path) -> None:
    render_markdown(read_report(path.read_bytes()))


def read_recording(path: Path) -> None:
    reader = AnswerReader()
    try:
        for line in read_lines(path):
            used(reader.read(path, line.place, line.fingerprint))
    finally:
        reader.close()


def read_journal_file(path: Path) -> None:
    report(path.parents[3], "r", "--texts")
    drawn_search("search", read_journal(path), None)
    journal = Journal(path)
    try:
        for fingerprint in (FINGERPRINT, "e"):
            answer = journal.answer(fingerprint)
            if isinstance(answer, Completion):
                used(answer)
        journal.begin("inputs")
        journal.once("memory", Earlier, tuple)
        journal.tell("scored", candidate="c")
        journal.forget_errors()
    finally:
        journal.close()


def read_saved_run(path: Path) -> None:
    report(path.parents[2], path.stem, "--texts")


def report(folder: Path, *arguments: str) -> None:
    """What ``promptopt report`` makes of the files there."""
    with chdir(folder), redirect_stdout(out()), redirect_stderr(out()):
        main(["report"])
        main(["report", *arguments])


def out() -> TextIOWrapper:
    return TextIOWrapper(BytesIO())


def read_memory(path: Path) -> None:
    memory = Memory(earlier=MemoryFile(path).read())
    assert isinstance(memory.turned_down, frozenset)
    memory.as_text(summaries=1).encode("utf-8", "surrogatepass")


def read_scores(path: Path) -> None:
    for score in ScoreFile(path, location="scores.jsonl").read().scores:
        json.dumps(to_json(score), allow_nan=False)


def read_cache_row(path: Path) -> None:
    content = path.read_bytes()
    path.unlink()
    store = Store.open(path)
    store.put(FINGERPRINT, COMPLETION, now=0.0)
    with sqlite3.connect(path) as connection:
        connection.execute(
            "UPDATE answers SET completion = CAST(? AS TEXT), used_at = ?", (content, content[:3])
        )
    connection.close()
    completion = store.get(FINGERPRINT, now=1e9)
    if completion is not None:
        used(completion)
    store.prune(max_age_days=1e9, max_bytes=10**9, now=1e9)
    store.close(now=1e9)


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


def as_yaml(value: Any) -> bytes:
    return yaml.safe_dump(value, sort_keys=False).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A reader, the name of its file, what stands in that, and what may have become of it."""

    name: str
    read: Read
    sound: bytes = field(repr=False)
    contents: st.SearchStrategy[bytes]


def of_bytes(name: str, read: Read, *sound: bytes) -> Reader:
    return Reader(name=name, read=read, sound=sound[0], contents=damaged(sound))


def of_value(name: str, read: Read, value: Any, *, is_yaml: bool = False) -> Reader:
    seeds = (as_json(value), as_yaml(value)) if is_yaml else (as_json(value),)
    contents = damaged(seeds) | replaced(value).map(as_json)
    return Reader(name=name, read=read, sound=seeds[0], contents=contents)


def of_lines(name: str, read: Read, *values: Any) -> Reader:
    sound = b"".join(as_json(value) + b"\n" for value in values)
    return Reader(name=name, read=read, sound=sound, contents=damaged((sound,)) | lines(values))


_CALL = {
    "event": "call", "role": "task", "fingerprint": FINGERPRINT, "completion": COMPLETION.to_json()
}  # fmt: skip
JOURNAL = (
    {"event": "run", "version": 1, "inputs": "inputs"},
    _CALL,
    {"event": "call", "role": "task", "fingerprint": "e", "error": "no answer"},
    {"event": "noted", "name": "memory", "value": [{"run": "r", "event": "opened"}]},
    {"event": "splits", "validation": ["v"], "clusters": {"v": "k"}},
    {"event": "headroom", "sentence": "s"},
    {"event": "round", "number": 1, "parents": ["c"]},
    {"event": "proposed", "candidate": "c", "origin": "o", "note": "n", "texts": {"0": "t"}},
    {"event": "scored", "candidate": "c", "golden": "v", "score": 0.5},
    {"event": "refused", "candidate": "c", "origin": "o", "reason": "r"},
    {"event": "unparsed", "meta": "m", "reason": "r"},
    {"event": "raced", "scores": {"c": 0.5, "d": None}, "left": [], "joined": ["c"]},
    {"event": "chosen", "candidate": None},
    {"event": "verdict", "kind": "k", "sentence": "s"},
    {"event": "ended", "reason": "r"},
    {"event": "scored", "candidate": "c"},
)
MEMORY = (
    asdict(Remembered(run="r", event="tried", candidate="c", gain=0.5, note="n", origin="o")),
    asdict(Remembered(run="r", event="turned down", candidate="d")),
)
REPORT = json.loads(render_json(one_failing()))
SAVED_RUN = to_json(SavedRun(version=1, ended=datetime(2026, 1, 1, tzinfo=UTC), run=one_failing()))
RECORDED = json.loads(encode(FINGERPRINT, ask("q"), COMPLETION))

_TABLES = (TABLE, TABLE.replace(b",", b";"), TABLE.replace(b",", b"\t"))
_READERS = (
    of_value("a.prompt.yml", read_prompt_file, PROMPT, is_yaml=True),
    of_lines("g.jsonl", read_goldens, *GOLDENS),
    of_value("g.json", read_goldens, [*GOLDENS]),
    of_value("g.yaml", read_goldens, [*GOLDENS], is_yaml=True),
    of_bytes("g.csv", read_goldens, *_TABLES),
    of_value("report.json", read_json_report, REPORT),
    of_lines("recording.jsonl", read_recording, RECORDED, {**RECORDED, "fingerprint": "b"}),
    of_lines(".promptopt/runs/r/journal.jsonl", read_journal_file, *JOURNAL),
    of_value(".promptopt/runs/20260101T000000Z-ab.json", read_saved_run, SAVED_RUN),
    of_lines("memory.jsonl", read_memory, *MEMORY),
    of_lines("scores.jsonl", read_scores, to_json(SCORE), {**to_json(SCORE), "model": "m"}),
    of_value("row", read_cache_row, COMPLETION.to_json()),
)
READERS = {reader.name: reader for reader in _READERS}
