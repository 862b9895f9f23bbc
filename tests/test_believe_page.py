"""The page on whether a gate can be believed tells what the package computes."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_promptopt.evaluation.agreement import agreement_of
from pytest_promptopt.evaluation.base import BaseRecord, forbidden
from pytest_promptopt.evaluation.correction import correction_of, judged_by
from pytest_promptopt.evaluation.evaluation import Evaluation
from pytest_promptopt.evaluation.gate import judge
from pytest_promptopt.evaluation.judges import Judges
from pytest_promptopt.evaluation.mutation_record import Fate
from pytest_promptopt.evaluation.verdict import Verdict
from pytest_promptopt.prompts.prompt import GateSettings, Prompt
from pytest_promptopt.prompts.reader import read_prompt
from pytest_promptopt.reports.agreement import agreement, correction
from pytest_promptopt.reports.summary import alarms
from pytest_promptopt.statistics.comparison import smallest_drop
from tests.evaluation.test_alarms import record, results
from tests.evaluation.test_judges import RECORDS, TONE, many
from tests.evaluation.test_stopping import results as stopped
from tests.mutation.test_examination import PROMPT, clerk, covers
from tests.mutation.world import Scripted, examine, plan_of
from tests.test_docs import ROOT, script

PAGE = (ROOT / "docs" / "believe.md").read_text(encoding="utf-8")
BELIEVE = script("believe")
SURE = GateSettings(line=1, minimum=BELIEVE.MINIMUM, confidence=BELIEVE.CONFIDENCE)
MAIN = BaseRecord(label="main")


def told(verdict: Verdict) -> str:
    [text] = (*verdict.reasons, *verdict.remarks)
    return re.sub(r"broken \([^)]*\)", "broken (…)", text)


def compared(broken: int) -> str:
    settings = GateSettings(line=1, max_drop=0.02)
    return told(judge(settings, results(40 - broken, broken), MAIN, results(40, 0)))


def of_judge() -> Iterator[str]:
    """What is told of a judge that is too kind, by labels of forty answers of a hundred."""
    (good, good_missed), (bad_taken, bad) = BELIEVE.GOOD_BY_JUDGE, BELIEVE.BAD_BY_JUDGE
    labelled = [
        *many("good", "good", good),
        *many("bad", "good", good_missed),
        *many("good", "bad", bad_taken),
        *many("bad", "bad", bad),
    ]
    others = [*many("good", "", 75 - good - bad_taken), *many("bad", "", 25 - good_missed - bad)]
    corrected = correction_of([*labelled, *others], RECORDS, confidence=0.95)
    agreed = agreement_of(judged_by(labelled, TONE), TONE.choices, confidence=0.95)
    assert corrected is not None
    assert agreed is not None
    yield correction(corrected)
    yield from agreement(agreed)
    unlabelled = Evaluation(location="a", results=tuple(many("good", "", 75)))
    settings = GateSettings(line=1, minimum=0.7, min_agreement=0.8)
    yield told(judge(settings, unlabelled, judges=Judges(records=RECORDS)))


def alarms_at(confidence: float) -> str:
    verdict = judge(replace(SURE, confidence=confidence), results(40, 0))
    return alarms([record(f"{number}", verdict) for number in range(20)])


def written(path: Path, gate: str, *ids: str) -> Prompt:
    goldens = [f"  - {{id: {name}, ticket: x, expected: x}}" for name in ids]
    head = ["model: a/b", "messages: [{role: user, content: '{{ticket}}'}]", "testData:"]
    path.write_text("\n".join([*head, *goldens, gate]))
    return read_prompt(path, root=path.parent)


def softened(folder: Path) -> str:
    """What a gate says of a lower limit and a golden that is gone."""
    policy = "onRemovedGoldens: fail, onLoosened: fail"
    base = written(folder / "b.prompt.yml", f"gate: {{min: 0.85, {policy}}}", "late", "refund-01")
    head = written(folder / "h.prompt.yml", f"gate: {{min: 0.8, {policy}}}", "late")
    at_base = replace(MAIN, forbidden=tuple(forbidden(base, head)))
    return told(judge(replace(SURE, confidence=None), results(40, 0), at_base))


def test_the_page_quotes_what_the_gate_says(tmp_path: Path) -> None:
    goldens = min(BELIEVE.PASSED)
    passed = BELIEVE.PASSED[goldens]
    lines = [
        told(judge(SURE, results(passed, goldens - passed))),
        compared(5),
        compared(6),
        *of_judge(),
        alarms_at(0.95),
        softened(tmp_path),
        told(judge(SURE, stopped(50, 0, 150), is_watched=True)),
    ]
    assert [line for line in lines if f"\n> {line}\n" not in PAGE] == []


def test_what_the_page_says_in_words_is_computed_too() -> None:
    drop = smallest_drop([1.0] * 40, limit=0.0, confidence=0.95)
    assert f"the smallest drop that would show, all else the same: {drop:.2f}*" in PAGE
    assert "40 of 40 pass already" in PAGE
    assert judge(SURE, results(40, 0)).passed
    assert "confidence: 0.99}`: then it is 0.2 of them" in PAGE
    assert "up to 0.2 of them" in alarms_at(0.99)


def test_its_pictures_are_up_to_date_and_in_words_too() -> None:
    pictures = BELIEVE.pictures()
    stale = [path.name for path, text in pictures.items() if path.read_text("utf-8") != text]
    assert stale == [], "run `python docs/believe.py`"
    assert [path.name for path in pictures if f"](believe/{path.name})" not in PAGE] == []
    [[first, most], *others] = _drawn(pictures[BELIEVE.TARGET / "drop.svg"])
    rest = "".join(f", {drop} on {count}" for drop, count in others)
    assert f"{first} on {most} goldens{rest}](" in PAGE


def test_the_sentences_in_its_picture_are_found_out_so(tmp_path: Path) -> None:
    record = examine(plan_of(tmp_path, PROMPT), Scripted(answer=clerk))
    assert covers(record) == BELIEVE.SENTENCES
    interval = record.interval
    assert interval is not None
    assert (
        f"*Mutation score {record.score:.2f} (95 % interval {interval.low:.2f} to "
        f"{interval.high:.2f})* means that goldens noticed {len(record.having(Fate.NOTICED))} of "
        f"{len(record.hits)} broken prompts"
    ) in " ".join(PAGE.split())


def _drawn(picture: str) -> Sequence[tuple[str, str]]:
    """The drops in the picture, with how many goldens each is of."""
    found = re.findall(r">(\d+) goldens<.*?>(0\.\d+)<", picture, flags=re.DOTALL)
    return [(drop, count) for count, drop in found]


GATES = re.findall(r"(?:`|```yaml\n)(gate:.+?)`", PAGE, flags=re.DOTALL)


@pytest.mark.parametrize("gate", GATES)
def test_its_gates_are_read_without_a_warning(gate: str, tmp_path: Path) -> None:
    prompt = written(tmp_path / "a.prompt.yml", gate, "late")
    assert prompt.problems == ()
    assert prompt.gate is not None
