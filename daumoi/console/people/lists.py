"""Lists of pairs and proposals within the scope, and one proposal with what became of it."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from daumoi.audit import services as audit
from daumoi.audit.actors import Subject
from daumoi.console.access import StaffRequest, hub_of, needs
from daumoi.console.acting import actor_of
from daumoi.console.exporting import as_file
from daumoi.console.people.looking import hidden_alike
from daumoi.console.people.wording import pair_in_words, proposal_rows, state_title, who_decides
from daumoi.linkage.candidates import Behind, candidates
from daumoi.linkage.proposals import TEXT_MAX, proposal_shown, proposals

_ROWS_MAX = 10_000
_REASONS = ("identifiers_name_two", "facts_disagree", "similar")


@needs("person.merge.view")
@require_safe
def pairs(request: StaffRequest) -> HttpResponse:
    """List the pairs that may be one, the likeliest first."""
    found, behind = candidates(request.scope, hub_of(request), after=_behind(request), limit=30)
    context = {
        "pairs": [pair_in_words(one) for one in found],
        "next": "_".join(map(str, behind)) if behind else "",
        "is_first": not request.GET.get("after"),
        "crumbs": [(gettext("Pairs that may be one"), "")],
    }
    return render(request, "console/people/candidates.html", context)


def _behind(request: StaffRequest) -> Behind | None:
    text = request.GET.get("after", "")
    if not text:
        return None
    try:
        rank, low, high, reason = text.split("_", 3)
        behind = Behind(float(rank), int(low), int(high), reason)
    except ValueError:
        raise Http404 from None
    if reason not in _REASONS or not (0 <= behind.rank <= 2 and 0 < behind.low < 2**63 and 0 < behind.high < 2**63):
        raise Http404
    return behind


@needs("person.merge.view")
@require_safe
def listed(request: StaffRequest) -> HttpResponse:
    """List proposals, newest first: those that wait, or all; as a page, or as a file for a spreadsheet."""
    open_only = request.GET.get("show") != "all"
    if request.GET.get("format") == "csv":
        return _file(request, open_only=open_only)
    hub = hub_of(request)
    found, behind = proposals(request.scope, hub, open_only=open_only, before=_before(request), limit=30)
    with hub.pool.connection() as connection:
        rows = proposal_rows(connection, found)
    context = {
        "rows": rows,
        "open_only": open_only,
        "before": behind,
        "is_first": not request.GET.get("before"),
        "me": _me(request),
        "crumbs": [(gettext("Proposals to join and split"), "")],
    }
    return render(request, "console/people/proposals.html", context)


def _before(request: StaffRequest) -> int | None:
    text = request.GET.get("before", "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < 2**63):
        raise Http404
    return int(text)


def _file(request: StaffRequest, *, open_only: bool) -> HttpResponse:
    hub = hub_of(request)
    found, _ = proposals(request.scope, hub, open_only=open_only, limit=_ROWS_MAX)
    with hub.pool.connection() as connection, connection.transaction():
        audit.write(
            connection,
            at=hub.clock.now(),
            by=actor_of(request),
            action="person.proposals.export",
            subject=Subject(
                f"list of {len(found)} proposals",
                people=sorted({person for one in found for person in (one.keep, one.other) if person is not None}),
            ),
            purpose="data_quality",
        )
        rows = proposal_rows(connection, found)
    head = [
        gettext("No."),
        gettext("Proposal"),
        gettext("Reason"),
        gettext("Proposed by"),
        gettext("Proposed at (UTC+7)"),
        gettext("State"),
        gettext("Decided by"),
        gettext("Decided at (UTC+7)"),
        gettext("Note"),
    ]
    lines = [
        (
            row.proposal.id,
            row.what,
            row.proposal.reason,
            row.proposed_by,
            row.proposal.proposed_at,
            state_title(row.state),
            row.decided_by,
            row.proposal.decided_at,
            row.proposal.note,
        )
        for row in rows
    ]
    return as_file("proposals", head, lines)


def _me(request: StaffRequest) -> str:
    return actor_of(request).id


@never_cache
@needs("person.merge.view")
@require_safe
@hidden_alike
def one(request: StaffRequest, number: int) -> HttpResponse:
    """Show a proposal: who proposed it and why, who decided it, and what the reader may do; no value of anybody."""
    hub = hub_of(request)
    shown = proposal_shown(request.scope, hub, proposal=number)
    with hub.pool.connection() as connection:
        row, *undoing = proposal_rows(connection, [shown.proposal, *shown.undoing])
    is_open, is_own = row.state == "open", shown.proposal.proposed_by == _me(request)
    may = request.standing.scope.may
    can_be_undone = row.state == "approved" or shown.proposal.keeps_apart
    people = {person for side in (shown.keeps, shown.moves) for person in side.values() if person is not None}
    context = {
        "row": row,
        "shown": shown,
        "undoing": undoing,
        "people": sorted(people),
        "is_open": is_open,
        "is_own": is_own,
        "may_decide": is_open and not is_own and may("person.merge.decide"),
        "may_withdraw": is_open and is_own and may("person.merge.propose"),
        "may_undo": can_be_undone and may("person.merge.propose") and not any(each.state == "open" for each in undoing),
        "deciders": who_decides(),
        "text_max": TEXT_MAX,
        "crumbs": [
            (gettext("Proposals to join and split"), reverse("people_proposals")),
            (gettext("No. %(number)s") % {"number": number}, ""),
        ],
    }
    return render(request, "console/people/proposal.html", context)
