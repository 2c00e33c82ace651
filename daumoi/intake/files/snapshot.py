"""Lists that are sent whole each time: what changed is corrected, and what is missing is withdrawn.

The revisions are the hub's to give here: a row gets the newest revision of its ref when it says the same, else the
next one. Of a ref that is given twice the last row counts. What is missing is withdrawn at the very end, and only when
all of the file was read and every row has said which record it is: a row that cannot be read may be any of them.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec

from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.intake.decoding import read_row
from daumoi.intake.files.apply import encoded
from daumoi.intake.files.passes import Sent
from daumoi.intake.files.reading.rows import FileRefused
from daumoi.kinds.kind import Kind
from daumoi.kinds.parsing import has_repeated_key, parse
from daumoi.log import selectors as log
from daumoi.log.append import revisions
from daumoi.log.entries import receipt_key
from daumoi.organisations.registry import System

_AT_ONCE = 500
_PAGE = 10_000
_OPENING = re.compile(rb"\A\s*\{")


class _Named(msgspec.Struct):
    """What a snapshot needs to know of a row before it is examined."""

    ref: str
    revision: msgspec.Raw = msgspec.Raw(b"")


_NAMED = msgspec.json.Decoder(_Named)


class Snapshot:
    """The whole list of one kind from one system; keeps some hundred bytes in memory for each ref of the file."""

    def __init__(self, hub: Hub, *, system: System, kind: Kind, lines: Iterable[Sent]) -> None:
        """Read all refs of the file; raises FileRefused for a list that names no record at all."""
        self._hub, self._system, self._kind = hub, system, kind
        self._last: dict[bytes, int] = {}
        self.nameless = 0
        """Rows that do not say which record they are; as long as there are any, nothing is withdrawn."""
        for place, sent in enumerate(lines):
            named = _named(sent)
            if named is not None:
                self._last[self._key(named.ref)] = place
            elif sent.body:
                self.nameless += 1
        if not self._last:
            raise FileRefused(
                f"The list names no record of {kind.name}, and an empty list would withdraw all that stands."
                " Nothing was done."
            )

    def kept(self, lines: Iterable[Sent]) -> Iterator[Sent]:
        """Leave out the rows that are followed by another one of the same ref."""
        for place, sent in enumerate(lines):
            named = _named(sent)
            if named is None or self._last[self._key(named.ref)] == place:
                yield sent

    def revised(self, lines: Iterable[Sent]) -> Iterator[Sent]:
        """Give each row its revision; rows that cannot be read go on as they are, for intake to hold."""
        waiting = iter(lines)
        while batch := list(islice(waiting, _AT_ONCE)):
            keys = {}
            for sent in batch:
                named = _named(sent)
                if named is not None:
                    keys[id(sent)] = self._key(named.ref)
            with self._hub.pool.connection() as connection:
                stored = revisions(connection, keys.values())
            for sent in batch:
                key = keys.get(id(sent))
                yield sent if key is None else self._revised(sent, stored.get(key, {}))

    def _revised(self, sent: Sent, stored: dict[int, bytes]) -> Sent:
        newest = max(stored, default=0)
        if newest:
            same = with_revision(sent.body, newest)
            row = read_row(self._hub, system_id=self._system.id, kind=self._kind, line=same, number=1)
            if row.entry is not None and row.entry.content == stored[newest]:
                return sent._replace(body=same)
        return sent._replace(body=with_revision(sent.body, newest + 1))

    def withdrawals(self) -> Iterator[Sent]:
        """Yield a withdrawal for each record of the system that stands and is not in the list."""
        if self.nameless:
            return
        missing: dict[str, tuple[int, bool]] = {}
        with self._hub.pool.connection() as connection:
            self._collect(connection, missing)
        for ref, (revision, withdrawn) in missing.items():
            if not withdrawn:
                yield Sent(0, encoded({"ref": ref, "revision": revision + 1, "op": "withdraw"}))

    def _collect(self, connection: Connection, missing: dict[str, tuple[int, bool]]) -> None:
        """Find the newest revision of each ref that the list lacks; page by page, no old snapshot is kept."""
        head, oldest = log.head_numbers(connection)[self._kind.number]
        for after in range(oldest - 1, head, _PAGE):
            last = min(after + _PAGE, head)
            for ref, revision, withdrawn in log.refs(
                connection, kind=self._kind.number, system_id=self._system.id, after=after, last=last
            ):
                if self._key(ref) not in self._last and revision > missing.get(ref, (0, False))[0]:
                    missing[ref] = (revision, withdrawn)

    def _key(self, ref: str) -> bytes:
        return receipt_key(self._hub.keys, system_id=self._system.id, kind=self._kind.number, ref=ref)


def _named(sent: Sent) -> _Named | None:
    if not sent.body or sent.too_long_mark:
        return None
    try:
        return _NAMED.decode(sent.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def with_revision(line: bytes, revision: int) -> bytes:
    """Write a revision into a record; one that it brings is replaced. A row with other faults keeps them."""
    named = _NAMED.decode(line)
    if not bytes(named.revision):
        return _OPENING.sub(b'{"revision":%d,' % revision, line, count=1)
    value, broken = parse(line)
    if broken is not None or not isinstance(value, dict) or has_repeated_key(line):
        return line
    return encoded({**value, "revision": revision})
