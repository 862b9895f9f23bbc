"""``promptopt run`` with scripted answers."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from _pytest.capture import CaptureIO

from pytest_promptopt.cli.arriving import Arriving
from pytest_promptopt.cli.main import main
from pytest_promptopt.testing import Reply, WireServer, scripted
from pytest_promptopt.testing.wire import Behaviour, Fault

PROMPT = """\
model: scripted:answers.json
answer: {tag: team}
messages:
  - {role: system, content: "You route for {{shop}}."}
  - {role: user, content: "{{ticket}} {{user.name}}"}
testData:
  - {id: refund, shop: Kettles, ticket: "My money", user: {name: Ann}, expected: billing}
  - {id: bare, ticket: "Where is it?", expected: shipping}
"""
ANSWERS = {
    "My money": "<think>hm</think>I say <team>billing</team>.",
    "lost": "no idea",
    "*": "<team>a\x1b[31m\nb</team>",
}
TOOK = "promptopt: scripted:answers.json: 0 tokens (0 in, 0 out), $0.00, 0.00 s\n"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "answers.json").write_text(json.dumps(ANSWERS))
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts/route.prompt.yml").write_text(PROMPT)

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        status = main(["run", "route", *arguments])
        printed = capsys.readouterr()
        return status, printed.out, re.sub(r"\d+\.\d\d s", "0.00 s", printed.err)

    return run


def test_a_golden_gives_its_variables_and_what_is_expected(run: Run) -> None:
    expected = "promptopt: expected: billing\n"
    assert run("--golden", "refund") == (0, "billing\n", expected + TOOK)


def test_a_variable_wins_over_the_goldens_own(run: Run) -> None:
    status, out, told = run("--golden", "refund", "--var", "ticket=x=y")
    assert (status, out, told) == (0, "a\x1b[31m\nb\n", TOOK)


def test_variables_alone_are_enough(run: Run) -> None:
    given = ("--var", "ticket=My money", "--var", "shop=", "--var", "user.name=Bo")
    assert run(*given) == (0, "billing\n", TOOK)


def test_an_answer_that_is_not_where_it_should_be_is_told_and_printed_whole(run: Run) -> None:
    status, out, told = run("--golden", "refund", "--var", "ticket=lost")
    assert (status, out) == (1, "no idea\n")
    assert "; this is all that the model said\n" in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            [],
            "promptopt: prompts/route.prompt.yml:4: {{shop}} has no value\n"
            "promptopt: prompts/route.prompt.yml:5: {{ticket}} has no value\n"
            "promptopt: prompts/route.prompt.yml:5: {{user.name}} has no value\n"
            "promptopt: give --var 'shop=…' --var 'ticket=…' --var 'user.name=…', or those of a "
            "golden: --golden ID (refund, bare)\n",
        ),
        (
            ["--golden", "bare", "--var", "user.name=x"],
            "promptopt: prompts/route.prompt.yml:4: {{shop}} has no value\n"
            "promptopt: give --var 'shop=…'\n",
        ),
        (
            ["--var", "tiket=x"],
            "no placeholder `tiket` (known: shop, ticket, user.name); did",
        ),
        (
            ["--golden", "refnd"],
            "no golden `refnd` (known: refund, bare); did you mean `refund`",
        ),
        (["--golden", "refund", "--model", "gpt"], "model 'gpt' is not the name of a model"),
        (["--golden", "refund", "--model", "scripted:x.json"], "there is no readable file"),
    ],
)
def test_what_cannot_be_meant_is_told(run: Run, arguments: list[str], told: str) -> None:
    status, out, error = run(*arguments)
    assert (status, out) == (2, "")
    assert told in error


def test_a_variable_without_a_value_is_no_variable(run: Run) -> None:
    for text in ("ticket", "=x", ""):
        with pytest.raises(SystemExit, match="2"):
            run("--var", text)


def test_without_an_answer_it_fails(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    status, out, error = run("--golden", "refund", "--model", "openai/gpt-4.1-mini")
    assert (status, out) == (1, "")
    assert "openai/gpt-4.1-mini needs an API key: set OPENAI_API_KEY\n" in error


def test_it_asks_as_a_run_does_and_only_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with WireServer(lambda _: Reply(text="<team>ok</team>", usage=(1200, 3))) as server:
        monkeypatch.setenv("OPENAI_API_KEY", "k")
        monkeypatch.setenv("OPENAI_BASE_URL", server.openai_url)
        told = [run("--golden", "refund", "--model", "openai/m")[2] for _ in range(2)]
    took = "promptopt: openai/m: 1,203 tokens (1,200 in, 3 out), cost unknown, "
    assert [took in text for text in told] == [True, True]
    assert told[1].endswith(" s, saved from an earlier call\n")
    assert len(server.received) == 1
    assert server.received[0].question == "My money Ann"


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A terminal, on which models named openai/… are those of the server."""

    def attach(server: WireServer, *, has_colors: bool = True) -> None:
        monkeypatch.setattr(CaptureIO, "isatty", lambda _: True, raising=False)
        monkeypatch.setenv("OPENAI_API_KEY", "k")
        monkeypatch.setenv("OPENAI_BASE_URL", server.openai_url)
        if has_colors:
            monkeypatch.delenv("NO_COLOR", raising=False)
        else:
            monkeypatch.setenv("NO_COLOR", "1")

    return attach


