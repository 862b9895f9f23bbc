"""Prompt files scored against their goldens, as a function."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from pytest_promptopt.client.client import Responses
from pytest_promptopt.errors import PromptFileError, PromptNotFoundError, UsageError
from pytest_promptopt.evaluation.record import Failure, PromptRecord, Run, joined
from pytest_promptopt.evaluation.together import judged_together
from pytest_promptopt.hooks import hooks_of, tell_plugins
from pytest_promptopt.project.ini import ProjectIni, find_project
from pytest_promptopt.prompts.library import files_under, is_prompt_file
from pytest_promptopt.suggestion import did_you_mean
from pytest_promptopt.work.engine import Engine, start_engine
from pytest_promptopt.work.entries import Entry
from pytest_promptopt.work.results import Results
from pytest_promptopt.work.settings import Settings, read_settings

OnEvent = Callable[[PromptRecord], None]
OnRemark = Callable[[str], None]

OPTIONS = (
    "model",
    "judge_model",
    "samples",
    "base",
    "changed",
    "responses",
    "no_cache",
    "no_code",
    "cache_clear",
    "concurrency",
    "max_retries",
    "timeout",
    "budget",
    "until_decided",
)


def check_evaluate_options(settings: Settings) -> None:
    """Raise :class:`UsageError` where what is to be kept of all goldens is asked of some."""
    kept = {
        "--prompt-responses record": settings.responses is Responses.RECORD,
        "--prompt-save-scores": settings.save_scores,
        "--prompt-mutate": settings.mutate,
    }
    whole = next((option for option, is_given in kept.items() if is_given), None)
    if settings.until_decided and whole is not None:
        raise UsageError(
            f"{whole} takes the answers to all goldens, and --prompt-until-decided leaves some "
            "out: give one of them"
        )


def ignore(*_: object) -> None:
    """Nobody listens."""


def evaluate(
    path: str | Path | Iterable[str | Path],
    *,
    on_event: OnEvent = ignore,
    on_remark: OnRemark = ignore,
    plugins: Sequence[object] = (),
    **options: Any,
) -> Run:
    """What ``pytest --prompt-eval`` finds out about the prompt files at or under ``path``.

    ``options`` are those of the command line by their names, such as ``model="openai/gpt-5-mini"``
    or ``responses="replay"``; ini file and root are found as pytest finds them. ``on_event`` is
    told of each golden and each gate as it is done, in a record with just that; ``on_remark`` what
    is not understood in the files, and what the client has to say. ``plugins`` are objects with
    hooks of :mod:`pytest_promptopt.hookspecs`. The run's ``exit_code`` is 1 where a prompt fails
    or cannot be read.

    Raises :class:`PromptNotFoundError` where there is no prompt file, :class:`UsageError` for
    options that cannot be meant, and :class:`~pytest_promptopt.errors.HistoryError` for the base.
    """
    with opened(path, options, OPTIONS, on_remark, plugins) as (files, engine, settings):
        run = evaluate_files(
            files,
            engine,
            changed_only=settings.changed,
            adjust=settings.gate_adjust,
            until_decided=settings.until_decided,
            on_event=on_event,
            on_remark=on_remark,
        )
        engine.hook.pytest_promptopt_run(run=run)
    return run


@contextmanager
def opened(
    path: str | Path | Iterable[str | Path],
    options: Mapping[str, Any],
    known: Sequence[str],
    on_remark: OnRemark,
    plugins: Sequence[object],
) -> Iterator[tuple[list[Path], Engine, Settings]]:
    """The prompt files at or under ``path``, the engine of their project, and its settings.

    Raises like :func:`evaluate`, also for ``options`` that are none of ``known``.
    """
    files = _prompt_files(places := _places(path))
    project = find_project(places)
    settings = _settings(project, options, known)
    check_evaluate_options(settings)
    engine = start_engine(project.root, settings, warn=on_remark, hook=hooks_of(plugins))
    try:
        yield files, engine, settings
    finally:
        engine.close()


def evaluate_files(
    files: Iterable[Path],
    engine: Engine,
    *,
    changed_only: bool,
    adjust: str,
    until_decided: bool,
    on_event: OnEvent,
    on_remark: OnRemark,
) -> Run:
    """The run over these prompt files; how its gates are judged together, ``adjust`` says.

    Goldens of prompts with a gate are asked ``until_decided``, if wanted, else all.
    """
    entries, failures = _read(files, engine, changed_only=changed_only)
    for problem in dict.fromkeys(p for entry in entries for p in entry.subject.problems):
        on_remark(str(problem))

    def tell(record: PromptRecord) -> None:
        tell_plugins(engine.hook, record)
        on_event(record)

    results = Results(
        bridge=engine.bridge, judges_together=adjust != "none", until_decided=until_decided
    )
    told = _evaluated(entries, results, tell)
    prompts = _together([joined(records) for records in told.values()], adjust)
    fails = bool(failures) or any(prompt.fails for prompt in prompts)
    return Run(exit_code=int(fails), failures=tuple(failures), prompts=prompts)


def _together(prompts: Sequence[PromptRecord], adjust: str) -> tuple[PromptRecord, ...]:
    verdicts = {p.key: p.verdict for p in prompts if p.verdict is not None}
    adjusted = judged_together(verdicts, adjust)
    return tuple(replace(prompt, verdict=adjusted.get(prompt.key)) for prompt in prompts)


def _places(path: object) -> list[Path]:
    paths = [path] if isinstance(path, str | Path) or not isinstance(path, Iterable) else [*path]
    if not paths or not all(isinstance(one, str | Path) for one in paths):
        raise UsageError(f"expected a path or several, found {path!r:.60}")
    return [Path(one) for one in paths if isinstance(one, str | Path)]


def _prompt_files(places: Sequence[Path]) -> list[Path]:
    files = [
        file.absolute() for place in places for file in files_under(place) if is_prompt_file(file)
    ]
    if not files:
        raise PromptNotFoundError(f"no prompt file in {', '.join(map(str, places))}")
    return [*dict.fromkeys(files)]


def _settings(project: ProjectIni, options: Mapping[str, Any], known: Sequence[str]) -> Settings:
    unknown = next((name for name in options if name not in known), None)
    if unknown is not None:
        raise UsageError(f"there is no option `{unknown}`{did_you_mean(unknown, known)}")
    given = {f"prompt_{name}": value for name, value in options.items()}
    return read_settings(given.get, project.get_ini)


def _read(
    files: Iterable[Path], engine: Engine, *, changed_only: bool
) -> tuple[list[Entry], list[Failure]]:
    entries: list[Entry] = []
    failures = []
    for file in files:
        try:
            entries += engine.entries.read(file)
        except PromptFileError as error:
            location = file.relative_to(engine.root) if file.is_relative_to(engine.root) else file
            failures.append(Failure(location=location.as_posix(), reason=str(error)))
    return [e for e in entries if not (changed_only and e.is_unchanged)], failures


def _evaluated(
    entries: Sequence[Entry], results: Results, on_event: OnEvent
) -> dict[str, list[PromptRecord]]:
    """What was found out of each entry, in the order of the entries."""
    told: dict[str, list[PromptRecord]] = {}
    for entry in entries:
        results.stop_early(entry)
    results.ask_ahead(
        pair
        for entry in entries
        for goldens in [results.surely_asked(entry, entry.subject.prompt.goldens)]
        for pair in (*entry.asked(goldens), *entry.asked_by_gate())
    )
    for entry in entries:
        for record in _records(entry, results):
            told.setdefault(record.key, []).append(record)
            on_event(record)
    return told


def _records(entry: Entry, results: Results) -> Iterator[PromptRecord]:
    results.decide(entry)
    for golden in entry.subject.prompt.goldens:
        results.at_base(entry, golden)
        yield replace(entry.record, results=(results.score(entry, golden),))
    verdict = results.verdict(entry)
    if verdict is not None:
        yield replace(entry.record, verdict=verdict)
