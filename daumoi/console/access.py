"""Who comes in: the doorkeeper of every page, and the mark that a view needs a right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast
from urllib.parse import urlencode

import psycopg
import structlog
from django.contrib.auth import logout
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from daumoi.accounts import roles, selectors, services
from daumoi.accounts.scope import Grant, Scope
from daumoi.accounts.selectors import Standing
from daumoi.audit import break_glass
from daumoi.audit.break_glass import OpenGrant
from daumoi.audit.services import NoGrant
from daumoi.console import doors, errors
from daumoi.console.settings import SESSION_COOKIE
from daumoi.core import facts
from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.database import sqlstate_of
from daumoi.core.hub import Hub

P = ParamSpec("P")
CONNECTION_WAIT_S = 5.0
_log = structlog.get_logger("daumoi.console")

NOBODY = Scope(member_id=None, label="")


class StaffRequest(HttpRequest):
    """A request of somebody who has signed in; `scope` is narrowed to the right that the page needs."""

    scope: Scope
    standing: Standing
    own_scope: Scope
    """What the member's roles give without access in an emergency."""
    open_grants: Sequence[OpenGrant]
    """The access in an emergency that they have now, the one that ends last first."""


def hub_of(request: HttpRequest) -> Hub:
    """Return the hub whose page is asked for."""
    hub: Hub = request.META["daumoi.hub"]
    return hub


def needs(
    right: str,
) -> Callable[
    [Callable[Concatenate[StaffRequest, P], HttpResponse]], Callable[Concatenate[HttpRequest, P], HttpResponse]
]:
    """Mark a view as one that needs a right: it is called with `request.scope` narrowed to it.

    Nobody signed in: the sign-in page. Signed in without the right: a 403 page. The same right stands in `doors.py`.
    """

    def mark(
        view: Callable[Concatenate[StaffRequest, P], HttpResponse],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            standing = standing_of(request)
            if standing is None:
                return sign_in_first(request)
            if not standing.scope.may(right):
                return errors.no_right(request)
            staff = cast("StaffRequest", request)
            staff.scope = standing.scope.for_right(right)
            return view(staff, *args, **kwargs)

        guarded.needs = right  # type: ignore[attr-defined]
        return cast("Callable[Concatenate[HttpRequest, P], HttpResponse]", guarded)

    return mark


def standing_of(request: HttpRequest) -> Standing | None:
    """Return who is signed in, with what they may do today; None for a stranger. Looked up once a request.

    Raises DatabaseError or psycopg.Error when the database does not answer.
    """
    if hasattr(request, "standing"):
        return cast("Standing | None", request.standing)
    standing, grants = _look_up(request) if SESSION_COOKIE in request.COOKIES else (None, [])
    request.own_scope = standing.scope if standing else NOBODY  # type: ignore[attr-defined]
    request.open_grants = grants  # type: ignore[attr-defined]
    if standing is not None and grants:
        standing = replace(standing, scope=widened(standing.scope, grants))
    request.standing = standing  # type: ignore[attr-defined]
    return standing


def member_actor(member_id: int | None) -> str:
    """Name a member as the audit log and emergency access do."""
    return f"member:{member_id}"


def widened(scope: Scope, grants: Sequence[OpenGrant]) -> Scope:
    """Add to a scope what access in an emergency opens: rights to see that the member holds anyway, in more areas."""
    rights = scope.rights & roles.load().opened_by_break_glass
    more = tuple(Grant(rights, frozenset(grant.areas)) for grant in grants)
    return replace(scope, grants=(*scope.grants, *more))


def _look_up(request: HttpRequest) -> tuple[Standing | None, Sequence[OpenGrant]]:
    if not request.user.is_authenticated:
        return None, []
    grants: Sequence[OpenGrant] = []
    hub = hub_of(request)
    at = hub.clock.now()
    member_id = int(request.user.pk)
    with hub.pool.connection(timeout=CONNECTION_WAIT_S) as connection:
        standing = selectors.standing(connection, member_id, at.astimezone(VIET_NAM_TIME).date())
        if standing is not None and standing.is_demo and facts.read(connection, "demo") != "yes":
            standing = None  # sign-ins of a demo open nothing anywhere else, however they came here
        if standing is not None and standing.is_active and services.is_news(standing.last_seen_at, at):
            services.seen(connection, member_id=member_id, at=at)
        if standing is not None and standing.scope.may("breakglass.use"):
            grants = break_glass.open_grants(connection, member=member_actor(member_id), at=at)
    if standing is None or not standing.is_active:
        logout(request)
        return None, []
    return standing, grants


def sign_in_first(request: HttpRequest) -> HttpResponse:
    """Lead to the sign-in page and back; a part of a page that htmx asks for leads the whole page there."""
    address = reverse("account_login")
    if request.headers.get("HX-Request"):
        return HttpResponse(status=401, headers={"HX-Redirect": address})
    back = f"?{urlencode({'next': request.get_full_path()})}" if request.method == "GET" else ""
    return HttpResponseRedirect(f"{address}{back}")


class Doorkeeper:
    """Opens each address as `doors.py` says; what does not stand there stays closed."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        """Take what answers behind the door."""
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, or say that the database does not."""
        request.scope = NOBODY  # type: ignore[attr-defined]
        return self._answer(request)

    def process_view(
        self, request: HttpRequest, _view: Callable[..., HttpResponse], _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        """Let in, or answer instead of the view."""
        name = request.resolver_match.view_name if request.resolver_match else ""
        door = doors.DOORS.get(name)
        if door is None:
            raise ImproperlyConfigured("this address has no entry in daumoi/console/doors.py, so nobody may open it")
        if door == doors.PUBLIC:
            return None
        try:
            standing = standing_of(request)
        except (DatabaseError, psycopg.Error) as error:
            reason = sqlstate_of(error) if isinstance(error, psycopg.Error) else type(error).__name__
            _log.warning("a session cannot be looked up", reason=reason)
            return errors.out_of_reach(request)
        if standing is None:
            return sign_in_first(request)
        if first := _first_thing(standing, name):
            return HttpResponseRedirect(reverse(first))
        if door != doors.SIGNED_IN and not standing.scope.may(door):
            return errors.no_right(request)
        staff = cast("StaffRequest", request)
        staff.scope = standing.scope if door == doors.SIGNED_IN else standing.scope.for_right(door)
        return None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer for what ended while a page was made."""
        return errors.access_ended(request) if isinstance(exception, NoGrant) else None


def _first_thing(standing: Standing, name: str) -> str | None:
    """Return where a member has to go first: to a password of their own, then to a second factor."""
    if name in doors.FIRST_THINGS:
        return None
    if standing.must_change_password:
        return None if name == doors.NEW_PASSWORD else doors.NEW_PASSWORD
    if not standing.has_second_factor and not standing.is_demo:
        return None if name in doors.SECOND_FACTOR else "mfa_index"
    return None
