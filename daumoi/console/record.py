"""One record: as received, as normalised, its revisions, its problems, where it went."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, NamedTuple

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from daumoi.areas import selectors as areas
from daumoi.areas.history import history
from daumoi.areas.unit import BEFORE, TODAY, Unit
from daumoi.audit import services as audit
from daumoi.audit.actors import Subject
from daumoi.console import lineage, purpose
from daumoi.console.access import StaffRequest, hub_of, needs
from daumoi.console.acting import actor_of
from daumoi.console.exchange.agreements import holds
from daumoi.console.presentation import kind_title
from daumoi.console.tags import moment
from daumoi.exchange.lines import personal_values
from daumoi.intake import held_groups
from daumoi.kinds.kind import Kind
from daumoi.kinds.privacy import marked, put_back
from daumoi.kinds.registry import KINDS
from daumoi.log import records
from daumoi.log import selectors as log
from daumoi.log.entries import Op, Role, receipt_key
from daumoi.log.records import LogRecord
from daumoi.organisations import registry
from daumoi.people.selectors import ClaimView, claims, people_of
from daumoi.places.checkpoints import code_of


class Person(NamedTuple):
    """Somebody a record names, and what the source said of them: nothing without a purpose."""

    role: str
    claim: int
    person: int | None
    said: list[tuple[str, str]]


class Difference(NamedTuple):
    """A field that one revision says otherwise than the one before."""

    field: str
    before: str
    after: str


@require_http_methods(["GET", "HEAD", "POST"])
@needs("record.view")
def show(request: StaffRequest, kind: str, seq: int) -> HttpResponse:
    """Show a record within the scope; its personal values only to who has named a purpose.

    A POST of `check` writes what went out again from the log and compares (see `lineage.told_of`).
    """
    about = KINDS.get(kind)
    if about is None or not 0 < seq < 2**63:
        raise Http404
    hub = hub_of(request)
    why = purpose.stated(request)
    with hub.pool.connection() as connection:
        found = records.record(connection, request.scope, kind=about.number, seq=seq)
        if found is None:
            raise Http404
        systems = registry.load(connection)
        key = receipt_key(hub.keys, system_id=found.system_id, kind=about.number, ref=found.ref)
        history_of = records.revisions(connection, request.scope, kind=about.number, key=key)
        others = [(role, claim) for _, role, _, claim in log.persons_of(connection, kind=about.number, numbers=[seq])]
        mended = held_groups.mending_of_record(connection, kind=about.number, seq=seq)
        place = code_of(connection, found.place) if found.place is not None else None
    check = request.method == "POST" and "check" in request.POST
    told = lineage.told_of(request, systems, kind=kind, seq=seq, path=found.path, why=why, check=check)
    people, personal = _personal(request, about, found, others) if why else (_named(found, others, {}, {}), {})
    system = systems.system(found.system_id)
    sees_held = system is not None and held_groups.sees(request.scope.for_right("held.view"), system)
    context = {
        "record": found,
        "op": Op(found.op).word,
        "kind": about,
        "kind_title": kind_title(kind),
        "system": system,
        "why": why,
        "purpose_form": None if why or not (others or found.subject or _has_personal(about)) else purpose.form(request),
        "people": people,
        "facts": lines_of(_shown_body(found, personal)),
        "personal_fields": set(personal),
        "sent": json.dumps(_shown_body(found, personal), ensure_ascii=False, indent=2),
        "where": where(found),
        "place": place,
        "revisions": _steps(history_of.seen, seq),
        "beyond": history_of.beyond,
        "told": told,
        "submissions": told.found.submissions if sees_held else [],
        "sees_agreements": holds(request, "agreement.view"),
        "mended": mended,
        "sees_held": sees_held,
        "crumbs": [(kind_title(kind), ""), (gettext("No. %(number)s") % {"number": seq}, "")],
    }
    return purpose.shown(render(request, "console/record.html", context))


def _has_personal(kind: Kind) -> bool:
    return bool(marked(kind.wire))


def _personal(
    request: StaffRequest, kind: Kind, found: LogRecord, others: list[tuple[int, int]]
) -> tuple[list[Person], dict[str, Any]]:
    """Write who reads this record and why, then open whom it names and its sealed values."""
    hub = hub_of(request)
    why = purpose.stated(request)
    assert why is not None
    named = [*([found.subject] if found.subject is not None else []), *(claim for _, claim in others)]
    with hub.pool.connection() as connection, connection.transaction():
        behind = people_of(connection, named)
        reading = audit.read(
            connection,
            at=hub.clock.now(),
            by=actor_of(request, *([found.path] if found.path else [])),
            action="record.read",
            subject=Subject("record", kind.name, found.seq, found.seq, sorted(set(behind.values())), named),
            purpose=why.code,
            reason=why.reason,
        )
        views = claims(connection, hub.keys, named, reading=reading, identity=True)
        rows = log.shown(connection, kind=kind.number, after=found.seq - 1, last=found.seq)
        sealed = log.sealed(connection, kind=kind.number, numbers=[found.seq], reading=reading)
    values = personal_values(hub, kind.number, rows[0], sealed.get(found.seq)) if rows else {}
    return _named(found, others, behind, views), values


def _named(
    found: LogRecord, others: list[tuple[int, int]], behind: dict[int, int], views: dict[int, ClaimView]
) -> list[Person]:
    people = [] if found.subject is None else [(gettext("Person concerned"), found.subject)]
    people += [
        (gettext("Declarant") if role == Role.DECLARANT else gettext("Companion"), claim) for role, claim in others
    ]
    made = []
    for role, claim in people:
        view = views.get(claim)
        said = lines_of(json.loads(view.identity)) if view is not None and view.identity else []
        made.append(Person(role, claim, behind.get(claim), said))
    return made


def _shown_body(found: LogRecord, personal: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(json.dumps(found.body or {}))
    if personal:
        put_back(body, personal)
    return body


def lines_of(value: Any, pointer: str = "") -> list[tuple[str, str]]:
    """Return each single value of a JSON value with its pointer, in their order."""
    if isinstance(value, dict) and value:
        return [line for name, inner in value.items() for line in lines_of(inner, f"{pointer}/{name}")]
    if isinstance(value, list) and value:
        return [line for place, inner in enumerate(value) for line in lines_of(inner, f"{pointer}/{place}")]
    if value is True or value is False:
        return [(pointer, gettext("yes") if value else gettext("no"))]
    return [(pointer, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))]


class Where(NamedTuple):
    """Where a record lies: as sent, in the units of today, in those until 30 June 2025."""

    sent: str
    sent_code: str
    today: str
    provinces: list[str]
    """Of the 63, those in which it lies or may lie."""
    before: list[str]


def where(found: LogRecord) -> Where:
    """Put the area of a record into the words of both schemes."""
    sent = areas.find(found.area_scheme, found.area_code) if found.area_scheme and found.area_code else None
    code = (found.path or "").rpartition(".")[2]
    today = areas.find(TODAY, code) if (found.path or "").count(".") else None
    before: list[Unit] = []
    if sent is not None and sent.scheme == BEFORE:
        before = [sent]
    elif today is not None and (was := history(TODAY, today.code)) is not None:
        before = [part.unit for part in was.was]
    return Where(
        areas.full_name(sent) if sent else "",
        f"{found.area_scheme} {found.area_code}" if found.area_code else "",
        areas.full_name(today) if today else found.path or "",
        list(dict.fromkeys(areas.full_name(each).rpartition(", ")[2] for each in before)),
        [areas.full_name(each) for each in before if each.level != "province"],
    )


class Step(NamedTuple):
    """One revision, with what it says otherwise than the one before; facts and columns only."""

    record: LogRecord
    op: str
    is_here: bool
    differences: list[Difference]


def _steps(revisions: list[LogRecord], seq: int) -> list[Step]:
    """Return the revisions, newest first, each compared with the one before it."""
    steps: list[Step] = []
    last: dict[str, str] | None = None
    for each in revisions:
        flat = _flat(each)
        changed = [] if last is None else differences(last, flat)
        steps.append(Step(each, Op(each.op).word, each.seq == seq, changed))
        last = flat
    return steps[::-1]


def differences(before: dict[str, str], after: dict[str, str]) -> list[Difference]:
    """Return the fields in which two revisions differ; what is not said is empty."""
    names = [*before, *(name for name in after if name not in before)]
    return [
        Difference(name, before.get(name, ""), after.get(name, ""))
        for name in names
        if before.get(name, "") != after.get(name, "")
    ]


def _flat(found: LogRecord) -> dict[str, str]:
    columns = {
        "op": "withdraw" if found.op == Op.WITHDRAW else "",
        "occurred_at": moment(found.occurred_at) if isinstance(found.occurred_at, datetime) else "",
        "area": f"{found.area_scheme} {found.area_code}" if found.area_code else "",
        "location": f"{found.lat}, {found.lon}" if found.lat is not None else "",
    }
    return {name: value for name, value in columns.items() if value} | {
        f"data{pointer}": value for pointer, value in lines_of(found.body or {}) if pointer
    }
