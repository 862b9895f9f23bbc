"""Build the docs as a site: ``python docs/website.py`` writes ``.site/html/index.html``.

The pages are those that people read on the forge, README the first of them. Links to files that are
no pages lead into the repository, where its address is known (on GitHub Actions), and are words
elsewhere.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from posixpath import normpath, relpath

ROOT = Path(__file__).parents[1]
TARGET = ROOT / ".site"
PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    **{path.relative_to(ROOT).as_posix(): path.name for path in (ROOT / "docs").glob("*.md")},
}
"""Where each page's text stands, and its name in the site."""

LINK = re.compile(
    r"(?P<code>^```.*?^```$|`[^`\n]+`)|(?P<words>\[[^\]]*\])\((?P<to>[^)\s]+)\)", re.M | re.S
)
ELSEWHERE = re.compile(r"https?:|mailto:|#")


def repository(environment: Mapping[str, str]) -> str | None:
    """The address of the repository's files."""
    if "GITHUB_REPOSITORY" not in environment:
        return None
    return "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/blob/{GITHUB_SHA}".format_map(environment)


def for_site(text: str, source: str, address: str | None) -> str:
    """The text of the page ``source`` with its links as they are in the site."""

    def linked(match: re.Match[str]) -> str:
        if match["code"] or ELSEWHERE.match(match["to"]):
            return match[0]
        path, mark, anchor = match["to"].partition("#")
        file = normpath(f"{source}/../{path}")
        if file in PAGES or file.startswith("docs/"):
            return f"{match['words']}({PAGES.get(file, relpath(file, 'docs'))}{mark}{anchor})"
        return match["words"][1:-1] if address is None else f"{match['words']}({address}/{file})"

    return LINK.sub(linked, text)


def main() -> int:
    """Write the pages and build the site; gives zensical's exit code."""
    shutil.rmtree(TARGET, ignore_errors=True)
    pages = TARGET / "pages"
    shutil.copytree(
        ROOT / "docs", pages, ignore=shutil.ignore_patterns("*.md", "*.py", "__*__", "*.toml")
    )
    shutil.copy(ROOT / "docs" / "website.toml", TARGET / "zensical.toml")
    for source, name in PAGES.items():
        text = for_site((ROOT / source).read_text("utf-8"), source, repository(os.environ))
        (pages / name).write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "zensical", "build", "--strict"]
    return subprocess.run(command, cwd=TARGET, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
