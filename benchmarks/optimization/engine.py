"""The engine that answers for every method: one small model, many short calls in one batch."""

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.environment import NotInstalledError, python_environment
from pytest_promptopt.providers.request import Model

REQUIREMENTS = (
    "openvino==2026.4.1",
    "openvino-genai==2026.4.1.0",
    "openvino-tokenizers==2026.4.1.0",
    "gguf==0.19.0",
)

NAME = "qwen2.5-coder-0.5b-q8_0"

_HERE = Path(__file__).parent
_START_SECONDS = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """OpenVINO GenAI in an environment of its own in ``folder``, at a loopback ``port``.

    The ``weights`` are those of the embedded model, quantised anew the first time.
    """

    folder: Path
    weights: Path
    port: int

    @property
    def model(self) -> Model:
        """The model that it answers for, as task model and as optimizer model."""
        return Model(provider="openai", name=NAME, base_url=f"http://127.0.0.1:{self.port}/v1")

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Up within, unless something answers at its port already, which is then asked instead.

        Raises NotInstalledError where it cannot be had.
        """
        if self._is_up():
            yield
            return
        environment = python_environment(self.folder / "environment", REQUIREMENTS)
        python = environment.program("python")
        with self._log().open("ab") as log:
            server = subprocess.Popen(
                [python, _HERE / "engine_server.py", self._quantised(python), str(self.port)],
                stdout=log,
                stderr=log,
                env=os.environ | {"OPENVINO_TELEMETRY": "0"},
            )
        try:
            self._wait(server)
            yield
        finally:
            server.terminate()
            server.wait()

    def _quantised(self, python: str) -> Path:
        path = self.folder / f"{NAME}.gguf"
        if not path.exists():
            if not self.weights.exists():
                raise NotInstalledError(f"there are no weights at {self.weights}: ask it once")
            unfinished = path.with_suffix(".part")
            command = [python, str(_HERE / "requantisation.py"), str(self.weights), str(unfinished)]
            subprocess.run(command, check=True)
            unfinished.rename(path)
        return path

    def _wait(self, server: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + _START_SECONDS
        while not self._is_up():
            if server.poll() is not None or time.monotonic() > until:
                raise NotInstalledError(f"the engine did not start: read {self._log()}")
            time.sleep(0.5)

    def _log(self) -> Path:
        return self.folder / "engine.log"

    def _is_up(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
