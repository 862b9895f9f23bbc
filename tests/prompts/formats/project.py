"""A folder with files of another tool, imported."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_promptopt.prompts.document import parse_document
from pytest_promptopt.prompts.formats.importing import Import, import_file


class Foreign:
    """Files in a folder, of which one is imported into ``prompts``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(
        self, name: str, text: str | bytes, format_name: str | None = None, **beside: str
    ) -> "Result":
        """The import of the file ``name``; ``beside`` are others, with ``__`` for a dot."""
        for other, content in {**beside, name: text}.items():
            path = self.folder / other.replace("__", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            data = content if isinstance(content, bytes) else content.encode()
            path.write_bytes(data)
        root = self.folder
        return Result(
            import_file(root / name, root=root, into=root / "prompts", format_name=format_name)
        )


class Result:
    """What an import gave, read again."""

    def __init__(self, result: Import) -> None:
        self.result = result
        self.files: Mapping[str, str] = {file.name: file.text for file in result.files}

    @property
    def told(self) -> list[str]:
        """The losses, with file and line."""
        return [str(problem) for problem in self.result.imported.losses]

    @property
    def errors(self) -> list[str]:
        """What a run would refuse."""
        return [str(p) for p in self.result.problems if p.severity == "error"]

    def data(self, name: str | None = None) -> Any:
        """The content of a file, by default of the first."""
        name = name or next(iter(self.files))
        text = self.files[name]
        if name.endswith(".jsonl"):
            return [parse_document(line, name).data for line in text.splitlines()]
        return parse_document(text, name).data
