"""Reconciliation worked out record by record from the raw tables: slow, plain, and nothing of the product's own in it."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta, timezone
from typing import Any

from tests.integration.exchange.areas_by_hand import lies_in

RECORDS = "SELECT seq, system_id, ref, op, area_scheme, area_code, received_at FROM record WHERE kind = %s ORDER BY seq"
VERSIONS = (
    "SELECT v.agreement_id, v.version, v.terms, v.from_at, coalesce(v.to_at, '9000-01-01Z'), a.provider"
    " FROM agreement_version v JOIN agreement a ON a.id = v.agreement_id WHERE a.receiver = %s AND v.from_at IS NOT NULL"
)
STRETCHES = (
    "SELECT first_seq, last_seq, agreement_id, version, records, failed_at, first_own FROM stretch"
    " WHERE destination_id = %s AND kind = %s"
)


def recount(connection: Any, *, destination: int, receiver: int, kind: int, now: datetime) -> dict[date, Counter[str]]:
    """Figures by day of receipt, for one agreement a receiver at most."""
    versions = {row[:2]: row for row in connection.execute(VERSIONS, (receiver,))}
    stretches = connection.execute(STRETCHES, (destination, kind)).fetchall()
    systems = dict(connection.execute("SELECT id, organisation_id FROM system").fetchall())
    progress = connection.execute(
        "SELECT delivered, own_delivered FROM progress WHERE destination_id = %s AND kind = %s", (destination, kind)
    ).fetchone()
    delivered, own_delivered = progress or (0, 0)

    def under(seq: int) -> Any:
        return next((s for s in stretches if s[0] <= seq <= s[1]), None)

    def inside(version: Any, record: Any) -> bool:
        within = [(area["scheme"], area["code"]) for area in version[2].get("areas", [])]
        if version[5] is not None and systems[record[1]] != version[5]:
            return False
        return not within or (record[5] is not None and any(lies_in((record[4], record[5]), each) for each in within))

    def in_force(at: datetime) -> Any:
        return next((v for v in versions.values() if v[3] <= at < v[4]), None)

    before: dict[tuple[int, str], list[Any]] = {}
    own: Counter[int] = Counter()
    found: dict[date, Counter[str]] = {}

    def gives(version: Any, record: Any) -> bool:
        """By place and sender; or because an earlier revision was given, or would be together with it."""
        whole = not version[2].get("areas") and version[5] is None
        if whole or (record[3] != 3 and inside(version, record)):
            return True
        if record[3] == 1 or (version[5] is not None and systems[record[1]] != version[5]):
            return False
        return any(
            inside(versions[s[2:4]] if (s := under(each[0])) else version, each)
            for each in before.get((record[1], record[2]), [])
            if each[3] != 3
        )

    for record in connection.execute(RECORDS, (kind,)).fetchall():
        day = record[6].astimezone(timezone(timedelta(hours=7))).date()
        figures = found.setdefault(day, Counter())
        stretch, at_receipt, today = under(record[0]), in_force(record[6]), in_force(now)
        taken_under = versions[stretch[2:4]] if stretch else today
        given = taken_under is not None and gives(taken_under, record)
        if stretch and given and stretch[6] is not None:
            own[stretch[0]] += 1
        has = stretch and stretch[6] is not None and stretch[6] + own[stretch[0]] - 1 <= own_delivered
        promised = at_receipt is not None and gives(at_receipt, record)
        before.setdefault((record[1], record[2]), []).append(record)
        if stretch and given:
            passed = stretch[4] is None
            state = (
                "delivered"
                if passed or (stretch[5] is None and (has or record[0] <= delivered))
                else ("failed" if stretch[5] else "waiting")
            )
            figures[state] += 1
            figures["passed_over"] += passed
        elif promised:
            figures["waiting" if given else "filtered"] += 1
    return found
