"""Receivers: every way out with its lag, rate and state; one with its stretches, and stopping it."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from daumoi.console.access import StaffRequest, hub_of, needs
from daumoi.console.acting import changing, looking, note
from daumoi.console.exchange.agreements import Names, ReasonForm, holds, key_of, names
from daumoi.console.flows import duration
from daumoi.console.presentation import kind_title
from daumoi.core.database import Connection
from daumoi.exchange import receivers as ways
from daumoi.exchange.receivers import Going, Stop, Way
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
    age = (now - going.oldest_at).total_seconds() if going.oldest_at else None
    every = EVERY_KIND in each.kinds
    return Line(
        going,
        known.system(each.receiver),
        way_words(each.way),
        state_words(each.state),
        _colour(each.state),
        gettext("every kind it may read") if every else ", ".join(kind_title(name) for name in each.kinds),
        duration(age),
    )


@needs("system.view")
@require_safe
def receivers(request: StaffRequest) -> HttpResponse:
    """List the ways out, newest first. They are of systems: who does not see the whole country is shown none."""
    text = request.GET.get("q", "").strip().replace("\x00", "")[:_TEXT_MAX]
    way = next((each for each in WAYS if each == request.GET.get("way")), "")
    lines: list[Line] = []
    after = None
    if request.scope.nationwide:
        with looking(request) as connection:
            known = names(connection)
            page = ways.page(
                connection,
                now=hub_of(request).clock.now(),
                text=text,
                receivers=known.fitting(text) if text else (),
                way=way,  # type: ignore[arg-type]
                after=key_of(request),
            )
        lines, after = [_line(request, each, known) for each in page.going], page.after
    more = request.GET.copy()
    if after is not None:
        more["after"] = str(after)
    context = {
        "lines": lines,
        "text": text,
        "ways": [("", gettext("All ways"), not way), *((each, way_words(each), each == way) for each in WAYS)],
        "more": more.urlencode() if after is not None else "",
        "is_nationwide": request.scope.nationwide,
        "crumbs": [(gettext("Receivers"), "")],
    }
    return render(request, "console/exchange/receivers.html", context)


def _found(request: StaffRequest, connection: Connection, number: int) -> Going:
    is_number = request.scope.nationwide and number < 2**31
    found = ways.one(connection, number, now=hub_of(request).clock.now()) if is_number else None
    if found is None:
        raise Http404
    return found


def _numbers() -> dict[str, int]:
    return {name: kind.number for name, kind in KINDS.items()} | {IDENTITY_CHANGE: IDENTITY_CHANGE_NUMBER}


@needs("system.view")
@require_safe
def receiver(request: StaffRequest, number: int) -> HttpResponse:
    """Show one way out: how far it is in each kind, and what was taken out for it, stretch by stretch."""
    wanted = request.GET.get("kind", "")
    before = request.GET.get("before", "")
    with looking(request) as connection:
        found = _found(request, connection, number)
        known = names(connection)
        kinds = [each.kind for each in found.progress]
        kind = wanted if wanted in kinds else next(iter(kinds), "")
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
    now = hub_of(request).clock.now()
    context: dict[str, Any] = {
        "line": _line(request, found, known),
        "destination": found.destination,
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
        **_may(request, found),
        "crumbs": [(gettext("Receivers"), reverse("receivers")), (known.system(found.destination.receiver), "")],
    }
    return render(request, "console/exchange/receiver.html", context)


def _may(request: StaffRequest, found: Going) -> dict[str, bool]:
    """Say which steps are open; a feed is asked for by its receiver, and stopped by its agreement."""
    state, is_pushed = found.destination.state, found.destination.way != "feed"
    return {
        "may_pause": is_pushed and state == "active" and holds(request, "agreement.suspend"),
        "may_resume": is_pushed and state in ("paused", "disabled") and holds(request, "agreement.approve"),
        "may_end": is_pushed and state != "ended" and holds(request, "agreement.approve"),
    }


def _stop(request: StaffRequest, number: int, to: Stop, action: str, done: str) -> HttpResponse:
    form = ReasonForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    try:
        with changing(request) as connection:
            _found(request, connection, number)
            at = hub_of(request).clock.now()
            ways.stop(connection, destination=number, to=to, reason=reason, at=at)
            note(request, connection, action, f"destination {number}", reason=reason)
    except ways.ReasonMissing:
        messages.error(request, gettext("Give a reason of 1 to 1,000 characters, without personal data."))
    except ways.NotNow:
        messages.error(request, gettext("It is in another state by now, or its receiver reads by itself."))
    else:
        messages.success(request, done)
    # Who may stop a way out need not be who sees the list of all.
    return redirect("receiver", number) if holds(request, "system.view") else redirect("console_home")


@needs("agreement.suspend")
@require_POST
def pause(request: StaffRequest, number: int) -> HttpResponse:
    """Let nothing more go this way for now."""
    return _stop(request, number, "paused", "destination.pause", gettext("Paused: what comes waits for it."))


@needs("agreement.approve")
@require_POST
def resume(request: StaffRequest, number: int) -> HttpResponse:
    """Let it go on."""
    return _stop(request, number, "active", "destination.resume", gettext("It goes on where it stopped."))


@needs("agreement.approve")
@require_POST
def end(request: StaffRequest, number: int) -> HttpResponse:
    """End it for good."""
    return _stop(request, number, "ended", "destination.end", gettext("Ended. Its account is kept."))
