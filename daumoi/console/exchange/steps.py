"""Steps of an agreement: propose, approve for each side, refuse, suspend, let go on, end. Each with its audit line.

Many may suspend; that it goes on, or ends, is the owner's.
"""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from daumoi.console.access import StaffRequest, hub_of, member_actor, needs
from daumoi.console.acting import changing, note
from daumoi.console.exchange.agreements import ReasonForm, found_agreement
from daumoi.core.database import Connection
from daumoi.exchange import lifecycle
from daumoi.exchange.lifecycle import Side
from daumoi.exchange.terms import TermsFault

_REFUSED = (
    lifecycle.NotNow,
    lifecycle.SamePerson,
    lifecycle.Overlaps,
    lifecycle.ReasonMissing,
    lifecycle.NoSuchAgreement,
    TermsFault,
)
Step = Callable[[Connection, str], str]
"""Makes a step with the reason that was given, and says what was done."""


def said(fault: Exception) -> str:
    """Say a refusal in the reader's language."""
    return {
        lifecycle.NotNow: gettext("It is at another step by now: look at its versions."),
        lifecycle.SamePerson: gettext("Who drafted a version does not approve it, and nobody approves for both sides."),
        lifecycle.Overlaps: gettext(
            "The receiver has another agreement for one of these kinds. End it first, or amend that one."
        ),
        lifecycle.ReasonMissing: gettext("Give a reason of 1 to 1,000 characters, without personal data."),
        lifecycle.NoSuchAgreement: gettext("There is no such version."),
        TermsFault: gettext("What the version says cannot be agreed on any more. Amend it."),
    }[type(fault)]


def _step(
    request: StaffRequest, number: int, version: int | None, action: str, make: Step, *, needs_reason: bool = False
) -> HttpResponse:
    form = ReasonForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    if needs_reason and not reason:
        messages.error(request, gettext("Give a reason of 1 to 1,000 characters, without personal data."))
        return redirect("agreement", number)
    try:
        with changing(request) as connection:
            found_agreement(request, connection, number)
            done = make(connection, reason)
            subject = f"agreement {number}" + (f", version {version}" if version is not None else "")
            note(request, connection, action, subject, reason=reason)
    except _REFUSED as fault:
        messages.error(request, said(fault))
    else:
        messages.success(request, done)
    return redirect("agreement", number)


@needs("agreement.propose")
@require_POST
def propose(request: StaffRequest, number: int, version: int) -> HttpResponse:
    """Put a draft before those who approve."""

    def make(connection: Connection, _reason: str) -> str:
        lifecycle.propose(connection, agreement=number, version=version, at=hub_of(request).clock.now())
        return gettext("Proposed. It holds when the owner of the data and the privacy lead have approved.")

    return _step(request, number, version, "agreement.propose", make)


def _approve(request: StaffRequest, number: int, version: int, side: Side) -> HttpResponse:
    def make(connection: Connection, _reason: str) -> str:
        is_in_force = lifecycle.approve(
            connection,
            agreement=number,
            version=version,
            side=side,
            by=member_actor(request.standing.scope.member_id),
            at=hub_of(request).clock.now(),
        )
        return (
            gettext("Approved: it is in force.") if is_in_force else gettext("Approved. The other side has still to.")
        )

    return _step(request, number, version, "agreement.approve" if side == "owner" else "agreement.privacy", make)


@needs("agreement.approve")
@require_POST
def approve(request: StaffRequest, number: int, version: int) -> HttpResponse:
    """Approve as the owner of the data."""
    return _approve(request, number, version, "owner")


@needs("agreement.privacy")
@require_POST
def approve_privacy(request: StaffRequest, number: int, version: int) -> HttpResponse:
    """Approve as who answers for the protection of personal data."""
    return _approve(request, number, version, "privacy")


def _refuse(request: StaffRequest, number: int, version: int, action: str, done: str) -> HttpResponse:
    def make(connection: Connection, reason: str) -> str:
        lifecycle.refuse(
            connection,
            agreement=number,
            version=version,
            by=member_actor(request.standing.scope.member_id),
            reason=reason,
            at=hub_of(request).clock.now(),
        )
        return done

    return _step(request, number, version, action, make, needs_reason=True)


@needs("agreement.approve")
@require_POST
def refuse(request: StaffRequest, number: int, version: int) -> HttpResponse:
    """Refuse as the owner of the data."""
    return _refuse(request, number, version, "agreement.refuse", gettext("Refused. It stays in the history."))


@needs("agreement.privacy")
@require_POST
def refuse_privacy(request: StaffRequest, number: int, version: int) -> HttpResponse:
    """Refuse as who answers for the protection of personal data."""
    return _refuse(request, number, version, "agreement.refuse", gettext("Refused. It stays in the history."))


@needs("agreement.propose")
@require_POST
def withdraw(request: StaffRequest, number: int, version: int) -> HttpResponse:
    """Take back what was drafted or proposed."""
    return _refuse(request, number, version, "agreement.withdraw", gettext("Withdrawn."))


@needs("agreement.suspend")
@require_POST
def suspend(request: StaffRequest, number: int) -> HttpResponse:
    """Stop an agreement at once."""

    def make(connection: Connection, reason: str) -> str:
        by = member_actor(request.standing.scope.member_id)
        lifecycle.suspend(connection, agreement=number, by=by, reason=reason, at=hub_of(request).clock.now())
        return gettext("Suspended: nothing more leaves under it. What has left so far stands below.")

    return _step(request, number, None, "agreement.suspend", make, needs_reason=True)


@needs("agreement.approve")
@require_POST
def resume(request: StaffRequest, number: int) -> HttpResponse:
    """Let a suspended agreement go on."""

    def make(connection: Connection, reason: str) -> str:
        lifecycle.resume(connection, agreement=number, reason=reason)
        return gettext("It goes on: its receiver gets what has come meanwhile.")

    return _step(request, number, None, "agreement.resume", make, needs_reason=True)


@needs("agreement.approve")
@require_POST
def end(request: StaffRequest, number: int) -> HttpResponse:
    """End an agreement for good."""

    def make(connection: Connection, _reason: str) -> str:
        lifecycle.end(connection, agreement=number, at=hub_of(request).clock.now())
        return gettext("Ended. A new one needs a draft and both approvals.")

    return _step(request, number, None, "agreement.end", make, needs_reason=True)
