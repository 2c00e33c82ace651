"""Why somebody looks at personal data: asked first, kept in the session for half an hour, never in an address."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django import forms
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_POST

from daumoi.audit import purposes
from daumoi.audit.services import REASON_MAX
from daumoi.console.access import StaffRequest, hub_of, standing_of
from daumoi.core.clock import VIET_NAM_TIME

KEPT_FOR = timedelta(minutes=30)
_KEY = "purpose"
_NOT_OFFERED = frozenset({"break_glass", "data_sharing", "administration"})
"""Purposes that are named by what they are used for, not chosen on a page."""


class Stated(NamedTuple):
    """What a member said, and until when it holds."""

    code: str
    title: str
    reason: str
    until: datetime


class PurposeForm(forms.Form):
    """A purpose of the list, with a reason where it needs one."""

    purpose = forms.ChoiceField()
    reason = forms.CharField(required=False, max_length=REASON_MAX)

    def __init__(self, *args: Any, day: Any, **more: Any) -> None:
        """Offer the purposes of a day."""
        super().__init__(*args, **more)
        self.offered = [each for each in purposes.purposes(day) if each.code not in _NOT_OFFERED]
        self.fields["purpose"].choices = [  # type: ignore[attr-defined]
            ("", gettext("Choose a purpose")),
            *((each.code, each.en if get_language() == "en" else each.vi) for each in self.offered),
        ]

    def clean(self) -> dict[str, Any]:
        """Ask for a reason where the purpose tells too little."""
        data: dict[str, Any] = super().clean() or {}
        chosen = next((each for each in self.offered if each.code == data.get("purpose")), None)
        if chosen is not None and chosen.needs_reason and not data.get("reason", "").strip():
            self.add_error("reason", gettext("This purpose needs a reason in words, without personal data."))
        return data


def stated(request: StaffRequest) -> Stated | None:
    """Return the purpose this session has named within the last half an hour."""
    kept = request.session.get(_KEY)
    if not isinstance(kept, dict):
        return None
    until = datetime.fromisoformat(kept["until"])
    now = hub_of(request).clock.now()
    known = purposes.title(kept["code"])
    if now >= until or known is None or not known.is_valid(now.astimezone(VIET_NAM_TIME).date()):
        return None
    return Stated(known.code, known.en if get_language() == "en" else known.vi, kept["reason"], until)


def form(request: StaffRequest, data: Any = None) -> PurposeForm:
    """Make the form; its page shows it with `console/_purpose.html`."""
    return PurposeForm(data, day=hub_of(request).clock.now().astimezone(VIET_NAM_TIME).date())


def shown(page: HttpResponse) -> HttpResponse:
    """Keep a page with personal data out of every cache, the browser's too: going back asks again, and is audited."""
    page.headers["Cache-Control"] = "no-store"
    return page


@require_POST
def name(request: StaffRequest) -> HttpResponse:
    """Keep a purpose and lead back to the page that asked for it; or forget the one that is kept."""
    standing = standing_of(request)
    assert standing is not None  # the doorkeeper let nobody else in
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        back = reverse("console_home")
    if "forget" in request.POST:
        request.session.pop(_KEY, None)
        return HttpResponseRedirect(back)
    asked = form(request, request.POST)
    if not asked.is_valid():
        return render(request, "console/purpose.html", {"purpose_form": asked, "next": back}, status=422)
    request.session[_KEY] = {
        "code": asked.cleaned_data["purpose"],
        "reason": asked.cleaned_data["reason"].strip(),
        "until": (hub_of(request).clock.now() + KEPT_FOR).isoformat(),
    }
    return HttpResponseRedirect(back)
