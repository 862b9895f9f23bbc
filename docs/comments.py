"""The three sample comments as pages, to look at: ``python docs/comments.py FOLDER``.

The texts are those that the tests expect; the style is close to GitHub's. Pictures of the pages
are in ``docs/comments/``: ``chromium --headless --screenshot=all_good.png all_good.html``.
"""

import sys
from pathlib import Path

from markdown_it import MarkdownIt

COMMENTS = Path(__file__).parents[1] / "tests" / "reports" / "comments"
PAGE = """<!doctype html>
<meta charset="utf-8">
<title>{name}</title>
<style>
body {{ font: 14px/1.5 -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif;
  color: #1f2328; max-width: 860px; margin: 24px auto; padding: 0 16px }}
main {{ border: 1px solid #d1d9e0; border-radius: 6px; overflow: hidden }}
header {{ background: #f6f8fa; border-bottom: 1px solid #d1d9e0; padding: 8px 16px;
  color: #59636e }}
article {{ padding: 16px; overflow-wrap: break-word }}
table {{ border-collapse: collapse; margin: 0 0 16px }}
th, td {{ border: 1px solid #d1d9e0; padding: 6px 13px }}
pre {{ background: #f6f8fa; padding: 16px; border-radius: 6px; overflow: auto; font-size: 12px }}
code {{ background: #818b981f; border-radius: 6px; padding: .2em .4em; font-size: 85% }}
pre code {{ background: none; padding: 0 }}
h4 {{ margin: 24px 0 8px }}
</style>
<main><header><b>github-actions</b> <small>bot</small> commented</header>
<article>{content}</article></main>
"""


def main(folder: Path) -> None:
    """Write a page for each sample comment."""
    render = MarkdownIt("gfm-like", {"linkify": False}).disable("linkify").render
    for path in sorted(COMMENTS.glob("*.md")):
        content = render(path.read_text(encoding="utf-8"))
        page = PAGE.format(name=path.stem, content=content)
        (folder / f"{path.stem}.html").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
