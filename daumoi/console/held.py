"""Held rows (hàng chờ sửa): groups by reason, the rows of a group, one row, and what the centre has mended."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from daumoi.audit import services as audit
from daumoi.audit.actors import Subject
from daumoi.console import purpose
from daumoi.console.access import StaffRequest, hub_of, needs
from daumoi.console.acting import actor_of
from daumoi.console.exporting import as_file
from daumoi.console.faults import said, sentence
from daumoi.console.presentation import kind_title
from daumoi.console.tags import moment
from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.database import Connection
from daumoi.core.problems import ROW_CODES
from daumoi.intake import held_groups
from daumoi.intake.held_groups import Group, HeldEntry
from daumoi.intake.holding import readable
from daumoi.intake.mending import Target
from daumoi.kinds.registry import KINDS
from daumoi.organisations import registry

_BAR, _HIGH = 8, 24
"""Width and height of a bar of a trend, in its own units."""


class GroupLine(NamedTuple):
    """A group as the page shows it."""

    group: Group
    kind: str
    sentence: str
    address: str
    bars: list[tuple[int, int, int]]
    trend_said: str


def target_of(connection: Connection, request: StaffRequest, system: str, kind: str, code: str) -> Target:
    """Return the group an address names; raises Http404, also for one the member may not see."""
    found = registry.load(connection).by_code(system)
    if found is None or kind not in KINDS or code not in ROW_CODES or not held_groups.sees(request.scope, found):
        raise Http404
    return Target(found, KINDS[kind], code)


def address_of(target: Target, name: str = "held_group") -> str:
    """Return the address of a group."""
    return reverse(name, args=[target.system.code, target.kind.name, target.code])


def entry_of(connection: Connection, request: StaffRequest, held_id: UUID) -> HeldEntry:
    """Return the held row an address names; raises Http404, also for one the member may not see."""
    found = held_groups.entry(connection, request.scope, registry.load(connection), held_id)
    if found is None:
        raise Http404
    return found


@require_safe
@needs("held.view")
def groups(request: StaffRequest) -> HttpResponse:
    """Show why rows wait for mending: by system, kind and reason."""
    hub = hub_of(request)
    with hub.pool.connection() as connection:
        found = held_groups.groups(connection, request.scope, registry.load(connection), at=hub.clock.now())
    if request.GET.get("format") == "csv":
        return _groups_csv(found)
    code, kind, system = (request.GET.get(name, "") for name in ("code", "kind", "system"))
    shown = [
        each
        for each in found
        if (not code or each.code == code)
        and (not kind or each.kind.name == kind)
        and (not system or each.system.code == system)
    ]
    context = {
        "lines": [_line(each) for each in shown],
        "total": sum(each.rows for each in shown),
        "sees_all": request.scope.nationwide,
        "organisations": sorted(request.scope.organisations),
        "codes": sorted({each.code for each in found}),
        "kinds": sorted({(each.kind.name, kind_title(each.kind.name)) for each in found}),
        "systems": sorted({(each.system.code, each.system.name) for each in found}),
        "chosen": {"code": code, "kind": kind, "system": system},
        "crumbs": [(gettext("Held rows"), "")],
    }
    return render(request, "console/held/groups.html", context)


def _groups_csv(found: list[Group]) -> HttpResponse:
    head = ("system", "kind", "code", "rows", "oldest_at", "handed_back")
    rows = (
        (each.system.code, each.kind.name, each.code, each.rows, moment(each.oldest_at), each.handed_back)
        for each in found
    )
    return as_file("held-groups", head, rows)


def _line(group: Group) -> GroupLine:
    top = max(group.trend) or 1
    bars = []
    for place, rows in enumerate(group.trend):
        high = max(round(_HIGH * rows / top), 1 if rows else 0)
        bars.append((place * (_BAR + 2), _HIGH - high, high))
    return GroupLine(
        group,
        kind_title(group.kind.name),
        sentence(group.code),
        address_of(Target(group.system, group.kind, group.code)),
        bars,
        ", ".join(str(rows) for rows in group.trend),
    )


@require_safe
@needs("held.view")
def group(request: StaffRequest, system: str, kind: str, code: str) -> HttpResponse:
    """List the rows of one group."""
    after = _whole(request.GET.get("after"))
    hub = hub_of(request)
    with hub.pool.connection() as connection:
        target = target_of(connection, request, system, kind, code)
        of = {"system": target.system, "kind": target.kind, "code": target.code}
        if request.GET.get("format") == "csv":
            listing = held_groups.rows_of_group(connection, request.scope, **of, most=held_groups.EXPORTED_MAX)  # type: ignore[arg-type]
            return _rows_csv(listing.rows)
        size = held_groups.group_size(connection, request.scope, **of)  # type: ignore[arg-type]
        listing = held_groups.rows_of_group(connection, request.scope, **of, after=after)  # type: ignore[arg-type]
    context = {
        **about(target),
        "size": size,
        "rows": [(row, said(row.faults)[:1], len(row.faults)) for row in listing.rows],
        "after": listing.after,
        "begins": after == 0,
        "may_mend": request.standing.scope.may("held.mend"),
        "crumbs": [(gettext("Held rows"), reverse("held_groups")), (target.code, "")],
    }
    return render(request, "console/held/group.html", context)


def about(target: Target) -> dict[str, Any]:
    """Return what every page of a group says of it."""
    return {
        "target": target,
        "kind_title": kind_title(target.kind.name),
        "sentence": sentence(target.code),
        "address": address_of(target),
    }


def _rows_csv(rows: list[held_groups.ListedRow]) -> HttpResponse:
    head = ("held_id", "pointer", "problem", "problems", "held_at", "expires_at", "handed_back_at")
    lines = []
    for row in rows:
        first = said(row.faults)[0]
        handed_back = moment(row.handed_back_at) if row.handed_back_at else ""
        times = (moment(row.created_at), moment(row.expires_at), handed_back)
        lines.append((row.id, first.pointer, first.sentence, len(row.faults), *times))
    return as_file("held-rows", head, lines)


@require_safe
@needs("held.view")
def row(request: StaffRequest, held_id: UUID) -> HttpResponse:
    """Show one held row; what it says only to who has named a purpose."""
    hub = hub_of(request)
    with hub.pool.connection() as connection:
        found = entry_of(connection, request, held_id)
        submissions = held_groups.came_with(connection, found)
    why = purpose.stated(request)
    text = as_text(opened(request, found)) if why else None
    context = {
        "found": found,
        **about(Target(found.system, found.kind, found.code)),
        "faults": said(found.faults),
        "submissions": submissions,
        "why": why,
        "purpose_form": None if why else purpose.form(request),
        "text": text,
        "may_mend": request.standing.scope.may("held.mend") and found.closed_at is None,
        "may_see_record": request.standing.scope.may("record.view"),
        "crumbs": [
            (gettext("Held rows"), reverse("held_groups")),
            (found.code, address_of(Target(found.system, found.kind, found.code))),
            (gettext("One row"), ""),
        ],
    }
    return purpose.shown(render(request, "console/held/row.html", context))


def opened(request: StaffRequest, found: HeldEntry) -> bytes:
    """Write who reads this row and why, then open it; a purpose was named."""
    hub = hub_of(request)
    why = purpose.stated(request)
    assert why is not None
    with hub.pool.connection() as connection, connection.transaction():
        reading = audit.read(
            connection,
            at=hub.clock.now(),
            by=actor_of(request),
            action="held.read",
            subject=Subject(f"held row {found.id}"),
            purpose=why.code,
            reason=why.reason,
        )
        return held_groups.content(hub, connection, found, reading)


def as_text(raw: bytes) -> str:
    """Write a row for reading: JSON in lines, else as it was sent."""
    value = readable(raw)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)


@require_safe
@needs("held.view")
def mended(request: StaffRequest) -> HttpResponse:
    """List what members of the centre have mended or replayed, the newest first."""
    hub = hub_of(request)
    before = _before(request.GET.get("before", ""))
    with hub.pool.connection() as connection:
        found = held_groups.closed_by_centre(connection, request.scope, registry.load(connection), before=before)
    rows = found[: held_groups.PAGE]
    last = rows[-1] if len(found) > held_groups.PAGE else None
    context = {
        "rows": [(each, kind_title(each.kind.name) if each.kind else "") for each in rows],
        "before": f"{last.closed_at.timestamp():.6f}-{last.arrival}" if last else "",
        "may_see_record": request.standing.scope.may("record.view"),
        "crumbs": [(gettext("Held rows"), reverse("held_groups")), (gettext("Mended by the centre"), "")],
    }
    return render(request, "console/held/mended.html", context)


def _before(text: str) -> tuple[datetime, int] | None:
    at, _, arrival = text.partition("-")
    try:
        return datetime.fromtimestamp(float(at), tz=VIET_NAM_TIME), int(arrival)
    except (ValueError, OverflowError, OSError):
        return None


def _whole(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else 0
