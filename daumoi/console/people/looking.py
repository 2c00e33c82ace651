"""A look at people from a page: with the purpose this session has named, and "not found" for whom one may not see."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.http import Http404, HttpResponse

from daumoi.accounts.scope import Scope
from daumoi.console.access import StaffRequest, hub_of
from daumoi.console.acting import actor_of
from daumoi.console.purpose import Stated
from daumoi.linkage.reading import Look
from daumoi.linkage.selectors import NotVisible

P = ParamSpec("P")
_MOST = 2**63


def look_of(request: StaffRequest, why: Stated) -> Look:
    """Say who looks and why, as the audit log will have it."""
    return Look(actor_of(request), why.code, hub_of(request).clock, why.reason)


def finds(request: StaffRequest) -> Scope:
    """Return where the reader may look at people, whatever right opened the page."""
    return request.standing.scope.for_right("person.find")


def hidden_alike(
    view: Callable[Concatenate[StaffRequest, P], HttpResponse],
) -> Callable[Concatenate[StaffRequest, P], HttpResponse]:
    """Answer for what lies elsewhere as for what is not there at all."""

    @wraps(view)
    def shown(request: StaffRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if any(isinstance(value, int) and not 0 < value < _MOST for value in kwargs.values()):
            raise Http404
        try:
            return view(request, *args, **kwargs)
        except NotVisible:
            raise Http404 from None

    return cast("Callable[Concatenate[StaffRequest, P], HttpResponse]", shown)
