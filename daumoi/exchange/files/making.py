"""Writes the files of what was taken out, and their manifest.

The records are read again from the log: chosen by the version they were taken under, and shown as the version of today
gives them, so that nothing leaves that is no longer given. Every step holds the agreement firm; where it was suspended
nothing is written. Files come to their place by renaming, and are given out only once their rows are committed: who is
killed anywhere before that writes the same files again, under the same names.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from daumoi.audit.actors import Actor
from daumoi.core.database import Connection
from daumoi.core.durable import flush
from daumoi.core.hub import Hub
from daumoi.core.sql import statements
from daumoi.exchange import ledger, reading
from daumoi.exchange.agreements import Agreement, held_firm, versions
from daumoi.exchange.files import exports
from daumoi.exchange.files.columns import columns
from daumoi.exchange.files.destinations import Destination
from daumoi.exchange.files.exports import Export
from daumoi.exchange.files.manifest import FileEntry, Manifest, signed
from daumoi.exchange.files.terms import FileTerms, closes_at
from daumoi.exchange.files.writers import Writer, Written, begin, settle, writer
from daumoi.exchange.ledger import AsSent, Stretch
from daumoi.exchange.lines import PATH
from daumoi.exchange.reading import Line, Portion, Reader
from daumoi.exchange.selection import Account, Chosen, sent_now
from daumoi.organisations.registry import Registry, System
from daumoi.people.destroying import epoch

_SQL = statements("daumoi.exchange", "files")
OTHER = "other"
_PATH_OF_PROVINCE = 2
_STRETCHES = 100


class Changed(Exception):
    """The agreement or the people in the records changed while files were written; the next run writes them anew."""


class TooSoon(Exception):
    """The agreement of now gives the records of this day later than the one they were taken under."""


class _Group(NamedTuple):
    """One file while it is written."""

    province: str | None
    target: Path
    writer: Writer


@dataclass
class _Counted:
    """What one file holds so far."""

    records: int = 0
    withdrawals: int = 0
    first: int | None = None
    last: int | None = None


class _Under(NamedTuple):
    """What must not change while files are written: the version that is in force, and the epoch of people shown."""

    agreement: Agreement
    epoch: int | None

    @property
    def key(self) -> tuple[int, int, int | None]:
        """What two of them are compared by."""
        return self.agreement.id, self.agreement.version, self.epoch


@dataclass
class _Sheets:
    """The files of one part of a day while they are written."""

    folder: Path
    stem: str
    kind: str
    terms: FileTerms
    agreement: Agreement
    groups: dict[str | None, _Group] = field(default_factory=dict)
    counted: dict[str | None, _Counted] = field(default_factory=dict)

    def add(self, line: Line, number: int, path: str | None) -> None:
        """Write a line into the file it belongs to."""
        province = province_of(path) if self.terms.by_province else None
        self._group(province).writer.add(line.text)
        counted = self.counted[province]
        counted.records += 1
        counted.withdrawals += line.left
        counted.first = number if counted.first is None else counted.first
        counted.last = number

    def _group(self, province: str | None) -> _Group:
        found = self.groups.get(province)
        if found is None:
            place = f"_{province}" if province else ""
            target = self.folder / f"{self.stem}{place}.{self.terms.format}"
            wanted = columns(self.kind, self.agreement.terms)
            begun = writer(target, self.terms.format, wanted, as_events=self.terms.cloudevents)
            found = self.groups[province] = _Group(province, target, begun)
            self.counted[province] = _Counted()
        return found

    def close(self) -> None:
        """Write no more."""
        for group in self.groups.values():
            group.writer.close()

    def finish(self) -> list[FileEntry]:
        """Bring all files to their places; a part without records gets one file that holds none."""
        if not self.groups:
            self._group(OTHER if self.terms.by_province else None)
        found = []
        for province, group in sorted(self.groups.items(), key=lambda item: item[0] or ""):
            whole, counted = group.writer.finish(), self.counted[province]
            found.append(
                FileEntry(
                    name=group.target.name,
                    format=self.terms.format,
                    province=province,
                    records=counted.records,
                    withdrawals=counted.withdrawals,
                    bytes=whole.bytes,
                    sha256=whole.sha256,
                    first=counted.first,
                    last=counted.last,
                )
            )
        return found


def province_of(path: str | None) -> str:
    """Return the code of the province a path of today lies in, or `other`: abroad, not known, or taken back."""
    parts = (path or "").split(".")
    return parts[1] if len(parts) >= _PATH_OF_PROVINCE and parts[0] == "VN" else OTHER


def make(hub: Hub, connection: Connection, registry: Registry, destination: Destination, export: Export) -> None:
    """Write the files of a part of a day; raises CallProblem no_agreement and gone_before, Changed, TooSoon, OSError.

    The connection is in autocommit mode: each step is a transaction of its own.
    """
    receiver = registry.system(destination.receiver)
    assert receiver is not None
    kind = _kind(connection, export.kind)
    with connection.transaction():
        under = _under(hub, connection, destination, kind)
    if hub.clock.now() < closes_at(export.day, destination.terms, delay_s=under.agreement.terms.delay_s):
        raise TooSoon(TooSoon.__doc__)
    hides = under.agreement.hides_numbers
    span = (export.first_own, export.last_own) if hides else (export.first, export.last)
    folder = exports.place_of(hub, destination=destination.id, kind=export.kind, day=export.day, part=export.part)
    stem = exports.stem(export, kind, version=under.agreement.version, first=span[0], last=span[1])
    sheets = _Sheets(folder, stem, kind, destination.terms, under.agreement)
    try:
        read = _fill(hub, connection, registry, receiver, destination, export, under, sheets)
        entries = sheets.finish()
    finally:
        sheets.close()
    records = sum(entry.records for entry in entries)
    manifest = Manifest(
        receiver=receiver.code,
        files_of=destination.name,
        kind=kind,
        day=export.day,
        part=export.part,
        ends_day=export.ends_day,
        agreement=under.agreement.id,
        version=under.agreement.version,
        taken_under=tuple(f"{agreement}.{version}" for agreement, version in sorted(read.taken_under)),
        identity=under.agreement.terms.identity,
        numbers="receiver" if hides else "hub",
        first=span[0],
        last=span[1],
        records=records,
        withdrawals=sum(entry.withdrawals for entry in entries),
        cloudevents=destination.terms.cloudevents,
        taken_at=export.taken_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        files=tuple(entries),
    )
    name = f"{stem}.manifest.json"
    whole = _write(folder / name, signed(manifest, hub.keys))
    with connection.transaction():
        _hold(hub, connection, destination, kind, under)
        _note(hub, connection, export, under, entries, (name, whole), read.stretches, withheld=read.taken - records)
    sweep(folder, {name, *(entry.name for entry in entries)})


class _Read(NamedTuple):
    """What was read for the files: of each stretch its first number and what was cut; under what, and how many."""

    stretches: list[tuple[int, AsSent]]
    taken_under: set[tuple[int, int]]
    taken: int


def _fill(
    hub: Hub,
    connection: Connection,
    registry: Registry,
    receiver: System,
    destination: Destination,
    export: Export,
    under: _Under,
    sheets: _Sheets,
) -> _Read:
    """Write all lines of a part into its sheets, stretch by stretch."""
    found: list[tuple[int, AsSent]] = []
    key = (under.agreement.id, under.agreement.version)
    taken_under: set[tuple[int, int]] = set()
    taken, after = 0, export.first - 1
    while after < export.last and (some := _stretches(connection, export, after)):
        for stretch in some:
            with connection.transaction():
                _hold(hub, connection, destination, under.agreement.kind, under)
                lines = _again(hub, connection, registry, receiver, under.agreement, export, stretch)
            hash_ = sha256()
            for line, chosen, number in lines:
                sheets.add(line, number, None if line.left else chosen.row[PATH])
                hash_.update(line.text)
            found.append((stretch.first, AsSent((stretch.records or 0) - len(lines), key, hash_.digest())))
            taken += stretch.records or 0
            taken_under.add((stretch.agreement, stretch.version))
            after = stretch.last
    return _Read(found, taken_under, taken)


def _kind(connection: Connection, number: int) -> str:
    row = connection.execute("SELECT name FROM head WHERE kind = %s", (number,)).fetchone()
    assert row is not None
    return str(row[0])


def _under(hub: Hub, connection: Connection, destination: Destination, kind: str) -> _Under:
    # The epoch is read behind the lock on the agreement and before anything of people.
    agreement = held_firm(connection, system_id=destination.receiver, kind=kind, now=hub.clock.now())
    return _Under(agreement, epoch(connection) if agreement.shows_people else None)


def _hold(hub: Hub, connection: Connection, destination: Destination, kind: str, under: _Under) -> None:
    """Hold what files are written under until this transaction ends; raises Changed where it is no longer so."""
    if _under(hub, connection, destination, kind).key != under.key:
        raise Changed(Changed.__doc__)


def _stretches(connection: Connection, export: Export, after: int) -> list[Stretch]:
    found = ledger.stretches(
        connection, destination=export.destination, kind=export.kind, after=after, limit=_STRETCHES
    )
    return [stretch for stretch in found if stretch.first <= export.last]


def _again(
    hub: Hub,
    connection: Connection,
    registry: Registry,
    receiver: System,
    agreement: Agreement,
    export: Export,
    stretch: Stretch,
) -> list[tuple[Line, Chosen, int]]:
    """Read again what a stretch gave and today's version gives too, as that shows it, each with its number there."""
    at = reading.head(connection, agreement.kind)
    hides = agreement.hides_numbers
    if not stretch.records or stretch.last < at.oldest:
        return []
    if hides and stretch.first < at.oldest:
        # Which of its own numbers the rest has can no longer be told.
        return []
    key = (stretch.agreement, stretch.version)
    under = versions(connection, [key], kind=agreement.kind)[key]
    account = Account(export.destination, at.seq, stretch.taken_at)
    chosen, _ = reading.chosen_of(
        hub,
        connection,
        under,
        at=at,
        after=max(stretch.first, at.oldest) - 1,
        last=stretch.last,
        most=stretch.records,
        account=account,
    )
    kept = sent_now(
        hub,
        connection,
        agreement,
        chosen,
        taken_under=key,
        way="file",
        has_own=stretch.first_own is not None,
        account=account,
        number=at.kind,
    )
    owns = [(stretch.first_own or 0) + place for place, _ in kept] if hides else None
    reader = Reader(Actor(f"system:{receiver.code}", receiver.name, "partner_system", "files"))
    portion = Portion(agreement, reader, [each for _, each in kept], (stretch.first, stretch.last), owns)
    lines = reading.render(hub, connection, registry, portion, kind=at.kind, action="file.make")
    return [
        (line, each, line.seq if owns is None else owns[place])
        for place, (line, (_, each)) in enumerate(zip(lines, kept, strict=True))
    ]


