"""How far a screen is, for somebody who waits: in a notebook, on a terminal, and nowhere else."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from omtx.notebook import status_html
from omtx.records import Status
from omtx.text import duration, plain

Show: TypeAlias = Callable[[Status], None]


@contextmanager
def shown(progress: bool | Show) -> Iterator[Show]:
    """What is told each status: the user's own function, or a bar where there is somebody to see it."""
    if not isinstance(progress, bool):
        yield progress
    elif progress and (display := _notebook()) is not None:
        yield _cell(display)
    elif progress and sys.stderr.isatty():
        with terminal() as show:
            yield show
    else:
        yield lambda status: None


@contextmanager
def terminal() -> Iterator[Show]:
    """A bar on stderr, drawn by rich where it is installed."""
    try:
        import rich.progress  # noqa: F401
    except ImportError:
        with _plain_bar() as show:
            yield show
    else:
        with _rich_bar() as show:
            yield show


def said(status: Status) -> str:
    """Done, failed and running ligands, the rate, and the time to the end."""
    counts = status.accounting
    parts = [f"{counts.completed} done", f"{counts.failed} failed", f"{counts.running} running"]
    rate, left = status.performance_metrics.jobs_per_minute, status.estimated_completion
    if rate is not None:
        parts.append(f"{rate:.1f}/min")
    if left:
        parts.append(f"{duration(left)} left")
    return " · ".join(parts)


@contextmanager
def _rich_bar() -> Iterator[Show]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        *(BarColumn(), MofNCompleteColumn()),
        TextColumn("{task.fields[said]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=None, said="")

        def show(status: Status) -> None:
            counts, name = status.accounting, plain(status.batch_name)
            progress.update(
                task, description=name, total=counts.submitted, completed=counts.settled, said=said(status)
            )

        yield show


@contextmanager
def _plain_bar() -> Iterator[Show]:
    last = ""

    def show(status: Status) -> None:
        nonlocal last
        counts = status.accounting
        line = f"{plain(status.batch_name)}: {counts.settled} of {counts.submitted} · {said(status)}"
        sys.stderr.write(f"\r{line.ljust(len(last))}")
        sys.stderr.flush()
        last = line

    yield show
    if last:
        sys.stderr.write("\n")


def _notebook() -> Any:
    """IPython's display function where there is a notebook; None elsewhere, a terminal's IPython too."""
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython
    from IPython.display import display

    shell = get_ipython()
    return display if getattr(shell, "kernel", None) is not None else None


class _Html:
    """What a notebook shows as it is."""

    def __init__(self, html: str) -> None:
        self._html = html

    def _repr_html_(self) -> str:
        return self._html


def _cell(display: Any) -> Show:
    """Each status in the place of the last."""
    handle: Any = None

    def show(status: Status) -> None:
        nonlocal handle
        html = _Html(status_html(status.batch_id, status))
        if handle is None:
            handle = display(html, display_id=True)
        else:
            handle.update(html)

    return show
