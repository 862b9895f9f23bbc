"""The installed package in a made-up project: ``python smoke.py``, on any system."""

import subprocess
import sys
import sysconfig
from pathlib import Path
from tempfile import TemporaryDirectory

ANSWERS = '{"one": "1", "two": "3"}'
PROMPT = """\
model: scripted:answers.json
messages:
  - {role: user, content: "{{q}}"}
testData:
  - {id: right, q: one, expected: "1"}
  - {id: wrong, q: two, expected: "2"}
gate: {min: 0.5}
"""


def main() -> None:
    """Score the project and ask for the version; AssertionError where either is not as meant."""
    with TemporaryDirectory() as folder:
        project = Path(folder)
        (project / "prompts").mkdir()
        (project / "prompts" / "a.prompt.yml").write_text(PROMPT, encoding="utf-8")
        (project / "answers.json").write_text(ANSWERS, encoding="utf-8")
        (project / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        told = _run(project, sys.executable, "-m", "pytest", "--prompt-eval")
        assert "2 passed, 1 missed" in told
        command = Path(sysconfig.get_path("scripts"), "promptopt")
        assert _run(project, str(command), "--version").startswith("promptopt ")
        assert "new .github/workflows/prompts.yml" in _run(
            project, str(command), "init", "--workflow"
        )


def _run(folder: Path, *command: str) -> str:
    ran = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, check=False)
    told = ran.stdout.decode("utf-8", "replace")
    print(told)
    assert ran.returncode == 0, f"exit code {ran.returncode}"
    return told


if __name__ == "__main__":
    main()
