"""The child process that serves a local model: started, and ended."""

import contextlib
import importlib.util
import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pytest_promptopt.errors import NotConfiguredError

_SCRIPT = Path(__file__).with_name("local_server.py")
# Threads that spin while they wait for each other bring a busy machine to a standstill.
_THREADS = {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "0"}
_START_SECONDS = 300.0
_END_SECONDS = 5.0
_LOG_BYTES = 100_000
# llama.cpp's lines: time since the start, level, text.
_LOG_ERROR = re.compile(r"[\d.]+ E (.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedModel:
    """What a server is started with; ``context_tokens`` are those of one slot."""

    shown_name: str
    path: Path
    slots: int
    context_tokens: int
    deterministic: bool


class ServerProcess:
    """A running server; made by :meth:`start`."""

    def __init__(self, process: subprocess.Popen[str], *, address: str, api_key: str) -> None:
        self._process = process
        self.address = address
        self.api_key = api_key

    @classmethod
    def start(cls, model: ServedModel) -> "ServerProcess":
        """Start a server and wait until it has loaded the model; blocks for about a second.

        Raises NotConfiguredError if it ends before that.
        """
        if importlib.util.find_spec("xllamacpp") is None:
            raise NotConfiguredError(
                f"{model.shown_name} needs the embedded model server: "
                'pip install "pytest-promptopt[local]"'
            )
        api_key = secrets.token_hex(16)
        with tempfile.TemporaryFile() as log:
            process = _spawn(log)
            address = _hand_over(process, model, api_key)
            if address is None:
                _end(process)
                raise NotConfiguredError(
                    f"{model.shown_name} cannot be loaded: {_reason(log, process.returncode)}"
                )
        return cls(process, address=address, api_key=api_key)

    @property
    def is_running(self) -> bool:
        """Whether the process is still there."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End the process and wait until it is gone."""
        _end(self._process)


def _spawn(log: IO[bytes]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        # -P: the script's own directory has an openai.py that is not the SDK.
        [sys.executable, "-P", str(_SCRIPT)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        env={**_THREADS, **os.environ},
        # Ctrl-C is pytest's; the server ends when pytest closes it or is gone.
        start_new_session=True,
    )


def _hand_over(process: subprocess.Popen[str], model: ServedModel, api_key: str) -> str | None:
    """Tell the child what to serve; its address, or None if it ended or took too long."""
    assert process.stdin is not None
    assert process.stdout is not None
    settings = {
        "model_path": str(model.path),
        "api_key": api_key,
        "slots": model.slots,
        "context_tokens": model.context_tokens,
        "deterministic": model.deterministic,
    }
    timer = threading.Timer(_START_SECONDS, process.kill)
    timer.daemon = True
    timer.start()
    try:
        process.stdin.write(json.dumps(settings) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        return str(json.loads(line)["address"]) if line else None
    except BrokenPipeError:
        return None
    finally:
        timer.cancel()


def _end(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()


def _reason(log: IO[bytes], return_code: int) -> str:
    """The first error in the server's log, else the last thing it said."""
    log.seek(0)
    lines = log.read(_LOG_BYTES).decode("utf-8", "replace").split("\n")
    said = [" ".join(line.split()) for line in lines if line.strip()]
    errors = [error[1] for error in map(_LOG_ERROR.match, said) if error]
    reason = errors[0] if errors else said[-1] if said else "the server said nothing"
    return f"{reason} (exit code {return_code})"
