"""A peer's own process: what it is given, and what it says."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_LONGEST_SECONDS = 3600.0
_MOST_CHARACTERS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerProcess:
    """A command of the peer called ``name``, to be run in ``folder``.

    Its environment is ``variables`` and little else: no key or cache of the user's, and nothing
    that is fetched.
    """

    name: str
    command: Sequence[str]
    folder: Path
    variables: Mapping[str, str]

    async def run(self, told: bytes = b"") -> tuple[str, str]:
        """What it printed, and why it failed, empty where it did not; ``told`` is its input."""
        with (self.folder / "output.txt").open("wb+") as output:
            process = await asyncio.create_subprocess_exec(
                *self.command,
                stdin=asyncio.subprocess.PIPE,
                stdout=output,
                stderr=output,
                cwd=self.folder,
                env={
                    "PATH": os.environ["PATH"],
                    "HOME": str(self.folder),
                    "LANG": "C.UTF-8",
                    "NO_PROXY": "127.0.0.1",
                    **self.variables,
                },
            )
            try:
                await asyncio.wait_for(process.communicate(told), _LONGEST_SECONDS)
            except TimeoutError:
                return "", f"{self.name} did not end within {_LONGEST_SECONDS:g} s"
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
            output.seek(0)
            printed = output.read().decode("utf-8", "replace").strip()
        if not process.returncode:
            return printed, ""
        last = (printed.splitlines() or ["no message"])[-1]
        return printed, f"{self.name} failed: {last.strip()[:_MOST_CHARACTERS]}"
