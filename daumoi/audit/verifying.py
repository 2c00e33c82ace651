"""Verifies the chain: finds lines that were removed, changed, moved or put in, a cut tail, and heads that are not true.

Reads line after line and keeps nothing of them. Every look at the files comes before the look at the table that must be
at least as far, so that a chain that grows meanwhile is no fault.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from daumoi.audit import heads, lines
from daumoi.audit.heads import Head
from daumoi.core.database import Connection

TOO_OLD_S = 60
"""An entry that waits longer than this for its seal is a fault."""
_GRACE_US = 300 * 1_000_000
"""So long after midnight the head of the day before may still be unsigned, and a file may be behind its table."""
_PAGE = 50_000
_SAID_MOST = 100
_GUARDS = {
    "audit_line": {"audit_line_guard"},
    "audit_head": {"audit_head_guard"},
    "audit_chain": {"audit_chain_guard"},
    "audit_entry": {"audit_entry_guard", "audit_entry_leaves_sealed"},
}
_ENABLED = (
    "SELECT tgrelid::regclass::text, tgname FROM pg_trigger"
    " WHERE NOT tgisinternal AND tgenabled IN ('O', 'A') AND tgrelid = ANY(%s::regclass[])"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: a code, where it is (the number of a line, when it is one), and a sentence."""

    code: str
    said: str
    number: int | None = None


@dataclass(slots=True)
class Report:
    """What was found."""

    lines: int = 0
    """Lines read."""
    last: int = 0
    """The number the chain ends with."""
    heads: int = 0
    """Signed heads that were compared."""
    waiting: int = 0
    faults: list[Fault] = field(default_factory=list)
    """The first hundred."""
    faults_found: int = 0
    notes: list[str] = field(default_factory=list)
    """What explains a state that would otherwise be a fault, such as a restore."""

    def add(self, code: str, said: str, number: int | None = None) -> None:
        """Note a fault."""
        self.faults_found += 1
        if len(self.faults) < _SAID_MOST:
            self.faults.append(Fault(code, said, number))

    @property
    def is_whole(self) -> bool:
        """Tell whether nothing was found."""
        return not self.faults_found


