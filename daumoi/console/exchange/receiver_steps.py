"""Steps on a way out: pause, let go on, end; of a webhook test it, send one message again, replay from somewhere on.

Each needs a reason and has its line of the audit log. They are the services that the machine door of its owner calls.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any, NamedTuple

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from daumoi.console.access import StaffRequest, hub_of, needs
from daumoi.console.acting import changing, looking, note
from daumoi.console.day_field import day_field
from daumoi.console.exchange.agreements import ReasonForm, holds, names, today_of
from daumoi.console.exchange.finding import found_receiver
from daumoi.console.exchange.webhooks import found_webhook
from daumoi.console.presentation import kind_title
from daumoi.console.tags import number as number_words
from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.database import Connection
from daumoi.exchange import receivers as ways
from daumoi.exchange.receivers import Stop
from daumoi.exchange.webhooks import services
from daumoi.exchange.webhooks.services import Held, NoSuchWebhook, WebhookFault

_NO_REASON = gettext_lazy("Give a reason of 1 to 1,000 characters, without personal data.")
_SEQ_MAX = 2**62
_EARLIEST = date(2020, 1, 1)


class Done(NamedTuple):
    """What was done: as the audit log names it beside the webhook, and as the page says it."""

    what: str
    said: str


Work = Callable[[Connection, Held], Done]


def _reason(request: StaffRequest) -> str:
    form = ReasonForm(request.POST)
    return str(form.cleaned_data["reason"]).strip() if form.is_valid() else ""


def _back(request: StaffRequest, number: int) -> HttpResponse:
    # Who may stop a way out need not be who sees the list of all.
    return redirect("receiver", number) if holds(request, "system.view") else redirect("console_home")


def _stop(request: StaffRequest, number: int, to: Stop, action: str, done: str) -> HttpResponse:
    reason = _reason(request)
    try:
        with changing(request) as connection:
            found_receiver(request, connection, number)
            at = hub_of(request).clock.now()
            ways.stop(connection, destination=number, to=to, reason=reason, at=at)
            note(request, connection, action, f"destination {number}", reason=reason)
    except ways.ReasonMissing:
        messages.error(request, str(_NO_REASON))
    except ways.NotNow:
        messages.error(request, gettext("It is in another state by now, or its receiver reads by itself."))
    else:
        messages.success(request, done)
    return _back(request, number)


@needs("agreement.suspend")
@require_POST
def pause(request: StaffRequest, number: int) -> HttpResponse:
    """Let nothing more go this way for now."""
    return _stop(request, number, "paused", "destination.pause", gettext("Paused: what comes waits for it."))


@needs("agreement.approve")
@require_POST
def resume(request: StaffRequest, number: int) -> HttpResponse:
    """Let it go on, also after the hub has switched it off."""
    return _stop(request, number, "active", "destination.resume", gettext("It goes on where it stopped."))


@needs("agreement.approve")
@require_POST
def end(request: StaffRequest, number: int) -> HttpResponse:
    """End it for good."""
    return _stop(request, number, "ended", "destination.end", gettext("Ended. Its account is kept."))


def _do(request: StaffRequest, number: int, action: str, work: Work) -> HttpResponse:
    """Do something to a webhook that is held, with a reason, and write its line of the audit log."""
    reason = _reason(request)
    if not reason:
        messages.error(request, str(_NO_REASON))
        return _back(request, number)
    try:
        with changing(request) as connection:
            found = found_webhook(request, connection, number)
            held = services.hold(connection, receiver=found.destination.receiver, webhook=number)
            done = work(connection, held)
            note(request, connection, action, f"webhook {number}, {done.what}", reason=reason)
    except NoSuchWebhook:
        messages.error(request, gettext("This webhook has ended: nothing is sent by it any more."))
    except WebhookFault:
        messages.error(request, gettext("No message of this webhook begins with this number."))
    else:
        messages.success(request, done.said)
    return _back(request, number)


@needs("agreement.suspend")
@require_POST
def ping(request: StaffRequest, number: int) -> HttpResponse:
    """Send a test, which tells of nobody."""

    def work(connection: Connection, held: Held) -> Done:
        sent = services.ping(hub_of(request), connection, held, at=hub_of(request).clock.now())
        return Done(sent, gettext("A test is sent within seconds: load this page again, its attempt stands first."))

    return _do(request, number, "webhook.test", work)


@needs("agreement.suspend")
@require_POST
def resend(request: StaffRequest, number: int) -> HttpResponse:
    """Send one message again that waits, was given up or was delivered; it keeps its id."""
    kind, _, first = request.POST.get("message", "").rpartition("-")

    def work(connection: Connection, held: Held) -> Done:
        if not (first.isascii() and first.isdecimal() and len(first) < 19 and int(first) < _SEQ_MAX):
            raise WebhookFault("No message of this webhook begins with this number.")
        at = hub_of(request).clock.now()
        sent = services.resend_stretch(hub_of(request), connection, held, kind=kind, first=int(first), at=at)
        return Done(sent, gettext("The message is sent again as soon as its turn comes."))

    return _do(request, number, "webhook.replay", work)


class ReplayForm(forms.Form):
    """From where a webhook sends again: behind a number of one kind, or what was received since an instant."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind"), required=False)
    after = forms.IntegerField(
        label=gettext_lazy("Last number that the receiver has for sure"),
        required=False,
        min_value=0,
        max_value=_SEQ_MAX,
    )
    on = day_field(gettext_lazy("Or all that was received since: day"), required=False)
    at = forms.TimeField(
        label=gettext_lazy("Hour, as 07:30"),
        required=False,
        input_formats=["%H:%M"],
        widget=forms.TextInput(attrs={"inputmode": "numeric", "maxlength": 5, "autocomplete": "off"}),
        error_messages={"invalid": gettext_lazy("Write the hour as 07:30.")},
    )

    def __init__(self, *given: Any, kinds: list[str], today: date, **more: Any) -> None:
        """Take the kinds that the webhook has an account of, and the day it is."""
        super().__init__(*given, **more)
        self._today = today
        field = self.fields["kind"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", gettext("every kind")), *((each, kind_title(each)) for each in kinds)]

    def clean(self) -> dict[str, Any]:
        """Say which of the two it is."""
        found: dict[str, Any] = super().clean() or {}
        after, day = found.get("after"), found.get("on")
        if not self.errors and (after is None) == (day is None):
            raise forms.ValidationError(gettext("Say from where: a number, or a day; one of them."))
        if after is not None and not found.get("kind"):
            self.add_error("kind", gettext("A number is one of a kind: choose which."))
        if day is not None and not _EARLIEST <= day <= self._today:
            self.add_error("on", gettext("Choose a day from 2020 until today."))
        elif day is not None:
            found["since"] = datetime.combine(day, found.get("at") or time(), VIET_NAM_TIME)
        return found


@needs("agreement.approve")
@require_http_methods(["GET", "HEAD", "POST"])
def replay(request: StaffRequest, number: int) -> HttpResponse:
    """Ask from where, say how much would be sent again, and send it when that was confirmed."""
    asked = request.POST if request.method == "POST" else request.GET
    with looking(request) as connection:
        found = found_webhook(request, connection, number)
        kinds = [each.kind for each in found.progress]
        form = ReplayForm(asked if asked else None, kinds=kinds, today=today_of(request))
        is_asked = form.is_bound and form.is_valid()
        said = form.cleaned_data if is_asked else {}
        wanted = [said["kind"]] if said.get("kind") else kinds
        where = {"after": said.get("after"), "since": said.get("since")}
        reach = services.would_replay(connection, webhook=number, kinds=wanted, **where) if is_asked else []
        receiver = names(connection).system(found.destination.receiver)
    if request.method == "POST" and reach:
        return _replay(request, number, [each.kind for each in reach], where)
    context = {
        "destination": found.destination,
        "receiver": receiver,
        "form": form,
        "is_asked": is_asked,
        "is_over": found.destination.state == "ended",
        "reach": [(kind_title(each.kind), each) for each in reach],
        "messages_together": sum(each.messages for each in reach),
        "records_together": sum(each.records for each in reach),
        "hidden": [(name, asked.get(name, "")) for name in ("kind", "after", "on", "at")],
        "reason_form": ReasonForm(),
        "crumbs": [
            (gettext("Receivers"), reverse("receivers")),
            (receiver, reverse("receiver", args=[number])),
            (gettext("Send again"), ""),
        ],
    }
    return render(request, "console/exchange/replay.html", context)


def _replay(request: StaffRequest, number: int, kinds: list[str], where: dict[str, Any]) -> HttpResponse:
    def work(connection: Connection, held: Held) -> Done:
        at = hub_of(request).clock.now()
        sent = sum(services.replay(connection, held, kind=kind, at=at, **where) for kind in kinds)
        begins = f"since {where['since'].isoformat()}" if where["since"] else f"after {where['after']}"
        said = gettext("Messages that are sent again: %(number)s") % {"number": number_words(sent)}
        return Done(f"{', '.join(kinds)}, {begins}, {sent} messages", said)

    return _do(request, number, "webhook.replay", work)
