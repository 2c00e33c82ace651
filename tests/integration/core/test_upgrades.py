"""A database of the first release opens with this one's code, record for record; one of a later release is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from typing import Any

import psycopg
import pytest
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from psycopg import sql

from daumoi.audit import services as audit
from daumoi.audit.actors import Subject
from daumoi.core.database import open_pool
from daumoi.core.hub import Hub
from daumoi.core.migrating import ROOMS, SchemaTooNew, django_database, is_current, known, migrate, prepare
from daumoi.exchange import agreements, receivers
from daumoi.exchange.lines import SUBJECT
from daumoi.intake.setup import numbered_kinds, prepare_log
from daumoi.kinds.registry import ALL
from daumoi.log import selectors
from daumoi.log.reckoning import reckon
from daumoi.organisations import registry
from daumoi.people.selectors import claims
from daumoi.situation.counting import count_all
from tests.hubs import add_database, drop_database
from tests.integration.sending import TESTER, a_report, a_system, send

DERIVED = {"record_count"}
"""Counted again from the log by whichever release changes its form."""
OF_ITS_TIME = {"agreement"}
"""Made as that release made them, because their form has changed."""

Rows = dict[str, list[tuple[Any, ...]]]


@pytest.fixture
def first_release(database: str) -> Iterator[str]:
    """The conninfo of a database with the first migration of each room that had one then, and nothing in it."""
    yield add_database(database, "first_release")
    drop_database(database, "first_release")


def migrate_to(dsn: str, targets: list[tuple[str, str]]) -> None:
    """Runs migrations up to some; django keeps one connection, which must not outlive the test's database."""
    prepare(dsn)
    connections.databases["default"] |= django_database(dsn)
    connection = connections["default"]
    connection.close()
    try:
        MigrationExecutor(connection).migrate(targets)
    finally:
        connection.close()


def first_of_each_room() -> list[tuple[str, str]]:
    return [(room, min(name for other, name in known() if other == room)) for room in ROOMS]


def steps_from(dsn: str) -> list[tuple[str, str]]:
    """The migrations that are left, in order."""
    prepare(dsn)
    connections.databases["default"] |= django_database(dsn)
    connection = connections["default"]
    connection.close()
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        return [(migration.app_label, migration.name) for migration, _ in plan]
    finally:
        connection.close()


def tables(connection: psycopg.Connection[Any]) -> dict[str, dict[str, bool]]:
    """Tables that hold rows themselves, with their columns; true where a row must give a value."""
    found: dict[str, dict[str, bool]] = {}
    rows = connection.execute(
        "SELECT c.relname, a.attname, a.attnotnull AND NOT a.atthasdef AND a.attidentity = ''"
        " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
        " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> 'django_migrations'"
        " ORDER BY c.relname, a.attnum"
    )
    for table, column, needed in rows:
        found.setdefault(table, {})[column] = needed
    return found


def carry(new: str, old: str) -> set[str]:
    """Copies every row into the older schema, as far as that has the columns; returns the tables that do not fit."""
    left_out: set[str] = set()
    with psycopg.connect(new, autocommit=True) as source, psycopg.connect(old, autocommit=True) as target:
        parts = source.execute(
            "SELECT c.relname, p.relname, pg_get_expr(c.relpartbound, c.oid), c.relkind = 'p'"
            " FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent"
            " WHERE c.relkind IN ('r', 'p') ORDER BY length(p.relname), c.relname"
        ).fetchall()
        for table, parent, bound, is_parent in parts:
            again = " PARTITION BY RANGE (seq)" if is_parent else ""
            target.execute(
                sql.SQL("CREATE TABLE {} PARTITION OF {} {}").format(
                    sql.Identifier(table), sql.Identifier(parent), sql.SQL(bound + again)
                )
            )
        there = tables(target)
        target.execute("SET session_replication_role = replica")  # in whatever order: no foreign key is asked
        for table, columns in tables(source).items():
            if table not in there:
                continue
            both = [name for name in there[table] if name in columns]
            if any(needed and name not in columns for name, needed in there[table].items()):
                left_out.add(table)
                continue
            target.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
            named = sql.SQL(", ").join(map(sql.Identifier, both))
            out = sql.SQL("COPY {} ({}) TO STDOUT").format(sql.Identifier(table), named)
            into = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), named)
            with source.cursor().copy(out) as reading, target.cursor().copy(into) as writing:
                for block in reading:
                    writing.write(block)
        for name, value in source.execute("SELECT sequencename, last_value FROM pg_sequences").fetchall():
            if value is not None and target.execute("SELECT to_regclass(%s)", (name,)).fetchone() != (None,):
                target.execute("SELECT setval(%s::regclass, %s)", (name, value))
    return left_out


