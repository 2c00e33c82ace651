"""Destinations of files in tests: added, kept by the worker's job, read as their receiver would."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb

from daumoi.core.hub import Hub
from daumoi.exchange.files import destinations, exports, fetching
from daumoi.exchange.files.columns import INSTANT
from daumoi.exchange.files.keeping import keep_files
from daumoi.exchange.files.terms import FileTerms
from daumoi.organisations.registry import System
from tests.integration.sending import TESTER

DAY = date(2021, 8, 1)
MORNING = datetime(2021, 8, 1, 1, 0, tzinfo=UTC)
"""Eight in the morning of DAY in Viet Nam."""


def files_for(hub: Hub, receiver: System, form: Any = "ndjson", *, kinds: Any = ("*",), **terms: Any) -> int:
    """Add a destination that gets files from DAY on, unless told otherwise; returns its number."""
    said = FileTerms(format=form, **{"begins_on": DAY, **terms})
    with hub.pool.connection() as connection, connection.transaction():
        return destinations.add(
            connection, receiver=receiver.id, name=f"Tệp {form}", kinds=kinds, terms=said, at=hub.clock.now()
        )


def close_day(hub: Hub) -> int:
    """Move the clock to four in the morning of the next day in Viet Nam, and let the worker's job run."""
    now = hub.clock.now() + timedelta(hours=7)
    ahead = timedelta(days=1) - timedelta(hours=now.hour, minutes=now.minute, seconds=now.second)
    hub.clock.move(ahead + timedelta(hours=4))  # type: ignore[attr-defined]
    return keep_files(hub)


def names(hub: Hub, receiver: System, **asked: Any) -> list[dict[str, Any]]:
    """All the receiver's files, as the door lists them."""
    return fetching.page(hub, system=receiver, **{"kind": None, "day": None, **asked}).files


def fetch(hub: Hub, receiver: System, name: str) -> bytes:
    """One file, as the door gives it; fetching is acknowledged."""
    opened = fetching.open_file(hub, system=receiver, name=name, by=TESTER)
    with opened.content as content:
        found = content.read()
    fetching.acknowledge(hub, name=name)
    return found


def manifests(hub: Hub, receiver: System, kind: str, **asked: Any) -> list[dict[str, Any]]:
    """The manifests of a kind, in the order of days and parts."""
    listed = [each for each in names(hub, receiver, kind=kind, **asked) if each["is_manifest"]]
    found = [json.loads(fetch(hub, receiver, each["name"])) for each in listed]
    return sorted(found, key=lambda each: (each["day"], each["part"]))


def rows_of_parquet(hub: Hub, name: str) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """The types of a Parquet file's columns, and its rows with instants in microseconds since 1970."""
    path = next(exports.folder_of(hub).rglob(name))
    with duckdb.connect() as engine:
        described = engine.execute("DESCRIBE SELECT * FROM read_parquet($1)", [str(path)]).fetchall()
        types = {each[0]: each[1].replace("TIMESTAMP WITH TIME ZONE", INSTANT) for each in described}
        shown = ", ".join(f'epoch_us("{name}")' if kind == INSTANT else f'"{name}"' for name, kind in types.items())
        rows = engine.execute(f"SELECT {shown} FROM read_parquet($1) ORDER BY seq", [str(path)]).fetchall()
    return types, [dict(zip(types, row, strict=True)) for row in rows]


def rows_of_csv(content: bytes) -> list[dict[str, str]]:
    """The rows of a CSV file by its header."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline="")))
