"""What a run keeps of each golden until its end."""

import re

from tests.project import Project

GOLDENS = 8
COUNTING = """\
import gc
import tracemalloc

tracemalloc.start()


def pytest_terminal_summary():
    gc.collect()
    traces = tracemalloc.take_snapshot().traces
    tracemalloc.stop()
    print("long texts:", sum(trace.size > 200_000 for trace in traces))
"""


def test_a_long_answer_that_missed_is_kept_once(project: Project) -> None:
    project.write("conftest.py", COUNTING)
    code = "def answer(request):\n    return request.messages[0].content + ' wrong' * 40_000\n"
    project.write("answering_at_length.py", code)
    goldens = "".join(f'  - {{q: "q{n}", expected: "yes"}}\n' for n in range(GOLDENS))
    project.write(
        "prompts/a.prompt.yml",
        "model: scripted:answering_at_length:answer\n"
        'messages: [{role: user, content: "{{q}}"}]\n'
        f"testData:\n{goldens}gate: {{min: 0.5}}\n",
    )
    result = project.run("-s", "--prompt-report", "r.md", "--prompt-report", "r.json")
    result.assert_outcomes(failed=1)
    [kept] = re.findall(r"long texts: (\d+)", result.stdout.str())
    assert 0 < int(kept) <= GOLDENS
