import http.client
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pytest_promptopt.cli.found import locate, read
from pytest_promptopt.cli.main import main
from pytest_promptopt.cli.serving import PageServer
from pytest_promptopt.cli.view import served
from pytest_promptopt.errors import ReportError
from pytest_promptopt.reports.json import render_json
from pytest_promptopt.work.saved_runs import RunStore
from tests.reports.sample_runs import all_good, one_failing


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PageServer]:
    """One that shows the latest run of a project."""
    monkeypatch.chdir(tmp_path)
    RunStore(tmp_path).save(all_good(), datetime(2026, 11, 27, tzinfo=UTC))
    with PageServer(served(None)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def get(server: PageServer, path: str, host: str = "") -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    connection.request("GET", path, headers={"Host": host} if host else {})
    answer = connection.getresponse()
    text = answer.read().decode()
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    connection.close()
    return answer.status, text


def test_the_page_is_that_of_the_latest_run_and_says_its_version(
    server: PageServer, tmp_path: Path
) -> None:
    path = f"/{server.token}/"
    assert server.url == f"http://127.0.0.1:{server.server_port}{path}"
    status, page = get(server, path)
    _, version = get(server, f"{path}version")
    assert (status, "<title>All good" in page) == (200, True)
    assert f'data-version="{version}"' in page
    assert "connect-src &#39;self&#39;" in page
    RunStore(tmp_path).save(one_failing(), datetime(2026, 11, 28, tzinfo=UTC))
    assert get(server, f"{path}version")[1] != version
    assert "1 of 2 prompts fails" in get(server, path)[1]


def test_only_who_knows_the_path_and_asks_this_machine_by_its_name_is_answered(
    server: PageServer,
) -> None:
    path = f"/{server.token}/"
    assert get(server, path, f"localhost:{server.server_port}")[0] == 200
    for host in ("evil.example", f"evil.example:{server.server_port}", "127.0.0.1", "localhost"):
        assert get(server, path, host) == (421, "another host name was asked for\n")
    for other in ("/", "/version", f"{path}x", f"/{'x' * len(server.token)}/", f"{path}../"):
        assert get(server, other)[0] == 404


def test_the_version_of_a_report_is_the_same_in_its_page_whatever_it_is_called(
    tmp_path: Path,
) -> None:
    for name in ("a\u202eb", "ü <&", "\x1b[0m", "\udc80"):
        path = tmp_path / f"{name}.json"
        path.write_text(render_json(all_good()))
        version = locate(str(path)).version
        assert f'data-version="{version}"' in read(locate(str(path))).page(version)


def test_a_browser_that_goes_away_is_no_error(
    server: PageServer, capsys: pytest.CaptureFixture[str]
) -> None:
    for error, told in ((ConnectionResetError(), ""), (BrokenPipeError(), "")):
        try:
            raise error
        except OSError:
            server.handle_error(None, ("127.0.0.1", 1))
        assert capsys.readouterr().err == told


def test_a_run_that_cannot_be_read_any_more_is_told(server: PageServer, tmp_path: Path) -> None:
    [saved] = (tmp_path / ".promptopt/runs").glob("*.json")
    saved.write_text("{}")
    status, text = get(server, f"/{server.token}/")
    assert (status, "not a saved run" in text) == (500, True)


def test_a_port_that_is_taken_is_told(
    server: PageServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["view", "--port", str(server.server_port)]) == 2
    assert capsys.readouterr().err == (
        f"promptopt: port {server.server_port} cannot be had (Address already in use); "
        "leave it out for one that is free\n"
    )
    assert main(["report", "--serve", "99999999"]) == 2
    assert "port 99999999 cannot be had" in capsys.readouterr().err
    assert main(["view", "x"]) == 2
    assert "no run starts with 'x'" in capsys.readouterr().err


def test_what_cannot_be_shown_is_told_before_a_port_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".promptopt/runs").mkdir(parents=True)  # or those above would count
    assert main(["view"]) == 2
    assert "run pytest with --prompt-eval" in capsys.readouterr().err
    (tmp_path / "run.json").write_text("[")
    assert main(["view", "run.json"]) == 1
    with pytest.raises(ReportError):
        read(locate("run.json"))
