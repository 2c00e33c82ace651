"""A hub in which a person with unmistakable values stands in every role, and the search for what is left of them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import duckdb

from daumoi.core.hub import Hub
from daumoi.intake.setup import numbered_kinds
from daumoi.log import archive, archive_files
from daumoi.log.entries import personal_context, receipt_key
from daumoi.organisations.registry import System
from tests.contract import records as sample
from tests.integration.privacy.planted_records import a_person
from tests.integration.sending import a_report, a_system, send
from tests.repository.planted import found_in, word

Identity = dict[str, Any]
PERSON: Identity = a_person()
ELSEWHERE: Identity = {"national_id": PERSON["national_id"], "full_name": PERSON["full_name"]}
"""The same person as another system says it: one strong identifier in common."""
_NOTE = word("ở cùng ông {}")
NEIGHBOUR: Identity = {"national_id": "001087000002", "full_name": "Trần Văn Láng", "phone": "0912345678"}


@dataclass
class World:
    """Who is there and what was sent."""

    hub: Hub
    dov: System
    hotline: System
    claims: list[int] = field(default_factory=list)
    hashes: set[str] = field(default_factory=set)
    """Keyed hashes that stand for this person alone, in hexadecimal."""


def a_declaration(ref: str, subject: Identity, **more: Any) -> dict[str, Any]:
    data = {"form": "daily", "note": _NOTE if subject is not NEIGHBOUR else "ở nhà"}
    return {"ref": ref, "occurred_at": "2021-08-01T08:00:00+07:00", "subject": subject, "data": data} | more


def build(hub: Hub) -> World:
    """Send the person's records and others', hold some rows, archive what is closed."""
    world = World(hub, a_system(hub, "dov"), a_system(hub, "hotline"))
    person, elsewhere = PERSON, ELSEWHERE
    _send(world, world.dov, "health_declaration", [a_declaration("p-1", person), _of_neighbour("n-1")])
    _send(world, world.dov, "health_declaration", [a_declaration("p-1", person, revision=2), _of_neighbour("n-2")])
    _send(world, world.hotline, "health_declaration", [a_declaration("p-1", elsewhere), _of_neighbour("n-1")])
    journey = {"legs": [sample.a_leg()], "companions": [NEIGHBOUR, person]}
    _send(world, world.dov, "movement_declaration", [sample.a_movement(journey, ref="j-1", subject=NEIGHBOUR)])
    reports = [
        a_report("r-1", subject=NEIGHBOUR, declarant=person),
        a_report("r-2", subject=NEIGHBOUR),
        a_report("r-3"),
        *(a_report(f"fill-{at}", subject=NEIGHBOUR) for at in range(20)),
    ]
    _send(world, world.dov, "citizen_report", reports)
    hold_rows(world)
    while any(archive.archive_next(hub, kind=name, number=kind) is not None for name, kind in numbered_kinds()):
        continue
    _note_what_is_known(world)
    return world


def _of_neighbour(ref: str) -> dict[str, Any]:
    return {
        "ref": ref,
        "occurred_at": "2021-08-01T08:00:00+07:00",
        "subject": NEIGHBOUR,
        "data": {"form": "daily", "note": "ở nhà"},
    }


def hold_rows(world: World) -> None:
    """Rows that wait for mending: the person's in four forms, and a neighbour's."""
    person = PERSON
    bad = {"area": {"scheme": "vn-2025", "code": "99999"}}
    rows: list[Any] = [
        a_report("held-1", subject=person, **bad),
        a_report("held-2", subject={"full_name": person["full_name"], "phone": person["phone"]}, **bad),
        a_report("r-1", revision=5, occurred_at="yesterday"),
        ('{"ref": "held-3", "subject": {"national_id": "' + person["national_id"] + '"').encode(),
        a_report("held-n", subject=NEIGHBOUR, **bad),
    ]
    receipt = send(world.hub, world.dov, "citizen_report", rows)
    assert receipt.held == len(rows), receipt


def _send(world: World, system: System, kind: str, rows: list[dict[str, Any]]) -> None:
    receipt = send(world.hub, system, kind, rows)
    assert receipt.held == 0, receipt.problems


def _note_what_is_known(world: World) -> None:
    with world.hub.pool.connection() as connection:
        people = "SELECT person FROM claim c JOIN record r ON r.subject = c.id WHERE r.kind = 1 AND r.ref = 'p-1'"
        world.claims = [
            row[0] for row in connection.execute(f"SELECT id FROM claim WHERE person IN ({people}) ORDER BY id")
        ]
        rows = connection.execute(
            "SELECT encode(hash, 'hex') FROM claim_index WHERE claim = ANY(%(claims)s)"
            " UNION SELECT encode(fingerprint, 'hex') FROM claim WHERE id = ANY(%(claims)s)"
            " UNION SELECT encode(name_index, 'hex') FROM claim WHERE id = ANY(%(claims)s)",
            {"claims": world.claims},
        )
        world.hashes = {row[0] for row in rows}
    assert len(world.claims) == 2
    assert len(world.hashes) > 8


def person_of(world: World) -> int:
    with world.hub.pool.connection() as connection:
        row = connection.execute("SELECT person FROM claim WHERE id = %s", (world.claims[0],)).fetchone()
    assert row is not None
    return int(row[0])


def left_in_database(world: World) -> list[str]:
    """Where a planted value or one of the person's keyed hashes still stands: every column of every table as text, and
    every sealed value opened."""
    found = []
    with world.hub.pool.connection() as connection:
        tables = connection.execute(
            "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        for schema, table in tables:
            for (row,) in connection.execute(f'SELECT t::text FROM "{schema}"."{table}" t'):
                if found_in(row) or any(hash_ in row for hash_ in world.hashes):
                    found.append(f"{table}: {row[:120]}")
        found += [f"sealed in {where}" for where, plain in _opened(world) if found_in(plain)]
    return found


def _opened(world: World) -> list[tuple[str, bytes]]:
    keys = world.hub.keys
    opened = []
    with world.hub.pool.connection() as connection:
        for mark, sealed in connection.execute("SELECT fingerprint, sealed FROM claim", binary=True):
            opened.append(("claim", keys.open(bytes(sealed), bytes(mark))))
        for key, sealed in connection.execute("SELECT content_key, sealed FROM held", binary=True):
            opened.append(("held", keys.open(bytes(sealed), bytes(key))))
        rows = connection.execute(
            "SELECT r.kind, r.system_id, r.ref, r.revision, p.sealed FROM record r JOIN record_personal p"
            " USING (kind, seq) UNION ALL SELECT kind, system_id, ref, revision, sealed FROM record_on_hold"
            " WHERE sealed IS NOT NULL"
        )
        for kind, system, ref, revision, sealed in rows:
            key = receipt_key(keys, system_id=system, kind=kind, ref=ref)
            opened.append(("personal", keys.open(bytes(sealed), personal_context(key, revision))))
    return opened


def left_in_archive(world: World) -> list[str]:
    """Files of the archive that name one of the claims, or hold a value or hash of the person."""
    found = []
    folder = archive.folder_of(world.hub)
    with duckdb.connect() as engine:
        for file in archive_files.files_of(folder):
            raw = file.path.read_bytes()
            rows = engine.execute(f"SELECT subject_claim, COLUMNS(*)::VARCHAR FROM '{file.path}'").fetchall()
            if (
                any(row[0] in world.claims for row in rows)
                or found_in(repr(rows))
                or found_in(raw)
                or any(hash_ in repr(rows) or bytes.fromhex(hash_) in raw for hash_ in world.hashes)
            ):
                found.append(file.path.name)
    loose = [path.name for path in folder.rglob("*") if path.is_file() and path.suffix != ".parquet"]
    return found + loose


def records_of_others(world: World) -> list[Any]:
    """Everything kept of records that do not name the person, and how the archive shows them."""
    refs = ["p-1", "r-1", "j-1"]
    with world.hub.pool.connection() as connection:
        rows = connection.execute(
            "SELECT r.kind, r.seq, r::text, p.sealed, (SELECT string_agg(o::text, ';' ORDER BY o.position)"
            " FROM record_person o WHERE o.kind = r.kind AND o.seq = r.seq)"
            " FROM record r LEFT JOIN record_personal p USING (kind, seq)"
            " WHERE r.kind <> 100 AND NOT r.ref = ANY(%s) ORDER BY 1, 2",
            (refs,),
        ).fetchall()
    with duckdb.connect() as engine:
        where = archive.folder_of(world.hub) / "*" / "*" / "*.parquet"
        shown = engine.execute(
            "SELECT * REPLACE (epoch_us(occurred_at) AS occurred_at, epoch_us(received_at) AS received_at)"
            f" FROM read_parquet('{where}', filename = true)"
            f" WHERE subject_claim IS NOT NULL AND NOT subject_claim IN {(*world.claims, 0)} ORDER BY filename, seq"
        ).fetchall()
    return [*rows, *shown]


def decoded(lines: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.splitlines()]
