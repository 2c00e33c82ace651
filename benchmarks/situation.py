"""The figures of the board over millions of records: what counting costs a record, how fast each selector answers.

`python -m benchmarks.situation` makes five million records of thirty days (`--quick`: 200,000) in a database of its
own, counts them as the worker does, and asks each selector forty times. The records are written by SQL: the log's own
door is measured elsewhere.
"""

import os
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.own_hub import own_hub, records_asked_for
from benchmarks.table import Table
from daumoi.accounts.scope import EVERYWHERE
from daumoi.areas import selectors as areas
from daumoi.areas.unit import TODAY
from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.kinds.registry import KINDS
from daumoi.log.segments import ensure_segments
from daumoi.situation import board
from daumoi.situation.counting import count_all
from daumoi.situation.flows import flows
from daumoi.situation.likeness import count_people, people
from daumoi.situation.moments import known_at, known_now
from daumoi.situation.recounting import recount
from daumoi.situation.units import keep_table

DAYS = 30
SYSTEMS = 8
PLACES = 400
ASKED = 40
SHARES = {
    "checkpoint_passage": 0.5,
    "health_declaration": 0.3,
    "movement_declaration": 0.1,
    "citizen_report": 0.1,
}
BODIES = {
    "checkpoint_passage": """jsonb_build_object('checkpoint', 'CP', 'direction', CASE WHEN n % 2 = 0 THEN 'in'
        ELSE 'out' END, 'method', 'national_id_qr', 'decision', CASE WHEN n % 20 = 0 THEN 'denied'
        ELSE 'allowed' END)""",
    "health_declaration": """jsonb_build_object('form', 'daily', 'symptoms', jsonb_build_object('fever', n % 12 = 0,
        'cough', n % 15 = 0, 'sore_throat', false), 'exposures', jsonb_build_object('confirmed_case', false))""",
    "movement_declaration": "jsonb_build_object('purpose', 'work', 'symptoms', jsonb_build_object('fever', n % 9 = 0))",
    "citizen_report": """jsonb_build_object('category', 'crowd') || CASE WHEN n % 4 > 0
        THEN jsonb_build_object('closed_at', '2021-08-01T00:00:00Z') ELSE '{}' END""",
}
IN_BULK = "movement_declaration"
BEGINS = datetime(2021, 7, 15, tzinfo=UTC)
_STEP = 100_000


