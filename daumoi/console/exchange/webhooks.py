"""A webhook on the page of its receiver: how it stands, the messages that wait, and every attempt with its request."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from daumoi.console.access import StaffRequest, hub_of, needs
from daumoi.console.acting import looking
from daumoi.console.exchange import answering, trouble
from daumoi.console.exchange.agreements import ReasonForm, names, today_of
from daumoi.console.exchange.finding import found_receiver, may
from daumoi.console.presentation import kind_title
from daumoi.core.database import Connection
from daumoi.exchange import agreements
from daumoi.exchange.receivers import Going
from daumoi.exchange.webhooks import selectors, watching
from daumoi.exchange.webhooks.endpoint import Endpoint
from daumoi.exchange.webhooks.schedule import DISABLES_AFTER, OPENS_AFTER
from daumoi.exchange.webhooks.watching import Attempt, Waiting

FEW = 10
"""Of messages and attempts on the page of the receiver itself."""


class Tried(NamedTuple):
    """One attempt in words."""

    attempt: Attempt
    kind: str
    came: str
    colour: str
    then: str


class Waits(NamedTuple):
    """One message that waits, in words."""

    message: Waiting
    kind: str
    next: str
    last: str


def section(request: StaffRequest, connection: Connection, found: Going) -> dict[str, Any]:
    """Return what the page of a receiver shows of a webhook; seven queries more."""
    webhook, now = found.destination.id, hub_of(request).clock.now()
    receiver = found.destination.receiver
    shown = next(iter(selectors.webhooks(connection, receiver=receiver, webhook=webhook, now=now)), None)
    endpoint = watching.endpoint_of(connection, webhook)
    waiting, more_waiting = watching.waiting(connection, webhook=webhook, most=FEW)
    tried, more_tried = watching.attempts(hub_of(request), connection, webhook=webhook, most=FEW)
    rights = agreements.load(connection)
    without = sorted({each.kind for each in waiting if rights.of(receiver, each.kind, on=today_of(request)) is None})
    return {
        "webhook": shown,
        "origin": watching.origin_of(endpoint),
        "content": content_words(endpoint),
        "order": _order_words(endpoint),
        "cloudevents": endpoint.cloudevents,
        "how_it_stands": _standing_words(shown) if shown else "",
        "switched_off_at": _switched_off_at(shown) if shown else None,
        "keys": watching.keys(connection, webhook=webhook, at=now),
        "waiting": [_waits(each, found, now) for each in waiting],
        "more_waiting": more_waiting is not None,
        "attempts": [_tried(each, found, now) for each in tried],
        "more_attempts": more_tried is not None,
        "troubles": trouble.of_webhook(shown, waiting, without=[kind_title(each) for each in without], now=now)
        if shown
        else [],
    }


def content_words(endpoint: Endpoint) -> str:
    """Say what a message carries."""
    return {
        None: gettext("numbers alone where a kind tells of people, otherwise the records"),
        "thin": gettext("numbers alone; the records are fetched from the feed"),
        "full": gettext("the records"),
    }[endpoint.content]


def _order_words(endpoint: Endpoint) -> str:
    if endpoint.ordered:
        return gettext("in order: the next message of a kind goes when the one before was taken")
    return gettext("in any order, several at once; given up after ten tries")


def _standing_words(shown: dict[str, Any]) -> str:
    if shown["state"] == "active" and shown["failures_in_a_row"] >= OPENS_AFTER:
        return gettext("circuit broken: one try at a time, nothing else")
    return {
        "good": gettext("in order"),
        "failing": gettext("failing, for less than a day"),
        "warned": gettext("failing for a day or longer: warned"),
        "disabled": gettext("switched off after failures"),
        "paused": gettext("paused"),
    }[shown["standing"]]


def _switched_off_at(shown: dict[str, Any]) -> datetime | None:
    """Return when an active webhook is switched off if it goes on failing."""
    since: datetime | None = shown["failing_since"]
    return since + DISABLES_AFTER if since is not None and shown["state"] == "active" else None


def _waits(each: Waiting, found: Going, now: datetime) -> Waits:
    last = each.last_try
    follows = answering.next_try(each.next_at, state=found.destination.state, now=now)
    if each.state == "failed":
        follows = gettext("given up, until somebody sends it again")
    return Waits(each, kind_title(each.kind), follows, answering.came(last.status, last.error) if last else "")


def _tried(each: Attempt, found: Going, now: datetime) -> Tried:
    return Tried(
        each,
        kind_title(each.kind) if each.kind else gettext("test"),
        answering.came(each.status, each.error),
        answering.colour(each.status),
        answering.then(each, state=found.destination.state, now=now),
    )


def found_webhook(request: StaffRequest, connection: Connection, number: int) -> Going:
    """Find a way out that is a webhook; 404 for any other."""
    found = found_receiver(request, connection, number)
    if found.destination.way != "webhook":
        raise Http404
    return found


def _page(request: StaffRequest, connection: Connection, found: Going, title: str) -> dict[str, Any]:
    receiver = names(connection).system(found.destination.receiver)
    return {
        "destination": found.destination,
        "receiver": receiver,
        **may(request, found),
        "crumbs": [
            (gettext("Receivers"), reverse("receivers")),
            (receiver, reverse("receiver", args=[found.destination.id])),
            (title, ""),
        ],
    }


@needs("system.view")
@require_safe
def waiting(request: StaffRequest, number: int) -> HttpResponse:
    """List the messages that wait or were given up, by kind and number."""
    kind, _, first = request.GET.get("after", "").partition("-")
    after = (int(kind), int(first)) if _is_key(kind, 5) and _is_key(first, 19) else (0, -1)
    with looking(request) as connection:
        found = found_webhook(request, connection, number)
        listed, more = watching.waiting(connection, webhook=number, after=after)
        context = _page(request, connection, found, gettext("Messages that wait"))
    now = hub_of(request).clock.now()
    context |= {
        "reason_form": ReasonForm(),
        "waiting": [_waits(each, found, now) for each in listed],
        "next": f"{more[0]}-{more[1]}" if more else "",
    }
    return render(request, "console/exchange/waiting.html", context)


def _is_key(text: str, digits: int) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < digits


@needs("system.view")
@require_safe
def attempts(request: StaffRequest, number: int) -> HttpResponse:
    """List all attempts of 30 days, newest first."""
    before = request.GET.get("before", "")
    with looking(request) as connection:
        found = found_webhook(request, connection, number)
        listed, more = watching.attempts(
            hub_of(request), connection, webhook=number, before=int(before) if _is_key(before, 19) else None
        )
        context = _page(request, connection, found, gettext("Attempts"))
    now = hub_of(request).clock.now()
    context |= {"attempts": [_tried(each, found, now) for each in listed], "next": more}
    return render(request, "console/exchange/attempts.html", context)


@needs("system.view")
@require_safe
def attempt(request: StaffRequest, number: int, attempt: int) -> HttpResponse:
    """Show one attempt: the request as it is written again, the answer, and what the hub did then."""
    with looking(request) as connection:
        found = found_webhook(request, connection, number)
        is_number = attempt < 2**63 - 1
        made = watching.attempt(hub_of(request), connection, webhook=number, number=attempt) if is_number else None
        if made is None:
            raise Http404
        endpoint = watching.endpoint_of(connection, number)
        asked = watching.request(connection, endpoint, made, receiver=found.destination.receiver)
        signing = [each for each in watching.keys(connection, webhook=number, at=made.at) if each.created_at <= made.at]
        context = _page(request, connection, found, gettext("Attempt"))
    context |= {
        "each": _tried(made, found, hub_of(request).clock.now()),
        "meaning": answering.meaning(made.status, made.error),
        "asked": asked,
        "reason_form": ReasonForm(),
        "signing": signing,
    }
    return render(request, "console/exchange/attempt.html", context)
