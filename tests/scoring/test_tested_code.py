"""Code of models runs in a sandbox, and nothing that it does leaves a mark."""

import socket
import sys
from pathlib import Path

import pytest

from pytest_promptopt.scoring.sandbox import run_python
from pytest_promptopt.scoring.score import Score
from tests.scoring.entries import complaint, flaw, is_confinable, score

GOOD = "def plus(a, b):\n    return a + b"
TESTS = "assert plus(1, 2) == 3\nassert plus(1, -1) == 0, 'of opposites'"


confined = pytest.mark.skipif(not is_confinable(), reason="this kernel cannot confine a process")


def scored(answer: str, **options: object) -> Score:
    return score({"code": {"tests": "{{tests}}", **options}}, answer, tests=TESTS)


@confined
@pytest.mark.parametrize(
    ("answer", "value", "reason"),
    [
        (GOOD, 1, ""),
        (f"Here you are:\n\n```python\n{GOOD}\n```\nFor example:\n```\nplus(1, 2)\n```", 1, ""),
        (f"```bash\npip install x\n```\n~~~py\n{GOOD}\n~~~", 1, ""),
        (f"{GOOD}\nif __name__ == '__main__':\n    raise SystemExit", 1, ""),
        ("def plus(a, b):\n    return 3", 0, "AssertionError: of opposites (tests:2)"),
        ("def plus(a, b):\n    return 1 / 0", 0, "ZeroDivisionError: division by zero (answer:2)"),
        ("def plus(a, b:", 0, "SyntaxError: '(' was never closed (answer, line 1)"),
        (
            "import json\njson.loads('')",
            0,
            "JSONDecodeError: Expecting value: line 1 column 1 (char 0) (answer:2)",
        ),
        ("I cannot do that.", 0, "SyntaxError: "),
        ("", 0, "the answer is empty"),
    ],
)
def test_an_answer_passes_where_its_code_passes_the_tests(
    answer: str, value: float, reason: str
) -> None:
    result = scored(answer)
    assert (result.value, result.reason[: len(reason)]) == (value, reason)


@confined
def test_setup_stands_before_the_answer_and_both_may_be_lists() -> None:
    entry = {"code": {"setup": "import math\n{{before}}", "tests": "{{tests}}"}}
    answer = "from __future__ import annotations\ndef area(r):\n    return PI * r * r"
    tests = ["assert area(0) == 0", "assert math.isclose(area(1), PI)"]
    assert score(entry, answer, before="PI = math.pi", tests=tests).value == 1
    listed = {"code": {"setup": "{{before}}", "tests": "{{tests}}"}}
    assert score(listed, answer, before=["import math", "PI = math.pi"], tests=tests).value == 1


@confined
@pytest.mark.parametrize(
    ("hostile", "told"),
    [
        ("open(MARK, 'w').write('x')", "PermissionError"),
        ("open('/etc/passwd').read()", "PermissionError"),
        ("import os; os.listdir(os.path.expanduser('~'))", "PermissionError|FileNotFound"),
        ("import os; assert not {*os.environ} - {'LC_CTYPE'}, sorted(os.environ)", ""),
        ("import socket; socket.create_connection(('127.0.0.1', PORT))", "PermissionError"),
        ("import subprocess; subprocess.run(['ls'])", "PermissionError"),
        ("import os; os.kill(os.getppid(), 9)", "PermissionError|ProcessLookupError"),
        ("import sys; sys.path += PATHS; import pytest_promptopt", "ModuleNotFound|Permission"),
        ("import sys; sys.path += PATHS; import yaml", "ModuleNotFound|Permission"),
        ("import os; os._exit(0)", "ended before its tests did"),
        ("import sys; sys.exit()", "SystemExit"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("x = 'a' * 2_000_000_000", "ended before its tests did|MemoryError"),
        ("import os\nwhile True: os.fork()", "BlockingIOError|ended before"),
        ("import os\nwhile True: os.write(3, b'x' * 1_000_000)", "ended before its tests did"),
        ("import ctypes; ctypes.string_at(0)", "ended before its tests did"),
        ("def f(): f()\nf()", "RecursionError"),
    ],
)
def test_what_code_must_not_do_it_cannot(tmp_path: Path, hostile: str, told: str) -> None:
    mark = tmp_path / "mark"
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        names = f"MARK, PORT, PATHS = {str(mark)!r}, {server.getsockname()[1]}, {sys.path!r}\n"
        ran = run_python({"answer": names + hostile}, seconds=1)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert not mark.exists()
    assert bool(ran.problem) is bool(told)
    assert not told or any(part in ran.problem for part in told.split("|")), ran.problem


@confined
@pytest.mark.parametrize(
    "endless",
    [
        "while True: pass",
        "import time; time.sleep(100)",
        "while True: print('x' * 1_000_000)",
    ],
)
def test_code_that_does_not_end_is_ended(endless: str) -> None:
    assert "was not done after 0.3 s" in run_python({"answer": endless}, seconds=0.3).problem


@confined
def test_nothing_is_left_running() -> None:
    before = {*Path("/proc").glob("[0-9]*")}
    run_python({"answer": "import time; time.sleep(60)"}, seconds=0.2)
    commands = [path / "cmdline" for path in {*Path("/proc").glob("[0-9]*")} - before]
    assert not [path for path in commands if path.exists() and b"told" in path.read_bytes()]


def test_where_nothing_can_be_confined_nothing_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sandlock", None)
    result = scored(GOOD)
    assert result.value is None
    assert "no sandbox is installed" in result.reason

    class OldKernel:
        landlock_abi_version = staticmethod(lambda: 3)
        min_landlock_abi = staticmethod(lambda: 6)

    monkeypatch.setitem(sys.modules, "sandlock", OldKernel)
    result = scored(GOOD)
    assert (result.value, "Landlock 3, at least 6 is needed" in result.reason) == (None, True)


def test_tests_that_are_no_python_are_a_flaw_of_the_golden() -> None:
    entry = {"code": None}
    assert flaw(entry, tests=TESTS) == ""
    assert flaw(entry, tests="assert plus(") == (
        "the tests are no Python: '(' was never closed (<unknown>, line 1)"
    )
    assert flaw(entry, tests=" ") == "the tests are empty"
    assert flaw(entry) == "{{tests}} has no value"
    assert flaw(entry, tests="(" * 10_000).startswith("the tests are no Python: ")


def test_options_that_cannot_be_meant_are_named() -> None:
    assert "`language` cannot be 'ruby'" in complaint({"code": {"language": "ruby"}})
    assert "`seconds`: expected a number <= 60" in complaint({"code": {"seconds": 600}})
    assert "`test` is not understood" in complaint({"code": {"test": "x"}})