def fill(connection: Connection, kind: str, records: int) -> None:
    """Write records of a kind, spread over the days, wards, systems and checkpoints."""
    number = KINDS[kind].number
    paths = [unit.path for code in areas.codes_of(TODAY) if (unit := areas.find(TODAY, code)) and unit.level == "ward"]
    ensure_segments(connection, kind=number, segment_rows=1_000_000, rows=records)
    # One kind comes all within an hour, as a bulk import does; the others as they come in life.
    spread = timedelta(hours=1) if kind == IN_BULK else timedelta(days=DAYS)
    values = {
        "kind": number,
        "paths": paths,
        "begins": BEGINS + timedelta(days=DAYS) - spread,
        "every": spread / records,
        "systems": SYSTEMS,
        "places": PLACES,
        "people": max(1000, records // 10),
        "passage": kind == "checkpoint_passage",
    }
    for first in range(1, records + 1, _STEP):
        connection.execute(
            f"""
            INSERT INTO record (kind, received_at, seq, id, system_id, ref, revision, op, current, subject, place,
                                path, occurred_at, schema_version, body)
            SELECT %(kind)s, %(begins)s + n * %(every)s, n, gen_random_uuid(), 1 + n %% %(systems)s,
                   'r' || n, 1, 1, true,
                   1 + (hashint8(n)::bigint & 2147483647) %% %(people)s,
                   CASE WHEN %(passage)s THEN 1 + (h.random %% %(places)s) END,
                   (%(paths)s::text[])[1 + CASE WHEN %(passage)s THEN (h.random %% %(places)s) * 7 ELSE h.random
                       END %% array_length(%(paths)s::text[], 1)],
                   %(begins)s + n * %(every)s - make_interval(secs => power(h.random %% 1000, 2) / 100), 1,
                   {BODIES[kind].replace("%", "%%")}
            FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
            CROSS JOIN LATERAL (SELECT hashint8(n * 7919)::bigint & 2147483647 AS random) h
            """,  # noqa: S608 - of our own parts
            values | {"first": first, "last": min(records, first + _STEP - 1)},
        )
    connection.execute(
        "UPDATE head SET seq = %s, received_at = %s WHERE kind = %s",
        (records, BEGINS + timedelta(days=DAYS), number),
    )


def processor_seconds(pid: int) -> float:
    """Return what a process has used of the processors (proc(5), stat: utime and stime)."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(hub: Hub, records: int, table: Table) -> None:
    """Fill, count, and ask."""
    now = hub.clock.now()
    with hub.pool.connection() as connection:
        keep_table(connection)
        for kind, share in SHARES.items():
            fill(connection, kind, int(records * share))
        connection.execute(
            "INSERT INTO place (system_id, ref_key, code, revision, withdrawn, path) OVERRIDING SYSTEM VALUE"
            " SELECT 1, decode(md5(n::text), 'hex'), 'CP' || n, 1, false, 'VN.01' FROM generate_series(1, %s) n",
            (PLACES,),
        )
        connection.execute(
            "INSERT INTO claim (id, system_id, person, fingerprint, sealed, key_version, rule_version, created_at)"
            " SELECT n, 1, n, decode(md5(n::text), 'hex'), '', 1, 1, %s FROM generate_series(1, %s) n",
            (now, max(1000, records // 10)),
        )
        for kind in SHARES:
            number = KINDS[kind].number
            backend = connection.info.backend_pid
            began, before, used = time.perf_counter(), processor_seconds(backend), time.process_time()
            counted = count_all(connection, hub.keys, [number], now)
            seconds, here = time.perf_counter() - began, time.process_time() - used
            there = processor_seconds(backend) - before
            table.say(
                f"counting {counted:,} of {kind}{', come within an hour' if kind == IN_BULK else ''}",
                f"{1e6 * here / counted:.2f} µs of the worker, {1e6 * there / counted:.1f} µs of its backend a record,"
                f" {1e6 * seconds / counted:.1f} µs by the clock",
                "10 µs of the worker",
            )
        connection.execute("VACUUM ANALYZE")
        for relation in ("province_figure", "day_figure", "ward_figure", "place_figure"):
            row = connection.execute(
                f"SELECT count(*), pg_total_relation_size('{relation}') / 1048576 FROM {relation}"  # noqa: S608
            ).fetchone()
            assert row is not None
            table.say(f"rows of {relation}", f"{row[0]:,}; {row[1]:,} MiB")
    _say_time(table, "events and people of all days", lambda: count_people(hub), records)
    _say_time(table, "recount of all hours", lambda: recount(hub), records)
    with hub.pool.connection() as connection:
        ask(connection, now, table)


def _say_time(table: Table, what: str, work: Callable[[], object], records: int) -> None:
    began = time.perf_counter()
    work()
    seconds = time.perf_counter() - began
    table.say(what, f"{seconds:.0f} s, {1e6 * seconds / records:.1f} µs a record")


def ask(connection: Connection, now: datetime, table: Table) -> None:
    """Ask each selector as the board does."""
    scope = EVERYWHERE
    present = known_now(connection, now=now)
    yesterday = (now - timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0)
    past = known_at(connection, yesterday, now=now)
    day = (now - timedelta(days=1)).date()
    one, month = {"first": day, "last": day}, {"first": day - timedelta(days=DAYS), "last": day}
    places = dict.fromkeys(range(1, PLACES + 1), "VN.01")
    since = now - timedelta(hours=24)
    reads: dict[str, Callable[[], object]] = {
        "known at half past": lambda: known_at(connection, yesterday + timedelta(minutes=30), now=now),
        "63 provinces, one day": lambda: board.provinces(connection, scope, present, scheme="vn-2024", **one),
        "63 provinces, one day, as known at 16:00": lambda: board.provinces(
            connection, scope, past, scheme="vn-2024", **one
        ),
        "34 provinces, a month": lambda: board.provinces(connection, scope, present, scheme="vn-2025", **month),
        "wards of one province, one day": lambda: board.wards(connection, scope, present, province="01", **one),
        "wards of one province, a month": lambda: board.wards(connection, scope, present, province="01", **month),
        "by day, a month": lambda: board.by_day(connection, scope, present, **month),
        "checkpoints, one day": lambda: board.checkpoints(connection, scope, present, **one, paths=places, most=12),
        "reports open and overdue": lambda: board.reports(connection, scope, present),
        "received in 24 hours": lambda: board.received(connection, scope, since=since, until=now),
        "flows": lambda: flows(connection, scope, now=now),
        "people of 34 provinces, one day": lambda: people(connection, scope, level="province", **one),
    }
    for name, read in reads.items():
        times = []
        for _ in range(ASKED):
            began = time.perf_counter()
            read()
            times.append(1000 * (time.perf_counter() - began))
        times.sort()
        figure = f"p50 {statistics.median(times):.1f}, p95 {times[int(0.95 * ASKED) - 1]:.1f} ms"
        table.say(f"board: {name}", figure, "100 ms")


def main() -> None:
    """Measure once and print."""
    records = records_asked_for("benchmarks.situation", __doc__)
    table = Table()
    with own_hub(BEGINS + timedelta(days=DAYS)) as hub:
        measure(hub, records, table)
    table.print_all()


if __name__ == "__main__":
    main()
