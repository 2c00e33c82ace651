"""Receivers: every way out with its lag, rate and state, and who has never asked; one with its stretches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from daumoi.console.access import StaffRequest, hub_of, needs
from daumoi.console.acting import looking
from daumoi.console.exchange import answering, files, trouble, webhooks
from daumoi.console.exchange.agreements import Names, ReasonForm, holds, key_of, names
from daumoi.console.exchange.finding import found_receiver, may
from daumoi.console.flows import duration
from daumoi.console.presentation import kind_title
from daumoi.core.database import Connection
from daumoi.exchange import receivers as ways
from daumoi.exchange.receivers import Going, Silent, Way
from daumoi.kinds.registry import KINDS
from daumoi.log.identity_change import KIND_NAME as IDENTITY_CHANGE
from daumoi.log.identity_change import KIND_NUMBER as IDENTITY_CHANGE_NUMBER
from daumoi.organisations.registry import EVERY_KIND

_TEXT_MAX = 100
WAYS: tuple[Way, ...] = ("feed", "webhook", "file")


class Line(NamedTuple):
    """One way out in words."""

    going: Going
    receiver: str
    way: str
    state: str
    colour: str
    kinds: str
    age: str
    """Of the oldest record that waits."""
    why: str
    """Why it stands as it does."""
    failing: str
    """What came of the last try where it fails; empty where it does not."""


class SilentLine(NamedTuple):
    """A receiver that has never asked, in words."""

    silent: Silent
    receiver: str
    kinds: str


def way_words(way: str) -> str:
    """Say how a receiver gets its records."""
    return {
        "feed": gettext("feed, which it reads itself"),
        "webhook": gettext("webhook"),
        "file": gettext("scheduled files"),
    }[way]


def state_words(state: str) -> str:
    """Say whether a way out is used."""
    return {
        "active": gettext("active"),
        "paused": gettext("paused"),
        "disabled": gettext("switched off after failures"),
        "ended": gettext("ended"),
    }[state]


def _colour(state: str) -> str:
    return {"active": "bg-green-lt", "paused": "bg-yellow-lt", "disabled": "bg-red-lt"}.get(state, "")


def _line(request: StaffRequest, going: Going, known: Names) -> Line:
    each = going.destination
    now = hub_of(request).clock.now()
    failing = going.failing
    age = (now - going.oldest_at).total_seconds() if going.oldest_at else None
    return Line(
        going,
        known.system(each.receiver),
        way_words(each.way),
        state_words(each.state),
        _colour(each.state),
        _kinds_words(each.kinds),
        duration(age),
        trouble.reason_words(each.state_for),
        answering.came(failing.status, failing.error) if failing and each.state == "active" else "",
    )


def _kinds_words(kinds: Sequence[str]) -> str:
    if EVERY_KIND in kinds:
        return gettext("every kind it may read")
    return ", ".join(kind_title(name) for name in kinds)


@needs("system.view")
@require_safe
def receivers(request: StaffRequest) -> HttpResponse:
    """List the ways out, newest first. They are of systems: who does not see the whole country is shown none."""
    text = request.GET.get("q", "").strip().replace("\x00", "")[:_TEXT_MAX]
    way = next((each for each in WAYS if each == request.GET.get("way")), "")
    lines: list[Line] = []
    silent: list[SilentLine] = []
    after = silent_after = None
    if request.scope.nationwide:
        with looking(request) as connection:
            known = names(connection)
            fitting = known.fitting(text) if text else ()
            page = ways.page(
                connection,
                now=hub_of(request).clock.now(),
                text=text,
                receivers=fitting,
                way=way,  # type: ignore[arg-type]
                after=key_of(request),
            )
            if not way and "after" not in request.GET:
                found, silent_after = ways.silent(
                    connection, text=text, receivers=fitting, after=key_of(request, "never") or 0
                )
                silent = [SilentLine(each, known.system(each.receiver), _kinds_words(each.kinds)) for each in found]
        lines, after = [_line(request, each, known) for each in page.going], page.after
    more, more_silent = request.GET.copy(), request.GET.copy()
    if after is not None:
        more["after"] = str(after)
        more.pop("never", None)
    if silent_after is not None:
        more_silent["never"] = str(silent_after)
    context = {
        "silent": silent,
        "more_silent": more_silent.urlencode() if silent_after is not None else "",
        "sees_agreements": holds(request, "agreement.view"),
        "lines": lines,
        "text": text,
        "ways": [("", gettext("All ways"), not way), *((each, way_words(each), each == way) for each in WAYS)],
        "more": more.urlencode() if after is not None else "",
        "is_nationwide": request.scope.nationwide,
        "crumbs": [(gettext("Receivers"), "")],
    }
    return render(request, "console/exchange/receivers.html", context)


def _numbers() -> dict[str, int]:
    return {name: kind.number for name, kind in KINDS.items()} | {IDENTITY_CHANGE: IDENTITY_CHANGE_NUMBER}


@needs("system.view")
@require_safe
def receiver(request: StaffRequest, number: int) -> HttpResponse:
    """Show one way out: how far it is in each kind, what its way has of its own, and what was taken out for it."""
    wanted = request.GET.get("kind", "")
    before = request.GET.get("before", "")
    now = hub_of(request).clock.now()
    with looking(request) as connection:
        found = found_receiver(request, connection, number)
        known = names(connection)
        kinds = [each.kind for each in found.progress]
        taken = [each.kind for each in found.progress if each.has_account]
        kind = wanted if wanted in kinds else next(iter([*taken, *kinds]), "")
        stretches, next_before = (
            ways.stretches(
                connection,
                destination=number,
                kind=_numbers()[kind],
                before=int(before) if before.isdecimal() and len(before) < 19 else None,
            )
            if kind
            else ([], None)
        )
        own = _of_its_way(request, connection, found)
    context: dict[str, Any] = {
        "line": _line(request, found, known),
        "destination": found.destination,
        "why": trouble.reason_words(found.destination.state_for),
        "progress": [
            (
                kind_title(each.kind),
                each,
                duration((now - each.oldest_at).total_seconds()) if each.oldest_at and each.waiting else "",
            )
            for each in found.progress
        ],
        "kind": kind,
        "kinds": [(each, kind_title(each), each == kind) for each in kinds],
        "stretches": stretches,
        "next_before": next_before,
        "sees_agreements": holds(request, "agreement.view"),
        "reason_form": ReasonForm(),
        **may(request, found),
        **own,
        "crumbs": [(gettext("Receivers"), reverse("receivers")), (known.system(found.destination.receiver), "")],
    }
    return render(request, "console/exchange/receiver.html", context)


def _of_its_way(request: StaffRequest, connection: Connection, found: Going) -> dict[str, Any]:
    if found.destination.way == "webhook":
        return webhooks.section(request, connection, found)
    if found.destination.way == "file":
        return files.section(request, connection, found)
    return {"troubles": trouble.of_feed(found, now=hub_of(request).clock.now())}
