"""The prompts of `docs/data-sets.md`, run on small files in the shape of each data set."""

import csv
import gzip
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from pytest_promptopt.api import evaluate
from pytest_promptopt.prompts.document import parse_document
from pytest_promptopt.prompts.lettered import LETTERS
from pytest_promptopt.prompts.reader import read_prompt
from tests.project import Project
from tests.scoring.entries import is_confinable

PAGE = (Path(__file__).parents[1] / "docs" / "data-sets.md").read_text(encoding="utf-8")

# What each question is answered, and the score. `<Iron>` is the letter that this option has.
Cases = Sequence[tuple[str, str, float]]


def json_lines(rows: Iterable[Mapping[str, Any]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def table(rows: Iterable[Sequence[Any]], delimiter: str = ",") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def medqa(question: str, right: str, options: Sequence[str]) -> Mapping[str, Any]:
    lettered = dict(zip(LETTERS, options, strict=False))
    [letter] = [letter for letter, option in lettered.items() if option == right]
    return {
        "question": question,
        "answer": right,
        "options": lettered,
        "meta_info": "step1",
        "answer_idx": letter,
    }


VITAMINS = ("Iron", "Vitamin C", "Vitamin D", "Iodine")
MEDQA: Cases = [
    ("Scurvy 1?", "The answer is (<Vitamin C>)", 1),
    ("Scurvy 2?", "<Iron> causes anaemia, so no.\n\nAnswer: <Vitamin C>. Vitamin C", 1),
    ("Scurvy 3?", "**<Vitamin C>**", 1),
    ("Scurvy 4?", "Sailors lacked fruit. The correct answer is <Vitamin C>: Vitamin C.", 1),
    ("Scurvy 5?", "vitamin c", 1),
    ("Scurvy 6?", r"So it is \boxed{<Vitamin C>}", 1),
    ("Scurvy 7?", "The answer is (<Iron>)", 0),
    ("Scurvy 8?", "Not <Vitamin C>. Answer: <Iodine>", 0),
    ("Scurvy 9?", "<Iron> or <Vitamin C>", 0),
    ("Scurvy 10?", "I cannot tell.", 0),
    ("Scurvy 11?", "It must be Vitamin C.", 1),
    ("Scurvy 12?", "Answer: Vitamin D", 0),
]
METALS = ("铁", "维生素C", "维生素D", "碘")
MEDQA_CHINESE: Cases = [
    ("坏血病 1", "水手缺少水果。\n答案：<维生素C>", 1),
    ("坏血病 2", "因此选<维生素C>", 1),
    ("坏血病 3", "正确答案为<维生素C>", 1),
    ("坏血病 4", "答案是 <维生素C>。", 1),
    ("坏血病 5", "答案：<铁>", 0),
    ("坏血病 6", "不知道", 0),
]
BONES: Cases = [
    ('Which is the longest, "by far"?', "B", 1),
    ("Which, of these, is the longest?", "(B)", 1),
    ("The longest one is", "B. Femur", 1),
    ("Longest?", "C", 0),
]
SUMS: Cases = [
    ("Sum 1", "She has 2 bags of 617.\n#### 1,234", 1),
    ("Sum 2", "#### $1,234", 1),
    ("Sum 3", "#### 1234 dollars", 1),
    ("Sum 4", "**#### 1234**", 1),
    ("Sum 5", "#### 1234.00", 1),
    ("Sum 6", "#### Step 1\n2 × 617\n#### Answer: 1234 eggs", 1),
    ("Sum 7", "It is 1234.\n#### 1235", 0),
    ("Sum 8", "The answer is 1234.", 0),
    ("Sum 9", "#### 12,34", 0),
    ("Sum 10", "#### none", 0),
]
HEAD = (
    'from typing import List\n\n\ndef {name}(xs: List[int]) -> int:\n    """The sum of {name}."""\n'
)
BODY = "```python\ndef {name}(xs: List[int]) -> int:\n    return {value}\n```"
TESTED = (
    "\nMETADATA = {'author': 'us'}\n\n\ndef check(candidate):\n    assert candidate([1, 2]) == 3\n"
)
FUNCTIONS: Cases = [
    ("first", BODY.format(name="first", value="sum(xs)"), 1),
    ("second", BODY.format(name="second", value="max(xs)"), 0),
    ("third", "I cannot.", 0),
]
TASKS: Cases = [
    ("Write a function for half.", "```python\nhalf = lambda n: math.floor(n / 2)\n```", 1),
    ("Write a function for halves.", "```python\nhalf = lambda n: n\n```", 0),
]
CITIES: Cases = [
    ("Where does the river end?", "In the Black Sea.", 0.8),
    ("Where does it end?", "the black sea", 1),
    ("Into what does it flow?", "Romania", 0),
]
FILMS: Cases = [
    ('a warm , funny , "honest" film', "Positive", 1),
    ("a mess , start to end", "**Negative**.", 1),
    ("dull", "It is positive", 0),
    ("never dull", "negative or positive", 0),
]


def squad() -> bytes:
    answers = [{"text": text, "answer_start": 1} for text in ("the Black Sea", "Black Sea delta")]
    asked = [{"id": f"q{n}", "question": q, "answers": answers} for n, (q, *_) in enumerate(CITIES)]
    passages = [
        {"context": "A river.", "qas": asked[:1]},
        {"context": "Its end.", "qas": asked[1:]},
    ]
    whole = {"data": [{"title": "Danube", "paragraphs": passages}], "version": "1.1"}
    return json.dumps(whole).encode()


def human_eval() -> bytes:
    return json_lines(
        {
            "task_id": f"HumanEval/{n}",
            "prompt": HEAD.format(name=name),
            "entry_point": name,
            "canonical_solution": "    return sum(xs)\n",
            "test": TESTED,
        }
        for n, (name, *_) in enumerate(FUNCTIONS)
    )


def mbpp() -> bytes:
    tests = ["assert half(3) == 1", "assert half(4) == 2"]
    shared = {"code": "", "test_setup_code": "import math", "test_list": tests}
    rows = enumerate(TASKS, start=11)
    return json_lines(
        {"text": text, "task_id": n, **shared, "challenge_test_list": []} for n, (text, *_) in rows
    )


# In the order of the page.
FILES: Sequence[tuple[bytes, Cases]] = [
    (json_lines(medqa(question, "Vitamin C", VITAMINS) for question, *_ in MEDQA), MEDQA),
    (json_lines(medqa(q, "维生素C", METALS) for q, *_ in MEDQA_CHINESE), MEDQA_CHINESE),
    (table([question, "Tibia", "Femur", "Ulna", "Rib", "B"] for question, *_ in BONES), BONES),
    (json_lines({"question": q, "answer": "2 * 617\n#### 1,234"} for q, *_ in SUMS), SUMS),
    (gzip.compress(human_eval()), FUNCTIONS),
    (mbpp(), TASKS),
    (squad(), CITIES),
    (
        b"sentence\tlabel\n"
        + b"".join(f"{s}\t{n < 1:d}\n".encode() for n, (s, *_) in enumerate(FILMS)),
        FILMS,
    ),
]


def examples() -> Iterable[str]:
    return re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)


def answered(answer: str, options: Any) -> str:
    """The answer with the letters under which options are shown."""
    return re.sub(r"<(.+?)>", lambda match: LETTERS[options.index(match[1])], answer)


def test_each_prompt_scores_its_data_set(project: Project) -> None:
    answers: dict[str, str] = {}
    for number, (text, (content, cases)) in enumerate(zip(examples(), FILES, strict=True)):
        path = project.write(f"prompts/{number}/a.prompt.yml", text)
        data = path.parent / parse_document(text, "a.prompt.yml").data["goldens"]["file"]
        data.parent.mkdir(exist_ok=True)
        data.write_bytes(content)
        goldens = read_prompt(path, root=project.path).goldens
        for golden, (question, answer, _) in zip(goldens, cases, strict=True):
            answers[question] = answered(answer, golden.variables.get("options"))
    project.answers(answers)
    remarks: list[str] = []
    run = evaluate("prompts", model="scripted:answers.json", on_remark=remarks.append)
    assert [remark for remark in remarks if "all are taken" not in remark] == []
    for prompt, text, (_, cases) in zip(run.prompts, examples(), FILES, strict=True):
        if "code:" in text and not is_confinable():
            continue
        told = [round(golden.score or 0, 2) for golden in prompt.evaluation.results]
        assert told == [score for *_, score in cases], prompt.key


PARQUET = {
    "MMLU": (
        [{"question": "Longest?", "subject": "anatomy", "choices": ["Rib", "Femur"], "answer": 1}],
        {
            "file": "*.parquet",
            "map": {"question": "question", "options": "choices", "expected": "answer"},
            "where": {"subject": "anatomy"},
        },
    ),
    "SQuAD": (
        [
            {
                "id": "q",
                "title": "Danube",
                "context": "A river.",
                "question": "Where?",
                "answers": {"text": ["the Black Sea"], "answer_start": [1]},
            }
        ],
        {
            "file": "*.parquet",
            "map": {"context": "context", "question": "question", "expected": "answers.text"},
        },
    ),
}


@pytest.mark.parametrize("name", PARQUET)
def test_the_usual_parquet_files_are_read_too(name: str, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows, goldens = PARQUET[name]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "r.parquet")
    section = PAGE.partition(f"## {name}\n")[2]
    [text] = re.findall(r"```yaml\n(.*?)```", section.partition("\n## ")[0], flags=re.DOTALL)
    data = {**parse_document(text, "a.prompt.yml").data, "goldens": goldens}
    path = tmp_path / "a.prompt.yml"
    path.write_text(json.dumps(data))
    prompt = read_prompt(path, root=tmp_path)
    assert prompt.problems == ()
    assert [golden.expected for golden in prompt.goldens] == [
        1 if name == "MMLU" else ["the Black Sea"]
    ]
