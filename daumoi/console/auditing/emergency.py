"""Access in an emergency (break-glass): asked for with a reason and areas, ended early, reviewed by somebody else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext, gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from daumoi.accounts import roles
from daumoi.audit import break_glass
from daumoi.audit.break_glass import Asked, Decision, OpenGrant
from daumoi.console.access import StaffRequest, hub_of, needs
from daumoi.console.acting import actor_of, changing, looking, note
from daumoi.console.choosing_area import chosen, path_name
from daumoi.console.exporting import as_file

_NAMES_SHOWN = 8
_REVIEWED_SHOWN = 50


class ReasonForm(forms.Form):
    """Why access is needed."""

    reason = forms.CharField(
        label=gettext_lazy("Reason, without personal data"), max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )


class ReviewForm(forms.Form):
    """What a reviewer decides, and why."""

    decision = forms.ChoiceField(choices=[("justified", ""), ("not_justified", "")])
    remark = forms.CharField(label=gettext_lazy("Remark"), max_length=500)


@dataclass(frozen=True)
class Shown:
    """Access in the words of the page."""

    asked: Asked
    places: str
    is_open: bool


def places(paths: list[str]) -> str:
    """Name the areas of an access, shortly."""
    names = [path_name(path) for path in paths[:_NAMES_SHOWN]]
    if len(paths) > _NAMES_SHOWN:
        names.append(gettext("and %(more)s more") % {"more": len(paths) - _NAMES_SHOWN})
    return ", ".join(names)


def bar(request: HttpRequest) -> dict[str, object] | None:
    """Return what every page says while access is open: until when, and where. Looks nothing up."""
    grants: list[OpenGrant] = list(getattr(request, "open_grants", []))
    if not grants:
        return None
    now = hub_of(request).clock.now()
    areas = sorted({area for grant in grants for area in grant.areas})
    left = max(grants[0].until - now, timedelta())
    minutes = int(left.total_seconds() // 60)
    return {"until": grants[0].until, "places": places(areas), "hours": minutes // 60, "minutes": minutes % 60}


def _shown(request: HttpRequest, asked: Asked) -> Shown:
    return Shown(asked, places(asked.areas), asked.until > hub_of(request).clock.now())


@needs("breakglass.use")
@require_http_methods(["GET", "HEAD", "POST"])
def emergency(request: StaffRequest) -> HttpResponse:
    """Show one's own access, and take a request for more: it opens at once, for nobody may be there to grant it."""
    is_sent = request.method == "POST" and "find" not in request.POST
    area = chosen(request.POST)
    form = ReasonForm(request.POST) if is_sent else ReasonForm(initial={"reason": request.POST.get("reason", "")})
    hub, by = hub_of(request), actor_of(request)
    hours = hub.settings.break_glass_hours
    fault = ""
    if is_sent and form.is_valid() and not area.fault:
        beyond = [path for path in area.paths if not _is_own(request, path)]
        if area.chosen is None:
            fault = gettext("Find an area and tick it.")
        elif not beyond:
            fault = gettext("Your roles cover this area already: no access in an emergency is needed.")
        else:
            reason = form.cleaned_data["reason"]
            with changing(request) as connection:
                at = hub.clock.now()
                break_glass.ask(connection, by=by, areas=beyond, reason=reason, at=at, hours=hours)
            messages.success(request, gettext("Access is open. All that you look at carries its number."))
            return redirect("emergency")
    with looking(request) as connection:
        mine = break_glass.asked(connection, member=by.id)
    known, language = roles.load(), get_language()
    opens = [
        known.rights[right].said(language)
        for right in known.rights
        if right in known.opened_by_break_glass and request.own_scope.may(right)
    ]
    context = {
        "form": form,
        "area": area,
        "area_fault": fault,
        "hours": hours,
        "opens": opens,
        "mine": [_shown(request, each) for each in mine],
        "crumbs": [(gettext("Access in an emergency"), "")],
    }
    return render(request, "console/emergency/emergency.html", context)


def _is_own(request: StaffRequest, path: str) -> bool:
    """Tell whether the member's roles show them this area anyway, by each right that such access would open."""
    rights = request.own_scope.rights & roles.load().opened_by_break_glass
    return all(request.own_scope.for_right(right).covers(path) for right in rights)


@needs("breakglass.use")
@require_POST
def end_emergency(request: StaffRequest, grant: int) -> HttpResponse:
    """End one's own access before its time."""
    try:
        with changing(request) as connection:
            break_glass.end(connection, grant=grant, by=actor_of(request), at=hub_of(request).clock.now())
    except break_glass.NotOpen:
        messages.error(request, gettext("This access is not yours, or has ended already."))
    else:
        messages.success(request, gettext("The access has ended."))
    return redirect("emergency")


@needs("breakglass.review")
@require_safe
def reviews(request: StaffRequest) -> HttpResponse:
    """Show access that waits for the reader's review, oldest first, and what was decided on others."""
    after = request.GET.get("after", "")
    with looking(request) as connection:
        waiting = break_glass.to_review(
            connection, reviewer=actor_of(request).id, after=int(after) if after.isdecimal() and len(after) < 19 else 0
        )
        done = break_glass.asked(connection, member=None, most=_REVIEWED_SHOWN)
    now = hub_of(request).clock.now()
    context = {
        "waiting": [{"grant": each, "places": places(each.areas), "is_open": each.until > now} for each in waiting],
        "done": [_shown(request, each) for each in done],
        "crumbs": [(gettext("Review of access in an emergency"), "")],
    }
    return render(request, "console/emergency/reviews.html", context)


@needs("breakglass.review")
@require_POST
def review(request: StaffRequest, grant: int) -> HttpResponse:
    """Decide on somebody else's access, with a remark."""
    form = ReviewForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("Choose a decision and write a remark that says what it stands on."))
        return redirect("emergency_reviews")
    given = form.cleaned_data
    try:
        with changing(request) as connection:
            break_glass.review(
                connection,
                grant=grant,
                by=actor_of(request),
                decision=cast("Decision", given["decision"]),
                remark=given["remark"],
                at=hub_of(request).clock.now(),
            )
    except break_glass.NotYours:
        messages.error(request, gettext("Nobody reviews their own access."))
    except break_glass.NoSuchGrant:
        messages.error(request, gettext("This access was reviewed already, or is not there."))
    else:
        messages.success(request, gettext("The review is kept for good."))
    return redirect("emergency_reviews")


@needs("breakglass.review")
@require_safe
def reviews_file(request: StaffRequest) -> HttpResponse:
    """Give what was reviewed as a CSV file."""
    with changing(request) as connection:
        note(request, connection, "break_glass.export", "reviews of emergency access")
        done = break_glass.asked(connection, member=None, most=10_000)
    columns = (
        "number",
        "member",
        "areas",
        "reason",
        "asked_at",
        "until",
        "uses",
        "decision",
        "remark",
        "reviewer",
        "at",
    )
    rows = (
        (
            each.id, each.member_label, " ".join(each.areas), each.reason, each.asked_at, each.until, each.uses,
            each.decision, each.remark, each.reviewer_label, each.reviewed_at,
        )
        for each in done
    )  # fmt: skip
    return as_file("emergency-access", columns, rows)
