"""``promptopt audit``: which goldens tell something, by the runs that are kept."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from pytest_promptopt.cli.found import saved
from pytest_promptopt.cli.output import Output, Styled, warn
from pytest_promptopt.cli.target import read_target
from pytest_promptopt.errors import PromptoptError, ReportError, UsageError
from pytest_promptopt.evaluation.audit import Audit, Group, audit_of
from pytest_promptopt.evaluation.evaluation import GoldenResult
from pytest_promptopt.evaluation.listing import counted, in_clusters, listed
from pytest_promptopt.evaluation.record import PromptRecord
from pytest_promptopt.linting.linter import lint_file
from pytest_promptopt.linting.rule import Finding
from pytest_promptopt.prompts.reader import read_prompt
from pytest_promptopt.scoring.embedding import vectors
from pytest_promptopt.suggestion import did_you_mean
from pytest_promptopt.work.saved_runs import RunStore

# Rules on goldens, and on examples that stand among them.
_OF_GOLDENS = ("PL3",)
_DROP, _LEAST_DROP = 0.05, 0.01

_DESCRIPTION = """\
What the goldens of each prompt have told in the runs that are kept: those that always pass, always
miss or turn with nothing changed, evaluators that never part, near duplicates, the smallest drop
that would show, of which tags goldens are missing. No model is asked.

example: promptopt audit ticket_routing"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.description = _DESCRIPTION
    parser.add_argument(
        "prompts", metavar="PROMPT", nargs="*", help="a prompt file; default: those of the last run"
    )
    parser.add_argument(
        "--by-meaning",
        action="store_true",
        help="look for near duplicates in other words too (extra embeddings; a second for ten)",
    )


def run(arguments: argparse.Namespace, out: Output) -> int:
    """Tell of each prompt; raises :class:`~pytest_promptopt.errors.PromptoptError`."""
    store, _ = saved()
    runs = [*_records(store)]
    if not runs:
        raise UsageError("there is no run yet; run pytest with --prompt-eval")
    known = dict.fromkeys(record.location for records in runs for record in records)
    latest = list(dict.fromkeys(record.location for record in runs[0]))
    for location in [_location(name, store.root, known) for name in arguments.prompts] or latest:
        records = [r for records in runs for r in records if r.location == location and r.results]
        if records:
            drop = _drop_of(store.root / location, store.root)
            by_meaning = vectors if arguments.by_meaning else None
            _tell(audit_of(records, drop=drop, vectors=by_meaning), location, out)
        for finding in _linted(store.root / location, store.root):
            out.line(f"    {finding}")
    return 0


def _records(store: RunStore) -> Iterator[Sequence[PromptRecord]]:
    """The prompts of each run, the latest first; one that cannot be read is told."""
    for name in store.names():
        try:
            yield store.read(name).run.prompts
        except ReportError as error:
            warn(str(error))


def _location(name: str, root: Path, known: dict[str, None]) -> str:
    target = read_target(name)
    target.refuse_ref("runs are of files as they were")
    path = target.path
    location = path.relative_to(root).as_posix() if path.is_relative_to(root) else name
    if location not in known:
        raise UsageError(f"no run that is kept has {location}{did_you_mean(location, known)}")
    return location


def _drop_of(path: Path, root: Path) -> float:
    """The drop that should show: that of the gate of the file, if it can be read."""
    if not path.is_file():
        return _DROP
    try:
        gate = read_prompt(path, root=root).gate
    except PromptoptError:
        return _DROP
    return max((gate and gate.max_drop) or _DROP, _LEAST_DROP)


def _linted(path: Path, root: Path) -> Sequence[Finding]:
    """What the linter says of the goldens; of a file that is gone or broken it says so itself."""
    if not path.is_file():
        return ()
    try:
        findings = lint_file(path, root=root).findings
    except PromptoptError:
        return ()
    return [finding for finding in findings if finding.code.startswith(_OF_GOLDENS)]


def _tell(audit: Audit, location: str, out: Output) -> None:
    whole, *tags = audit.groups
    goldens = in_clusters(whole.goldens, "golden", whole.clusters)
    times = counted(audit.runs, "time")
    asked = f"{goldens}, scored {times}, versions and models: {audit.conditions}"
    out.line(Styled(location, "strong"), f": {asked}")
    for line in (
        *_outcomes(audit, whole),
        *_twins(audit),
        *_near(audit),
        *_power(whole, tags),
        *_wanted(audit),
    ):
        out.line(f"    {line}")


def _outcomes(audit: Audit, whole: Group) -> Iterator[str]:
    if audit.conditions < 2:
        yield "one version with one model tells nothing apart: run others, or --prompt-mutate"
    elif audit.passed:
        told = f"{len(audit.passed)} of {whole.goldens} passed each time and told nothing apart"
        yield f"{told}: {listed(audit.passed)}"
    if audit.missed:
        shown = [_placed(golden) for golden in audit.missed]
        yield f"missed each time (too hard, or wrong?): {listed(shown)}"
    if audit.unsteady:
        turning = [f"{g.id} passed {g.passed} of {g.asked}" for g in audit.unsteady]
        yield f"turned with nothing changed: {listed(turning)}"


def _placed(golden: GoldenResult) -> str:
    return f"{golden.id} ({golden.place})" if golden.place else golden.id


def _twins(audit: Audit) -> Iterator[str]:
    for twins in audit.twins:
        names = f"the evaluators `{twins.first}` and `{twins.second}`"
        yield f"{names} said the same of all {twins.answers} answers: one may do"


def _near(audit: Audit) -> Iterator[str]:
    for by_meaning, how in ((False, "the letters"), (True, "the meaning, by the encoder")):
        pairs = [pair for pair in audit.near if pair.by_meaning is by_meaning]
        shown = [f"{p.first} and {p.second} ({100 * p.alike:.0f} %)" for p in pairs]
        if shown:
            yield (
                f"nearly the same by {how}: {listed(shown)}; keep one, or let them share a "
                "`cluster`, so that they count as one"
            )


def _wanted(audit: Audit) -> Iterator[str]:
    """Of which tags goldens would help most, were each judged by itself."""
    lacking = [
        (audit.needed - group.clusters, f"the tag {group.tag}" if group.tag else "all")
        for group in audit.groups
        if group.clusters < audit.needed
    ]
    shown = [f"{more:,} of {whose}" for more, whose in sorted(lacking, key=lambda one: -one[0])]
    if shown:
        yield (
            f"a drop of {audit.drop:g} would show on {audit.needed:,} independent goldens; "
            f"missing: {listed(shown)}"
        )


def _power(whole: Group, tags: Sequence[Group]) -> Iterator[str]:
    if whole.drop is None:
        yield f"no drop would show on {counted(whole.goldens, 'golden')}"
    else:
        yield f"the smallest drop that would show, all else the same: {whole.drop:.2f}"
    known = [group for group in tags if group.interval is not None]
    for group in sorted(known, key=_width, reverse=True)[:1]:
        low, high = group.interval or (0.0, 1.0)
        count = in_clusters(group.goldens, "golden", group.clusters)
        more = f"about {3 * group.goldens} more would halve that"
        if group.scored < group.goldens:
            count, more = f"{group.scored} of {count}", "a run that scores all tells more"
        yield f"least is known of the tag {group.tag}: {low:.2f} to {high:.2f} on {count}; {more}"


def _width(group: Group) -> float:
    return group.interval.high - group.interval.low if group.interval else 0.0
