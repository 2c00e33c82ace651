"""Everything about a person, and everywhere it went: what an answer to their own request for access rests on.

Law 91/2025/QH15 and Decree 13/2023/NĐ-CP give everybody the right to learn which data of theirs are held and to whom
they were given. Who sees the receivers is told them by name, everybody else their number (`console/lineage.py`); of
records, whoever looks sees those of their own area.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from daumoi.console import purpose
from daumoi.console.access import StaffRequest, hub_of, needs
from daumoi.console.exchange.wording import identity_words
from daumoi.console.exporting import as_file
from daumoi.console.lineage import Line, line_of, sees_receivers
from daumoi.console.people.identities import system_name
from daumoi.console.people.looking import hidden_alike, look_of
from daumoi.console.people.person import behind_of, person_title, role_words
from daumoi.console.presentation import kind_title
from daumoi.console.purpose import Stated
from daumoi.core.database import Connection
from daumoi.core.reading import Reading
from daumoi.exchange.agreements import versions
from daumoi.exchange.handovers import NOT_GIVEN, receivers_of
from daumoi.exchange.person_lineage import Followed, PersonLineage, of_person
from daumoi.linkage.selectors import NotVisible, is_visible
from daumoi.log.appearances import Behind
from daumoi.organisations import registry
from daumoi.organisations.registry import Registry

PAGE = 100
"""Records of one page."""
_FILE_PAGE = 500
_HANDED_COLUMNS = 8
"""Columns of the file that tell of a handing over; empty where there is none to tell of."""
FILE_RECORDS = 5_000
"""Records of one file; who has more is told so in its last line."""


class Record(NamedTuple):
    """One record about the person, and where it went."""

    followed: Followed
    title: str
    role: str
    system: str
    lines: list[Line]
    receivers: int


class Share(NamedTuple):
    """How many of the records were given to a receiver under one version of an agreement, and how people are shown."""

    line: Line
    identity: str
    records: int


def _look(request: StaffRequest, person: int, why: Stated, action: str) -> Reading:
    """Write the look down, before anything is looked up. Raises NotVisible."""
    with hub_of(request).pool.connection() as connection, connection.transaction():
        if not is_visible(request.scope, connection, person):
            raise NotVisible(NotVisible.__doc__)
        return look_of(request, why).read(connection, action=action, people=[person])


def _records(found: PersonLineage, known: Registry, *, sees: bool) -> list[Record]:
    return [
        Record(
            each,
            kind_title(each.kind),
            role_words(each.record.role),
            system_name(known, each.record.system_id),
            [line_of(went, known) for went in each.handovers] if sees else [],
            receivers_of(each.handovers),
        )
        for each in found.records
    ]


def _identities(connection: Connection, records: Iterable[Record]) -> dict[tuple[int, int], str]:
    """Say of the versions under which records went how they show people. One statement."""
    keys = {(line.went.agreement, line.went.version) for each in records for line in each.lines}
    found = versions(connection, keys, kind="")
    return {key: identity_words(version.terms.identity) for key, version in found.items()}


def _shares(records: Sequence[Record], identities: Mapping[tuple[int, int], str]) -> list[Share]:
    """Add up by receiver, way, agreement and version; what did not go is left out."""
    lines: dict[tuple[Any, ...], Line] = {}
    counted: Counter[tuple[Any, ...]] = Counter()
    for line in (line for each in records for line in each.lines if line.went.state not in NOT_GIVEN):
        key = (line.receiver, line.way, line.went.agreement, line.went.version)
        lines.setdefault(key, line)
        counted[key] += 1
    return [Share(lines[key], identities[key[2], key[3]], counted[key]) for key in sorted(counted)]


@never_cache
@needs("person.find")
@require_safe
@hidden_alike
def show(request: StaffRequest, person: int) -> HttpResponse:
    """Show to who has named a purpose what is held about a person, from whom it came and where it went."""
    why = purpose.stated(request)
    here = reverse("person_lineage", args=[person])
    context: dict[str, Any] = {
        "person": person,
        "why": why,
        "crumbs": [
            (gettext("Find a person"), reverse("find_person")),
            (person_title(person), reverse("person", args=[person])),
            (gettext("Everything about them"), ""),
        ],
    }
    if why is None:
        # Nothing is looked up: that somebody is there is a fact of a person too.
        return render(request, "console/people/lineage.html", context | {"purpose_form": purpose.form(request)})
    hub, after = hub_of(request), behind_of(request)
    reading = _look(request, person, why, "person.lineage")
    found = of_person(request.scope, reading, hub, person=person, after=after, limit=PAGE)
    with hub.pool.connection() as connection:
        records = _records(found, registry.load(connection), sees=sees_receivers(request))
        identities = _identities(connection, records)
    context |= {
        "now": hub.clock.now(),
        "records": records,
        "senders": sorted(Counter(each.system for each in records).items()),
        "shares": _shares(records, identities),
        "receivers": receivers_of(went for each in found.records for went in each.handovers),
        "may_open_records": request.standing.scope.may("record.view"),
        "next": f"{here}?after={'-'.join(map(str, found.next[1:]))}" if found.next else "",
        "first": here if after else "",
    }
    return render(request, "console/people/lineage.html", context)


@never_cache
@needs("person.find")
@require_safe
@hidden_alike
def file(request: StaffRequest, person: int) -> HttpResponse:
    """Give the same as a CSV file, a row for each handing over; a line of its own in the audit log."""
    why = purpose.stated(request)
    if why is None:
        return HttpResponseRedirect(reverse("person_lineage", args=[person]))
    reading = _look(request, person, why, "person.lineage.file")
    with hub_of(request).pool.connection() as connection:
        known = registry.load(connection)
    columns = (
        *(gettext("Kind"), gettext("Number"), gettext("Role"), gettext("Received"), gettext("Sender")),
        *(gettext("Receivers"), gettext("Receiver"), gettext("Way"), gettext("Agreement"), gettext("Version")),
        *(gettext("Identity of people"), gettext("Went as"), gettext("State"), gettext("Taken out")),
    )
    return as_file(f"person-{person}", columns, _rows(request, person, reading, known))


def _rows(request: StaffRequest, person: int, reading: Reading, known: Registry) -> Iterator[Sequence[object]]:
    hub, sees = hub_of(request), sees_receivers(request)
    after: Behind | None = None
    for _ in range(FILE_RECORDS // _FILE_PAGE):
        found = of_person(request.scope, reading, hub, person=person, after=after, limit=_FILE_PAGE)
        records = _records(found, known, sees=sees)
        with hub.pool.connection() as connection:
            identities = _identities(connection, records)
        for each in records:
            record = each.followed.record
            head = (each.title, record.seq, each.role, record.received_at, each.system, each.receivers)
            for line in each.lines:
                went = line.went
                under = (went.agreement, went.version)
                tail = (identities[under], line.op, line.state, went.taken_at)
                yield (*head, line.receiver, line.way, *under, *tail)
            if not each.lines:
                yield (*head, *(None,) * _HANDED_COLUMNS)
        if found.next is None:
            return
        after = Behind(*found.next[1:])
    said = gettext("The file ends here: it holds %(number)s records at most, and there are more.")
    yield (said % {"number": FILE_RECORDS},)
