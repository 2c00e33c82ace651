"""Which records of a range a destination gets: those its agreement gives, and what became of those it had before.

A correction or a withdrawal goes to whoever had an earlier revision. Where the new revision lies outside of what the
agreement gives, it goes as a withdrawal. "Had" is what the account says: an earlier revision lies in a stretch, and the
version of the agreement that the stretch names gives it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.sql import statements
from daumoi.exchange import ledger
from daumoi.exchange.agreements import Agreement, Key, versions
from daumoi.exchange.lines import AREA_CODE, AREA_SCHEME, BODY, PATH
from daumoi.exchange.matching import Place, Routes, routes_of
from daumoi.log import selectors as log
from daumoi.log.entries import Op, receipt_key
from daumoi.log.identity_change import KIND_NAME as IDENTITY_CHANGE
from daumoi.log.selectors import Earlier, ShownRow

_SQL = statements("daumoi.exchange", "selection")


class Account(NamedTuple):
    """Of a destination: its number, and up to which number of the kind its account reaches.

    What lies behind that and before a record that is looked at is being taken out with it, under the same version.
    """

    destination: int
    taken: int
    as_of: datetime | None = None
    """Of what was taken before: until when it counts for changes of people; None: all of it."""


class Chosen(NamedTuple):
    """A record that is given; `left`: as a withdrawal, because this revision lies outside of the agreement."""

    row: ShownRow
    left: bool


def choose(
    hub: Hub,
    connection: Connection,
    agreement: Agreement,
    rows: Sequence[ShownRow],
    *,
    account: Account | None,
    number: int,
) -> list[Chosen]:
    """Return what a destination gets of some records of one kind, in their order; `number` is the kind's."""
    if agreement.gives_all:
        return [Chosen(row, False) for row in rows]
    if agreement.kind == IDENTITY_CHANGE:
        known = people_had(connection, agreement, rows, account=account)
        return [Chosen(row, False) for row in rows if row[0] in known]
    routes = routes_of((agreement.matcher,))
    return choose_for_all(hub, connection, [Party(agreement, account)], rows, routes=routes, number=number)[0]


class Party(NamedTuple):
    """One of several destinations that a range is read for; it is given nothing up to `after`."""

    agreement: Agreement
    account: Account | None
    after: int = 0


def choose_for_all(
    hub: Hub,
    connection: Connection,
    parties: Sequence[Party],
    rows: Sequence[ShownRow],
    *,
    routes: Routes,
    number: int,
) -> list[list[Chosen]]:
    """Return what each of several destinations gets of some records of one kind: one pass finds them all.

    `routes` is made of the matchers of the parties, in their order. Not for changes of people, which are looked up for
    each destination.
    """
    given: list[dict[int, bool]] = [{} for _ in parties]
    asked: list[list[ShownRow]] = [[] for _ in parties]
    for row in rows:
        covered = routes.of(place_of(row), row[2]) if row[5] != Op.WITHDRAW else ()
        for each in covered:
            if row[0] > parties[each].after:
                given[each][row[0]] = False
        if row[5] == Op.ASSERT:
            continue
        for each, party in enumerate(parties):
            if row[0] in given[each] or row[0] <= party.after:
                continue
            if party.agreement.gives_all:
                given[each][row[0]] = False
            elif party.agreement.matcher.covers_sender(row[2]):
                asked[each].append(row)
    before = _earlier(hub, connection, [row for some in asked for row in some], number=number)
    for each, seqs in enumerate(_had_by_all(connection, parties, asked, before, number=number)):
        for seq in seqs:
            given[each][seq] = True
    return [[Chosen(row, mine[row[0]]) for row in rows if row[0] in mine] for mine in given]


def _still_given(agreement: Agreement, chosen: Chosen) -> bool:
    """Tell whether what was chosen under an earlier version is given under this one too; ends of records always are."""
    if agreement.gives_all or agreement.kind == IDENTITY_CHANGE:
        return True
    if chosen.left or chosen.row[5] == Op.WITHDRAW:
        return agreement.matcher.covers_sender(chosen.row[2])
    return agreement.matcher.covers(place_of(chosen.row), chosen.row[2])


def _given_now(
    hub: Hub, connection: Connection, agreement: Agreement, chosen: Sequence[Chosen], *, account: Account, number: int
) -> list[tuple[int, Chosen]]:
    """Return what of records chosen under an earlier version this one gives too, each with its place among them.

    A correction that lies outside by now goes as a withdrawal where the destination had an earlier revision.
    """
    outside = [each.row for each in chosen if each.row[5] == Op.CORRECT and not _still_given(agreement, each)]
    asked = [row for row in outside if agreement.matcher.covers_sender(row[2])]
    before = _earlier(hub, connection, asked, number=number)
    (ended,) = _had_by_all(connection, [Party(agreement, account)], [asked], before, number=number)
    found = []
    for place, each in enumerate(chosen):
        if _still_given(agreement, each):
            found.append((place, each))
        elif each.row[0] in ended:
            found.append((place, Chosen(each.row, True)))
    return found


