"""The roll of members, one member, and the roles with their rights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_safe

from daumoi.accounts import roles, roll
from daumoi.accounts.roll import Held, OnRoll, State
from daumoi.console.access import StaffRequest, hub_of, needs
from daumoi.console.acting import changing, looking, note
from daumoi.console.choosing_area import area_name
from daumoi.console.exporting import as_file
from daumoi.console.members.forms import EndForm
from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.database import Connection

_TEXT_MAX = 100
STATES: tuple[State, ...] = ("", "active", "waiting", "off", "none")


@dataclass(frozen=True)
class Shown:
    """A membership in the words of the page, and what the reader may do with it."""

    held: Held
    role: str
    area: str
    state: str
    state_words: str
    may_decide: bool
    why_not: str
    """Why the reader cannot decide on one that waits."""
    may_end: bool


def today_of(request: HttpRequest) -> date:
    """Return the day it is in Viet Nam."""
    return hub_of(request).clock.now().astimezone(VIET_NAM_TIME).date()


def role_title(name: str) -> str:
    """Return a role's title in the reader's language; a role that this release does not know goes by its name."""
    found = roles.load().roles.get(name)
    return found.title.said(get_language()) if found else name


def state_words(state: str) -> str:
    """Say where a membership stands."""
    return {
        "waiting": gettext("waits for approval"),
        "refused": gettext("refused"),
        "to_come": gettext("to come"),
        "ended": gettext("ended"),
        "in_force": gettext("in force"),
    }[state]


def shown(request: StaffRequest, member: OnRoll, held: Held) -> Shown:
    """Put a membership into words."""
    state = held.state(today_of(request))
    why_not = _why_not(request, member, held) if state == "waiting" else ""
    return Shown(
        held=held,
        role=role_title(held.role),
        area=area_name(held.area_scheme, held.area_code),
        state=state,
        state_words=state_words(state),
        may_decide=state == "waiting" and not why_not,
        why_not=why_not,
        may_end=state in ("in_force", "to_come") and request.standing.scope.may("member.end"),
    )


def _why_not(request: StaffRequest, member: OnRoll, held: Held) -> str:
    me = request.standing.scope.member_id
    if held.proposed_by == me:
        return gettext("You proposed it: somebody else decides.")
    if member.id == me:
        return gettext("It concerns yourself: somebody else decides.")
    if not request.standing.scope.may("member.approve"):
        return gettext("Your role does not decide on memberships.")
    return ""


def _wanted(request: HttpRequest) -> tuple[str, State]:
    text = request.GET.get("q", "").strip().replace("\x00", "")[:_TEXT_MAX]
    state = request.GET.get("state", "")
    return text, next((each for each in STATES if each == state), "")


def _state_choices(state: State) -> list[tuple[str, str, bool]]:
    words = {
        "": gettext("All"),
        "active": gettext("With a membership in force"),
        "waiting": gettext("With a proposal that waits"),
        "off": gettext("Switched off"),
        "none": gettext("Without a membership in force"),
    }
    return [(name, words[name], name == state) for name in STATES]


@needs("member.view")
@require_safe
def members(request: StaffRequest) -> HttpResponse:
    """List the members that the reader's scope sees."""
    text, state = _wanted(request)
    with looking(request) as connection:
        page = roll.members(
            request.scope, connection, on=today_of(request), text=text, state=state, after=request.GET.get("after", "")
        )
    rows = [{"member": each, "memberships": [shown(request, each, held) for held in _now(request, each)]}
            for each in page.members]  # fmt: skip
    more = request.GET.copy()
    if page.after is not None:
        more["after"] = page.after
    context = {
        "rows": rows,
        "text": text,
        "state": state,
        "states": _state_choices(state),
        "more": more.urlencode() if page.after is not None else "",
        "file": request.GET.urlencode(),
        "crumbs": [(gettext("Members"), "")],
    }
    return render(request, "console/members/members.html", context)


