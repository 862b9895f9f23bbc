"""Who gets to see the token: the server that it is for, and nobody else."""

import sys
from pathlib import Path

import pytest

from pytest_promptopt.proposals.remote import Remote
from tests.history.commits import git
from tests.proposals.shop import (
    BRANCH,
    ENCODED,
    HEADER,
    TOKEN,
    Shop,
    answering,
    edit,
    error_of,
    write_script,
)

OTHER = "Authorization: Basic b3RoZXI="


def set_for_user(monkeypatch: pytest.MonkeyPatch, folder: Path, *settings: tuple[str, str]) -> None:
    """Make these the settings of the user, for all repositories."""
    path = folder / "gitconfig"
    for key, value in settings:
        git(folder, "config", "--file", str(path), "--add", key, value)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(path))


@pytest.mark.parametrize(
    "key", ["http.extraHeader", "http.{server}/.extraHeader", "http.{url}.extraHeader"]
)
@pytest.mark.parametrize("is_local", [True, False])
def test_other_headers_are_not_sent(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, is_local: bool
) -> None:
    clone, hidden = shop.clone(), shop.hidden_commit()
    key = key.format(server=shop.server.url, url=shop.url)
    if is_local:
        git(clone, "config", key, OTHER)
    else:
        set_for_user(monkeypatch, tmp_path, (key, OTHER))
    shop.remote.push(clone, edit(clone, shop.second), BRANCH, expected=None)
    shop.remote.fetch(clone, hidden)
    assert shop.headers == [HEADER]


def test_no_redirect_is_followed_whatever_the_settings(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone, hidden = shop.clone(), shop.hidden_commit()
    location = f"{shop.url}/info/refs?service=git-upload-pack"
    with answering(302, Location=location) as (url, came):
        follow = "followRedirects", "true"
        set_for_user(
            monkeypatch,
            tmp_path,
            (f"http.{follow[0]}", follow[1]),
            (f"http.{url}/acme/.{follow[0]}", follow[1]),
        )
        remote = Remote(url=f"{url}/acme/shop.git", token=TOKEN)
        error_of(lambda: remote.fetch(clone, hidden))
    assert came == [HEADER]
    assert shop.server.requests == []


@pytest.mark.parametrize("kind", ["insteadOf", "pushInsteadOf"])
@pytest.mark.parametrize("part", ["", "/acme", "/acme/shop"])
def test_rewriting_a_part_of_the_url_changes_nothing(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, part: str
) -> None:
    clone, hidden = shop.clone(), shop.hidden_commit()
    with answering(404) as (elsewhere, came):
        rewriting = (f"url.{elsewhere}.{kind}", f"{shop.server.url}{part}")
        set_for_user(monkeypatch, tmp_path, rewriting)
        shop.remote.push(clone, edit(clone, shop.second), BRANCH, expected=None)
        shop.remote.fetch(clone, hidden)
    assert (shop.headers, came) == ([HEADER], [])


def test_another_server_that_the_whole_url_is_rewritten_to_gets_no_token(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone, hidden = shop.clone(), shop.hidden_commit()
    commit = edit(clone, shop.second)
    with answering(404) as (elsewhere, came):
        rewritten = f"url.{elsewhere}/acme/shop.git"
        for key in ("insteadOf", "pushInsteadOf"):
            set_for_user(monkeypatch, tmp_path, (f"{rewritten}.{key}", shop.url))
        error_of(lambda: shop.remote.push(clone, commit, BRANCH, expected=None))
        error_of(lambda: shop.remote.fetch(clone, hidden))
    assert came == [None, None]
    assert shop.server.requests == []


def test_no_other_protocol_is_spoken(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone, hidden = shop.clone(), shop.hidden_commit()
    script = write_script(tmp_path / "program", f"touch {tmp_path}/started")
    rewriting = (f"url.ext::{script}.insteadOf", shop.url)
    set_for_user(monkeypatch, tmp_path, rewriting, ("protocol.allow", "always"))
    assert "transport 'ext' not allowed" in error_of(lambda: shop.remote.fetch(clone, hidden))
    assert not (tmp_path / "started").exists()


def test_no_password_is_looked_up_or_asked_for(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone, hidden = shop.clone(), shop.hidden_commit()
    script = write_script(tmp_path / "program", f"touch {tmp_path}/started; echo password=x")
    monkeypatch.setenv("GIT_ASKPASS", str(script))
    monkeypatch.setenv("SSH_ASKPASS", str(script))
    challenge = {"WWW-Authenticate": "Basic"}
    with answering(401, **challenge) as (url, came):
        set_for_user(
            monkeypatch,
            tmp_path,
            ("core.askPass", str(script)),
            ("credential.helper", str(script)),
            (f"credential.{url}/acme/shop.git.helper", str(script)),
        )
        remote = Remote(url=f"{url}/acme/shop.git", token=TOKEN)
        said = error_of(lambda: remote.fetch(clone, hidden))
    assert ": the server does not know the token; it may have expired (" in said
    assert came == [HEADER]
    assert not (tmp_path / "started").exists()


def test_a_server_that_repeats_the_token_makes_no_message_hold_it(shop: Shop) -> None:
    clone = shop.clone()
    commit = edit(clone, shop.second)
    shop.hook(f"echo 'you are {TOKEN}, {ENCODED} or {ENCODED.rstrip('=')}.' >&2; exit 1")
    said = error_of(lambda: shop.remote.push(clone, commit, BRANCH, expected=None))
    assert "remote: you are ***, *** or ***." in said


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_no_process_shows_the_token_in_its_arguments(shop: Shop) -> None:
    clone, hidden = shop.clone(), shop.hidden_commit()
    seen: set[str] = set()

    def look(_is_push: bool) -> None:
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                seen.add(path.read_bytes().decode(errors="replace"))
            except OSError:
                continue

    shop.on_request = look
    shop.remote.push(clone, edit(clone, shop.second), BRANCH, expected=None)
    shop.remote.fetch(clone, hidden)
    ours = [line for line in seen if shop.url in line]
    assert {line.split("\0")[1] for line in ours if "remote-http" in line} >= {"remote-http"}
    assert not any(secret in line for line in seen for secret in (TOKEN, ENCODED.rstrip("=")))


def test_no_trace_and_no_setting_holds_the_token(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone, hidden = shop.clone(), shop.hidden_commit()
    trace = tmp_path / "trace"
    trace.mkdir()
    for name in ("TRACE", "TRACE_CURL", "TRACE_SETUP", "TRACE2", "TRACE2_EVENT", "CURL_VERBOSE"):
        monkeypatch.setenv(f"GIT_{name}", str(trace / name))
    monkeypatch.setenv("GIT_TRACE_REDACT", "0")
    set_for_user(
        monkeypatch,
        tmp_path,
        ("trace2.normalTarget", str(trace / "normal")),
        ("trace2.perfTarget", str(trace / "perf")),
        ("trace2.eventTarget", str(trace / "event")),
        ("trace2.configParams", "*"),
        ("trace2.envVars", "GIT_CONFIG_VALUE_0,GIT_CONFIG_VALUE_1"),
    )
    shop.remote.push(clone, edit(clone, shop.second), BRANCH, expected=None)
    shop.remote.fetch(clone, hidden)
    assert shop.headers == [HEADER]
    written = [path for folder in (trace, clone) for path in folder.rglob("*") if path.is_file()]
    assert not [path for path in written if ENCODED.rstrip("=").encode() in path.read_bytes()]
    assert not [path for path in written if TOKEN.encode() in path.read_bytes()]
