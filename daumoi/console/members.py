"""The members of the centre: who they are, who proposes one, who approves, and the link that lets them in."""

from __future__ import annotations

from typing import NamedTuple

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from daumoi.accounts import roles, selectors, services
from daumoi.accounts.scope import Scope
from daumoi.areas import selectors as areas
from daumoi.areas.coverage import paths_within
from daumoi.areas.unit import BEFORE, TODAY
from daumoi.console.access import StaffRequest, hub_of, needs
from daumoi.log.selectors import VIET_NAM


class ProposalForm(forms.Form):
    """A member or a further membership: who, as what, where, until when, and why."""

    email = forms.EmailField(max_length=254)
    name = forms.CharField(max_length=200)
    role = forms.ChoiceField()
    organisation = forms.RegexField(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$", required=False)
    scheme = forms.ChoiceField(required=False)
    code = forms.RegexField(r"^[0-9]{2,5}$", required=False)
    to_on = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    is_vendor = forms.BooleanField(required=False)
    reason = forms.CharField(max_length=500)

    def __init__(self, data: object = None) -> None:
        """Offer the roles in the reader's language."""
        super().__init__(data)  # type: ignore[arg-type]
        titles = [(role.name, role.title.said(get_language())) for role in roles.load().roles.values()]
        schemes = [(TODAY, gettext("units of today")), (BEFORE, gettext("units until 30 June 2025"))]
        self.fields["role"] = forms.ChoiceField(choices=titles)
        self.fields["scheme"] = forms.ChoiceField(choices=schemes, required=False)

    def area(self) -> services.Area | None:
        """The area with the paths of today it means; None is nationwide. An unknown code is a fault of its field."""
        code = self.cleaned_data["code"]
        if not code:
            return None
        paths = paths_within(self.cleaned_data["scheme"], code)
        if not paths:
            self.add_error("code", gettext("No unit of these has this code. Look it up under administrative units."))
            return None
        return services.Area(self.cleaned_data["scheme"], code, paths)


class Row(NamedTuple):
    """One membership in words; `is_own` when the reader proposed it, or it is theirs."""

    member: selectors.Member
    role: str
    place: str
    is_own: bool


_FAULTS = {
    services.EmailNotUsable: gettext_lazy("This e-mail address cannot be used. Check it for a typing error."),
    services.AreaNeeded: gettext_lazy("This role is one of a place: give the code of an area."),
    services.RolesConflict: gettext_lazy("This person would both propose and decide. Choose another role or person."),
}


@needs("member.view")
@require_safe
def show(request: StaffRequest) -> HttpResponse:
    """List the members whose places the reader sees; those who wait for approval stand first."""
    hub = hub_of(request)
    with hub.pool.connection() as connection:
        found = selectors.members(connection, request.scope)
    rows = [_row(each, request.scope) for each in found]
    context = {
        "waiting": [row for row in rows if row.member.approved is None and row.member.role],
        "rows": [row for row in rows if row.member.approved or not row.member.role],
        "may_propose": request.standing.scope.may("member.propose"),
        "may_approve": request.standing.scope.may("member.approve"),
        "crumbs": [(gettext("Members"), "")],
    }
    return render(request, "console/members.html", context)


def _row(member: selectors.Member, scope: Scope) -> Row:
    role = roles.load().roles.get(member.role or "")
    unit = areas.find(member.area_scheme, member.area_code) if member.area_scheme and member.area_code else None
    return Row(
        member,
        role.title.said(get_language()) if role else "",
        areas.full_name(unit) if unit else (gettext("nationwide") if role else ""),
        scope.member_id in (member.member_id, member.proposed_by_id),
    )


@needs("member.propose")
@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: StaffRequest) -> HttpResponse:
    """Propose a membership; it counts when somebody else has approved it."""
    form = ProposalForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        area = form.area()
        if form.is_valid() and _propose(request, form, area):
            messages.success(request, gettext("Proposed. It counts when somebody else has approved it."))
            return redirect("members")
    context = {"form": form, "crumbs": [(gettext("Members"), reverse("members")), (gettext("Propose a member"), "")]}
    return render(request, "console/member_propose.html", context)


def _propose(request: StaffRequest, form: ProposalForm, area: services.Area | None) -> bool:
    hub = hub_of(request)
    at = hub.clock.now()
    given = form.cleaned_data
    if not (request.scope.nationwide or (area and all(request.scope.covers(path) for path in area.paths))):
        form.add_error("code", gettext("This lies outside of where you may propose members."))
        return False
    membership = services.Membership(
        role=given["role"],
        from_on=at.astimezone(VIET_NAM).date(),
        to_on=given["to_on"],
        organisation=given["organisation"] or None,
        area=area,
        is_vendor=given["is_vendor"],
    )
    try:
        with hub.pool.connection() as connection, connection.transaction():
            member_id = selectors.member_id_of(connection, given["email"])
            if member_id is None:
                member_id = services.add_member(connection, email=given["email"], name=given["name"], at=at)
            services.propose(
                connection,
                member_id=member_id,
                membership=membership,
                proposed_by=request.scope.member_id,
                at=at,
                reason=given["reason"],
            )
    except tuple(_FAULTS) as fault:
        form.add_error(None, str(_FAULTS[type(fault)]))
        return False
    return True


@needs("member.approve")
@require_POST
def decide(request: StaffRequest, membership_id: int) -> HttpResponse:
    """Approve or refuse what somebody else proposed for somebody else."""
    hub = hub_of(request)
    approved = request.POST.get("decision") == "approve"
    try:
        with hub.pool.connection() as connection:
            services.decide(
                connection,
                membership_id=membership_id,
                decided_by=request.scope.member_id,
                approved=approved,
                at=hub.clock.now(),
            )
    except services.NotTheirs:
        messages.error(request, gettext("This is decided already, or another than who proposed it must decide."))
    else:
        messages.success(request, gettext("Approved.") if approved else gettext("Refused."))
    return redirect("members")


@never_cache
@needs("member.propose")
@require_POST
def invite(request: StaffRequest, member_id: int) -> HttpResponse:
    """Show the link with which a member chooses their first password, once. Who has a password gets none here.

    A lost password is the operator's to replace (`daumoi member password`): else who proposes could become whom they
    proposed.
    """
    hub = hub_of(request)
    with hub.pool.connection() as connection, connection.transaction():
        if not selectors.waits_for_first_password(connection, member_id):
            raise Http404
        token = services.invite(connection, member_id=member_id, made_by=request.scope.member_id, at=hub.clock.now())
    link = _absolute(request, reverse("invitation", kwargs={"token": token}))
    context = {"link": link, "days": services.INVITATION_DAYS, "crumbs": [(gettext("Members"), reverse("members"))]}
    return render(request, "console/member_link.html", context)


def _absolute(request: HttpRequest, path: str) -> str:
    return f"{request.scheme}://{request.get_host()}{path}"
