"""What was known at a moment: the whole hours before it from the counters, its own hour by reading the log."""

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from daumoi.core.database import Connection
from daumoi.log.selectors import numbers_at
from daumoi.situation.counting import COUNTERS, NUMBERS, TOLD

TAIL_RECORDS_MAX = 50_000
"""Records of a begun hour that are read from the log: 50,000 take some 100 ms. With more, the hour before is told."""
_ALL_HOURS = datetime(9999, 1, 1, tzinfo=UTC)


class Measures(NamedTuple):
    """Records in their current state. `denied` and `referred` are of passages, `symptomatic` of declarations, `closed`
    of citizens' reports; in other kinds they are 0."""

    records: int = 0
    denied: int = 0
    referred: int = 0
    symptomatic: int = 0
    closed: int = 0

    def plus(self, other: "Measures") -> "Measures":
        """Return the sum, measure by measure."""
        return Measures(*(one + two for one, two in zip(self, other, strict=True)))


class Part(NamedTuple):
    """What records of the begun hour add to the figures of one day and place."""

    kind: int
    event_day: date
    province: str
    ward: str
    before: str
    place: int | None
    measures: Measures


class Known(NamedTuple):
    """A moment: the figures hold what the hub had received up to `at`."""

    at: datetime
    before_hour: datetime
    """Hours of receipt that began before this are counted from the stored figures."""
    parts: tuple[Part, ...]
    """What the begun hour adds, up to the moment."""
    present: datetime
    """What the hub has counted when it is asked."""

    @property
    def is_now(self) -> bool:
        """Whether all that is counted belongs to the moment."""
        return self.before_hour == _ALL_HOURS


_STANDING = """
SELECT min(CASE WHEN h.seq > coalesce(c.seq, 0) THEN coalesce(
           (SELECT received_at FROM record r WHERE r.kind = h.kind AND r.seq = c.seq), '1900-01-01Z') END)
FROM head h LEFT JOIN consumer c ON c.kind = h.kind AND c.name = %s
"""
_PARTS = f"""
WITH {TOLD}
SELECT event_day, province, ward, before, place,
       sum(records), sum(denied), sum(referred), sum(symptomatic), sum(closed)
FROM told GROUP BY 1, 2, 3, 4, 5
"""  # noqa: S608 - put together from a file of our own


def known_now(connection: Connection, *, now: datetime) -> Known:
    """Return the present: all that is counted. `at` is earlier than now while the counters are behind."""
    row = connection.execute(_STANDING, (COUNTERS,)).fetchone()
    counted_to: datetime | None = row[0] if row else None
    return Known(counted_to or now, _ALL_HOURS, (), counted_to or now)


def known_at(connection: Connection, at: datetime, *, now: datetime) -> Known:
    """Return what was known at a moment; at the full hour, nothing of the log is read.

    Two queries, and one more for each kind of which something came in the begun hour. `at` of the answer is earlier
    than asked when the counters have not come so far, or when more than TAIL_RECORDS_MAX records of the begun hour
    would have to be read: then it is the full hour before.
    """
    present = known_now(connection, now=now)
    at = at.astimezone(UTC)
    if at >= present.at:
        return present
    hour = at.replace(minute=0, second=0, microsecond=0)
    if at == hour:
        # The first instant of an hour belongs to it: a record received in it is not yet known at its stroke.
        return Known(hour, hour, (), present.at)
    before = hour - timedelta(microseconds=1)
    numbers = numbers_at(connection, (before, at))
    ranges = [
        (kind, numbers[kind, before] + 1, last)
        for (kind, upto), last in sorted(numbers.items())
        if upto == at and last > numbers[kind, before]
    ]
    if sum(last - first + 1 for _, first, last in ranges) > TAIL_RECORDS_MAX:
        return Known(hour, hour, (), present.at)
    parts = tuple(part for each in ranges for part in _parts(connection, *each))
    return Known(at, hour, parts, present.at)


def _parts(connection: Connection, kind: int, first: int, last: int) -> list[Part]:
    values = {"kind": kind, "first": first, "last": last} | NUMBERS
    return [
        Part(kind, day, province, ward, before, place, Measures(*map(int, sums)))
        for day, province, ward, before, place, *sums in connection.execute(_PARTS, values)
        if any(sums)
    ]
