"""A wide table made long: columns whose titles are dates become rows, one for each cell that is not empty."""

from collections.abc import Iterator
from datetime import datetime

from daumoi.intake.files.reading.rows import Counted, FileRefused, SourceRow, Table, quoted


class UnfoldedTable:
    """Reads a table through another reader. An empty cell makes no row: nothing was reported is not zero."""

    def __init__(self, table: Table, *, titles: str, into: str, value: str) -> None:
        """Unfold the columns whose title can be read by the format `titles` into the columns `into` and `value`.

        Raises FileRefused when no title can be read so, or when the table has one of the new columns already.
        """
        self._table = table
        self._into, self._value = into, value
        self._wide = [name for name in table.header if _fits(name, titles)]
        self._kept = [name for name in table.header if name not in self._wide]
        if not self._wide:
            raise FileRefused(f"No column has a title like {titles}. Mend titles of unfold under [source].")
        twice = sorted(name for name in set(self._wide) if self._wide.count(name) > 1)
        if twice:
            raise FileRefused(f"The header has {quoted(twice)} more than once. Give each column its own name.")
        taken = [name for name in (into, value) if name in self._kept]
        if taken or into == value:
            said = f"The file has a column {quoted(taken or [into])} already."
            raise FileRefused(f"{said} Choose another name in unfold.")
        self.header = [*self._kept, into, value]
        """The columns as a mapping sees them."""
        self.counted: Counted = table.counted
        """What was read of the file, in its own rows."""

    def remarks(self) -> list[str]:
        """Say what was found, and how many columns were unfolded."""
        return [*self._table.remarks(), f"{len(self._wide)} columns are read as rows, from {self._wide[0]} on."]

    def rows(self) -> Iterator[SourceRow]:
        """Yield a row for each cell of an unfolded column that is not empty, in the order of the file."""
        for row in self._table.rows():
            if row.cells is None:
                yield row
                continue
            kept = {name: row.cells.get(name) for name in self._kept}
            for name in self._wide:
                cell = row.cells.get(name)
                if cell is not None and (not isinstance(cell, str) or cell.strip()):
                    yield SourceRow(row.line, kept | {self._into: name, self._value: cell}, faults=row.faults)


def _fits(title: str, form: str) -> bool:
    try:
        datetime.strptime(title.strip(), form)  # noqa: DTZ007 - it is only asked whether it can be read
    except ValueError:
        return False
    return True
