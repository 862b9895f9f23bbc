"""Labelling on the served page: a real server, messages as its script sends them, real files."""

import http.client
import io
import json
import re
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pytest_promptopt.cli.desk import Desk
from pytest_promptopt.cli.main import main
from pytest_promptopt.cli.serving import PageServer
from pytest_promptopt.cli.view import served
from pytest_promptopt.reports.json import render_json
from pytest_promptopt.work.pages import place_of
from pytest_promptopt.work.saved_runs import RunStore
from tests.cli.judged_run import ANSWERS, INPUTS, LABELS, PROMPT, kept, save
from tests.reports.browser import AXE, needs_chromium, visit

HOSTILE = "</script><img src=x onerror=\"document.title='gone'\"> \x1b[31m {{ 7 * 7 }} \u202e"
JSON = "application/json"


class Heard(NamedTuple):
    """What the server answers."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def state(self) -> Any:
        assert self.headers["Content-Type"] == "application/json; charset=utf-8", self.text
        return json.loads(self.text)


class Page:
    """A served page, and what its script would say on the labelling page of the one prompt."""

    def __init__(self, server: PageServer) -> None:
        self.server = server
        self.root = f"/{server.token}/"

    def send(
        self, method: str, path: str, body: bytes | None = None, **headers: str | None
    ) -> Heard:
        """The answer; a header's ``_`` stands for ``-``, and None leaves it out."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.server_port, timeout=10)
        connection.putrequest(method, path, skip_host="Host" in headers)
        if body is not None:
            headers = {"Content_Length": str(len(body)), **headers}
        for name, value in headers.items():
            if value is not None:
                connection.putheader(name.replace("_", "-"), value)
        connection.endheaders(body)
        answer = connection.getresponse()
        heard = Heard(answer.status, dict(answer.headers.items()), answer.read().decode())
        connection.close()
        return heard

    @property
    def address(self) -> str:
        """Where the report says that answers are labelled."""
        page = self.send("GET", self.root).text
        [path] = re.findall(r'href="(label/[0-9a-f]{16}/)">label its answers<', page)
        return f"{self.root}{path}"

    def post(self, content: object, path: str = "", **headers: str | None) -> Heard:
        """What comes of a message, sent as the script does except for the ``headers``."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        usual = {
            "Content_Type": JSON,
            "X_Promptopt_Token": self.server.token,
            "Origin": f"http://127.0.0.1:{self.server.server_port}",
            "Sec_Fetch_Site": "same-origin",
        }
        return self.send("POST", path or f"{self.address}said", body, **{**usual, **headers})


class Rater:
    """A rater at a tab, who sees one state after the other."""

    def __init__(self, page: Page, name: str = "ann") -> None:
        self.page, self.name = page, name
        self.state: Any = {"question": None}
        self.address = f"{page.address}said"

    def say(self, act: str, **more: object) -> Heard:
        question = self.state["question"]
        message = {"act": act, "rater": self.name, "question": question["id"] if question else ""}
        heard = self.page.post({**message, **more}, self.address)
        if heard.headers["Content-Type"].startswith(JSON):
            self.state = heard.state
        return heard

    def choose(self, choice: str) -> Heard:
        names = [name for name, _ in self.state["question"]["choices"]]
        return self.say("choose", choice=names.index(choice))


@contextmanager
def serving(name: str | None = None) -> Iterator[Page]:
    with PageServer(served(name)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield Page(server)
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def page(judged_project: Path) -> Iterator[Page]:
    save(judged_project)
    with serving() as page:
        yield page


@pytest.fixture
def ann(page: Page) -> Rater:
    rater = Rater(page)
    assert rater.say("see").status == 200
    return rater


def test_the_report_leads_to_a_page_that_asks_for_one_answer_after_the_other(ann: Rater) -> None:
    page = ann.page.send("GET", ann.page.address)
    assert page.status == 200
    assert "<title>Label answers of prompts/reply.prompt.yml" in page.text
    assert "kept in prompts/reply.labels.jsonl" in page.text
    assert "default-src &#39;none&#39;" in page.text
    assert page.headers["Content-Security-Policy"] == "frame-ancestors 'none'"
    assert {key: ann.state[key] for key in ("rater", "place", "of", "told", "outcome")} == {
        "rater": "ann",
        "place": 0,
        "of": 3,
        "told": "",
        "outcome": None,
    }
    question = ann.state["question"]
    assert question["judge"] == "kind"
    assert question["choices"] == [["yes", ["1", "y"]], ["no", ["2", "n"]]]
    assert ["asked", "It is kind."] in question["parts"]
    assert not LABELS.exists()


def test_the_file_is_what_the_terminal_writes_for_the_same_choices(
    ann: Rater, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for choice in ("yes", "no"):
        assert ann.choose(choice).state["told"] == f"→ {choice}"
    ann.say("undo")
    ann.say("skip")
    ann.choose("no")
    assert ann.state["question"] is None
    told = ann.state["outcome"]
    by_page = LABELS.read_bytes()
    LABELS.unlink()
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\nn\nu\ns\nn\n"))
    assert main(["label", "reply", "--rater", "ann"]) == 0
    at = re.compile(rb'"at": "[^"]*"')
    assert at.sub(b"", by_page) == at.sub(b"", LABELS.read_bytes())
    assert by_page.count(b"\n") == 2
    assert told[0] == "2 of 3 answers labelled, by 1 rater"
    assert capsys.readouterr().out.endswith("\n".join(told) + "\n")


def test_neither_the_judge_nor_others_are_shown_before_the_end(ann: Rater) -> None:
    while ann.state["question"]:
        heard = ann.choose("yes")
        if ann.state["question"]:
            assert "SECRET" not in heard.text
            assert "agree" not in heard.text
    ben = Rater(ann.page, "ben")
    said = ben.say("see").text + ben.say("skip").text
    assert "ann" not in said
    assert "agree" not in said
    assert ben.state["of"] == 3
    assert ben.say("finish").state["outcome"][0] == "3 of 3 answers labelled, by 1 rater"
    assert ben.say("see").state["place"] == 1


def test_what_was_said_is_not_asked_again_by_a_new_server_and_what_was_skipped_is(
    ann: Rater,
) -> None:
    first = ann.state["question"]["id"]
    ann.choose("yes")
    second = ann.state["question"]["id"]
    ann.say("skip")
    with serving() as page:
        again = Rater(page)
        assert again.say("see").state["of"] == 2
        assert again.state["question"]["id"] == second
        assert again.say("undo").state["told"] == "there is nothing to undo"
    ann.choose("no")
    assert ann.state["left"]
    assert ann.say("see").state["question"]["id"] == second != first
    ann.choose("no")
    assert (ann.state["question"], ann.state["left"], len(kept())) == (None, False, 3)


def test_a_reload_goes_on_where_the_rater_was_and_undo_still_works(ann: Rater) -> None:
    ann.choose("yes")
    before = ann.state["question"]
    ann.state = {"question": None}
    assert ann.say("see").state["question"] == before
    assert ann.say("undo").state["place"] == 0
    assert not LABELS.exists()


def test_of_two_tabs_the_one_behind_is_told_and_shown_what_is_asked(ann: Rater) -> None:
    other = Rater(ann.page)
    other.say("see")
    ann.choose("yes")
    heard = other.choose("no")
    assert (heard.status, heard.state["told"][:20]) == (409, "nothing was kept: wh")
    assert other.state["question"] == ann.state["question"]
    for act in ("undo", "skip", "choose"):
        stale = {"act": act, "rater": "ann", "question": "0" * 16, "choice": 0}
        assert ann.page.post(stale).status == 409
    assert len(kept()) == 1
    assert other.choose("no").status == 200
    assert [choice for _, choice, _ in kept()] == ["yes", "no"]


def test_raters_at_once_lose_nothing(page: Page) -> None:
    def work(name: str) -> None:
        rater = Rater(page, name)
        rater.say("see")
        while rater.state["question"]:
            rater.choose("yes")

    threads = [threading.Thread(target=work, args=(name,)) for name in ("ann", "ben", "cem")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(rater for _, _, rater in kept()) == [*["ann"] * 3, *["ben"] * 3, *["cem"] * 3]


def test_a_file_that_cannot_be_written_is_told_and_the_question_stays(ann: Rater) -> None:
    LABELS.symlink_to("elsewhere")
    heard = ann.choose("yes")
    assert (heard.status, heard.text) == (
        500,
        "prompts/reply.labels.jsonl: cannot be written: it is a link; put a file there",
    )
    LABELS.unlink()
    assert ann.choose("yes").status == 200
    assert len(kept()) == 1


def test_a_file_that_is_broken_meanwhile_is_told_and_left_as_it_is(ann: Rater) -> None:
    LABELS.write_text("<<<<<<< HEAD\n")
    heard = ann.choose("yes")
    assert (heard.status, heard.text[:28]) == (500, "prompts/reply.labels.jsonl:1")
    assert LABELS.read_text() == "<<<<<<< HEAD\n"


def test_what_others_write_meanwhile_stays_and_is_not_undone(ann: Rater) -> None:
    ann.choose("yes")
    line = LABELS.read_text()
    LABELS.write_text(line + line.replace('"ann"', '"ben"'))
    assert ann.say("undo").state["told"].startswith("somebody wrote behind it")
    ann.choose("no")
    assert [(choice, rater) for _, choice, rater in kept()] == [
        ("yes", "ann"),
        ("yes", "ben"),
        ("no", "ann"),
    ]


def test_a_run_or_prompt_that_changed_meanwhile_is_asked_about_anew(
    ann: Rater, judged_project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = dict(ann.state["question"]["parts"])["input"]
    monkeypatch.setitem(ANSWERS, next(id for id in INPUTS if INPUTS[id] == asked), "else")
    for path in (judged_project / ".promptopt/runs").glob("*.json"):
        path.unlink()
    save(judged_project)
    heard = ann.choose("yes")
    assert heard.status == 409
    assert not LABELS.exists()
    path = judged_project / "prompts/reply.prompt.yml"
    path.write_text(PROMPT.replace('"Lamp"', '"Lamps"'))
    assert ann.say("see").state["of"] == 2
    assert "1 golden changed or gone since the run" in ann.state["remarks"][0]
    path.unlink()
    assert ann.choose("yes").status == 500
    assert ann.page.send("GET", ann.address.removesuffix("said")).status == 500
    assert not LABELS.exists()


def test_all_text_is_only_text(judged_project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for golden in ANSWERS:
        monkeypatch.setitem(ANSWERS, golden, f"{golden} {HOSTILE}")
    save(judged_project)
    with serving() as page:
        rater = Rater(page, HOSTILE)
        heard = rater.say("see")
        assert "\x1b" not in heard.text
        assert "\u202e" not in heard.text
        answer = dict(heard.state["question"]["parts"])["answer"]
        assert answer[2:].startswith("</script><img")
        assert "\\x1b[31m" in answer
        rater.choose("yes")
        assert "onerror" not in page.send("GET", page.address).text


FORBIDDEN: Mapping[str, tuple[int, Mapping[str, str | None]]] = {
    "no token": (403, {"X_Promptopt_Token": None}),
    "another token": (403, {"X_Promptopt_Token": "x" * 22}),
    "a token that is no ASCII": (403, {"X_Promptopt_Token": "é"}),
    "another origin": (403, {"Origin": "https://evil.example"}),
    "another port": (403, {"Origin": "http://127.0.0.1:1"}),
    "the other name": (403, {"Origin": "http://localhost"}),
    "an origin that is hidden": (403, {"Origin": "null"}),
    "another site": (403, {"Sec_Fetch_Site": "cross-site"}),
    "another port of this host": (403, {"Sec_Fetch_Site": "same-site"}),
    "a form": (415, {"Content_Type": "application/x-www-form-urlencoded"}),
    "plain text": (415, {"Content_Type": "text/plain"}),
    "no kind": (415, {"Content_Type": None}),
    "too much": (413, {"Content_Length": "10001"}),
    "far too much": (413, {"Content_Length": "9" * 5000}),
    "less than nothing": (411, {"Content_Length": "-1"}),
    "no length": (411, {"Content_Length": None}),
    "pieces": (411, {"Transfer_Encoding": "chunked"}),
    "another host": (421, {"Host": "evil.example"}),
    "this host without the port": (421, {"Host": "127.0.0.1"}),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_what_the_page_would_not_send_is_refused(ann: Rater, what: str) -> None:
    status, headers = FORBIDDEN[what]
    message = {"act": "choose", "rater": "ann", "question": ann.state["question"]["id"]}
    heard = ann.page.post({**message, "choice": 0}, ann.address, **headers)
    assert heard.status == status
    assert "Access-Control-Allow-Origin" not in heard.headers
    assert not LABELS.exists()
    assert ann.page.post({**message, "choice": 0}, ann.address).status == 200
    assert len(kept()) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"choice": 2},
        {"choice": -1},
        {"choice": "yes"},
        {"choice": True},
        {"choice": 0.0},
        {"act": "delete"},
        {"rater": " "},
        {"rater": "x" * 101},
        {"rater": None},
        {"rater": ["ann"]},
    ],
)
def test_a_message_that_cannot_be_meant_is_told(ann: Rater, wrong: Mapping[str, object]) -> None:
    message = {"act": "choose", "rater": "ann", "question": ann.state["question"]["id"]}
    heard = ann.page.post({**message, "choice": 0, **wrong})
    assert (heard.status, heard.headers["Content-Type"]) == (400, "text/plain; charset=utf-8")
    assert heard.text
    assert not LABELS.exists()


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[]", b"[" * 9000, b"1" * 9000, b"{}"])
def test_what_is_no_message_is_told(ann: Rater, body: bytes) -> None:
    heard = ann.page.post(body)
    assert (heard.status, heard.text[:16]) == (400, "not understood: ")


def test_only_prompts_of_the_run_are_known_and_nothing_is_written_by_a_get(ann: Rater) -> None:
    root, said = ann.page.root, ann.address
    message = {"act": "see", "rater": "ann"}
    for path in (
        f"{root}label/{'0' * 16}/said",
        f"{root}label/prompts/reply.prompt.yml/said",
        f"{root}label/../prompts/reply.prompt.yml/said",
        f"{root}label/%2e%2e%2fprompts/said",
        f"{root}label//said",
        f"{root}label",
        f"{root}version",
        root,
        said.replace(ann.page.server.token, "x" * 22),
        f"{said}/",
    ):
        assert ann.page.post(message, path).status == 404, path
    assert ann.page.send("GET", said).status == 405
    assert ann.page.send("GET", f"{root}label/{'0' * 16}/").status == 404
    for method in ("OPTIONS", "PUT", "DELETE"):
        heard = ann.page.send(method, said)
        assert heard.status == 501
        assert not any(name.startswith("Access-Control") for name in heard.headers)
    assert not LABELS.exists()


def test_where_nothing_can_be_labelled_the_report_says_why(
    page: Page, judged_project: Path
) -> None:
    def told(page: Page) -> str:
        text = page.send("GET", page.root).text
        assert "label its answers" not in text
        found = re.search(r"Its answers cannot be labelled here: ([^<]*)<", text)
        return found[1] if found else ""

    run = RunStore(judged_project).read(RunStore(judged_project).names()[0]).run
    Path("run.json").write_text(render_json(run))
    with serving("run.json") as report:
        assert "not of a JSON report" in told(report)
        said = page.address.replace(page.server.token, report.server.token) + "said"
        assert report.post({"act": "see", "rater": "ann"}, said).status == 404
    (judged_project / "prompts/reply.prompt.yml").unlink()
    with serving() as gone:
        assert "prompts/reply.prompt.yml" in told(gone)
    path = judged_project / "prompts/reply.prompt.yml"
    path.write_text(PROMPT.replace("kind, rubric", "same, equals"))
    with serving() as other:
        assert "has no judge, in that run and in the file" in told(other)


def test_a_run_cannot_lead_out_of_the_project(
    judged_project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("other") / "reply.prompt.yml"
    path.write_text(PROMPT)
    for location in (str(path), f"../{path.parent.name}/reply.prompt.yml"):
        for run in (judged_project / ".promptopt/runs").glob("*.json"):
            run.unlink()
        save(judged_project, location=location)
        with serving() as page:
            text = page.send("GET", page.root).text
            assert f"cannot be labelled here: {location} is outside of the project" in text
            address = f"{page.root}label/{place_of(location)}/"
            assert page.send("GET", address).status == 500
            assert page.post({"act": "see", "rater": "ann"}, f"{address}said").status == 400
    assert [*path.parent.iterdir()] == [path]


def test_a_page_that_is_a_file_says_nothing_of_labels(judged_project: Path) -> None:
    save(judged_project)
    assert main(["report", "--html", "run.html"]) == 0
    assert "label its answers" not in Path("run.html").read_text()
    assert "cannot be labelled" not in Path("run.html").read_text()


def test_a_prompt_that_changed_is_labelled_with_a_remark(page: Page, judged_project: Path) -> None:
    (judged_project / "prompts/reply.prompt.yml").write_text(PROMPT.replace("Answer", "Reply"))
    rater = Rater(page)
    rater.say("see")
    assert rater.state["remarks"] == [
        "the prompt has changed since that run: labels are of the answers it gave then"
    ]


DRIVER = """
(async () => {
  const part = (id) => document.getElementById(id);
  const until = (ready) => new Promise((done) => {
    const timer = setInterval(() => { if (ready()) { clearInterval(timer); done(); } }, 20);
  });
  const heading = () => part("heading").textContent.slice(0, 6);
  const barriers = async () => (window.axe ? (await axe.run()).violations.map(({id}) => id) : []);
  const press = (key, more = {}) => document.activeElement.dispatchEvent(
    new KeyboardEvent("keydown", {key, bubbles: true, ...more}));
  const told = {barriers: await barriers(), focus: [document.activeElement.id], headings: []};
  part("name").value = "ann";
  part("who").requestSubmit();
  await until(() => !part("question").hidden);
  told.focus.push(document.activeElement.id);
  told.barriers.push(...await barriers());
  press("y", {repeat: true});
  press("y", {ctrlKey: true});
  press("x");
  for (const [key, next] of [["Y", "2 of 3"], ["u", "1 of 3"], ["s", "2 of 3"], ["2", "3 of 3"]]) {
    told.headings.push(heading());
    press(key);
    press(key);
    await until(() => heading() === next);
  }
  press("q");
  await until(() => !part("outcome").hidden);
  told.focus.push(document.activeElement.id);
  told.barriers.push(...await barriers());
  told.outcome = part("told-outcome").firstChild.textContent;
  told.images = document.images.length;
  told.title = document.title;
  document.body.dataset.told = JSON.stringify(told);
})();
"""


@needs_chromium
def test_in_a_browser_keys_alone_label_and_a_key_too_many_says_nothing(
    judged_project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page_of = Desk.page
    axe = AXE.read_text("utf-8") if AXE.exists() else ""

    def driven(desk: Desk, id: str) -> str:
        page = page_of(desk, id) or ""
        page = re.sub('<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
        return page.replace("</body>", f"<script>{axe}</script><script>{DRIVER}</script></body>")

    monkeypatch.setattr(Desk, "page", driven)
    for golden in ANSWERS:
        monkeypatch.setitem(ANSWERS, golden, f"{golden} {HOSTILE}")
    save(judged_project)
    with serving() as page:
        address = f"http://127.0.0.1:{page.server.server_port}{page.address}"
        told = visit(judged_project, address)
    assert told == {
        "barriers": [],
        "focus": ["name", "heading", "outcome-heading"],
        "headings": ["1 of 3", "2 of 3", "1 of 3", "2 of 3"],
        "outcome": "1 of 3 answers labelled, by 1 rater",
        "images": 0,
        "title": "Label answers of prompts/reply.prompt.yml · promptopt",
    }
    assert [choice for _, choice, _ in kept()] == ["no"]
