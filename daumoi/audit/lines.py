"""The bytes of a line and the hash that binds it to the line before.

A line's bytes are its columns in the order below as PostgreSQL's COPY writes them in its text format: a tab between,
`\\N` for nothing, backslash, tab and line ends escaped, instants as whole microseconds since 1970 in UTC, numbers of
people and claims as `{1,2}`. So sealing and verifying hash what the database hands over without putting it together,
and an outsider does it with `COPY` and any SHA-256. The form tells one field from the next, so two lines never have
the same bytes.

    hash(n) = SHA-256("daumoi audit 1\\n" + hash(n - 1) + bytes(n)),  hash(0) = 32 zero bytes
"""

from collections.abc import Iterator
from hashlib import sha256

from daumoi.core.database import Connection

HASH_BYTES = 32
NOTHING = bytes(HASH_BYTES)
"""The hash before the first line."""
_BEGIN = sha256(b"daumoi audit 1\n")
_DAY_US, _SHIFT_US = 86_400_000_000, 7 * 3_600_000_000

COLUMNS = (
    "number",
    "sealed_at",
    "at",
    "entry",
    "form",
    "actor",
    "actor_label",
    "role",
    "action",
    "subject",
    "kind",
    "first_seq",
    "last_seq",
    "people",
    "claims",
    "purpose",
    "reason",
    "origin",
    "session",
    "request",
    "grant_id",
)
"""What a line's hash covers, in order; the first two are given when it is sealed, the others were written."""

_INSTANTS = ("sealed_at", "at")
_WRITTEN = COLUMNS[4:]


def _microseconds(column: str) -> str:
    return f"(extract(epoch FROM {column}) * 1000000)::bigint" if column in _INSTANTS else column


# Put together from the names of columns above alone.
_OF_ENTRIES = (
    f"COPY (SELECT id, {_microseconds('at')}, id, {', '.join(_WRITTEN)} FROM audit_entry"  # noqa: S608
    " ORDER BY id LIMIT %s) TO STDOUT"
)
_OF_LINES = (
    f"COPY (SELECT encode(hash, 'hex'), {', '.join(map(_microseconds, COLUMNS))} FROM audit_line"  # noqa: S608
    " WHERE number > %s AND number <= %s ORDER BY number) TO STDOUT"
)


def link(before: bytes, line: bytes) -> bytes:
    """Return the hash of a line that follows the line with the hash `before`."""
    hash_ = _BEGIN.copy()
    hash_.update(before)
    hash_.update(line)
    return hash_.digest()


def day_number(us: int) -> int:
    """Return the day (UTC+7) of an instant in microseconds, as days since 1970-01-01."""
    return (us + _SHIFT_US) // _DAY_US


def waiting(connection: Connection, *, most: int) -> list[tuple[int, bytes]]:
    """Return entries that are not sealed, oldest number first: the number, and the bytes from `at` on."""
    found = []
    with connection.cursor() as cursor, cursor.copy(_OF_ENTRIES, (most,)) as copy:
        for row in copy:
            entry, _, rest = bytes(row)[:-1].partition(b"\t")
            found.append((int(entry), rest))
    return found


def stored(connection: Connection, *, after: int, last: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield lines with after < number ≤ last, in order: the hash as it is stored, and the bytes."""
    with connection.cursor() as cursor, cursor.copy(_OF_LINES, (after, last)) as copy:
        for row in copy:
            line = bytes(row)
            # 64 hexadecimal digits, a tab; the line's end is not of the line.
            yield bytes.fromhex(line[:64].decode()), line[65:-1]
