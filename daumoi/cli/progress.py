"""The progress bar of long commands, on standard error; on a terminal it moves, elsewhere it shows at the end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

Report = Callable[[int, int], None]
"""Called with what is done and what there is in all."""


class Steps:
    """A bar for each step of a command."""

    def __init__(self, progress: Progress) -> None:
        """Take the bars to show."""
        self._progress = progress

    def begin(self, name: str, total: int = 0) -> Report:
        """Begin a step; returns what is called with done and total as it goes on."""
        task = self._progress.add_task(name, total=total or None)

        def report(done: int, of: int) -> None:
            self._progress.update(task, completed=done, total=max(of, done) or None)

        return report

    def counting(self, name: str, total: int) -> Callable[[int], None]:
        """Begin a step that is told what was done since the last time."""
        report, done = self.begin(name, total), 0

        def add(more: int) -> None:
            nonlocal done
            done += more
            report(done, total)

        return add


@contextmanager
def steps(*, quiet: bool) -> Iterator[Steps]:
    """Show the steps of a command until the block ends; quiet shows none."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=quiet,
    ) as progress:
        yield Steps(progress)