def everything(hub: Hub) -> Rows:
    """What the log and the people of a hub say."""
    said: Rows = {}
    with hub.pool.connection() as connection:
        reading = audit.read(
            connection,
            at=hub.clock.now(),
            by=TESTER,
            action="feed.read",
            subject=Subject("everything"),
            purpose="data_quality",
        )
        for name, number in numbered_kinds():
            rows = selectors.shown(connection, kind=number, after=0, last=10_000)
            named = [row[SUBJECT] for row in rows if row[SUBJECT] is not None]
            subjects = claims(connection, hub.keys, named, reading=reading, identity=True)
            said[name] = rows
            numbers = [row[0] for row in rows]
            opened = selectors.sealed(connection, kind=number, numbers=numbers, reading=reading)
            said[f"{name}, sealed"] = sorted(opened.items())
            said[f"{name}, people"] = sorted(
                (claim, view.person, str(view.identity)) for claim, view in subjects.items()
            )
            said[f"{name}, others"] = selectors.persons_of(connection, kind=number, numbers=range(1, 10_001))
    return said


def examples(number: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """A record of each kind, checkpoints first, and one row that is held."""
    for kind in sorted(ALL, key=lambda kind: kind.name != "checkpoint"):
        record = json.loads(json.dumps(kind.example))
        record["ref"] = f"{kind.name}-{number}"
        if kind.name == "checkpoint":
            record["data"]["code"] = f"EXAMPLE-{number}"
        yield kind.name, record


def test_records_of_every_kind_come_through_every_migration_unchanged(
    make_hub: Callable[..., Hub], first_release: str
) -> None:
    hub = make_hub()
    dov = a_system(hub, read="*")
    for number in (1, 2):
        for kind, record in examples(number):
            assert send(hub, dov, kind, [record]).accepted == 1, kind
    assert send(hub, dov, "citizen_report", [a_report("bad", area={"scheme": "vn-2025", "code": "99999"})]).held == 1
    before = everything(hub)
    assert all(len(before[kind.name]) == 2 for kind in ALL)

    migrate_to(first_release, first_of_each_room())
    assert carry(hub.dsn, first_release) <= DERIVED | OF_ITS_TIME
    with psycopg.connect(first_release, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO agreement (system_id, kind, identity, valid_from) VALUES (%s, '*', 'given', now())", (dov.id,)
        )
        connection.execute("INSERT INTO feed_cursor VALUES (%s, 3, 1, now())", (dov.id,))
    for step in steps_from(first_release):
        migrate_to(first_release, [step])
    assert migrate(first_release) == []
    assert is_current(first_release)

    with closing(open_pool(first_release)) as pool:
        now = Hub(settings=hub.settings, dsn=first_release, pool=pool, keys=hub.keys, clock=hub.clock)
        prepare_log(now)
        assert everything(now) == before
        with pool.connection() as connection:
            assert reckon(connection, lambda _records: None).faults() == []
            system = registry.load(connection).by_code("dov")
            assert system is not None
            agreement = agreements.load(connection).of(system.id, "citizen_report", on=date(2026, 1, 1))
            assert agreement is not None
            assert agreement.gives_identity
            (feed,) = receivers.page(connection, now=hub.clock.now()).going
            assert [(each.kind, each.delivered) for each in feed.progress] == [("citizen_report", 1)]
            count_all(connection, hub.keys, [number for _, number in numbered_kinds()], hub.clock.now())
            counted = connection.execute("SELECT sum(received) FROM province_figure").fetchone()
            assert counted == (sum(len(before[kind.name]) for kind in ALL),)
        for kind, record in examples(2):
            assert send(now, system, kind, [record]).repeated == 1, kind
        for kind, record in examples(3):
            receipt = send(now, system, kind, [record])
            assert (receipt.accepted, receipt.first_seq) == (1, 3), kind


def test_a_database_of_a_later_release_is_refused_with_what_to_do(fresh_database: str) -> None:
    with psycopg.connect(fresh_database, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('log', '9999_of_tomorrow', now())"
        )
    with pytest.raises(SchemaTooNew, match=r"Install that release.*log\.9999_of_tomorrow"):
        migrate(fresh_database)
    assert not is_current(fresh_database)
