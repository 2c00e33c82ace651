"""A dry run: the same decisions and checks as storing, with nothing stored (contract, section 3).

What the rows of a body would become depends on the rows before them. Those of a short body are kept in memory; those of
a long one in temporary tables of a connection of its own, so that memory does not grow with the body and no transaction
stays open. To begin with the tables would take a dry run of one row sixteen milliseconds instead of two.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from daumoi.core.arrays import Hashes
from daumoi.core.database import Connection, connect
from daumoi.core.hub import Hub
from daumoi.intake.checks import Places, settle
from daumoi.intake.rows import Row
from daumoi.kinds.checkpoint import KIND as CHECKPOINT
from daumoi.kinds.kind import Kind
from daumoi.log.append import look
from daumoi.log.entries import STORED, Entry

KEPT_ROWS = 20_000
"""Rows of a body that are kept in memory: some five megabytes."""
_Stored = dict[bytes, dict[int, bytes]]
_Holds = dict[bytes, tuple[int, str] | None]


class Rehearsal:
    """Plays the chunks of one body."""

    def __init__(self, hub: Hub, kind: Kind) -> None:
        """Begin with nothing played."""
        self._hub, self._kind = hub, kind
        self._memory = _Memory()
        self._tables: _Tables | None = None

    def close(self) -> None:
        """Forget everything. Safe to call twice."""
        if self._tables is not None:
            self._tables.connection.close()

    def play(self, rows: Sequence[Row]) -> None:
        """Fill in what each row would become; a row that could not be stored gets its fault."""
        good = [row for row in rows if row.is_good]
        entries = [row.entry for row in good if row.entry is not None]
        before = self._tables or self._memory
        with self._connection() as connection:
            seen = look(connection, self._kind.number, entries)
            for key, revisions in before.stored(entries).items():
                seen.stored.setdefault(key, {}).update(revisions)
            places = Places(self._hub, connection, self._kind, good, seen.heads)
            if self._kind is CHECKPOINT:
                codes = {row.checkpoint_code for row in good if row.checkpoint_code}
                places.played(before.holds(places.owners | {entry.key for entry in entries}, codes))
            settle(good, seen.stored, places)
        for row in good:
            if row.is_good and row.entry is not None and row.decision is not None and row.decision.outcome in STORED:
                before.remember(row.entry)
                if self._kind is CHECKPOINT and row.decision.current:
                    before.remember_code(row)
        if self._tables is None and self._memory.rows > KEPT_ROWS:
            self._tables = _Tables(self._hub, self._memory)
            self._memory = _Memory()

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        if self._tables is not None:
            yield self._tables.connection
        else:
            with self._hub.pool.connection() as connection:
                yield connection


class _Memory:
    """What the rows of a short body would have become."""

    def __init__(self) -> None:
        self.rows = 0
        self.played: _Stored = {}
        self.codes: _Holds = {}

    def stored(self, entries: Iterable[Entry]) -> _Stored:
        """The contents of the revisions played before, by key."""
        return {entry.key: self.played[entry.key] for entry in entries if entry.key in self.played}

    def holds(self, keys: set[bytes], codes: set[str]) -> _Holds:
        """Which code each of these refs would hold since, or none; and which refs would hold these codes."""
        return {key: held for key, held in self.codes.items() if key in keys or (held is not None and held[1] in codes)}

    def remember(self, entry: Entry) -> None:
        """Keep a row that would be stored."""
        self.rows += 1
        self.played.setdefault(entry.key, {}).setdefault(entry.revision, entry.content)

    def remember_code(self, row: Row) -> None:
        """Keep which code a checkpoint would hold from now on."""
        assert row.entry is not None
        self.codes[row.entry.key] = (row.system_id, row.checkpoint_code) if row.checkpoint_code else None


class _Tables:
    """The same of a long body, on a connection of its own."""

    def __init__(self, hub: Hub, memory: _Memory) -> None:
        self.connection: Connection = connect(hub.dsn, "daumoi dry run")
        self.connection.execute(
            "CREATE TEMP TABLE played (key bytea, revision int, content bytea, PRIMARY KEY (key, revision))"
        )
        self.connection.execute("CREATE TEMP TABLE played_code (key bytea PRIMARY KEY, system_id int, code text)")
        self.connection.execute("CREATE INDEX ON played_code (code)")
        with self.connection.cursor() as cursor:
            with cursor.copy("COPY played (key, revision, content) FROM STDIN") as copy:
                for key, revisions in memory.played.items():
                    for revision, content in revisions.items():
                        copy.write_row((key, revision, content))
            with cursor.copy("COPY played_code (key, system_id, code) FROM STDIN") as copy:
                for key, held in memory.codes.items():
                    copy.write_row((key, *(held or (None, None))))

    def stored(self, entries: Iterable[Entry]) -> _Stored:
        found: _Stored = {}
        for key, revision, content in self.connection.execute(
            "SELECT key, revision, content FROM played WHERE key = ANY(%s::bytea[])",
            (Hashes(entry.key for entry in entries),),
            binary=True,
        ):
            found.setdefault(key, {})[revision] = content
        return found

    def holds(self, keys: set[bytes], codes: set[str]) -> _Holds:
        rows = self.connection.execute(
            "SELECT key, system_id, code FROM played_code WHERE key = ANY(%s::bytea[]) OR code = ANY(%s)",
            (Hashes(keys), sorted(codes)),
            binary=True,
        )
        return {bytes(key): (system_id, code) if code else None for key, system_id, code in rows}

    def remember(self, entry: Entry) -> None:
        self.connection.execute(
            "INSERT INTO played VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            (entry.key, entry.revision, entry.content),
        )

    def remember_code(self, row: Row) -> None:
        assert row.entry is not None
        self.connection.execute(
            "INSERT INTO played_code (key, system_id, code) VALUES (%s, %s, %s)"
            " ON CONFLICT (key) DO UPDATE SET system_id = excluded.system_id, code = excluded.code",
            (row.entry.key, row.system_id, row.checkpoint_code or None),
        )
