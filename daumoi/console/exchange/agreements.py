"""Sharing agreements to read: the list, its file, and one with its versions and what has left under it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple, get_args

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_safe

from daumoi.console.access import StaffRequest, hub_of, member_actor, needs
from daumoi.console.acting import changing, looking, note
from daumoi.console.exchange import wording
from daumoi.console.exporting import as_file
from daumoi.console.presentation import kind_title
from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.database import Connection
from daumoi.exchange import roll
from daumoi.exchange.lifecycle import REASON_MAX
from daumoi.exchange.roll import Agreed, Filter, Listed, Version
from daumoi.kinds.registry import BY_NUMBER
from daumoi.log.identity_change import KIND_NAME as IDENTITY_CHANGE
from daumoi.organisations import registry, selectors
from daumoi.organisations.registry import Registry

_TEXT_MAX = 100
_FILE_MAX = 10_000
FILTERS: tuple[Filter, ...] = get_args(Filter)


class ReasonForm(forms.Form):
    """Why a step is made."""

    reason = forms.CharField(
        label=gettext_lazy("Reason, without personal data"),
        max_length=REASON_MAX,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class Line(NamedTuple):
    """One agreement of the list in words."""

    listed: Listed
    receiver: str
    provider: str
    state: str
    colour: str
    kinds: str
    areas: str
    identity: str
    valid: str
    is_out_of_days: bool
    """It is in force, and does not hold today."""


class Names(NamedTuple):
    """Who there is, by number."""

    systems: Registry
    organisations: dict[int, str]

    def system(self, number: int) -> str:
        """Name a system."""
        found = self.systems.system(number)
        return found.name if found else str(number)

    def provider(self, number: int | None) -> str:
        """Name a provider; without one it is the centre, with records of all senders."""
        if number is None:
            return gettext("the centre, records of all senders")
        return self.organisations.get(number, str(number))

    def fitting(self, text: str) -> list[int]:
        """Return the systems whose name or code holds a text."""
        wanted = text.casefold()
        return [each.id for each in self.systems.systems.values() if wanted in f"{each.name} {each.code}".casefold()]


def names(connection: Connection) -> Names:
    """Read who there is: three queries."""
    return Names(registry.load(connection), {each.id: each.name for each in selectors.organisations(connection)})


def today_of(request: HttpRequest) -> date:
    """Return the day it is in Viet Nam."""
    return hub_of(request).clock.now().astimezone(VIET_NAM_TIME).date()


def _wanted(request: HttpRequest) -> tuple[str, Filter]:
    text = request.GET.get("q", "").strip().replace("\x00", "")[:_TEXT_MAX]
    state = request.GET.get("state", "")
    return text, next((each for each in FILTERS if each == state), "")


def _choices(state: Filter) -> list[tuple[str, str, bool]]:
    words = {
        "": gettext("All"),
        "in_force": gettext("In force"),
        "waiting": gettext("With a version that is drafted or waits"),
        "suspended": gettext("Suspended"),
        "ended": gettext("Ended"),
    }
    return [(each, words[each], each == state) for each in FILTERS]


def key_of(request: HttpRequest, name: str = "after") -> int | None:
    """Read the key a page begins behind; None for the first page, and for what is no number."""
    text = request.GET.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 10 else None


@needs("agreement.view")
@require_safe
def agreements(request: StaffRequest) -> HttpResponse:
    """List the agreements, newest first. They are of the centre: who does not see the whole country is shown none."""
    text, state = _wanted(request)
    lines: list[Line] = []
    after = None
    if request.scope.nationwide:
        with looking(request) as connection:
            known = names(connection)
            page = roll.agreements(
                connection,
                today=today_of(request),
                text=text,
                receivers=known.fitting(text) if text else None,
                state=state,
                after=key_of(request),
            )
        lines, after = [_line(each, known, today_of(request)) for each in page.agreements], page.after
    more = request.GET.copy()
    if after is not None:
        more["after"] = str(after)
    context = {
        "lines": lines,
        "text": text,
        "state": state,
        "states": _choices(state),
        "more": more.urlencode() if after is not None else "",
        "file": request.GET.urlencode(),
        "is_nationwide": request.scope.nationwide,
        "may_propose": request.standing.scope.for_right("agreement.propose").nationwide,
        "crumbs": [(gettext("Sharing agreements"), "")],
    }
    return render(request, "console/exchange/agreements.html", context)


def _line(each: Listed, known: Names, today: date) -> Line:
    return Line(
        each,
        known.system(each.receiver),
        known.provider(each.provider),
        wording.state_words(each.state),
        wording.state_colour(each.state),
        wording.kinds_words(each.terms),
        wording.areas_short(each.terms),
        wording.identity_words(each.terms.identity),
        wording.validity_words(each.terms.valid_from, each.terms.valid_to),
        each.state == "in_force" and not each.terms.is_valid(today),
    )


@needs("agreement.view")
@require_safe
def agreements_file(request: StaffRequest) -> HttpResponse:
    """Give the list as a CSV file, all pages of it up to ten thousand; its making is a line of the audit log."""
    if not request.scope.nationwide:
        raise Http404
    text, state = _wanted(request)
    with changing(request) as connection:
        note(request, connection, "agreement.export", "list of agreements")
        known = names(connection)
        found = roll.agreements(
            connection,
            today=today_of(request),
            text=text,
            receivers=known.fitting(text) if text else None,
            state=state,
            most=_FILE_MAX,
        ).agreements
    columns = ("number", "name", "receiver", "provider", "state", "version", "kinds", "areas", "identity", "purpose",
               "legal_basis", "delay_s", "valid_from", "valid_to", "records_today", "records_per_day")  # fmt: skip
    return as_file("agreements", columns, _cells(found, known))


def _cells(found: list[Listed], known: Names) -> Iterator[tuple[object, ...]]:
    for each in found:
        terms = each.terms
        areas = " ".join(f"{area.scheme}/{area.code}" for area in terms.areas)
        yield (
            each.id,
            each.name,
            known.system(each.receiver),
            known.provider(each.provider),
            each.state,
            each.version,
            " ".join(terms.kinds),
            areas,
            terms.identity,
            terms.purpose,
            terms.legal_basis,
            terms.delay_s,
            terms.valid_from,
            terms.valid_to,
            each.records_today,
            terms.records_per_day,
        )


def found_agreement(request: StaffRequest, connection: Connection, number: int) -> Agreed:
    """Return an agreement that the reader's scope sees; raises Http404."""
    found = roll.agreement(connection, number) if request.scope.nationwide and number < 2**31 else None
    if found is None:
        raise Http404
    return found