def sent_now(
    hub: Hub,
    connection: Connection,
    now: Agreement,
    chosen: Sequence[Chosen],
    *,
    taken_under: Key,
    way: str,
    has_own: bool,
    account: Account,
    number: int,
) -> list[tuple[int, Chosen]]:
    """Return what of a stretch is sent under the version of now, each with its place in the stretch: for every way out.

    `has_own`: it was numbered with numbers of the receiver's own. Numbers of another sort make another message of a
    webhook's; files can still be given in numbers of the hub.
    """
    if taken_under == (now.id, now.version):
        return list(enumerate(chosen))
    if now.hides_numbers != has_own and (now.hides_numbers or way == "webhook"):
        return []
    return _given_now(hub, connection, now, chosen, account=account, number=number)


def place_of(row: ShownRow) -> Place:
    """Return of which place a record is."""
    return row[PATH], row[AREA_SCHEME], row[AREA_CODE]


def _earlier(hub: Hub, connection: Connection, rows: Sequence[ShownRow], *, number: int) -> dict[int, list[Earlier]]:
    """Return the earlier revisions of records, by the number of the record."""
    if not rows:
        return {}
    keys = {row[0]: receipt_key(hub.keys, system_id=row[2], kind=number, ref=row[3]) for row in rows}
    found: dict[int, list[Earlier]] = {}
    for each in log.earlier(connection, kind=number, keys=list(keys.items())):
        found.setdefault(each.of, []).append(each)
    return found


def _had_by_all(
    connection: Connection,
    parties: Sequence[Party],
    asked: Sequence[Sequence[ShownRow]],
    before: dict[int, list[Earlier]],
    *,
    number: int,
) -> list[set[int]]:
    """Return, for each of several destinations, of which records it had an earlier revision."""
    looked_for = [
        (party.account.destination, earlier.seq)
        for party, rows in zip(parties, asked, strict=True)
        if party.account is not None
        for row in rows
        for earlier in before.get(row[0], ())
    ]
    under = ledger.covering(connection, kind=number, places=looked_for)
    by = versions(connection, under.values(), kind=parties[0].agreement.kind)
    return [
        {row[0] for row in rows if any(_had(party, each, under, by) for each in before.get(row[0], ()))}
        for party, rows in zip(parties, asked, strict=True)
    ]


def _had(
    party: Party,
    each: Earlier,
    under: dict[tuple[int, int], Key],
    by: dict[Key, Agreement],
) -> bool:
    account = party.account
    if account is None:
        return False
    taken_under = under.get((account.destination, each.seq))
    if taken_under is not None and _gave(by[taken_under], each):
        return True
    return each.seq > account.taken and _gave(party.agreement, each)


def _gave(agreement: Agreement, each: Earlier) -> bool:
    """What retention has dropped cannot be looked at any more: it is taken for given, so that nobody misses an end."""
    if each.system_id is None:
        return True
    return agreement.matcher.covers((each.path, each.area_scheme, each.area_code), each.system_id)


def people_had(
    connection: Connection, agreement: Agreement, rows: Sequence[ShownRow], *, account: Account | None
) -> set[int]:
    """Return the numbers of those changes of people that concern somebody in a record the destination had.

    An erasure goes to every receiver that is shown people: which records its person stood in is not kept (ADR 0013).
    """
    known: set[int] = set()
    moved: dict[int, list[int]] = {}
    for row in rows:
        said = msgspec.json.decode(row[BODY])
        if said["to"] is None:
            known.add(row[0])
        else:
            moved.setdefault(said["claim"], []).append(row[0])
    if account is None or not moved:
        return known
    values = {"claims": list(moved), "destination": account.destination, "as_of": account.as_of}
    stood = connection.execute(_SQL["where_people_stood"], values).fetchall()
    by = versions(connection, {(each[-2], each[-1]) for each in stood}, kind=agreement.kind)
    for claim, sender, path, scheme, code, agreement_id, version in stood:
        under = by[agreement_id, version]
        if under.terms.identity != "none" and under.matcher.covers((path, scheme, code), sender):
            known.update(moved[claim])
    return known


def people_settled(connection: Connection, *, destination: int) -> bool:
    """Tell whether it is known of every record the destination had, in which of them a person stands."""
    row = connection.execute(_SQL["people_settled"], (destination,)).fetchone()
    return bool(row and row[0])
