"""Drafting an agreement, and amending one: a form that is whole without a script."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from daumoi.console.access import StaffRequest, hub_of, member_actor, needs
from daumoi.console.acting import changing, looking, note
from daumoi.console.errors import no_right
from daumoi.console.exchange import forms
from daumoi.console.exchange.agreements import found_agreement, names, today_of
from daumoi.console.exchange.forms import AgreementForm, TermsForm
from daumoi.console.exchange.steps import said
from daumoi.exchange import lifecycle, roll
from daumoi.exchange.terms import Terms, TermsFault

_FRESH = {"identity": "pseudonym", "location": False, "delay": 0, "delay_unit": 60, "purpose": "data_sharing"}
"""What a new form begins with: the least."""


@needs("agreement.propose")
@require_http_methods(["GET", "HEAD", "POST"])
def draft(request: StaffRequest) -> HttpResponse:
    """Draft a new agreement with its first version."""
    if not request.scope.nationwide:
        return no_right(request)
    is_sent = request.method == "POST" and "find" not in request.POST
    with looking(request) as connection:
        known = names(connection)
    areas, ticks = forms.areas_of(request, None), forms.ticks_of(request, None)
    more: dict[str, Any] = {"on": today_of(request), "known": known}
    if is_sent:
        form = AgreementForm(request.POST, **more)
    else:
        form = AgreementForm(initial=forms.kept(request.POST) if request.method == "POST" else _FRESH, **more)
    if is_sent and form.is_valid() and not areas.fault:
        try:
            made = _drafted(request, form, form.terms(areas, forms.fields_of(ticks, None)))
        except TermsFault as fault:
            form.take(fault)
        else:
            messages.success(request, gettext("The draft is kept. Nothing is given by that: see what it would give."))
            return redirect("agreement_preview", made, 1)
    context = {
        "form": form,
        "areas": areas,
        "ticks": ticks,
        "crumbs": [(gettext("Sharing agreements"), reverse("agreements")), (gettext("Draft"), "")],
    }
    is_refused = bool(is_sent and (form.errors or areas.fault))
    return render(request, "console/exchange/draft.html", context, status=422 if is_refused else 200)


def _drafted(request: StaffRequest, form: AgreementForm, terms: Terms) -> int:
    given = form.cleaned_data
    with changing(request) as connection:
        made = lifecycle.draft(
            connection,
            receiver=given["receiver"],
            provider=given["provider"],
            name=given["name"],
            terms=terms,
            by=member_actor(request.standing.scope.member_id),
            at=hub_of(request).clock.now(),
        )
        note(request, connection, "agreement.draft", f"agreement {made}, version 1")
    return made


@needs("agreement.propose")
@require_http_methods(["GET", "HEAD", "POST"])
def amend(request: StaffRequest, number: int) -> HttpResponse:
    """Draft a further version; the one in force stays until the new one is approved by both sides."""
    is_sent = request.method == "POST" and "find" not in request.POST
    with looking(request) as connection:
        found = found_agreement(request, connection, number)
        before = roll.versions(connection, number)[0].terms
        known = names(connection)
    areas, ticks = forms.areas_of(request, before), forms.ticks_of(request, before)
    more: dict[str, Any] = {"on": today_of(request)}
    if is_sent:
        form = TermsForm(request.POST, **more)
    else:
        initial = forms.kept(request.POST) if request.method == "POST" else forms.initial_of(before)
        form = TermsForm(initial=initial, **more)
    if is_sent and form.is_valid() and not areas.fault:
        try:
            version = _amended(request, number, form.terms(areas, forms.fields_of(ticks, before)))
        except TermsFault as fault:
            form.take(fault)
        except lifecycle.NotNow as fault:
            messages.error(request, said(fault))
            return redirect("agreement", number)
        else:
            messages.success(request, gettext("The draft is kept. Nothing changes by that: see what it would give."))
            return redirect("agreement_preview", number, version)
    context = {
        "form": form,
        "areas": areas,
        "ticks": ticks,
        "agreement": found,
        "receiver": known.system(found.receiver),
        "provider": known.provider(found.provider),
        "crumbs": [
            (gettext("Sharing agreements"), reverse("agreements")),
            (found.name, reverse("agreement", args=[number])),
            (gettext("Amend"), ""),
        ],
    }
    is_refused = bool(is_sent and (form.errors or areas.fault))
    return render(request, "console/exchange/draft.html", context, status=422 if is_refused else 200)


def _amended(request: StaffRequest, number: int, terms: Terms) -> int:
    by, at = member_actor(request.standing.scope.member_id), hub_of(request).clock.now()
    with changing(request) as connection:
        version = lifecycle.amend(connection, agreement=number, terms=terms, by=by, at=at)
        note(request, connection, "agreement.amend", f"agreement {number}, version {version}")
    return version