def _now(request: HttpRequest, member: OnRoll) -> Sequence[Held]:
    """The memberships that a list shows: those that count, will, or wait."""
    return [held for held in member.memberships if held.state(today_of(request)) in ("in_force", "to_come", "waiting")]


@needs("member.view")
@require_safe
def members_file(request: StaffRequest) -> HttpResponse:
    """Give the list as a CSV file, all pages of it; its making is a line of the audit log."""
    text, state = _wanted(request)
    with changing(request) as connection:
        note(request, connection, "member.export", "list of members")
        found = list(_all(request, connection, text, state))
    columns = ("email", "name", "role", "organisation", "vendor", "area", "from", "to", "state", "last_seen",
               "second_factor", "switched_off", "demo")  # fmt: skip
    return as_file("members", columns, _cells(request, found))


def _all(request: StaffRequest, connection: Connection, text: str, state: State) -> Iterator[OnRoll]:
    after: str | None = ""
    while after is not None:
        page = roll.members(
            request.scope, connection, on=today_of(request), text=text, state=state, after=after, most=500
        )
        yield from page.members
        after = page.after


def _cells(request: StaffRequest, found: list[OnRoll]) -> Iterator[tuple[object, ...]]:
    for member in found:
        ends = (member.last_seen_at, member.has_second_factor, not member.is_active, member.is_demo)
        for held in member.memberships:
            what = (held.role, held.organisation, held.is_vendor, area_name(held.area_scheme, held.area_code))
            yield member.email, member.name, *what, held.from_on, held.to_on, held.state(today_of(request)), *ends
        if not member.memberships:
            yield member.email, member.name, None, None, None, None, None, None, None, *ends


def found_member(request: StaffRequest, connection: Connection, member_id: int) -> OnRoll:
    """Return a member that the reader's scope sees; raises Http404."""
    found = roll.member(request.scope, connection, member_id)
    if found is None:
        raise Http404
    return found


def member_context(request: StaffRequest, member: OnRoll) -> dict[str, Any]:
    """Return what the page of one member shows."""
    may = request.standing.scope.may
    is_me = member.id == request.standing.scope.member_id
    return {
        "member": member,
        "memberships": [shown(request, member, held) for held in member.memberships],
        "end_form": EndForm(initial={"last_on": today_of(request)}),
        "may_propose": may("member.propose") and not is_me,
        "may_switch": may("member.end") and not is_me,
        "is_me": is_me,
        "may_invite": may("member.propose") and _waits_for_link(member) and not is_me,
        "crumbs": [(gettext("Members"), reverse("members")), (member.name, "")],
    }


def _waits_for_link(member: OnRoll) -> bool:
    approved = any(held.approved for held in member.memberships)
    return approved and not member.has_password and member.is_active


@needs("member.view")
@require_safe
def member(request: StaffRequest, member_id: int) -> HttpResponse:
    """Show one member: what they are and were, and how they sign in."""
    with looking(request) as connection:
        found = found_member(request, connection, member_id)
    return render(request, "console/members/member.html", member_context(request, found))


@needs("member.view")
@require_safe
def role_list(request: StaffRequest) -> HttpResponse:
    """Show each role with its rights in words, and which rights nobody holds together."""
    known, language = roles.load(), get_language()
    told = {name: title.said(language) for name, title in known.rights.items()}
    context = {
        "roles": [
            {
                "name": role.name,
                "title": role.title.said(language),
                "core": role.core,
                "local": role.local,
                "rights": [
                    (told[right], right in known.withheld_from_vendors) for right in told if right in role.rights
                ],
            }
            for role in known.roles.values()
        ],
        "conflicts": [[told[right] for right in told if right in pair] for pair in known.conflicts],
        "withheld": [told[right] for right in told if right in known.withheld_from_vendors],
        "crumbs": [(gettext("Members"), reverse("members")), (gettext("Roles and rights"), "")],
    }
    return render(request, "console/members/roles.html", context)