def _write(target: Path, text: bytes) -> Written:
    draft = target.with_name(f"{target.name}.draft")
    with begin(draft) as file:
        file.write(text)
    return settle(draft, target)


def _note(
    hub: Hub,
    connection: Connection,
    export: Export,
    under: _Under,
    entries: Sequence[FileEntry],
    manifest: tuple[str, Written],
    stretches: Sequence[tuple[int, AsSent]],
    *,
    withheld: int,
) -> None:
    """Commit what was written: from now on it is given out."""
    connection.execute(_SQL["forget_files"], (export.id,))
    files = [(entry.name, False, entry.bytes, entry.records) for entry in entries]
    files.append((manifest[0], True, manifest[1].bytes, 0))
    for name, is_manifest, size, records in files:
        said = {"name": name, "export": export.id, "is_manifest": is_manifest, "bytes": size, "records": records}
        connection.execute(_SQL["file"], said)
    for first, sent in stretches:
        ledger.note_sent(connection, destination=export.destination, kind=export.kind, first=first, sent=sent)
    values = {"export": export.id, "agreement": under.agreement.id, "version": under.agreement.version}
    made = {"epoch": under.epoch, "records": sum(entry.records for entry in entries), "withheld": withheld}
    connection.execute(_SQL["made"], values | made | {"at": hub.clock.now()})


def sweep(folder: Path, kept: set[str]) -> None:
    """Remove from a folder what belongs to no file of today: drafts of who was killed, files of earlier versions."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name not in kept:
            path.unlink(missing_ok=True)
    flush(folder)
