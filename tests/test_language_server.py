"""What an editor makes of a prompt file: a YAML language server with the schema that is written.

Left out where there is none (``npm install --no-save yaml-language-server``).
"""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from pytest_promptopt.cli.main import main
from tests.plugin.test_editors import GOOD, MISTAKES

ROOT = Path(__file__).parents[1]
NAME = "yaml-language-server"
SERVER = shutil.which(NAME) or shutil.which(NAME, path=str(ROOT / "node_modules" / ".bin"))
FIRST_LINE = "# yaml-language-server: $schema=../.promptopt/prompt.schema.json\n"
HEAD = f'{FIRST_LINE}messages: [{{role: user, content: "{{{{q}}}}"}}]\n'
GOLDENS = "testData: [{id: a, q: one, expected: '1'}]\n"

pytestmark = pytest.mark.skipif(SERVER is None, reason="npm install --no-save yaml-language-server")


class Editor:
    """The side of an editor, as far as it is asked for here."""

    def __init__(self, reading: IO[bytes], writing: IO[bytes]) -> None:
        self._reading, self._writing = reading, writing
        self._number = 0

    def ask(self, method: str, **params: Any) -> Any:
        self._number += 1
        self.tell(method, id=self._number, **params)
        return self._await(lambda message: message.get("id") == self._number)["result"]

    def tell(self, method: str, *, id: int | None = None, **params: Any) -> None:
        message = {"jsonrpc": "2.0", "method": method, "params": params}
        self._send(message if id is None else {**message, "id": id})

    def problems(self, path: Path) -> list[str]:
        """What the server has against the file, which it is shown for the first time."""
        text = path.read_text(encoding="utf-8")
        shown = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": text}
        self.tell("textDocument/didOpen", textDocument=shown)
        told = self._await(lambda m: m.get("params", {}).get("uri") == path.as_uri())
        return [problem["message"] for problem in told["params"]["diagnostics"]]

    def hover(self, path: Path, line: int, character: int) -> str:
        """What is shown of the key at that place, counted from 0."""
        place = {"line": line, "character": character}
        shown = self.ask("textDocument/hover", textDocument={"uri": path.as_uri()}, position=place)
        return str(shown["contents"]["value"]).replace("\\", "")

    def _await(self, is_meant: Any) -> Any:
        while True:
            message = self._receive()
            if "id" in message and "method" in message:
                # The server asks for settings: there are none.
                items = message["params"].get("items", [])
                self._send({"jsonrpc": "2.0", "id": message["id"], "result": [None] * len(items)})
            elif is_meant(message):
                return message

    def _send(self, message: Any) -> None:
        body = json.dumps(message).encode()
        self._writing.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._writing.flush()

    def _receive(self) -> Any:
        length = 0
        while (line := self._reading.readline()) != b"\r\n":
            assert line, "the server ended"
            if line.startswith(b"Content-Length: "):
                length = int(line.removeprefix(b"Content-Length: "))
        return json.loads(self._reading.read(length))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    assert main(["init", "--model", "openai/gpt-4.1-mini"]) == 0
    return tmp_path


@pytest.fixture
def editor(project: Path) -> Iterator[Editor]:
    assert SERVER is not None
    pipe = subprocess.PIPE
    with subprocess.Popen([SERVER, "--stdio"], stdin=pipe, stdout=pipe) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        editor = Editor(process.stdout, process.stdin)
        editor.ask("initialize", processId=None, rootUri=project.as_uri(), capabilities={})
        editor.tell("initialized")
        yield editor
        process.kill()


def test_an_editor_takes_what_a_run_takes_and_explains_it(project: Path, editor: Editor) -> None:
    written = project / "prompts/review_tone.prompt.yml"
    assert editor.problems(written) == []
    lines = written.read_text().splitlines()
    for key, part in {
        "model": "Who answers: provider/model, such as ",
        "evaluators": "A golden passes if all of them pass; its score is their mean.",
        "gate": "When the prompt as a whole fails: ",
    }.items():
        (number,) = (n for n, line in enumerate(lines) if line.startswith(f"{key}:"))
        assert part in editor.hover(written, number, 1)
    told = {}
    for number, text in enumerate((*MISTAKES, *GOOD)):
        path = project / f"prompts/{number}.prompt.yml"
        path.write_text(f"{HEAD}{GOLDENS}{text}\n")
        told[text] = editor.problems(path)
    assert [text for text, problems in told.items() if problems] == [*MISTAKES]
