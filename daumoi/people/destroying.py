"""Destroys claims: at the erasure of a person, and when no record names a claim any more.

Intake finds claims by fingerprint and writes their numbers into records later in the same transaction. So whoever
destroys claims waits afterwards until every transaction that may have found them has ended (`until_quiet`), and then
looks at what those wrote. Who remembers claims between transactions compares `epoch`.
"""

import os
import time
from collections.abc import Sequence

import msgspec

from daumoi.core.crypto import INDEX_BYTES, SEAL_VERSION, Keys
from daumoi.core.database import Connection
from daumoi.core.sql import statements
from daumoi.people.claims import fingerprint
from daumoi.people.identifiers import Claimed, has_strong, keyed

_SQL = statements("daumoi.people", "destroying")
_QUIET_S = 60.0
_LOOK_EVERY_S = 0.05


class NotQuiet(Exception):
    """Transactions that began long ago have not ended. What was begun goes on with the next run."""


def epoch(connection: Connection) -> int:
    """Return a counter that goes up in each transaction that destroys claims or sets them apart: one row, by key.

    What was remembered of claims may be used in a transaction that has read the epoch at which it was remembered: as a
    statement of that transaction, and before the first claim is used.
    """
    row = connection.execute(_SQL["epoch"]).fetchone()
    assert row is not None
    return int(row[0])


def claims_of_people(connection: Connection, people: Sequence[int]) -> list[int]:
    """Return the numbers of all claims of some people."""
    return [row[0] for row in connection.execute(_SQL["claims_of_people"], (list(people),))]


def people_of_claims(connection: Connection, claims: Sequence[int]) -> list[int]:
    """Return the people whose claims these are."""
    return [row[0] for row in connection.execute(_SQL["people_of_claims"], (list(claims),))]


def claims_by_fingerprint(connection: Connection, fingerprints: Sequence[bytes]) -> list[int]:
    """Return the numbers of the claims of some fingerprints; those that are not there are left out."""
    return [row[0] for row in connection.execute(_SQL["claims_by_fingerprint"], (list(fingerprints),))]


def existing(connection: Connection, claims: Sequence[int]) -> list[tuple[int, int, bytes]]:
    """Return (claim, person, fingerprint) of those claims that are still there."""
    rows = connection.execute(_SQL["existing"], (list(claims),), binary=True)
    return [(claim, person, bytes(mark)) for claim, person, mark in rows]


def opened(connection: Connection, keys: Keys, claims: Sequence[int]) -> list[tuple[int, bytes]]:
    """Return (system, identity as canonical JSON) of claims. Only for finding what else holds the same identity."""
    rows = connection.execute(_SQL["identities"], (list(claims),), binary=True)
    return [(system, keys.open(bytes(sealed), bytes(mark))) for system, mark, sealed in rows]


def listed_marks(connection: Connection, keys: Keys, claims: Sequence[int]) -> list[bytes]:
    """Return the fingerprints by which an older state of this database knows claims: those they have, and those that
    they had before they were set apart."""
    marks = []
    rows = connection.execute(_SQL["identities"], (list(claims),), binary=True)
    for system, mark, sealed in rows:
        marks.append(bytes(mark))
        said = keys.open(bytes(sealed), bytes(mark))
        if has_strong(keyed(msgspec.json.decode(said, type=Claimed))):
            # Without a strong identifier the ref is part of it; such a claim goes with its only record, and never had
            # another.
            marks.append(fingerprint(keys, system, None, said))
    return sorted(set(marks))


def set_apart(connection: Connection, keys: Keys, claims: Sequence[int]) -> None:
    """Give claims a fingerprint that nothing hashes to: they stay readable, and intake finds them no more.

    Part of the caller's transaction.
    """
    rows = connection.execute(_SQL["lock_sealed"], (list(claims),), binary=True).fetchall()
    marks = [os.urandom(INDEX_BYTES) for _ in rows]
    connection.execute(
        _SQL["set_apart"],
        {
            "ids": [row[0] for row in rows],
            "fingerprints": marks,
            "sealed": [
                keys.seal(keys.open(bytes(sealed), bytes(before)), mark)
                for (_, before, sealed), mark in zip(rows, marks, strict=True)
            ],
            "key_version": SEAL_VERSION,
        },
    )
    connection.execute(_SQL["step_epoch"])


def destroy(connection: Connection, claims: Sequence[int]) -> list[tuple[int, int]]:
    """Destroy claims and all that is searched by for them alone; returns (claim, person) of those that were there.

    Part of the caller's transaction.
    """
    found = [(claim, person) for claim, person in connection.execute(_SQL["lock"], (list(claims),))]
    ids = [claim for claim, _ in found]
    hashes = sorted({bytes(row[0]) for row in connection.execute(_SQL["delete_index"], (ids,), binary=True)})
    connection.execute(_SQL["delete_strong_identifiers"], (hashes,))
    connection.execute(_SQL["delete_decided_upon"], (ids,))
    connection.execute(_SQL["delete_moved"], (ids,))
    connection.execute(_SQL["delete_claims"], (ids,))
    connection.execute(_SQL["step_epoch"])
    return found


def forget_people(connection: Connection, people: Sequence[int]) -> int:
    """Delete those of some people who have no claim left, and the pairs they stand in; returns how many."""
    gone = [row[0] for row in connection.execute(_SQL["delete_people"], (list(people),))]
    if gone:
        connection.execute(_SQL["delete_candidates"], {"people": gone})
        connection.execute(_SQL["silence_proposals"], {"people": gone})
    return len(gone)


def until_quiet(connection: Connection) -> None:
    """Wait until every transaction of the hub that is open now has ended; raises NotQuiet after a minute.

    Read from the sessions, not from a snapshot: a transaction that has only read so far has no number yet.
    """
    began = connection.execute("SELECT clock_timestamp()").fetchone()
    assert began is not None
    until = time.monotonic() + _QUIET_S
    while True:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND application_name LIKE 'daumoi%%' AND xact_start <= %s",
            (began[0],),
        ).fetchone()
        if row is not None and not row[0]:
            return
        if time.monotonic() > until:
            raise NotQuiet(NotQuiet.__doc__)
        time.sleep(_LOOK_EVERY_S)
