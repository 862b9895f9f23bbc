"""A place for each tool with nothing in it but the tool."""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import platformdirs

_STAMP = "installed.txt"
_INSTALL_SECONDS = 1200.0


class NotInstalledError(Exception):
    """A tool cannot be had on this machine; the message says why in one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """An installed tool. ``programs`` is the folder with its commands."""

    folder: Path
    programs: Path

    def program(self, name: str) -> str:
        """The path of one of its commands."""
        return str(self.programs / name)

    @property
    def size_bytes(self) -> int:
        """What it takes on the disk, as ``du`` counts."""
        places = {}
        for path in (self.folder, *self.folder.rglob("*")):
            status = path.lstat()
            places[status.st_dev, status.st_ino] = status.st_blocks * 512
        return sum(places.values())


def python_environment(
    folder: Path, requirements: tuple[str, ...], *, checkout: Path | None = None
) -> Environment:
    """A virtual environment without pip, with these packages and, always anew, the ``checkout``."""
    environment = Environment(folder=folder, programs=folder / "bin")

    def install() -> None:
        _run(sys.executable, "-m", "venv", "--without-pip", str(folder))
        wanted = (*requirements, str(checkout)) if checkout else requirements
        _pip(environment, "install", *wanted)

    stamp = f"{sys.version}\n" + "\n".join(requirements)
    if _is_made(folder, stamp, install) and checkout is not None:
        _pip(environment, "install", "--no-deps", "--force-reinstall", str(checkout))
    return environment


def npm_environment(folder: Path, package: str) -> Environment:
    """An npm prefix with this package."""
    npm = shutil.which("npm")
    if npm is None:
        raise NotInstalledError("npm is not on the PATH")

    def install() -> None:
        folder.mkdir(parents=True)
        _run(npm, "install", "--prefix", str(folder), "--no-audit", "--no-fund", package)

    _is_made(folder, package, install)
    return Environment(folder=folder, programs=folder / "node_modules" / ".bin")


def add_folder_option(parser: argparse.ArgumentParser) -> None:
    """Take ``--keep-environments``, the folder that all tools' environments are in."""
    parser.add_argument(
        "--keep-environments",
        type=Path,
        default=Path(platformdirs.user_cache_dir("pytest-promptopt-benchmarks")),
        metavar="DIR",
        help="where the tools are installed (%(default)s)",
    )


def _is_made(folder: Path, stamp: str, install: Callable[[], None]) -> bool:
    """Make it unless what is there has the same stamp; tells whether it was there."""
    path = folder / _STAMP
    if path.exists() and path.read_text("utf-8") == stamp:
        return True
    shutil.rmtree(folder, ignore_errors=True)
    print(f"installing into {folder}", file=sys.stderr, flush=True)
    install()
    path.write_text(stamp, "utf-8")
    return False


def _pip(environment: Environment, *arguments: str) -> None:
    python = environment.program("python")
    quiet = ("--quiet", "--disable-pip-version-check")
    _run(sys.executable, "-m", "pip", "--python", python, *arguments, *quiet)


def _run(*command: str) -> None:
    quiet = {"PIP_NO_INPUT": "1", "NPM_CONFIG_FUND": "false"}
    try:
        finished = subprocess.run(
            command,
            env=os.environ | quiet,
            capture_output=True,
            text=True,
            timeout=_INSTALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise NotInstalledError(f"not installed within {error.timeout:g} s") from error
    if finished.returncode:
        lines = finished.stderr.strip().splitlines() or ["no message"]
        told = next((line for line in lines if "error" in line.lower()), lines[-1])
        raise NotInstalledError(f"{Path(command[0]).name} failed: {told.strip()[:200]}")
