"""Reconciliation by day: of one way out, of one of its days with the signed statement, and what is not well of all.

All of it is what the nights have kept; a page works out no more than the open day of one way out, while that is small.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from daumoi.console.access import StaffRequest, hub_of, needs
from daumoi.console.acting import looking
from daumoi.console.exchange.agreements import Names, holds, names, today_of
from daumoi.console.exchange.receivers import way_words
from daumoi.console.presentation import kind_title
from daumoi.console.tags import number as written
from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.database import Connection
from daumoi.exchange import receivers as ways
from daumoi.exchange import reconciled, statements
from daumoi.exchange.reconciled import DAYS, LIVE_RECORDS, Under, Verdict
from daumoi.exchange.reconciliation import Destination, Figures
from daumoi.exchange.recounting import BACK_DAYS, proved
from daumoi.exchange.statements import Signed, Statement

_KEY_PARTS = 2
_COLOURS: dict[Verdict, str] = {"equal": "bg-green-lt", "differs": "bg-red-lt", "awaited": "bg-yellow-lt"}


class Line(NamedTuple):
    """One day in words; or several of which nothing is kept, one behind the other, for the same reason."""

    day: date
    first: date
    """The earliest of them; the day itself, when it is one."""
    figures: Figures | None
    verdict: str
    colour: str
    counted_at: Any
    is_signed: bool


class Proof(NamedTuple):
    """The statement of a day as a page shows it."""

    said: Statement
    given: list[Under]
    """Of this way out."""
    sent: list[tuple[str, statements.Sent]]
    signature: str
    public_key: str
    digest: str
    """SHA-256 of the text that is signed."""


def verdict_words(verdict: Verdict, difference: int | None) -> str:
    """Say what the recount of the night found."""
    return {
        "equal": gettext("Counted again: equal"),
        "differs": gettext("Counted again: differs by %(number)s") % {"number": written(difference or 0)},
        "summed": gettext("Summed up; changes of people are not counted again"),
        "nothing": gettext("Nothing in scope"),
        "open": gettext("The day is not over: counted tonight"),
        "awaited": gettext("Not counted yet"),
        "gone": gettext("Its records are no longer kept"),
        "uncounted": gettext("Not counted"),
    }[verdict]


def _line(each: reconciled.Day) -> Line:
    said = verdict_words(each.verdict, each.difference)
    return Line(each.day, each.day, each.figures, said, _COLOURS.get(each.verdict, ""), each.at, each.is_signed)


def _lines(listed: Iterable[reconciled.Day]) -> list[Line]:
    """Put days into words, and those without anything to show for them together."""
    lines: list[Line] = []
    for each in map(_line, listed):
        last = lines[-1] if lines else None
        is_bare = each.figures is None and not each.is_signed
        if last and is_bare and last.figures is None and not last.is_signed and last.verdict == each.verdict:
            lines[-1] = last._replace(first=each.day)
        else:
            lines.append(each)
    return lines


def day_asked(text: str) -> date | None:
    """Read a day of an address, YYYY-MM-DD; None for what is none."""
    try:
        return date.fromisoformat(text) if len(text) == len("2021-08-01") else None
    except ValueError:
        return None


def _found(request: StaffRequest, connection: Connection, number: int) -> tuple[Destination, date]:
    """Return a way out and the day it was made on; they are of systems, for who sees the whole country."""
    is_number = request.scope.nationwide and number < 2**31
    each = ways.way_out(connection, number) if is_number else None
    if each is None:
        raise Http404
    made = Destination(each.id, each.receiver, each.way, each.name, tuple(each.kinds), each.state, each.state_at)
    return made, each.created_at.astimezone(VIET_NAM_TIME).date()


def _crumbs(known: Names, found: Destination, day: date | None = None) -> list[tuple[str, str]]:
    crumbs = [(gettext("Receivers"), reverse("receivers"))]
    crumbs.append((known.system(found.receiver), reverse("receiver", args=[found.id])))
    if day is None:
        return [*crumbs, (gettext("Reconciliation by day"), "")]
    return [
        *crumbs,
        (gettext("Reconciliation by day"), reverse("receiver_days", args=[found.id])),
        (f"{day:%d/%m/%Y}", ""),
    ]


@needs("system.view")
@require_safe
def days(request: StaffRequest, number: int) -> HttpResponse:
    """List thirty days of a way out, newest first: what became of the records of each, and what the recount says."""
    today = today_of(request)
    before = day_asked(request.GET.get("before", ""))
    last = min(before - timedelta(days=1), today) if before and before > date.min + timedelta(days=DAYS) else today
    with looking(request) as connection:
        found, made_on = _found(request, connection, number)
        known = names(connection)
        listed, has_earlier = reconciled.days(connection, found, today=today, last=last)
    first = listed[-1].day
    context = {
        "destination": found,
        "receiver": known.system(found.receiver),
        "way": way_words(found.way),
        "lines": _lines(listed),
        "older": first.isoformat() if has_earlier or made_on < first else "",
        "newest": last < today,
        "nights": BACK_DAYS,
        "crumbs": _crumbs(known, found),
    }
    return render(request, "console/exchange/days.html", context)


@needs("system.view")
@require_safe
def day(request: StaffRequest, number: int, day: str) -> HttpResponse:
    """Show one day by kind, and by version of the agreements; with its statement as a night has signed it."""
    on, today = day_asked(day), today_of(request)
    if on is None or on > today:
        raise Http404
    hub = hub_of(request)
    with looking(request) as connection:
        found, _ = _found(request, connection, number)
        known = names(connection)
        (whole,), _ = reconciled.days(connection, found, today=today, last=on, most=1)
        kinds = reconciled.kinds_of(connection, destination=number, day=on)
        signed = statements.kept(connection, system_id=found.receiver, day=on)
        live = reconciled.open_day(hub, connection, found, today=today) if on == today else []
    proof = _proof(request, found, signed) if signed else None
    under = proof.given if proof else live or []
    context = {
        "destination": found,
        "receiver": known.system(found.receiver),
        "way": way_words(found.way),
        "day": on,
        "line": _line(whole),
        "kinds": [
            (kind_title(each.kind), each, verdict_words(_verdict_of(each.difference), each.difference))
            for each in kinds
        ],
        "under": [(kind_title(each.kind), each) for each in under],
        "is_open": on == today,
        "is_too_much": live is None,
        "live_records": LIVE_RECORDS,
        "proof": proof,
        "sees_agreements": holds(request, "agreement.view"),
        "crumbs": _crumbs(known, found, on),
    }
    return render(request, "console/exchange/day.html", context)


def _verdict_of(difference: int | None) -> Verdict:
    if difference is None:
        return "summed"
    return "differs" if difference else "equal"


def _proof(request: StaffRequest, found: Destination, signed: Signed) -> Proof:
    """Read a statement: it is of the receiver, so of all its ways out, of which one is shown."""
    given = statements.as_given(hub_of(request), signed)
    said = msgspec.json.decode(signed.said, type=Statement)
    of_it = [each for each in said.given if (each.way, each.name) == (found.way, found.name)]
    return Proof(
        said,
        [
            Under(
                each.kind,
                each.agreement,
                each.version,
                Figures(each.delivered, each.waiting, each.failed, each.filtered, each.passed_over),
            )
            for each in of_it
        ],
        [(kind_title(each.kind), each) for each in said.sent],
        given.signature,
        given.public_key,
        sha256(signed.said).hexdigest(),
    )


@needs("system.view")
@require_safe
def statement(request: StaffRequest, number: int, day: str) -> HttpResponse:
    """Give the signed statement of a day as a file, as `GET /api/v1/statements/{day}` gives it to its receiver."""
    on = day_asked(day)
    with looking(request) as connection:
        found, _ = _found(request, connection, number)
        signed = statements.kept(connection, system_id=found.receiver, day=on) if on else None
    if on is None or signed is None:
        raise Http404
    body = msgspec.json.encode(statements.as_given(hub_of(request), signed))
    code = msgspec.json.decode(signed.said, type=Statement).system
    answer = HttpResponse(body, content_type="application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="statement-{code}-{on.isoformat()}.json"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


@needs("system.view")
@require_safe
def overview(request: StaffRequest) -> HttpResponse:
    """List the newest days of all ways out on which something is not well: what the alert of the night leads to."""
    lines: list[tuple[reconciled.Trouble, str, str]] = []
    behind, found = None, None
    today = today_of(request)
    if request.scope.nationwide:
        with looking(request) as connection:
            known = names(connection)
            troubles, behind = reconciled.troubles(connection, today=today, behind=_behind(request))
            found = proved(connection, today=today)
        lines = [(each, known.system(each.receiver), way_words(each.way)) for each in troubles]
    context = {
        "is_nationwide": request.scope.nationwide,
        "lines": lines,
        "proved": found,
        "next": f"{behind[0].isoformat()}.{behind[1]}" if behind else "",
        "is_first": _behind(request) is None,
        "days": DAYS,
        "nights": BACK_DAYS,
        "crumbs": [(gettext("Reconciliation"), "")],
    }
    return render(request, "console/exchange/reconciliation.html", context)


def _behind(request: StaffRequest) -> tuple[date, int] | None:
    """Read where the last page ended; None for the first page, and for what is no such place."""
    parts = request.GET.get("after", "").split(".")
    if len(parts) != _KEY_PARTS or not parts[1].isdecimal() or len(parts[1]) > len("2147483647"):
        return None
    on, number = day_asked(parts[0]), int(parts[1])
    return (on, number) if on is not None and number < 2**31 else None
