"""The home of the console: who one is, where, and what one may do."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_safe

from daumoi.accounts import roles
from daumoi.accounts.scope import Scope
from daumoi.areas import selectors as areas
from daumoi.areas.unit import TODAY
from daumoi.console.access import standing_of

_AREAS_SHOWN = 6


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show a member what their roles open."""
    standing = standing_of(request)
    assert standing is not None  # the doorkeeper let nobody else in
    known = roles.load()
    rights = [
        {"title": title.said(get_language()), "places": place_names(standing.scope.for_right(right))}
        for right, title in known.rights.items()
        if standing.scope.may(right)
    ]
    return render(request, "console/home.html", {"rights": rights})


@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """Show a member their own account."""
    return render(request, "console/account.html")


def place_names(scope: Scope) -> str:
    """Say where a scope sees, shortly."""
    if scope.paths is None:
        return gettext("nationwide")
    names = []
    for path in sorted(scope.paths)[:_AREAS_SHOWN]:
        unit = areas.find(TODAY, path.rpartition(".")[2])
        names.append(unit.name if unit else path)
    more = len(scope.paths) - len(names)
    if more > 0:
        names.append(gettext("and %(more)s more") % {"more": more})
    return ", ".join(names)
