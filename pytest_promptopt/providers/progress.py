"""Showing that something long moves on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

Advance = Callable[[int], None]


@contextmanager
def show_progress(title: str, total_bytes: int, stream: TextIO) -> Iterator[Advance]:
    """A function to call with each number of bytes done.

    Draws a bar if ``stream`` is a terminal; otherwise says once, in one line, what is going on.
    """
    if not stream.isatty():
        print(f"{title} ({total_bytes / 1e6:,.0f} MB)", file=stream, flush=True)
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=Console(file=stream),
    ) as bars:
        task = bars.add_task(title, total=total_bytes)
        yield lambda count: bars.advance(task, count)
