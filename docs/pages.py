"""Sample pages of the HTML report, to look at: ``python docs/pages.py FOLDER``.

Pictures of them are in ``docs/report/``, made with ``chromium --headless --screenshot=…``.
"""

import sys
from datetime import UTC, date, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from pytest_promptopt.evaluation.record import Run  # noqa: E402
from pytest_promptopt.history.scores import SavedScore  # noqa: E402
from pytest_promptopt.prompts.content import ScoredContent  # noqa: E402
from pytest_promptopt.reports.html.page import Surroundings, render_html  # noqa: E402
from tests.reports.sample_runs import many, one_failing, several_too_long  # noqa: E402


def earlier_versions(run: Run, versions: int = 5) -> list[SavedScore]:
    """Made-up scores that each prompt rose by."""
    return [
        SavedScore(
            content=ScoredContent(version=str(n), goldens="", evaluators="", files=""),
            model=prompt.model,
            location=prompt.location,
            samples=1,
            score=0.45 + 0.05 * n + 0.01 * (len(prompt.location) % 7),
            interval=None,
            goldens={},
            recorded=date(2026, 11, n + 1),
        )
        for prompt in run.prompts
        for n in range(versions)
    ]


def main(folder: Path) -> None:
    """Write the pages."""
    runs = {
        "one": many(1, 40),
        "ten": many(10, 500),
        "models": many(2, 60, models=3),
        "failing": one_failing(),
        "hostile": several_too_long(),
    }
    for name, run in runs.items():
        ended = datetime(2026, 11, 28, 13, 39, tzinfo=UTC)
        surroundings = Surroundings(ended=ended, scores=earlier_versions(run))
        page = render_html(run, surroundings)
        (folder / f"{name}.html").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
