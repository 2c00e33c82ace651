"""Finding a way out for a page, and which of its steps are open to whom: all rights of receivers in one place."""

from __future__ import annotations

from django.http import Http404

from daumoi.console.access import StaffRequest, hub_of
from daumoi.console.exchange.agreements import holds
from daumoi.core.database import Connection
from daumoi.exchange import receivers as ways
from daumoi.exchange.receivers import Going


def found_receiver(request: StaffRequest, connection: Connection, number: int) -> Going:
    """Find a way out; 404 for who does not see the whole country."""
    is_number = request.scope.nationwide and number < 2**31
    found = ways.one(connection, number, now=hub_of(request).clock.now()) if is_number else None
    if found is None:
        raise Http404
    return found


def may(request: StaffRequest, found: Going) -> dict[str, bool]:
    """Say which steps are open; a feed is asked for by its receiver, and stopped by its agreement.

    Who may stop a way out in trouble may also try it: a test tells of nobody, and one message again is one that was
    meant to arrive. That it goes on, ends, or sends much again is the owner's.
    """
    state, way = found.destination.state, found.destination.way
    stops, decides = holds(request, "agreement.suspend"), holds(request, "agreement.approve")
    is_pushed, is_webhook = way != "feed", way == "webhook" and state != "ended"
    return {
        "may_pause": is_pushed and state == "active" and stops,
        "may_resume": is_pushed and state in ("paused", "disabled") and decides,
        "may_end": is_pushed and state != "ended" and decides,
        "may_ping": is_webhook and stops,
        "may_resend": is_webhook and stops,
        "may_replay": is_webhook and decides,
    }
