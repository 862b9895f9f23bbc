import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_promptopt.cli.main import COMMANDS, main
from tests.cli.conftest import NAME, Promptopt

COMMAND = (sys.executable, "-m", "pytest_promptopt.cli.main")


def test_without_arguments_it_prints_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "show" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--help"], *([name, "--help"] for name in COMMANDS)])
def test_help_fits_a_screen_with_an_example_and_exit_codes(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit, match="0"):
        main(arguments)
    out = capsys.readouterr().out
    assert out.startswith(f"usage: promptopt {' '.join(arguments[:-1])}".rstrip())
    lines = out.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert "\nexit codes: 0 " in out
    assert "example" in out
    assert (
        arguments[0] not in COMMANDS or f"promptopt {arguments[0]}" in out.partition("example")[2]
    )


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out.startswith("promptopt 0.")


def test_it_runs_as_a_module() -> None:
    command = [sys.executable, "-m", "pytest_promptopt", "--version"]
    assert subprocess.run(command, check=False).returncode == 0


def test_a_bare_name_is_taken_as_by_load_prompt(promptopt: Promptopt) -> None:
    promptopt.history.commit("Add the prompt")
    assert promptopt("log", "route").out == promptopt("log", NAME).out
    assert promptopt("show", "route@HEAD").status == 0
    missed = promptopt("log", "rute")
    assert (missed.status, missed.err.count("did you mean `route`?")) == (1, 1)


def test_list_tells_all_prompts(promptopt: Promptopt) -> None:
    promptopt.history.write("prompts/broken.prompt.yml", "messages: 1\n")
    listed = promptopt("list")
    assert listed.status == 1
    assert f"  {NAME}\n    no saved scores\n" in listed.out
    assert "  prompts/broken.prompt.yml\n    prompts/broken.prompt.yml:1: " in listed.out


def test_an_unknown_command_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    for name, meant in {"logg": "log", "lst": "list", "Diff": "diff"}.items():
        with pytest.raises(SystemExit, match="2"):
            main([name])
        told = capsys.readouterr().err
        assert f"there is no command `{name}` (known:" in told
        assert f"; did you mean `{meant}`?" in told


def test_commands_work_from_any_folder(
    promptopt: Promptopt, monkeypatch: pytest.MonkeyPatch
) -> None:
    promptopt.history.commit("Add the prompt")
    monkeypatch.chdir("prompts")
    assert "Add the prompt" in promptopt("log", "route.prompt.yml").out
    (promptopt.history.folder / "other").mkdir()
    monkeypatch.chdir("../other")
    assert "Add the prompt" in promptopt("log", f"../{NAME}").out
    assert promptopt("show", f"../{NAME}").out.startswith(f"{NAME}  ")


def test_in_a_folder_that_is_gone_every_command_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    for name in COMMANDS:
        needed = {
            "completion": ["bash"],
            "init": [],
            "list": [],
            "models": [],
            "schema": [],
            "report": [],
            "migrate": ["a", "--to", "b"],
            "export": ["a", "--to", "promptfoo"],
        }
        assert main([name, *needed.get(name, ["a"])]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "promptopt: the current folder cannot be used (No such file or directory); "
        "go to one that exists"
    ] * len(COMMANDS)


def test_ctrl_c_ends_without_a_traceback(
    promptopt: Promptopt, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(arguments: object, out: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("pytest_promptopt.cli.show.run", interrupted)
    printed = promptopt("show", NAME)
    assert (printed.out, printed.err, printed.status) == ("", "", 130)


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys\n"
        "from pytest_promptopt.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'git', 'openai', 'anthropic', 'jsonschema', 'yaml', 'pytest', 'numpy', 'shtab'}\n"
        "sys.exit(' '.join(heavy & set(sys.modules)) or 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not hasattr(signal, "SIGPIPE"), reason="pipes of POSIX")
def test_a_reader_that_goes_away_is_no_traceback(promptopt: Promptopt) -> None:
    promptopt.goldens.write_text('{"ticket": "' + "x\\n" * 200_000 + '"}\n')
    with subprocess.Popen(
        [*COMMAND, "show", NAME], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 141


def test_a_terminal_that_cannot_show_a_character_gets_it_written_out(promptopt: Promptopt) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([*COMMAND, "show", NAME], capture_output=True, env=environment)
    assert done.returncode == 0
    assert b"\\u2502 Ticket: My money back!\n" in done.stdout
