"""Two people side by side: what both say, what differs, why they may be one, and the way to a proposal."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from daumoi.console import purpose
from daumoi.console.access import StaffRequest, hub_of, needs
from daumoi.console.people.identities import beside, may_be_twins
from daumoi.console.people.looking import finds, hidden_alike, look_of
from daumoi.console.people.wording import pair_in_words, proposal_rows, who_decides
from daumoi.linkage.candidates import candidate_of
from daumoi.linkage.proposals import TEXT_MAX, Proposal, apart_by, open_between
from daumoi.linkage.selectors import person_origins
from daumoi.organisations import registry


@needs("person.merge.view")
@require_safe
def choose(request: StaffRequest) -> HttpResponse:
    """Lead to the two people that were ticked, or typed by their numbers."""
    given = [text.strip() for text in request.GET.getlist("person")]
    chosen = sorted({int(text) for text in given if text.isascii() and text.isdecimal() and len(text) < 19})
    if len(chosen) != 2 or len(chosen) != len([text for text in given if text]):
        messages.error(request, gettext("Choose two people to compare: tick two, or give the number of another."))
        return redirect("person", chosen[0]) if len(chosen) == 1 else redirect("find_person")
    return redirect("people_pair", *chosen)


@never_cache
@needs("person.merge.view")
@require_http_methods(["GET", "HEAD", "POST"])
@hidden_alike
def show(request: StaffRequest, one: int, other: int) -> HttpResponse:
    """Compare two people within the scope, for a purpose; masked unless the reader asks to see them whole."""
    if one == other:
        raise Http404
    if one > other:
        return redirect("people_pair", other, one)
    why = purpose.stated(request)
    context: dict[str, Any] = {"one": one, "other": other, "why": why, "crumbs": _crumbs()}
    if why is None:
        return render(request, "console/people/pair.html", context | {"purpose_form": purpose.form(request)})
    hub, look = hub_of(request), look_of(request, why)
    candidate = candidate_of(request.scope, hub, one=one, another=other)
    waiting = open_between(request.scope, hub, one=one, another=other)
    apart = apart_by(request.scope, hub, one=one, another=other)
    whole = request.method == "POST" and "unmask" in request.POST
    action = "person.unmask" if whole else "person.compare"
    left, right = (
        person_origins(finds(request), hub, look=look, person=person, action=action) for person in (one, other)
    )
    with hub.pool.connection() as connection:
        systems = registry.load(connection)
        rows = proposal_rows(connection, [apart] if apart else [])
    context |= {
        "fields": beside(left, right, systems, whole=whole),
        "numbers": (one, other),
        "whole": whole,
        "pair": pair_in_words(candidate) if candidate else None,
        "twins": may_be_twins(left, right) or (candidate is not None and pair_in_words(candidate).twins),
        "waiting": waiting,
        "apart": rows[0] if rows else None,
        "text_max": TEXT_MAX,
        "deciders": who_decides(),
        **_may(request, waiting=waiting, apart=apart, is_candidate=candidate is not None),
    }
    return render(request, "console/people/pair.html", context)


def _may(request: StaffRequest, *, waiting: int | None, apart: Proposal | None, is_candidate: bool) -> dict[str, bool]:
    free = waiting is None and apart is None
    may = request.standing.scope.may
    return {
        "may_propose": free and may("person.merge.propose"),
        "may_reject": free and is_candidate and may("person.merge.decide"),
    }


def _crumbs() -> list[tuple[str, str]]:
    return [(gettext("Pairs that may be one"), reverse("people_candidates")), (gettext("Side by side"), "")]
