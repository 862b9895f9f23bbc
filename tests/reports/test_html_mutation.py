from dataclasses import replace
from html import unescape
from pathlib import Path

from pytest_promptopt.evaluation.mutation_record import (
    Fate,
    MutantRecord,
    MutationRecord,
    SentenceRecord,
)
from pytest_promptopt.evaluation.record import Run
from pytest_promptopt.prompts.reader import read_prompt
from pytest_promptopt.reports.html.mutation import drawn_mutation
from pytest_promptopt.reports.html.page import Surroundings, render_html
from tests.reports.sample_runs import all_good
from tests.reports.test_html import HOSTILE, Elements

TEXT = "One. <b>Two</b>. Three. Four."


def record() -> MutationRecord:
    spans = ((0, 4), (5, 16), (17, 23), (24, 29))
    fates = ((0, Fate.NOTICED), (0, Fate.NOTICED), (1, Fate.UNNOTICED), (2, Fate.EQUAL))
    return MutationRecord(
        sentences=tuple(
            SentenceRecord(message=0, start=start, end=end, line=3, text=TEXT[start:end])
            for start, end in spans
        ),
        mutants=tuple(
            MutantRecord(
                sentence=sentence,
                kind="dropped",
                before=HOSTILE,
                after="",
                fate=fate,
                by=f"golden-{number}" if fate is Fate.NOTICED else "",
                takes_away=True,
            )
            for number, (sentence, fate) in enumerate((*fates, (3, Fate.OPEN)))
        ),
        goldens=5,
        passed=4,
    )


def page(run: Run, folder: Path) -> str:
    (folder / "a.prompt.yml").write_text(f'messages: [{{role: user, content: "{TEXT}"}}]\n')
    prompt = read_prompt(folder / "a.prompt.yml", root=folder)
    return render_html(run, Surroundings(prompts={run.prompts[0].key: prompt}))


def test_each_sentence_is_shaded_and_marked_by_how_many_goldens_hold_it(tmp_path: Path) -> None:
    run = all_good()
    run = replace(run, prompts=(replace(run.prompts[0], mutation=record()),))
    found = Elements(page(run, tmp_path))
    styles = [a.get("class") for tag, a in found.found if tag == "span" and a.get("title")]
    assert styles == ["held-2", "untested", "useless", "open"]
    assert found.texts["sup"] == ["2", "?", "✗", "…"]
    labels = [a["title"] for tag, a in found.found if tag == "span" and a.get("title")]
    assert labels[0] == "held by 2 goldens: golden-0, golden-1"
    assert not any(tag == "b" for tag, _ in found.found)
    assert "useless, line 3: “Three.”" in unescape(page(run, tmp_path))


def test_a_prompt_that_has_changed_since_is_not_drawn() -> None:
    drawn = drawn_mutation(record(), None)
    assert drawn is not None
    assert drawn.messages == ()
    assert drawn.headline.endswith("not known yet; so far goldens noticed 2 of 3 mutants")
    assert drawn_mutation(None, None) is None
