"""A dry run: the same decisions and checks as storing, with nothing stored (contract, section 3).

What the rows of a body would become depends on the rows before them; those are kept in temporary tables of a
connection of their own, so that memory does not grow with the body and no transaction stays open.
"""

from collections.abc import Sequence

from daumoi.core.arrays import Hashes
from daumoi.core.database import Connection, connect
from daumoi.core.hub import Hub
from daumoi.intake.checks import Places, settle
from daumoi.intake.rows import Row
from daumoi.kinds.checkpoint import KIND as CHECKPOINT
from daumoi.kinds.kind import Kind
from daumoi.log.append import look
from daumoi.log.entries import STORED


class Rehearsal:
    """Plays the chunks of one body."""

    def __init__(self, hub: Hub, kind: Kind) -> None:
        """Open the connection that remembers what earlier rows would have become."""
        self._hub, self._kind = hub, kind
        self._connection: Connection = connect(hub.dsn, "daumoi dry run")
        self._connection.execute(
            "CREATE TEMP TABLE played (key bytea, revision int, content bytea, PRIMARY KEY (key, revision))"
        )
        self._connection.execute(
            "CREATE TEMP TABLE played_code (system_id int, code text, key bytea, PRIMARY KEY (system_id, code))"
        )

    def close(self) -> None:
        """Forget everything. Safe to call twice."""
        self._connection.close()

    def play(self, rows: Sequence[Row]) -> None:
        """Fill in what each row would become; a row that could not be stored gets its fault."""
        good = [row for row in rows if row.is_good]
        entries = [row.entry for row in good if row.entry is not None]
        seen = look(self._connection, self._kind.number, entries)
        played = self._connection.execute(
            "SELECT key, revision, content FROM played WHERE key = ANY(%s::bytea[])",
            (Hashes(entry.key for entry in entries),),
            binary=True,
        )
        for key, revision, content in played:
            seen.stored.setdefault(key, {})[revision] = content
        places = Places(self._hub, self._connection, self._kind, good, seen.heads)
        places.also_owned(self._codes(good))
        settle(good, seen.stored, places)
        self._remember([row for row in good if row.is_good])

    def _codes(self, left: Sequence[Row]) -> dict[tuple[int, str], bytes]:
        if self._kind is not CHECKPOINT:
            return {}
        codes = sorted({row.checkpoint_code for row in left if row.checkpoint_code})
        rows = self._connection.execute(
            "SELECT system_id, code, key FROM played_code WHERE code = ANY(%s)", (codes,), binary=True
        )
        return {(row[0], row[1]): bytes(row[2]) for row in rows}

    def _remember(self, good: Sequence[Row]) -> None:
        for row in good:
            if row.entry is None or row.decision is None or row.decision.outcome not in STORED:
                continue
            self._connection.execute(
                "INSERT INTO played VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                (row.entry.key, row.entry.revision, row.entry.content),
            )
            if self._kind is CHECKPOINT and row.decision.current:
                self._connection.execute("DELETE FROM played_code WHERE key = %s", (row.entry.key,))
                if row.checkpoint_code:
                    self._connection.execute(
                        "INSERT INTO played_code VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                        (row.system_id, row.checkpoint_code, row.entry.key),
                    )
