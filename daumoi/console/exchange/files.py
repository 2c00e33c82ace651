"""Scheduled files on the page of their receiver: terms in words, days, and the files of one. None is opened here."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_safe

from daumoi.areas.unit import TODAY
from daumoi.console.access import StaffRequest, hub_of, needs
from daumoi.console.acting import looking
from daumoi.console.choosing_area import area_name
from daumoi.console.exchange import trouble
from daumoi.console.exchange.agreements import holds, names, today_of
from daumoi.console.exchange.finding import found_receiver
from daumoi.console.presentation import kind_title
from daumoi.console.tags import day as day_words
from daumoi.console.tags import number as number_words
from daumoi.core.database import Connection
from daumoi.exchange import agreements
from daumoi.exchange.agreements import Agreements
from daumoi.exchange.files import destinations, watching
from daumoi.exchange.files.making import OTHER
from daumoi.exchange.files.terms import FileTerms
from daumoi.exchange.files.watching import FileShown, Key, Part
from daumoi.exchange.receivers import Going

FEW = 15
"""Parts of days on the page of the receiver itself."""
_SIZES = ((1024**3, "GiB"), (1024**2, "MiB"), (1024, "KiB"))


class PartLine(NamedTuple):
    """A part of a day in words."""

    part: Part
    kind: str
    state: str
    colour: str
    size: str


class FileLine(NamedTuple):
    """One file in words."""

    file: FileShown
    what: str
    size: str


def section(request: StaffRequest, connection: Connection, found: Going) -> dict[str, Any]:
    """Return what the page of a receiver shows of its files; six queries more."""
    number, hub = found.destination.id, hub_of(request)
    terms = destinations.of(connection, number).terms
    listed, more = watching.parts(connection, destination=number, most=FEW)
    rights = agreements.load(connection)
    waits = watching.not_fetched(connection, destination=number)
    kept_days = hub.settings.export_days
    return {
        "terms": terms_words(terms, kept_days=kept_days),
        "parts": [_line(request, each, found, rights) for each in listed],
        "more_parts": more is not None,
        "troubles": trouble.of_files(waits, kept_days=kept_days, now=hub.clock.now())
        if found.destination.state != "ended"
        else [],
    }


def terms_words(terms: FileTerms, *, kept_days: int) -> list[tuple[str, str]]:
    """Put the settings of a destination into words."""
    formats = {
        "ndjson": gettext("NDJSON: one record a line, as the feed gives them"),
        "csv": gettext("CSV, for spreadsheets"),
        "parquet": gettext("Parquet, for analysis"),
    }
    by_area = gettext("one file for each province") if terms.by_province else gettext("one file for the whole country")
    return [
        (gettext("Format"), formats[terms.format] + (f" ({gettext('CloudEvents')})" if terms.cloudevents else "")),
        (gettext("By area"), by_area),
        (
            gettext("A day is closed"),
            gettext("at %(hour)s:00 of the following day, later where the agreement has a delay")
            % {"hour": terms.closes_at_hour}
            if terms.closes_at_hour
            else gettext("five minutes past midnight, later where the agreement has a delay"),
        ),
        (gettext("First day"), day_words(terms.begins_on)),
        (gettext("Kept"), gettext("%(days)s days after they were written") % {"days": kept_days}),
        (
            gettext("Where the receiver fetches them"),
            gettext("at the machine door, /api/v1/files, with its own credentials; they cannot be opened here"),
        ),
    ]


def _line(request: StaffRequest, each: Part, found: Going, rights: Agreements) -> PartLine:
    state, colour = _state(request, each, found, rights)
    return PartLine(each, kind_title(each.kind), state, colour, size_words(each.bytes))


def _state(request: StaffRequest, each: Part, found: Going, rights: Agreements) -> tuple[str, str]:
    if each.state == "removed":
        if each.fetched_at is not None:
            return gettext("fetched, removed since"), ""
        return gettext("removed: kept long enough, and never fetched whole"), "bg-yellow-lt"
    if each.state == "taken" or each.is_written_anew:
        if rights.of(found.destination.receiver, each.kind, on=today_of(request)) is None:
            return gettext("waits: no agreement gives this kind now"), "bg-yellow-lt"
        if found.destination.state == "ended":
            return gettext("not written any more: this way has ended"), ""
        anew = gettext("is written anew: the agreement or people have changed")
        return (gettext("is written within a minute") if each.state == "taken" else anew), "bg-azure-lt"
    if each.fetched_at is not None:
        return gettext("fetched"), "bg-green-lt"
    if each.fetched:
        numbers = {"some": number_words(each.fetched), "all": number_words(each.files)}
        return gettext("fetched in part: %(some)s of %(all)s files") % numbers, "bg-azure-lt"
    return gettext("lies ready"), "bg-azure-lt"


def size_words(size: int) -> str:
    """Write a size in the largest unit that fits, with one digit behind the point."""
    for unit, name in _SIZES:
        if size >= unit:
            whole, tenth = divmod(size * 10 // unit, 10)
            return f"{number_words(whole)}{'.' if get_language() == 'en' else ','}{tenth} {name}"
    return f"{number_words(size)} B"


def _found_files(request: StaffRequest, connection: Connection, number: int) -> Going:
    found = found_receiver(request, connection, number)
    if found.destination.way != "file":
        raise Http404
    return found


def _crumbs(receiver: str, number: int, *more: tuple[str, str]) -> list[tuple[str, str]]:
    return [(gettext("Receivers"), reverse("receivers")), (receiver, reverse("receiver", args=[number])), *more]


@needs("system.view")
@require_safe
def files(request: StaffRequest, number: int) -> HttpResponse:
    """List all days that were taken out, newest first."""
    with looking(request) as connection:
        found = _found_files(request, connection, number)
        listed, more = watching.parts(connection, destination=number, before=_key(request.GET.get("before", "")))
        rights = agreements.load(connection)
        receiver = names(connection).system(found.destination.receiver)
    context = {
        "destination": found.destination,
        "receiver": receiver,
        "parts": [_line(request, each, found, rights) for each in listed],
        "next": f"{more[0]}_{more[1]}_{more[2]}" if more else "",
        "crumbs": _crumbs(receiver, number, (gettext("Days of files"), "")),
    }
    return render(request, "console/exchange/files.html", context)


def _key(text: str) -> Key | None:
    day, _, rest = text.partition("_")
    kind, _, part = rest.partition("_")
    if not all(each.isascii() and each.isdecimal() and len(each) < 5 for each in (kind, part)):
        return None
    try:
        return date.fromisoformat(day), int(kind), int(part)
    except ValueError:
        return None


@needs("system.view")
@require_safe
def part(request: StaffRequest, number: int, export: int) -> HttpResponse:
    """Show the files of one day of a kind: sizes, hashes, and when each was fetched."""
    with looking(request) as connection:
        found = _found_files(request, connection, number)
        this = watching.part(connection, destination=number, number=export) if export < 2**31 else None
        if this is None:
            raise Http404
        listed = watching.files(hub_of(request), connection, this, destination=number)
        rights = agreements.load(connection)
        receiver = names(connection).system(found.destination.receiver)
    title = f"{kind_title(this.kind)} · {day_words(this.day)}"
    context = {
        "destination": found.destination,
        "receiver": receiver,
        "title": title,
        "line": _line(request, this, found, rights),
        "files": [FileLine(each, _what(each), size_words(each.bytes)) for each in listed],
        "sees_agreements": holds(request, "agreement.view"),
        "crumbs": _crumbs(
            receiver, number, (gettext("Days of files"), reverse("receiver_files", args=[number])), (title, "")
        ),
    }
    return render(request, "console/exchange/part.html", context)


def _what(each: FileShown) -> str:
    if each.is_manifest:
        return gettext("manifest, signed by this hub")
    if each.sha256 is None:
        # What the manifest does not say is not guessed.
        return "–"
    if each.province is None:
        return gettext("the whole country")
    if each.province == OTHER:
        return gettext("records of no province, and withdrawals")
    return area_name(TODAY, each.province)
