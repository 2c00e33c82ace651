"""What a version would give of the last seven days, beside the one in force; a few records masked, on request."""

from __future__ import annotations

import json
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from daumoi.console import purpose
from daumoi.console.access import StaffRequest, hub_of, needs
from daumoi.console.acting import actor_of, changing, looking
from daumoi.console.exchange import wording
from daumoi.console.exchange.agreements import found_agreement, holds, names
from daumoi.console.presentation import kind_title
from daumoi.exchange import preview as previews
from daumoi.exchange import roll
from daumoi.exchange.preview import KindGiven, Preview, Sample
from daumoi.exchange.reading import Reader
from daumoi.exchange.roll import Agreed, Version
from daumoi.exchange.terms import Terms


@needs("agreement.view")
@require_safe
def preview(request: StaffRequest, number: int, version: int) -> HttpResponse:
    """Show what a version would give; with `?samples=1`, records too, which is a line of the audit log each."""
    with looking(request) as connection:
        found = found_agreement(request, connection, number)
        versions = roll.versions(connection, number)
        this = next((each for each in versions if each.version == version), None)
        if this is None:
            raise Http404
        other = next((each for each in versions if each.state == "in_force" and each.version != version), None)
        given = previews.preview(
            connection,
            agreement=number,
            version=version,
            in_force=other.version if other else None,
            receiver=found.receiver,
            now=hub_of(request).clock.now(),
        )
        known = names(connection)
    may_sample = _may_sample(request, this.terms)
    samples = _samples(request, found, this, given) if may_sample and request.GET.get("samples") else []
    context = {
        "agreement": found,
        "version": this,
        "state": wording.state_words(this.state),
        "other": other,
        "receiver": known.system(found.receiver),
        "given": given,
        "kinds": [_kind(each, given, this.terms) for each in given.kinds],
        "changes": wording.changes(other.terms, this.terms) if other else [],
        "may_sample": may_sample,
        "samples": [(kind_title(each.kind), json.dumps(each.line, ensure_ascii=False, indent=2)) for each in samples],
        "crumbs": [
            (gettext("Sharing agreements"), reverse("agreements")),
            (found.name, reverse("agreement", args=[number])),
            (gettext("Preview"), ""),
        ],
    }
    return purpose.shown(render(request, "console/exchange/preview.html", context))


def _may_sample(request: StaffRequest, terms: Terms) -> bool:
    """Who approves sees samples; who drafts does, where no identity is given: suppliers may draft, not see people."""
    if holds(request, "agreement.approve") or holds(request, "agreement.privacy"):
        return True
    return holds(request, "agreement.propose") and not terms.gives_identity


def _samples(request: StaffRequest, found: Agreed, this: Version, given: Preview) -> list[Sample]:
    reader = Reader(actor_of(request), reason=f"preview of agreement {found.id}, version {this.version}")
    with changing(request) as connection:
        return previews.samples(
            hub_of(request),
            connection,
            names(connection).systems,
            agreement=(found.id, this.version),
            receiver=found.receiver,
            newest=given.newest,
            reader=reader,
        )


def _kind(each: KindGiven, given: Preview, terms: Terms) -> dict[str, Any]:
    return {
        "title": kind_title(each.kind),
        "given": each,
        "by_day": [each.by_day.get(day, 0) for day in given.days],
        "fields": wording.given_fields(terms, each.kind) if terms.covers_kind(each.kind) else gettext("not given"),
        "gained": ", ".join(name for name in each.fields if name not in each.fields_before),
        "lost": ", ".join(name for name in each.fields_before if name not in each.fields),
    }
