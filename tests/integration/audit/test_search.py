"""The search of the audit log: what it finds, in which order, and what a page costs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import psycopg
import pytest

from daumoi.audit import services
from daumoi.audit.actors import Subject
from daumoi.audit.selectors import Search, _statement, actions, search, waiting_lines
from daumoi.core.hub import Hub
from tests.integration.audit.writing import ADA


class Counting(psycopg.Connection[Any]):
    """A connection that counts what it is asked."""

    asked = 0

    def execute(self, *arguments: Any, **options: Any) -> Any:
        self.asked += 1
        return super().execute(*arguments, **options)


FILL = """
INSERT INTO audit_line (number, sealed_at, at, entry, form, actor, actor_label, role, action, subject, kind, first_seq,
                        last_seq, people, purpose, reason, origin, session, request, grant_id, hash)
SELECT n, '2021-09-01T00:00:00+07:00'::timestamptz + n * interval '10 seconds', now(), n, 1,
       'member:' || n % 500, '', '', CASE WHEN n % 1000 = 0 THEN 'person.erase' ELSE 'feed.read' END, 'x',
       CASE WHEN n % 2 = 0 THEN 'checkpoint_passage' END, CASE WHEN n % 2 = 0 THEN n * 10 END,
       CASE WHEN n % 2 = 0 THEN n * 10 + CASE WHEN n % 5000 = 0 THEN 1000000 ELSE 19 END END,
       CASE WHEN n % 2 = 1 THEN ARRAY[n % 7000]::bigint[] END, 'contact_tracing', '', '', '', '',
       CASE WHEN n % 4000 = 1 THEN 7 END, sha256(n::text::bytea)
FROM generate_series(31, 20000) AS n
"""


@pytest.fixture(scope="module")
def filled(chained: Hub) -> Iterator[psycopg.Connection[Any]]:
    """A connection in a transaction with twenty thousand lines, which is rolled back."""
    with psycopg.connect(chained.dsn) as connection:
        connection.execute(FILL)
        connection.execute("ANALYZE audit_line")
        yield connection
        connection.rollback()


def numbers(connection: psycopg.Connection[Any], wanted: Search, **more: int) -> list[int]:
    return [line.number for line in search(connection, wanted, **more).lines]


def test_newest_lines_come_first_and_pages_leave_nothing_out(filled: psycopg.Connection[Any]) -> None:
    seen: list[int] = []
    before = None
    while True:
        page = search(filled, Search(actor="member:7"), before=before, most=15)
        seen += [line.number for line in page.lines]
        before = page.before
        if before is None:
            break
    assert seen == sorted((n for n in range(31, 20001) if n % 500 == 7), reverse=True)


def test_lines_are_found_by_action_person_record_access_and_days(filled: psycopg.Connection[Any]) -> None:
    assert numbers(filled, Search(action="person.erase"), most=3) == [20000, 19000, 18000]
    assert numbers(filled, Search(person=133)) == [14133, 7133, 133]
    assert numbers(filled, Search(record=("checkpoint_passage", 100_005))) == [10000, 5000]
    assert numbers(filled, Search(record=("checkpoint_passage", 100_025))) == [10002, 10000, 5000]
    assert numbers(filled, Search(record=("checkpoint", 100_025))) == []
    assert numbers(filled, Search(grant=7)) == [16001, 12001, 8001, 4001]
    day = date(2021, 9, 2)
    of_day = numbers(filled, Search(first_day=day, last_day=day), most=20_000)
    assert (of_day[0], of_day[-1], len(of_day)) == (17279, 8640, 8640)
    assert numbers(filled, Search(actor="member:0", action="person.erase", first_day=day, last_day=day)) == [
        17000, 16000, 15000, 14000, 13000, 12000, 11000, 10000, 9000
    ]  # fmt: skip
    assert numbers(filled, Search(first_day=date(2030, 1, 1))) == []
    assert numbers(filled, Search(last_day=date(2020, 1, 1))) == []
    assert actions(filled) == ["feed.read", "person.erase", "person.find"]
    assert waiting_lines(filled) == 0


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (Search(), "audit_line_pkey"),
        (Search(actor="member:7"), "audit_line_actor"),
        (Search(action="person.erase"), "audit_line_action"),
        (Search(person=133), "audit_line_people"),
        (Search(record=("checkpoint_passage", 100_005)), "audit_line_record"),
        (Search(grant=7), "audit_line_grant"),
        (Search(first_day=date(2021, 9, 1), last_day=date(2021, 9, 2)), "audit_line_sealed_at"),
    ],
)
def test_a_page_is_one_statement_that_passes_over_no_table(
    filled: psycopg.Connection[Any], wanted: Search, index: str
) -> None:
    statement, values = _statement(wanted, 19_000, 50)
    plan = "\n".join(row[0] for row in filled.execute(f"EXPLAIN {statement}", values))
    assert index in plan
    assert "Seq Scan" not in plan


def test_a_page_is_one_statement_and_so_is_a_line(chained: Hub) -> None:
    everything = Search("member:7", "feed.read", 1, ("checkpoint", 1), 1, date(2021, 9, 1), date(2021, 9, 2))
    with Counting.connect(chained.dsn) as connection:
        for wanted in (Search(), everything):
            connection.asked = 0
            search(connection, wanted, before=5)
            assert connection.asked == 1
        connection.asked = 0
        services.read(
            connection,
            at=chained.clock.now(),
            by=ADA,
            action="person.find",
            subject=Subject("person by phone"),
            purpose="contact_tracing",
        )
        assert connection.asked == 1
        connection.rollback()
