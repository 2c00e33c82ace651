"""Changes of members: invite, propose, decide, end, switch off. Each is one transaction with its line of the audit."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from daumoi.accounts import selectors, services
from daumoi.accounts.roll import Held, OnRoll
from daumoi.console.access import StaffRequest, hub_of, needs
from daumoi.console.acting import changing, looking, note
from daumoi.console.choosing_area import AreaChoice, chosen
from daumoi.console.members.forms import EndForm, InvitationForm, MembershipForm
from daumoi.console.members.pages import found_member, today_of

_FAULTS = (
    services.EmailNotUsable,
    services.NameNotUsable,
    services.EmailTaken,
    services.NoSuchRole,
    services.AreaNeeded,
    services.RolesConflict,
)


def said(fault: Exception) -> str:
    """Say a refusal of the accounts in the reader's language."""
    return {
        services.EmailNotUsable: gettext("An e-mail address has one @, no spaces, and at most 254 characters."),
        services.NameNotUsable: gettext("A name has 1 to 200 characters."),
        services.EmailTaken: gettext("Somebody with this e-mail address is a member already: open their page."),
        services.NoSuchRole: gettext("There is no such role. Choose one of the list."),
        services.AreaNeeded: gettext("This role is one of a place: find an area and tick it."),
        services.RolesConflict: gettext("With this, one person would both propose and decide. See roles and rights."),
        services.NotTheirs: gettext("This was decided or ended already, or somebody else has to decide it."),
    }[type(fault)]


def _initial(request: HttpRequest) -> dict[str, object]:
    return {"from_on": today_of(request)}


@needs("member.propose")
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: StaffRequest) -> HttpResponse:
    """Add somebody and propose what they are to be; the link for a password comes when another has approved it."""
    is_sent = request.method == "POST" and "find" not in request.POST
    area = chosen(request.POST)
    form = InvitationForm(request.POST) if is_sent else InvitationForm(initial=_initial(request) | _kept(request))
    if is_sent and not area.fault and form.is_valid():
        made = _invited(request, form, area)
        if made is not None:
            messages.success(request, gettext("Proposed. When somebody else has approved it, make their link here."))
            return redirect("member", made)
    context = {
        "form": form,
        "area": area,
        "crumbs": [(gettext("Members"), reverse("members")), (gettext("Invite"), "")],
    }
    return render(request, "console/members/invite.html", context)


def _kept(request: HttpRequest) -> dict[str, object]:
    """What was filled in already, when only an area was looked for."""
    return {name: value for name, value in request.POST.items() if name in InvitationForm.base_fields}


def _invited(request: StaffRequest, form: InvitationForm, area: AreaChoice) -> int | None:
    at, me = hub_of(request).clock.now(), request.standing.scope.member_id
    given = form.cleaned_data
    try:
        with changing(request) as connection:
            made = services.add_member(connection, email=given["email"], name=given["name"], at=at)
            membership = form.membership(area)
            number = services.propose(
                connection, member_id=made, membership=membership, proposed_by=me, at=at, reason=given["reason"]
            )
            note(request, connection, "member.add", f"member {made}", reason=given["reason"])
            subject = f"member {made}, membership {number}: {membership.role}"
            note(request, connection, "member.propose", subject, reason=given["reason"])
    except _FAULTS as fault:
        form.add_error(None, said(fault))
        return None
    return made


def _link(request: HttpRequest, member_id: int, name: str, token: str) -> HttpResponse:
    context = {
        "link": request.build_absolute_uri(reverse("invitation", args=[token])),
        "days": services.INVITATION_DAYS,
        "name": name,
        "member_id": member_id,
        "crumbs": [(gettext("Members"), reverse("members")), (gettext("Invite"), "")],
    }
    return render(request, "console/members/link.html", context)


@never_cache
@needs("member.propose")
@require_POST
def make_link(request: StaffRequest, member_id: int) -> HttpResponse:
    """Show the link with which a member chooses their first password, once; one made before is good no longer.

    Only for who was approved and has none: else who proposes could become whom they proposed.
    """
    me, at = request.standing.scope.member_id, hub_of(request).clock.now()
    with changing(request) as connection:
        found = found_member(request, connection, member_id)
        _not_oneself(request, found)
        if not selectors.waits_for_first_password(connection, member_id):
            raise Http404
        token = services.invite(connection, member_id=member_id, made_by=me, at=at)
        note(request, connection, "member.invite", f"member {member_id}")
    return _link(request, member_id, found.name, token)


