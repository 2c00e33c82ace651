"""The table that `make bench` prints: a line a figure, with what was stored before, and the limit or the peer."""

from dataclasses import dataclass, field


@dataclass
class Table:
    """Prints each figure when it is there, and all of them once more at the end."""

    rows: list[tuple[str, str, str, str]] = field(default_factory=list)

    def say(self, what: str, figure: str, limit: str = "", *, stored: int | None = None) -> None:
        """Add a figure."""
        row = (what, "" if stored is None else f"{stored / 1_000_000:.1f}", figure, limit)
        self.rows.append(row)
        print(_line(*row), flush=True)

    def print_all(self) -> None:
        """Print everything as one table."""
        print()
        print(_line("what", "stored, millions", "measured", "limit or peer"))
        for row in self.rows:
            print(_line(*row))


def _line(what: str, stored: str, figure: str, limit: str) -> str:
    return f"{what:54} {stored:>16}  {figure:<62} {limit}"
