"""What a row must satisfy that only the database knows: its checkpoint, or its checkpoint's code."""

from collections.abc import Mapping, Sequence

from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.intake.rows import Row
from daumoi.kinds.checkpoint import KIND as CHECKPOINT
from daumoi.kinds.checkpoint_passage import KIND as PASSAGE
from daumoi.kinds.faults import Fault, fault
from daumoi.kinds.kind import Kind
from daumoi.log.decisions import Decider, Revisions, are_all_first
from daumoi.log.entries import STORED, Outcome
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
        wanted = {(row.system_id, row.checkpoint_code) for row in rows if row.checkpoint_code}
        if kind is PASSAGE:
            # Checkpoints change only with the head of their kind.
            self._known = directory(hub.dsn).by_codes(connection, wanted, version=heads[CHECKPOINT.number])
        elif kind is CHECKPOINT:
            self._own(checkpoints.owners_of(connection, wanted, [row.entry.key for row in rows if row.entry]))

    @property
    def owners(self) -> set[bytes]:
        """The refs, as keys, that hold one of the codes these rows speak of."""
        return set(self._owners.values())

    def played(self, holds: Mapping[bytes, tuple[int, str] | None]) -> None:
        """Take over what a rehearsal has done before these rows: which code each ref, as key, holds since; or none."""
        for key in holds:
            left = self._codes.pop(key, None)
            if left:
                del self._owners[left]
        self._own({code: key for key, code in holds.items() if code})

    def _own(self, owners: Mapping[tuple[int, str], bytes]) -> None:
        self._owners |= owners
        self._codes |= {owner: code for code, owner in owners.items()}

    def admit(self, row: Row) -> Fault | None:
        """Return what speaks against storing a new row; a checkpoint takes its code, a passage is given its place."""
        if self.kind is CHECKPOINT:
            return self._take_code(row)
        code = row.checkpoint_code
        if code is None or self.kind is not PASSAGE:
            return None
        place = self._known.get((row.system_id, code))
        if place is None:
            return fault("unknown_checkpoint", "/data/checkpoint")
        if row.entry is not None:
            row.entry.place = place.id
            row.entry.path = row.entry.path or place.path
            if place.closed_on is not None or place.opened_on is not None:
                _warn_when_closed(row, place)
        return None

    def _take_code(self, row: Row) -> Fault | None:
        assert row.entry is not None and row.decision is not None
        if not row.decision.current:
            return None  # a late revision changes nothing of what holds now
        key = row.entry.key
        wanted = (row.system_id, row.checkpoint_code) if row.checkpoint_code else None
        if wanted and self._owners.get(wanted, key) != key:
            return fault("code_in_use", "/data/code")
        left = self._codes.pop(key, None)
        if left:
            del self._owners[left]
        if wanted:
            self._own({wanted: key})
        return None


def settle(rows: Sequence[Row], stored: Revisions, places: Places) -> None:
    """Decide what becomes of each good row, in the order of the body; one that may not be stored gets its fault.

    Such a row counts for nothing: the rows of its ref behind it are decided as if it had not been sent.
    """
    entries = [row.entry for row in rows if row.entry is not None]
    decider = Decider(stored)
    each_alone = are_all_first(entries, stored)
    for row, entry in zip(rows, entries, strict=True):
        decision = decider.decide(entry)
        problem = None
        if decision.outcome is Outcome.CONFLICT:
            problem = fault("revision_conflict", "/revision")
        elif decision.outcome in STORED:
            row.decision = decision  # the code of a checkpoint is taken by its newest revision alone
            problem = places.admit(row)
        if problem is not None:
            row.faults.append(problem)
            continue
        row.decision = decision
        if not each_alone and decision.outcome in STORED:
            decider.take(entry)


def _warn_when_closed(row: Row, place: Place) -> None:
    if row.entry is None or row.entry.occurred_at is None:
        return
    day = row.entry.occurred_at.astimezone(VIET_NAM_TIME).date()
    closed = (place.closed_on and day > place.closed_on) or (place.opened_on and day < place.opened_on)
    if closed and not any(warning.code == CHECKPOINT_CLOSED for warning in row.warnings):
        message = "The checkpoint is recorded as not open on this day. Check its days, or the time of the passage."
        row.warnings.append(Fault(CHECKPOINT_CLOSED, "/data/checkpoint", message))


def checkpoint_state(row: Row) -> CheckpointState:
    """Return what a stored checkpoint row says of its checkpoint."""
    assert row.entry is not None
    withdrawn = row.entry.withdraw
    opened_on, closed_on = (None, None) if withdrawn else row.open_days
    return CheckpointState(
        system_id=row.system_id,
        ref_key=row.entry.key,
        revision=row.entry.revision,
        withdrawn=withdrawn,
        code=None if withdrawn else row.checkpoint_code,
        path=None if withdrawn else row.entry.path,
        opened_on=opened_on,
        closed_on=closed_on,
    )