@needs("agreement.view")
@require_safe
def agreement(request: StaffRequest, number: int) -> HttpResponse:
    """Show one agreement: its versions and what each alters, who made which step, and what has left under it."""
    with looking(request) as connection:
        found = found_agreement(request, connection, number)
        versions = roll.versions(connection, number)
        gone = roll.left(connection, number)
        known = names(connection)
        called = wording.who(connection, [found.suspended_by, *(name for each in versions for name in _hands(each))])
    shown = next((each for each in versions if each.state == "in_force"), versions[0])
    state = roll.standing(found.suspended_at, found.ended_at, shown.state)
    context = {
        "agreement": found,
        "receiver": known.system(found.receiver),
        "provider": known.provider(found.provider),
        "state": state,
        "state_words": wording.state_words(state),
        "colour": wording.state_colour(state),
        "suspended_by": called.get(found.suspended_by or "", ""),
        "versions": _versions(request, found, versions, called),
        "left": [(_kind_of(each.kind), each) for each in gone],
        "reason_form": ReasonForm(),
        **_may(request, found),
        "crumbs": [(gettext("Sharing agreements"), reverse("agreements")), (found.name, "")],
    }
    return render(request, "console/exchange/agreement.html", context)


def _kind_of(number: int) -> str:
    """Name a kind by its number; what is none of a record is a change of identity."""
    return kind_title(BY_NUMBER[number].name if number in BY_NUMBER else IDENTITY_CHANGE)


def _hands(version: Version) -> tuple[str | None, ...]:
    return version.drafted_by, version.owner_by, version.privacy_by, version.refused_by


def _may(request: StaffRequest, found: Agreed) -> dict[str, bool]:
    """Say which steps of the whole agreement are open to the reader."""
    lives, stopped = found.ended_at is None, found.suspended_at is not None
    return {
        "may_amend": lives and holds(request, "agreement.propose"),
        "may_suspend": lives and not stopped and holds(request, "agreement.suspend"),
        "may_resume": lives and stopped and holds(request, "agreement.approve"),
        "may_end": lives and holds(request, "agreement.approve"),
    }


def holds(request: StaffRequest, right: str) -> bool:
    """Tell whether the reader holds a right for the whole country, as every step of an agreement asks."""
    return request.standing.scope.for_right(right).nationwide


def _versions(
    request: StaffRequest, found: Agreed, versions: list[Version], called: dict[str, str]
) -> list[dict[str, Any]]:
    """Put the versions into words, newest first, each with what it alters against the one before."""
    me = member_actor(request.standing.scope.member_id)
    made = []
    for each, before in zip(versions, [*versions[1:], None], strict=True):
        why_not = _why_not(request, each, me)
        waits = each.state == "proposed" and found.ended_at is None
        may_owner = waits and not each.owner_by and holds(request, "agreement.approve")
        may_privacy = waits and not each.privacy_by and holds(request, "agreement.privacy")
        made.append(
            {
                "version": each,
                "state": wording.state_words(each.state),
                "colour": wording.state_colour(each.state),
                "said": wording.said(each.terms),
                "before": before,
                "changes": wording.changes(before.terms, each.terms) if before is not None else [],
                "drafted_by": called[each.drafted_by],
                "owner_by": called.get(each.owner_by or "", ""),
                "privacy_by": called.get(each.privacy_by or "", ""),
                "refused_by": called.get(each.refused_by or "", ""),
                "why_not": why_not,
                "may_propose": each.state == "draft" and found.ended_at is None and holds(request, "agreement.propose"),
                "may_withdraw": each.state in ("draft", "proposed") and holds(request, "agreement.propose"),
                "may_approve": may_owner and not why_not,
                "may_approve_privacy": may_privacy and not why_not,
                "may_refuse": may_owner,
                "may_refuse_privacy": may_privacy,
            }
        )
    return made


def _why_not(request: StaffRequest, version: Version, me: str) -> str:
    """Say why the reader cannot approve a version that waits, where somebody might wonder."""
    if version.state != "proposed" or not (holds(request, "agreement.approve") or holds(request, "agreement.privacy")):
        return ""
    if version.drafted_by == me:
        return gettext("You drafted it: somebody else approves.")
    if me in (version.owner_by, version.privacy_by):
        return gettext("You have approved it: the other side has still to.")
    return ""