@needs("member.propose")
@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: StaffRequest, member_id: int) -> HttpResponse:
    """Propose a further membership of a member."""
    is_sent = request.method == "POST" and "find" not in request.POST
    with looking(request) as connection:
        found = found_member(request, connection, member_id)
    _not_oneself(request, found)
    area = chosen(request.POST)
    form = MembershipForm(request.POST) if is_sent else MembershipForm(initial=_initial(request) | _kept(request))
    if is_sent and not area.fault and form.is_valid() and _proposed(request, found, form, area):
        messages.success(request, gettext("Proposed. It counts when somebody else has approved it."))
        return redirect("member", member_id)
    crumbs = [
        (gettext("Members"), reverse("members")),
        (found.name, reverse("member", args=[member_id])),
        (gettext("Propose a membership"), ""),
    ]
    return render(
        request, "console/members/propose.html", {"form": form, "area": area, "member": found, "crumbs": crumbs}
    )


def _proposed(request: StaffRequest, found: OnRoll, form: MembershipForm, area: AreaChoice) -> bool:
    given, membership = form.cleaned_data, form.membership(area)
    try:
        with changing(request) as connection:
            number = services.propose(
                connection,
                member_id=found.id,
                membership=membership,
                proposed_by=request.standing.scope.member_id,
                at=hub_of(request).clock.now(),
                reason=given["reason"],
            )
            subject = f"member {found.id}, membership {number}: {membership.role}"
            note(request, connection, "member.propose", subject, reason=given["reason"])
    except _FAULTS as fault:
        form.add_error(None, said(fault))
        return False
    return True


def _held(found: OnRoll, number: int) -> Held:
    for held in found.memberships:
        if held.id == number:
            return held
    raise Http404


@needs("member.approve")
@require_POST
def decide(request: StaffRequest, member_id: int, number: int) -> HttpResponse:
    """Approve or refuse a proposed membership. Neither who proposed it nor the one concerned may."""
    approved = request.POST.get("decision") == "approve"
    try:
        with changing(request) as connection:
            held = _held(found_member(request, connection, member_id), number)
            services.decide(
                connection,
                membership_id=number,
                decided_by=request.standing.scope.member_id,
                approved=approved,
                at=hub_of(request).clock.now(),
            )
            action = "member.approve" if approved else "member.refuse"
            note(request, connection, action, f"member {member_id}, membership {number}: {held.role}")
    except services.NotTheirs as fault:
        messages.error(request, said(fault))
    else:
        messages.success(request, gettext("Approved: it counts on its days.") if approved else gettext("Refused."))
    return redirect("member", member_id)


@needs("member.end")
@require_POST
def end(request: StaffRequest, member_id: int, number: int) -> HttpResponse:
    """Let a membership end with a day."""
    form = EndForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("To end a membership, give its last day and a reason."))
        return redirect("member", member_id)
    try:
        with changing(request) as connection:
            held = _held(found_member(request, connection, member_id), number)
            last_on = form.cleaned_data["last_on"]
            services.end(connection, membership_id=number, last_on=last_on)
            subject = f"member {member_id}, membership {number}: {held.role}, until {last_on}"
            note(request, connection, "member.end", subject, reason=form.cleaned_data["reason"])
    except services.NotTheirs as fault:
        messages.error(request, said(fault))
    else:
        messages.success(request, gettext("The membership ends with that day."))
    return redirect("member", member_id)


@needs("member.end")
@require_POST
def switch(request: StaffRequest, member_id: int) -> HttpResponse:
    """Switch a member off, or on again; switched off, their sessions end at once."""
    is_active = request.POST.get("to") == "on"
    with changing(request) as connection:
        found = found_member(request, connection, member_id)
        _not_oneself(request, found)
        services.set_active(connection, email=found.email, is_active=is_active)
        if not is_active:
            services.end_sessions(connection, member_id=member_id)
        note(request, connection, "member.on" if is_active else "member.off", f"member {member_id}")
    told = gettext("The member may sign in again.") if is_active else gettext("The member is switched off.")
    messages.success(request, told)
    return redirect("member", member_id)


@needs("member.end")
@require_POST
def end_sessions(request: StaffRequest, member_id: int) -> HttpResponse:
    """End all sessions of a member: of a lost telephone, above all."""
    with changing(request) as connection:
        _not_oneself(request, found_member(request, connection, member_id))
        ended = services.end_sessions(connection, member_id=member_id)
        note(request, connection, "member.end_sessions", f"member {member_id}")
    messages.success(request, gettext("Sessions ended: %(count)s.") % {"count": ended})
    return redirect("member", member_id)


def _not_oneself(request: StaffRequest, found: OnRoll) -> None:
    """One's own account is looked after on its own page."""
    if found.id == request.standing.scope.member_id:
        raise Http404
