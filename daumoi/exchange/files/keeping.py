"""Makes what is due, and removes what is old: the job of the worker for scheduled files."""

import shutil
from collections import Counter
from datetime import date, timedelta

import structlog

from daumoi.audit import services as audit
from daumoi.audit.actors import HUB, Subject
from daumoi.core.database import Connection
from daumoi.core.durable import flush
from daumoi.core.hub import Hub
from daumoi.core.problems import CallProblem
from daumoi.core.sql import statements
from daumoi.core.turns import Busy, Turn, turn
from daumoi.exchange.files import destinations, exports
from daumoi.exchange.files.exports import Export
from daumoi.exchange.files.making import Changed, TooSoon, make
from daumoi.exchange.files.taking import take_closed
from daumoi.organisations import registry
from daumoi.people.destroying import epoch

_SQL = statements("daumoi.exchange", "files")
_log = structlog.get_logger("daumoi.exchange")


def keep_files(hub: Hub) -> int:
    """Take closed days, write their files, remove old ones; returns how many parts of days were written.

    One process at a time; while another has the turn there is nothing to do here. What cannot be written now, because
    its agreement is suspended or has just changed, waits for the next run and holds up nothing else.
    """
    with hub.pool.connection() as connection:
        try:
            with turn(connection, Turn.FILES, wait_s=0):
                _remove(hub, connection)
                for destination in destinations.active(connection):
                    take_closed(hub, connection, destination)
                return _make(hub, connection)
        except Busy:
            return 0


def _make(hub: Hub, connection: Connection) -> int:
    known = registry.load(connection)
    waiting = connection.execute(_SQL["waiting"], {"epoch": epoch(connection)}).fetchall()
    done, waits = 0, Counter[str]()
    for row in waiting:
        export = Export(*row)
        try:
            make(hub, connection, known, destinations.of(connection, export.destination), export)
            done += 1
        except CallProblem as refused:
            waits[refused.code] += 1
        except Changed:
            waits["changed"] += 1
        except TooSoon:
            waits["delayed"] += 1
    for reason, count in waits.items():
        _log.info("files are written later", reason=reason, parts_of_days=count)
    return done


def _remove(hub: Hub, connection: Connection) -> None:
    """Remove files that are kept long enough, and fetched ones in which somebody may stand who was erased."""
    before = hub.clock.now() - timedelta(days=hub.settings.export_days)
    old = [(row, "kept long enough") for row in connection.execute(_SQL["old"], {"before": before})]
    known = {row[0] for row, _ in old}
    erased = connection.execute(_SQL["outdated"], {"epoch": epoch(connection)})
    old += [(row, "fetched, and written before people were erased") for row in erased if row[0] not in known]
    for (export, destination, kind, day, part), why in old:
        with connection.transaction():
            connection.execute(_SQL["removed"], (export,))
            audit.write(
                connection,
                at=hub.clock.now(),
                by=HUB,
                action="file.remove",
                subject=Subject(f"files of {day}, export {export}, destination {destination}"),
                purpose="records_management",
                reason=why,
            )
        # The rows are committed first: who is killed here leaves files that nobody is given, and the next sweep finds.
        _empty(hub, destination=destination, kind=kind, day=day, part=part)
    _sweep_removed(hub, connection)


def _empty(hub: Hub, *, destination: int, kind: int, day: date, part: int) -> None:
    folder = exports.place_of(hub, destination=destination, kind=kind, day=day, part=part)
    shutil.rmtree(folder)
    flush(folder.parent)


def _sweep_removed(hub: Hub, connection: Connection) -> None:
    """Remove folders whose export was removed by a run that was killed before it had unlinked the files."""
    lying = [
        (int(path.parent.parent.name), int(path.parent.name), *path.name.rsplit(".", 1))
        for path in exports.folder_of(hub).glob("[0-9]*/[0-9]*/*.[0-9]*")
    ]
    if not lying:
        return
    several, kinds, days, parts = zip(*lying, strict=True)
    values = {"destinations": list(several), "kinds": list(kinds), "days": list(days), "parts": [*map(int, parts)]}
    for destination, kind, day, part in connection.execute(_SQL["gone"], values).fetchall():
        _empty(hub, destination=destination, kind=kind, day=day, part=part)
