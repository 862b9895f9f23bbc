"""What every provider is made with."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """The surroundings of a provider; each is called with this one record.

    ``root`` is where relative paths start. ``timeout_seconds`` bounds one call from sending to
    the whole answer. ``deterministic`` makes local models repeat themselves, at a cost in speed.
    ``models_dir`` is where weights are put together; None stands for the user's cache directory.
    ``progress_stream`` shows what takes long; None stands for stderr.
    """

    root: Path
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    timeout_seconds: float = 120.0
    deterministic: bool = False
    models_dir: Path | None = None
    progress_stream: TextIO | None = None
