"""Compares the truth of a made-up country with what a hub holds: every row by its ref, and who was joined with whom.

Both are read page by page into a database file of the analysis engine, which does the rest beside the hub with a
bounded memory: no statement at the hub lasts longer than a page.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daumoi.core.hub import Hub
from daumoi.log import selectors as log
from daumoi.organisations import registry
from daumoi.people import selectors as people
from daumoi.simulation.places import SYSTEMS

if TYPE_CHECKING:
    import duckdb

_PAGE = 200_000
"""So many numbers a statement: under a second each."""
_MEMORY = "1GB"
"""What the comparison may take; more goes to the disk beside the truth."""

_SCHEMA = (
    "CREATE TABLE system (id INTEGER, code VARCHAR)",
    "CREATE TABLE truth (system VARCHAR, kind VARCHAR, ref VARCHAR, person BIGINT, faulty BOOLEAN)",
    "CREATE TABLE stored (system VARCHAR, kind VARCHAR, ref VARCHAR, claim BIGINT)",
    "CREATE TABLE joined (claim BIGINT, person BIGINT)",
)
_READ_TRUTH = """
INSERT INTO truth SELECT $1, kind, ref, person, held IS NOT NULL FROM read_json($2, format = 'newline_delimited',
columns = {kind: 'VARCHAR', ref: 'VARCHAR', person: 'BIGINT', held: 'VARCHAR'})
"""
_READ_STORED = """
INSERT INTO stored SELECT s.code, $1, r.ref, r.claim FROM read_csv($2, header = false, quote = '"', escape = '"',
delim = ',', columns = {system: 'INTEGER', ref: 'VARCHAR', claim: 'BIGINT'}) r JOIN system s ON s.id = r.system
"""
_READ_JOINED = """
INSERT INTO joined FROM read_csv($1, header = false, delim = ',', columns = {claim: 'BIGINT', person: 'BIGINT'})
"""
_COUNTS = """
SELECT t.system, t.kind, count(*) FILTER (NOT t.faulty), count(s.ref) FILTER (NOT t.faulty),
count(s.ref) FILTER (t.faulty) FROM truth t LEFT JOIN stored s ON (s.system, s.kind, s.ref) = (t.system, t.kind, t.ref)
GROUP BY 1, 2 ORDER BY 1, 2
"""
_OTHERS = """
SELECT count(*) FROM stored s ANTI JOIN truth t ON (s.system, s.kind, s.ref) = (t.system, t.kind, t.ref)
"""
_SEEN = """
CREATE TABLE seen AS SELECT DISTINCT t.person AS real, s.claim, j.person AS joined FROM truth t
JOIN stored s ON (s.system, s.kind, s.ref) = (t.system, t.kind, t.ref) JOIN joined j ON j.claim = s.claim
WHERE t.person IS NOT NULL
"""
_FALSE_JOINS = """
SELECT count(*) FROM (SELECT joined FROM seen GROUP BY joined HAVING min(real) <> max(real))
"""
_PAIRS = """
SELECT coalesce(sum(n * (n - 1) // 2), 0)::BIGINT FROM (SELECT count(*) AS n FROM seen GROUP BY {})
"""


@dataclass(frozen=True)
class Line:
    """How one system's rows of one kind stand."""

    system: str
    kind: str
    true: int
    """Good rows by the truth."""
    stored: int
    """Those of them that the hub holds as records."""
    faulty_stored: int
    """Rows that were to be held back and are records."""


@dataclass
class Comparison:
    """Truth beside hub."""

    lines: list[Line] = field(default_factory=list)
    others: int = 0
    """Records of the simulated systems that are not of this truth: of another seed, of other days."""
    false_joins: int = 0
    """People of the hub that hold records of two."""
    pairs: int = 0
    """Pairs of claims that are one person's."""
    pairs_joined: int = 0
    """Those of them that the hub has given one person."""

    @property
    def agrees(self) -> bool:
        """Tell whether every good row is stored, no faulty one is, and nobody is joined with somebody else."""
        return self.false_joins == 0 and all(line.true == line.stored and not line.faulty_stored for line in self.lines)

    def shown(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {**asdict(self), "agrees": self.agrees}


Say = Callable[[str], None]


def compare(hub: Hub, truth: Path, *, say: Say) -> Comparison:
    """Compare the truth in a folder with the hub; `say` is told what is being done.

    Ten million rows take some minutes, 1 GB of memory and, until the end, about as much disk beside the truth.
    """
    # Not at the top: it takes 70 ms, and every command loads this module.
    import duckdb

    with tempfile.TemporaryDirectory(dir=truth, prefix="check-") as name:
        folder = Path(name)
        with duckdb.connect(folder / "check.duckdb") as engine:
            engine.execute(f"SET memory_limit = '{_MEMORY}'")
            engine.execute("SET preserve_insertion_order = false")
            for statement in _SCHEMA:
                engine.execute(statement)
            say("reading the truth")
            for system in SYSTEMS:
                engine.execute(_READ_TRUTH, [system, str(truth / f"{system}.ndjson")])
            _read_hub(hub, engine, folder / "page.csv", say)
            say("comparing")
            return _compared(engine)


def _read_hub(hub: Hub, engine: duckdb.DuckDBPyConnection, page: Path, say: Say) -> None:
    with hub.pool.connection() as connection:
        for system in registry.load(connection).systems.values():
            if system.code in SYSTEMS:
                engine.execute("INSERT INTO system VALUES ($1, $2)", [system.id, system.code])
        for head in log.heads(connection):
            say(f"reading {head.kind}")
            for after, last in _pages(head.oldest_seq - 1, head.last_seq):
                _write(page, log.asserted_as_csv(connection, kind=head.number, after=after, last=last))
                engine.execute(_READ_STORED, [head.kind, str(page)])
        say("reading who was joined")
        for after, last in _pages(0, people.last_claim(connection)):
            _write(page, people.people_as_csv(connection, after=after, last=last))
            engine.execute(_READ_JOINED, [str(page)])


def _pages(after: int, last: int) -> Iterator[tuple[int, int]]:
    for begin in range(after, last, _PAGE):
        yield begin, min(last, begin + _PAGE)


def _write(page: Path, pieces: Iterator[bytes]) -> None:
    with page.open("wb") as file:
        file.writelines(pieces)


def _compared(engine: duckdb.DuckDBPyConnection) -> Comparison:
    lines = [Line(*row) for row in engine.execute(_COUNTS).fetchall()]
    others = _number(engine, _OTHERS)
    engine.execute(_SEEN)
    return Comparison(
        lines,
        others=others,
        false_joins=_number(engine, _FALSE_JOINS),
        pairs=_number(engine, _PAIRS.format("real")),
        pairs_joined=_number(engine, _PAIRS.format("real, joined")),
    )


def _number(engine: duckdb.DuckDBPyConnection, statement: str) -> int:
    row = engine.execute(statement).fetchone()
    assert row is not None
    return int(row[0])
