"""The JSON Schema by which editors complete, check and explain prompt files."""

from importlib import resources


def editor_schema() -> str:
    """The file that ``docs/schema.py`` writes."""
    folder = resources.files("pytest_promptopt.prompts") / "schema"
    return (folder / "prompt.schema.json").read_text("utf-8")
