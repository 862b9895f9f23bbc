"""``promptopt completion``: what the Tab key gives in bash, and the scripts of the others."""

import shutil
import subprocess
from pathlib import Path

import pytest

from pytest_promptopt.cli.main import COMMANDS, main
from tests.history.commits import History

# What bash does at the Tab key: the words so far, the last of which is to be completed.
_TAB = """
source "$1"
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
_shtab_promptopt
printf '%s\\n' "${COMPREPLY[@]}"
"""


def script(shell: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["completion", shell]) == 0
    return capsys.readouterr().out


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash")
def test_bash_completes_commands_options_and_what_is_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = History(tmp_path / "project")
    project.write("prompts/route.prompt.yml", "messages: []\n")
    project.write("prompts/notes.md", "")
    project.write(".promptopt/runs/20261128T1-ab.json", "{}")
    project.write(".promptopt/proposals/324bae82a406.json", "{}")
    project.commit("first")
    for name in ("x$(touch${IFS}ran)", "x`touch${IFS}ran`"):
        project.write(f".promptopt/runs/{name}.json", "{}")
        project.write(f".promptopt/proposals/{name}.json", "{}")
        project.git("branch", name)
    source = tmp_path / "completion.bash"
    source.write_text(script("bash", capsys))

    def tab(*words: str) -> list[str]:
        command = ["bash", "-c", _TAB, "bash", str(source), "promptopt", *words]
        done = subprocess.run(
            command, cwd=project.folder, capture_output=True, text=True, check=True
        )
        return done.stdout.split()

    assert tab("") == [*COMMANDS]
    assert tab("ap") == ["apply"]
    assert tab("run", "--v") == ["--var"]
    assert tab("run", "prompts/") == ["prompts/route.prompt.yml"]
    assert tab("show", "prompts/r") == ["prompts/route.prompt.yml"]
    assert tab("report", "") == ["20261128T1-ab"]
    assert tab("apply", "3") == ["324bae82a406"]
    assert tab("diff", "prompts/route.prompt.yml", "") == ["main"]
    assert "local/qwen2.5-coder-0.5b" in tab("run", "x", "--model", "")
    assert tab("completion", "z") == ["zsh"]
    assert not (project.folder / "ran").exists()


def test_zsh_and_fish_are_told_what_each_command_is_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    zsh, fish = script("zsh", capsys), script("fish", capsys)
    assert zsh.startswith("#compdef promptopt\n")
    for name, command in COMMANDS.items():
        assert f"    {name}:'" in zsh
        assert command.help.partition("'")[0] in zsh
        assert command.help.partition("'")[0] in fish
    # Else zsh would list the runs once, as it loads the script.
    assert "{compadd -- \\$(ls -1 .promptopt/runs " in zsh


def test_another_shell_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["completion", "powershell"])
    assert "invalid choice: 'powershell'" in capsys.readouterr().err