def verify(
    connection: Connection,
    *,
    folder: Path,
    key: Ed25519PublicKey,
    now_us: int,
    from_last_head: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Report:
    """Verify the chain against itself, its end, and the signed heads in `folder` and table.

    `from_last_head`: begin behind the newest day's head that is signed, trusting what lies before it.
    """
    report = Report()
    in_files = _read_files(report, folder)
    in_table = heads.stored(connection)
    known = _Known(report, key, in_files, in_table, now_us)
    end = _end(connection, report, key)
    start = known.newest_day() if from_last_head else None
    _Walk(connection, report, known, end, start).run(progress)
    known.compare_tail(end, now_us)
    _compare_now(report, folder, in_files, end)
    _check_guards(connection, report)
    _check_waiting(connection, report, now_us)
    report.last = end.number
    return report


def _read_files(report: Report, folder: Path) -> list[tuple[Path, Head]]:
    found = []
    for path in [*heads.files(folder), *sorted(folder.glob("before-restore-*/*.json"))]:
        try:
            head = heads.read(path)
        except heads.HeadUnreadable as fault:
            report.add("head_unreadable", str(fault))
            continue
        if head is not None:
            found.append((path, head))
    return found


class _Known:
    """The signed heads that are true, by number, and what was found wrong with the others."""

    def __init__(
        self,
        report: Report,
        key: Ed25519PublicKey,
        in_files: list[tuple[Path, Head]],
        in_table: list[Head],
        now_us: int,
    ) -> None:
        self.report = report
        signed_files = [(path, head) for path, head in in_files if self._is_true(head, str(path), key)]
        self.table = [head for head in in_table if self._is_true(head, f"the table's head of {head.day}", key)]
        self.restores = [head for head in self.table if head.kind == "restore"]
        self.given_up = [head for path, head in signed_files if path.parent.name.startswith("before-restore-")]
        self.files = [head for path, head in signed_files if not path.parent.name.startswith("before-restore-")]
        for path, head in signed_files:
            if head.kind != "now" and path.name != head.file_name:
                report.add("head_misplaced", f"{path} holds the head of another day ({head.day}). Put it right.")
        self._compare_both(now_us)
        self.by_number: dict[int, list[Head]] = {}
        for head in {(head.kind, head.day, head.number, head.hash): head for head in self.table + self.files}.values():
            self.by_number.setdefault(head.number, []).append(head)
        self.days = {head.day for head in self.table if head.kind == "day"}
        report.heads = sum(map(len, self.by_number.values()))

    def _is_true(self, head: Head, where: str, key: Ed25519PublicKey) -> bool:
        if head.is_signed_by(key):
            return True
        self.report.add("head_forged", f"The signature of {where} is not of this hub's key.", head.number)
        return False

    def _compare_both(self, now_us: int) -> None:
        """Each head of the table stands in its file and the other way round."""
        table = {(head.kind, head.day, head.number): head for head in self.table}
        files = {(head.kind, head.day, head.number): head for head in self.files if head.kind != "now"}
        for place, head in table.items():
            if place not in files and head.at_us < now_us - _GRACE_US:
                self.report.add("head_file_missing", f"The file {head.file_name} of a signed head is missing.")
        for place, head in files.items():
            if place not in table and not self.is_given_up(head):
                self.report.add(
                    "head_missing", f"The head of {head.day} has its file ({head.file_name}), and the table lacks it."
                )

    def is_given_up(self, head: Head) -> bool:
        """Tell whether a signed restore explains that the chain no longer reaches a head of before."""
        return any(one.number < head.number <= one.gave_up and head.at_us <= one.at_us for one in self.restores)

    def newest_day(self) -> Head | None:
        """Return the newest signed day's head."""
        of_days = [head for head in self.table if head.kind == "day"]
        return of_days[-1] if of_days else None

    def compare(self, number: int, hash_: bytes) -> None:
        """Compare a line's hash with what was signed of its number."""
        for head in self.by_number.get(number, ()):
            if head.hash != hash_.hex():
                self.report.add(
                    "head_differs",
                    f"Line {number} is not the one that was signed ({head.file_name}): the chain up to there was "
                    "written anew.",
                    number,
                )

    def compare_tail(self, end: Head, now_us: int) -> None:
        """Find heads beyond the end of the chain, and a day that is over without a head."""
        for head in self.given_up:
            if not self.is_given_up(head):
                self.report.add(
                    "head_misplaced",
                    f"The head {head.file_name} (line {head.number}) was set aside, and no signed restore gave it up.",
                )
        for head in [*self.files, *self.table]:
            if head.number > end.number and not self.is_given_up(head):
                self.report.add(
                    "tail_cut",
                    f"The tail was cut: the chain had {head.number} lines ({head.file_name}) and ends with line "
                    f"{end.number}.",
                    end.number + 1,
                )
        for one in self.restores:
            lost = (
                f"; lines {one.number + 1} to {one.gave_up} of before are given up" if one.gave_up > one.number else ""
            )
            at = f"{heads.instant(one.at_us):%Y-%m-%d %H:%M} UTC"
            self.report.notes.append(f"The hub was restored at {at}, to line {one.number}{lost}.")
        is_over = lines.day_number(end.at_us) < lines.day_number(now_us - _GRACE_US)
        if end.number and is_over and _day(end.at_us) not in self.days:
            self.report.add(
                "head_missing", f"The head of {_day(end.at_us)} was not signed. See whether the worker runs."
            )


def _day(us: int) -> date:
    return date(1970, 1, 1) + timedelta(days=lines.day_number(us))


def _end(connection: Connection, report: Report, key: Ed25519PublicKey) -> Head:
    """Read the end of the chain as the sealer wrote it."""
    row = connection.execute(
        "SELECT number, encode(hash, 'hex'), (extract(epoch FROM sealed_at) * 1000000)::bigint,"
        " encode(signature, 'hex') FROM audit_chain"
    ).fetchone()
    if row is None:
        report.add("end_missing", "The end of the chain is not there: its row was removed.")
        return Head("now", date(1970, 1, 1), 0, lines.NOTHING.hex(), 0)
    head = Head("now", _day(row[2]), row[0], row[1], row[2], signature=row[3])
    if head.number and not head.is_signed_by(key):
        report.add("end_forged", f"The end of the chain (line {head.number}) is not signed by this hub's key.")
    return head


class _Walk:
    """One walk along the chain."""

    def __init__(self, connection: Connection, report: Report, known: _Known, end: Head, start: Head | None) -> None:
        self._connection, self._report, self._known, self._end = connection, report, known, end
        self._at = start.number if start else 0
        self._hash = bytes.fromhex(start.hash) if start else lines.NOTHING
        self._sealed_us = start.at_us if start else 0
        self._day = lines.day_number(self._first_us(start)) if start else None

    def _first_us(self, start: Head) -> int:
        row = self._connection.execute(
            "SELECT (extract(epoch FROM sealed_at) * 1000000)::bigint FROM audit_line WHERE number = %s",
            (start.number,),
        ).fetchone()
        self._sealed_us = row[0] if row else 0
        return self._sealed_us

    def run(self, progress: Callable[[int, int], None]) -> None:
        """Read to the end that the sealer wrote, and see whether there is more."""
        begun, last = self._at, self._end.number
        for first in range(self._at, last, _PAGE):
            self._page(lines.stored(self._connection, after=first, last=min(last, first + _PAGE)))
            progress(min(last, first + _PAGE) - begun, last - begun)
        if self._at < last:
            which = f"line {last} is" if self._at + 1 == last else f"lines {self._at + 1} to {last} are"
            self._report.add("tail_cut", f"The tail was cut: {which} missing at the end.", self._at + 1)
        elif self._hash.hex() != self._end.hash:
            self._report.add("end_differs", f"Line {last} is not the one that was sealed last.", last)
        # One statement, one view: the end cannot step between the two.
        behind = self._connection.execute(
            "SELECT count(*) FROM audit_line l, audit_chain c WHERE l.number > c.number"
        ).fetchone()
        if behind and behind[0]:
            self._report.add("put_in", f"{behind[0]} lines stand behind the end of the chain: nobody sealed them.")

    def _page(self, found: Iterator[tuple[bytes, bytes]]) -> None:
        link, by_number, report = lines.link, self._known.by_number, self._report
        at, before, day, sealed_us = self._at, self._hash, self._day, self._sealed_us
        count = 0
        for hash_, line in found:
            count += 1
            number_said, sealed_said, _ = line.split(b"\t", 2)
            number, sealed = int(number_said), int(sealed_said)
            if number != at + 1:
                self._at = at
                self._missing(number)
            elif link(before, line) != hash_:
                report.add(
                    "changed",
                    f"Line {number} does not follow from the line before it: it was changed, moved or put in.",
                    number,
                )
            if sealed < sealed_us:
                report.add("moved", f"Line {number} was sealed before the line before it.", number)
            today = lines.day_number(sealed)
            if today != day:
                if day is not None and number == at + 1:
                    self._day_is_over(day, at)
                day = today
            at, before, sealed_us = number, hash_, sealed
            if number in by_number:
                self._known.compare(number, hash_)
        report.lines += count
        self._at, self._hash, self._day, self._sealed_us = at, before, day, sealed_us

    def _missing(self, number: int) -> None:
        first, last = self._at + 1, number - 1
        which = f"Line {first} is" if first == last else f"Lines {first} to {last} are"
        self._report.add("removed", f"{which} missing.", first)

    def _day_is_over(self, day: int, number: int) -> None:
        """See to it that the head of a day was signed where the day ended."""
        on = date(1970, 1, 1) + timedelta(days=day)
        of_day = [head for head in self._known.table if head.kind == "day" and head.day == on]
        if not of_day:
            self._report.add("head_missing", f"The head of {on} (line {number}) is missing.", number)
        elif all(head.number != number for head in of_day):
            self._report.add(
                "head_differs",
                f"The head of {on} was signed at line {of_day[0].number}, and the day ends with line {number}.",
                number,
            )


def _compare_now(report: Report, folder: Path, in_files: list[tuple[Path, Head]], end: Head) -> None:
    there = [head for path, head in in_files if path == folder / heads.NOW]
    if end.number and not there and not (folder / heads.NOW).exists():
        report.add("head_file_missing", f"{folder / heads.NOW} is missing: nothing tells of a tail cut since midnight.")


def _check_guards(connection: Connection, report: Report) -> None:
    rows = connection.execute(_ENABLED, (list(_GUARDS),)).fetchall()
    for table, wanted in _GUARDS.items():
        if wanted - {name for of_table, name in rows if of_table == table}:
            report.add("unguarded", f"A trigger that keeps {table} from being changed is off or gone.")


def _check_waiting(connection: Connection, report: Report, now_us: int) -> None:
    row = connection.execute("SELECT count(*), min(at) FROM audit_entry").fetchone()
    assert row is not None
    report.waiting = row[0]
    if row[1] is not None and heads.microseconds(row[1]) < now_us - TOO_OLD_S * 1_000_000:
        report.add(
            "unsealed",
            f"{row[0]} lines wait to be sealed, the oldest since {row[1]:%Y-%m-%d %H:%M:%S} UTC. See whether the "
            "worker runs (log/worker.log).",
        )
