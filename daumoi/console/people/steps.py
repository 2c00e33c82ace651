"""The steps of a merge or split: proposed with a reason, decided by somebody else, undone. Each is an audit line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from daumoi.console import purpose
from daumoi.console.access import StaffRequest, hub_of, needs
from daumoi.console.acting import actor_of
from daumoi.console.people.identities import claims_shown
from daumoi.console.people.looking import finds, hidden_alike, look_of
from daumoi.console.people.wording import FAULTS, who_decides
from daumoi.linkage import proposals
from daumoi.linkage.proposals import TEXT_MAX
from daumoi.linkage.selectors import person_origins
from daumoi.organisations import registry

T = TypeVar("T")


def _done(request: StaffRequest, step: Callable[[], T]) -> T | None:
    """Take a step; what cannot be is said on the next page."""
    try:
        return step()
    except tuple(FAULTS) as fault:
        messages.error(request, str(FAULTS[type(fault)]))
        return None


@needs("person.merge.propose")
@require_POST
@hidden_alike
def propose_merge(request: StaffRequest, one: int, other: int) -> HttpResponse:
    """Propose that two people are one."""
    keep, join = (other, one) if request.POST.get("keep") == str(other) else (one, other)
    number = _done(
        request,
        lambda: proposals.propose_merge(
            request.scope, hub_of(request), keep=keep, other=join, by=actor_of(request), reason=_text(request)
        ),
    )
    if number is None:
        return redirect("people_pair", one, other)
    messages.success(request, gettext("Proposed. Nothing moves before somebody else has decided it."))
    return redirect("people_proposal", number)


@needs("person.merge.decide")
@require_POST
@hidden_alike
def keep_apart(request: StaffRequest, one: int, other: int) -> HttpResponse:
    """Decide that a pair the hub found are two people; it does not come back."""
    number = _done(
        request,
        lambda: proposals.reject_candidate(
            request.scope, hub_of(request), one=one, another=other, by=actor_of(request), note=_text(request)
        ),
    )
    if number is None:
        return redirect("people_pair", one, other)
    messages.success(request, gettext("Kept apart. The pair does not come back unless a new number names both."))
    return redirect("people_candidates")


@never_cache
@needs("person.merge.propose")
@require_http_methods(["GET", "HEAD", "POST"])
@hidden_alike
def split(request: StaffRequest, person: int) -> HttpResponse:
    """Show the claims of a person, for a purpose, and propose that some are somebody else's."""
    if request.method == "POST":
        claims = [int(text) for text in request.POST.getlist("claim") if text.isascii() and text.isdecimal()]
        number = _done(
            request,
            lambda: proposals.propose_split(
                request.scope,
                hub_of(request),
                person=person,
                claims=[claim for claim in claims if claim < 2**63],
                by=actor_of(request),
                reason=_text(request),
            ),
        )
        if number is None:
            return redirect("person_split", person)
        messages.success(request, gettext("Proposed. Nothing moves before somebody else has decided it."))
        return redirect("people_proposal", number)
    why = purpose.stated(request)
    title = gettext("Person %(number)s") % {"number": person}
    context: dict[str, Any] = {
        "person": person,
        "why": why,
        "text_max": TEXT_MAX,
        "deciders": who_decides(),
        "crumbs": [(title, reverse("person", args=[person])), (gettext("Split"), "")],
    }
    if why is None:
        return render(request, "console/people/split.html", context | {"purpose_form": purpose.form(request)})
    hub = hub_of(request)
    origins = person_origins(finds(request), hub, look=look_of(request, why), person=person)
    with hub.pool.connection() as connection:
        systems = registry.load(connection)
    context["claims"] = claims_shown(origins, systems, whole=False)
    return render(request, "console/people/split.html", context)


@needs("person.merge.decide")
@require_POST
@hidden_alike
def decide(request: StaffRequest, number: int) -> HttpResponse:
    """Approve or reject what somebody else proposed."""
    hub, by = hub_of(request), actor_of(request)
    approved = request.POST.get("decision") == "approve"

    def step() -> bool:
        if approved:
            proposals.approve(request.scope, hub, proposal=number, by=by, note=_text(request))
        else:
            proposals.reject(request.scope, hub, proposal=number, by=by, note=_text(request))
        return True

    if _done(request, step):
        messages.success(request, gettext("Approved.") if approved else gettext("Rejected."))
    return redirect("people_proposal", number)


@needs("person.merge.propose")
@require_POST
@hidden_alike
def withdraw(request: StaffRequest, number: int) -> HttpResponse:
    """Take back what one proposed oneself."""

    def step() -> bool:
        proposals.withdraw(request.scope, hub_of(request), proposal=number, by=actor_of(request), note=_text(request))
        return True

    if _done(request, step):
        messages.success(request, gettext("Withdrawn."))
    return redirect("people_proposal", number)


@needs("person.merge.propose")
@require_POST
@hidden_alike
def undo(request: StaffRequest, number: int) -> HttpResponse:
    """Propose to undo a decision; somebody else decides that too."""
    made = _done(
        request,
        lambda: proposals.propose_undo(
            request.scope, hub_of(request), proposal=number, by=actor_of(request), reason=_text(request)
        ),
    )
    if made is None:
        return redirect("people_proposal", number)
    messages.success(request, gettext("Proposed. Nothing moves before somebody else has decided it."))
    return redirect("people_proposal", made)


def _text(request: StaffRequest) -> str:
    return request.POST.get("reason", "")
