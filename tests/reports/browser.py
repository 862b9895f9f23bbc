"""A look at a page in a real Chromium, where there is one."""

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from html import unescape
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")

AXE = Path(__file__).parents[2] / ".venv/node_modules/axe-core/axe.min.js"
needs_axe = pytest.mark.skipif(not AXE.exists(), reason="npm has not brought axe-core")

_WRAPPER = """<!doctype html><body><iframe src="page.html{hash}" width="{width}" height="900">
</iframe><script>
document.querySelector("iframe").addEventListener("load", async (event) => {{
  const page = event.target.contentDocument;
  const clicked = (selector) => page.querySelector(selector).click();
  let told;
  try {{ told = await (async () => {{ {look} }})(); }} catch (error) {{ told = String(error); }}
  document.body.dataset.told = JSON.stringify(told);
}});
</script>"""


def look(
    folder: Path,
    page: str,
    script: str,
    *,
    width: int = 1200,
    hash: str = "",
    flags: Sequence[str] = (),
) -> Any:
    """What ``script`` returns, which has the ``page`` as a document and ``clicked(selector)``."""
    (folder / "page.html").write_text(page, encoding="utf-8")
    wrapper = folder / "look.html"
    wrapper.write_text(
        _WRAPPER.format(width=width, hash=hash, look=script.replace("</", "<\\/")), encoding="utf-8"
    )
    assert CHROMIUM is not None
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    command += [f"--user-data-dir={folder / 'profile'}", "--allow-file-access-from-files"]
    command += ["--virtual-time-budget=5000", *flags, wrapper.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    found = re.search(r'data-told="([^"]*)"', done.stdout)
    assert found, done.stdout[-2000:]
    return json.loads(unescape(found[1]))


def barriers(folder: Path, page: str, *, flags: Sequence[str] = ()) -> list[str]:
    """What axe-core finds in the page with everything opened; the page's policy is left aside."""
    page = re.sub('<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
    page = page.replace("</body>", f"<script>{AXE.read_text('utf-8')}</script></body>")
    script = """
        page.querySelectorAll(".prompts button[aria-expanded=false]").forEach((b) => b.click());
        page.querySelectorAll("tr.row .id").forEach((button, n) => n < 3 && button.click());
        page.querySelectorAll("details").forEach((details) => { details.open = true; });
        const {violations} = await page.defaultView.axe.run(page);
        return violations.map((v) => `${v.id} (${v.impact}): ${v.nodes[0].html.slice(0, 200)}`);
    """
    found: list[str] = look(folder, page, script, flags=flags)
    return found


def visit(folder: Path, address: str) -> Any:
    """What the page at the address has told in the end, as JSON in its body's ``data-told``."""
    assert CHROMIUM is not None
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    command += [f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=20000", address]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    found = re.search(r'data-told="([^"]*)"', done.stdout)
    assert found, done.stdout[-2000:]
    return json.loads(unescape(found[1]))
