"""What a row must satisfy that only the database knows: its checkpoint, or its checkpoint's code."""

from collections.abc import Mapping, Sequence

from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.intake.rows import Row
from daumoi.intake.validation import LOCAL
from daumoi.kinds.checkpoint import KIND as CHECKPOINT
from daumoi.kinds.checkpoint_passage import KIND as PASSAGE
from daumoi.kinds.faults import Fault, fault
from daumoi.kinds.kind import Kind
from daumoi.places import checkpoints
from daumoi.places.checkpoints import CheckpointState, Place
from daumoi.places.directory import directory

CHECKPOINT_CLOSED = "checkpoint_closed"


class Places:
    """What the rows of one chunk need to know of checkpoints; read once a try of the chunk."""

    def __init__(
        self, hub: Hub, connection: Connection, kind: Kind, rows: Sequence[Row], heads: Mapping[int, int]
    ) -> None:
        """Look the checkpoints of these rows up; `heads` were read before, in the same transaction."""
        self.kind = kind
        self._known: dict[tuple[int, str], Place] = {}
        self._owners: dict[tuple[int, str], bytes] = {}
        self._codes: dict[bytes, tuple[int, str]] = {}
        if kind not in (PASSAGE, CHECKPOINT):
            return
        wanted = {(row.system.id, row.checkpoint_code) for row in rows if row.checkpoint_code}
        if kind is PASSAGE:
            # Checkpoints change only with the head of their kind.
            self._known = directory(hub.dsn).by_codes(connection, wanted, version=heads[CHECKPOINT.number])
        elif kind is CHECKPOINT:
            self.also_owned(checkpoints.owners_of(connection, wanted, [row.entry.key for row in rows if row.entry]))

    def also_owned(self, owners: dict[tuple[int, str], bytes]) -> None:
        """Add codes that a rehearsal has given away."""
        self._owners |= owners
        self._codes |= {owner: code for code, owner in owners.items()}

    def fault_of(self, row: Row) -> Fault | None:
        """Return what speaks against storing a new row; a stored checkpoint takes its code."""
        if self.kind is PASSAGE and row.checkpoint_code:
            if (row.system.id, row.checkpoint_code) not in self._known:
                return fault("unknown_checkpoint", "/data/checkpoint")
        elif self.kind is CHECKPOINT:
            return self._take_code(row)
        return None

    def _take_code(self, row: Row) -> Fault | None:
        assert row.entry is not None and row.decision is not None
        if not row.decision.current:
            return None  # a late revision changes nothing of what holds now
        key = row.entry.key
        wanted = (row.system.id, row.checkpoint_code) if row.checkpoint_code else None
        if wanted and self._owners.get(wanted, key) != key:
            return fault("code_in_use", "/data/code")
        left = self._codes.pop(key, None)
        if left:
            del self._owners[left]
        if wanted:
            self.also_owned({wanted: key})
        return None

    def settle(self, row: Row) -> None:
        """Write the place of a passage into its entry, and say when the checkpoint was closed."""
        if self.kind is not PASSAGE or not row.checkpoint_code or row.entry is None:
            return
        place = self._known[row.system.id, row.checkpoint_code]
        row.entry.place = place.id
        row.entry.path = row.entry.path or place.path
        if row.entry.occurred_at is None or (place.closed_on is None and place.opened_on is None):
            return
        day = row.entry.occurred_at.astimezone(LOCAL).date()
        closed = (place.closed_on and day > place.closed_on) or (place.opened_on and day < place.opened_on)
        if closed and not any(warning.code == CHECKPOINT_CLOSED for warning in row.warnings):
            message = "The checkpoint is recorded as not open on this day. Check its days, or the time of the passage."
            row.warnings.append(Fault(CHECKPOINT_CLOSED, "/data/checkpoint", message))


def checkpoint_state(row: Row) -> CheckpointState:
    """Return what a stored checkpoint row says of its checkpoint."""
    assert row.entry is not None
    data = getattr(row.record, "data", None)
    withdrawn = row.entry.withdraw
    return CheckpointState(
        system_id=row.system.id,
        ref_key=row.entry.key,
        revision=row.entry.revision,
        withdrawn=withdrawn,
        code=None if withdrawn else row.checkpoint_code,
        path=None if withdrawn else row.entry.path,
        opened_on=None if withdrawn or data is None else data.opened_on,
        closed_on=None if withdrawn or data is None else data.closed_on,
    )