ASKED = ("--golden", "refund", "--model", "openai/m")


def test_on_a_terminal_it_is_shown_as_it_arrives_and_a_run_finds_it(
    run: Run, terminal: Callable[..., None]
) -> None:
    text = "I say\x1b[2J <team>ok</team>"
    with WireServer(lambda _: Reply(text=text)) as server:
        terminal(server)
        status, out, told = run(*ASKED)
        again, _, saved = run(*ASKED)
    dim = "".join(re.findall("\x1b\\[2m(.*?)\x1b\\[0m", out, flags=re.DOTALL))
    assert (status, again, dim) == (0, 0, "I say\\x1b[2J <team>ok</team>\n")
    assert out.endswith("\x1b[0mok\n")
    assert "openai/m: 9 tokens (7 in, 2 out)" in told
    assert saved.endswith(", saved from an earlier call\n")
    assert [received.body["stream"] for received in server.received] == [True]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<think>hm</think>\nHello\r\n##[error]you", "Hello\n# #[error]you\n"),
        ("hm</think>Hello", "hm</think>Hello\nHello\n"),
        ("", "\n"),
    ],
)
def test_without_colours_only_the_answer_is_shown_and_once(
    run: Run, terminal: Callable[..., None], text: str, shown: str
) -> None:
    prompt = Path("prompts/route.prompt.yml")
    prompt.write_text(PROMPT.replace("answer: {tag: team}\n", ""))
    with WireServer(lambda _: Reply(text=text)) as server:
        terminal(server, has_colors=False)
        assert run(*ASKED)[:2] == (0, shown)


def breaking(fault: Fault) -> Behaviour:
    """The first answer breaks off, the next does not."""
    whole = Reply(text="<team>x</team>")
    return scripted([Reply(text="word " * 40, fault=fault)], then=whole)


def test_an_answer_that_breaks_off_is_shown_told_and_not_kept(
    run: Run, terminal: Callable[..., None]
) -> None:
    with WireServer(breaking("cut")) as server:
        terminal(server)
        status, out, told = run(*ASKED)
        assert run(*ASKED)[1].endswith("x\n")
    assert len(server.received) == 2
    assert (status, out[:7]) == (1, "\x1b[2mwor")
    assert out.endswith("\n\x1b[0m")
    assert re.fullmatch(
        r"promptopt: openai/m: the connection to \S+ failed \(.*\); the answer broke off, and "
        "nothing of it is kept: run it again\n",
        told,
    )


def test_what_had_come_by_an_interrupt_is_shown_and_not_kept(
    run: Run, terminal: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    shows = iter([KeyboardInterrupt])

    def show(arriving: Arriving, text: str, is_answer: bool) -> None:
        shown(arriving, text, is_answer)
        for interrupt in shows:
            raise interrupt

    shown = Arriving.show
    monkeypatch.setattr(Arriving, "show", show)
    with WireServer(breaking("stall")) as server:
        terminal(server)
        status, out, told = run(*ASKED)
        assert run(*ASKED)[1].endswith("x\n")
    assert (status, out[:7]) == (130, "\x1b[2mwor")
    assert out.endswith("\n\x1b[0m")
    assert told == "promptopt: interrupted: there is no whole answer, and nothing is kept\n"


def test_a_prompt_as_it_stood_is_not_asked(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "route@HEAD"]) == 2
    assert "`run` asks the file as it is; leave out @HEAD" in capsys.readouterr().err
