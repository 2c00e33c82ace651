"""How fast the pages of staff answer over millions of records: the board, its lists, the flows; and how many queries.

`python -m benchmarks.pages` makes five million records of thirty days (`--quick`: 200,000, `--records N`) in a database
of its own, as `benchmarks.situation` does, and opens each page forty times through the whole application, without a
socket. It prints p50 and p95 beside the budget of 100 ms.
"""

import statistics
import time
from datetime import datetime, timedelta

import httpx

from benchmarks.own_hub import own_hub, records_asked_for
from benchmarks.situation import BEGINS, DAYS, PLACES, SHARES, SYSTEMS, fill
from benchmarks.table import Table
from daumoi.accounts import services as accounts
from daumoi.console.settings import SESSION_COOKIE
from daumoi.console.wsgi import build_app
from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.kinds.registry import KINDS
from daumoi.organisations import services as organisations
from daumoi.rulepacks import bundled
from daumoi.situation.counting import count_all
from daumoi.situation.likeness import count_people
from daumoi.situation.units import keep_table

ASKED = 40
BUDGET = "100 ms"
UNUSABLE = "scrypt$16384$salt$8$5$none"
"""A password that nobody has."""


def prepare(hub: Hub, records: int) -> None:
    """Fill a hub, count it, and put a director into it."""
    now = hub.clock.now()
    with hub.pool.connection() as connection:
        keep_table(connection)
        bundled.install_all(connection, at=now)
        for number in range(SYSTEMS):
            organisations.add_system(
                connection, code=f"system-{number}", name=f"Hệ thống {number}", organisation=None, send=["*"], at=now
            )
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
            count_all(connection, hub.keys, [KINDS[kind].number], now)
    count_people(hub)
    with hub.pool.connection() as connection:
        connection.execute("SET statement_timeout = 0")
        connection.execute("VACUUM ANALYZE")
        connection.execute("RESET statement_timeout")
        _add_director(connection, now)


def _add_director(connection: Connection, now: datetime) -> None:
    member_id = accounts.add_member(
        connection, email="director@centre.example", name="Giám đốc", at=now, password=UNUSABLE
    )
    membership = accounts.Membership("director", (now - timedelta(days=1)).date())
    made = accounts.propose(connection, member_id=member_id, membership=membership, proposed_by=None, at=now)
    accounts.decide(connection, membership_id=made, decided_by=None, approved=True, at=now)
    connection.execute(
        "INSERT INTO mfa_authenticator (user_id, type, data, created_at) VALUES (%s, 'totp', '{}', %s)",
        (member_id, now),
    )


def a_visitor(hub: Hub) -> httpx.Client:
    """Open the pages as the director, signed in."""
    pages = httpx.Client(transport=httpx.WSGITransport(app=build_app(hub)), base_url="http://localhost")
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from daumoi.accounts.models import Member

    member = Member.objects.get(email="director@centre.example")
    session = SessionStore()
    session[SESSION_KEY] = str(member.pk)
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session[HASH_SESSION_KEY] = member.get_session_auth_hash()
    session.save()
    pages.cookies.set(SESSION_COOKIE, str(session.session_key))
    return pages


def measure(hub: Hub, table: Table) -> None:
    """Open each page again and again."""
    pages = a_visitor(hub)
    last = (hub.clock.now() - timedelta(days=1)).date()
    first = last - timedelta(days=DAYS - 1)
    addresses = {
        "board, one day": f"/console/?from={last}",
        "board, one day, 63 provinces": f"/console/?from={last}&scheme=vn-2024",
        "board, one day, as known at 16:00": f"/console/?from={last}&known={last}T16:00",
        "board, one province with its wards": f"/console/?from={last}&area=vn-2025/79",
        "board, one old province": f"/console/?from={last}&area=vn-2024/74",
        "board, a month": f"/console/?from={first}&to={last}",
        "board on the wall": f"/console/?from={last}&wall=1",
        "records of a day": f"/console/records/?kind=checkpoint_passage&from={last}",
        "records of a day and a ward": f"/console/records/?kind=checkpoint_passage&from={last}&area=vn-2025/26740",
        "records refused in an old province": (
            f"/console/records/?kind=checkpoint_passage&from={last}&area=vn-2024/74&only=denied"
        ),
        "flows": "/console/flows/",
        "flows of one system": "/console/flows/1/",
        "provinces as a file": f"/console/board/provinces.csv?from={last}",
    }
    for name, address in addresses.items():
        times = []
        for _ in range(ASKED + 1):
            began = time.perf_counter()
            answer = pages.get(address)
            times.append(1000 * (time.perf_counter() - began))
            if answer.status_code != 200:
                raise SystemExit(f"{address} answered {answer.status_code}.")
        warm = sorted(times[1:])
        figure = f"p50 {statistics.median(warm):.1f}, p95 {warm[int(0.95 * ASKED) - 1]:.1f} ms"
        table.say(f"page: {name}", f"{figure}; {len(answer.content) / 1024:.0f} KiB", BUDGET)


def main() -> None:
    """Measure once and print."""
    from django.db import connections

    records = records_asked_for("benchmarks.pages", __doc__)
    table = Table()
    with own_hub(BEGINS + timedelta(days=DAYS)) as hub:
        prepare(hub, records)
        measure(hub, table)
        connections.close_all()
    table.say("records", f"{records:,}")
    table.print_all()


if __name__ == "__main__":
    main()
