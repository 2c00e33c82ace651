"""The page behind an invitation's link: who was invited chooses a password, and signs in with it."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from daumoi.accounts import services
from daumoi.accounts.models import Member
from daumoi.console.access import hub_of
from daumoi.console.account_events import write


class PasswordForm(forms.Form):
    """A password, twice."""

    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=gettext_lazy("The password once more"),
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, invited: services.Invited, data: object = None) -> None:
        """Take whom it is for: a password must not resemble their name."""
        self._invited = invited
        super().__init__(data)  # type: ignore[arg-type]

    def clean_password(self) -> str:
        """Refuse a password that is easy to guess."""
        password = str(self.cleaned_data["password"])
        validate_password(password, Member(email=self._invited.email, name=self._invited.name))
        return password

    def clean_again(self) -> str:
        """Refuse two that differ."""
        again = str(self.cleaned_data["again"])
        if "password" in self.cleaned_data and again != self.cleaned_data["password"]:
            raise ValidationError(gettext("The two passwords differ. Enter the same one twice."))
        return again


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """Show whom the link invites, and take their password. A link that is used or too old says so (410)."""
    hub = hub_of(request)
    at = hub.clock.now()
    with hub.pool.connection() as connection:
        invited = services.invited(connection, token=token, at=at)
        if invited is None:
            return render(request, "console/invitation_gone.html", status=410)
        form = PasswordForm(invited, request.POST if request.method == "POST" else None)
        if not (request.method == "POST" and form.is_valid()):
            return render(request, "console/invitation.html", {"form": form, "invited": invited})
        password = make_password(form.cleaned_data["password"])
        with connection.transaction():
            taken = services.accept(connection, token=token, password=password, at=at)
            if taken is not None:
                write(request, connection, "account.link_used", member_id=taken.member_id, label=taken.email)
    if taken is None:
        return render(request, "console/invitation_gone.html", status=410)
    messages.success(request, gettext("Your password is set. Sign in with it."))
    return redirect("account_login")
