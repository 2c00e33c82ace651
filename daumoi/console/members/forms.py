"""Forms of the members' pages."""

from __future__ import annotations

from datetime import date

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language, gettext, gettext_lazy

from daumoi.accounts import roles
from daumoi.accounts.services import Area, Membership
from daumoi.console.choosing_area import AreaChoice
from daumoi.console.day_field import day_field


def role_choices() -> list[tuple[str, str]]:
    """Return the roles by their titles in the reader's language."""
    return [("", "–"), *((role.name, role.title.said(get_language())) for role in roles.load().roles.values())]


class MembershipForm(forms.Form):
    """A membership to propose. The area stands beside it (`AreaChoice`)."""

    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=role_choices)
    organisation = forms.RegexField(
        r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$",
        label=gettext_lazy("Code of the organisation"),
        required=False,
        error_messages={"invalid": gettext_lazy("Letters, digits, dots and dashes alone, 63 at most.")},
    )
    from_on = day_field(gettext_lazy("First day"))
    to_on = day_field(gettext_lazy("Last day, if there is one"), required=False)
    is_vendor = forms.BooleanField(label=gettext_lazy("Works for a supplier"), required=False)
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))

    def clean_to_on(self) -> date | None:
        """Refuse an end before the beginning."""
        to_on: date | None = self.cleaned_data["to_on"]
        from_on = self.cleaned_data.get("from_on")
        if to_on is not None and from_on is not None and to_on < from_on:
            raise ValidationError(gettext("The last day lies before the first one."))
        return to_on

    def membership(self, area: AreaChoice) -> Membership:
        """Return what is proposed; the form is valid."""
        given = self.cleaned_data
        unit = area.chosen
        return Membership(
            role=given["role"],
            from_on=given["from_on"],
            to_on=given["to_on"],
            organisation=given["organisation"] or None,
            area=Area(unit.scheme, unit.code, area.paths) if unit else None,
            is_vendor=given["is_vendor"],
        )


class InvitationForm(MembershipForm):
    """Somebody who is no member yet, and what they are to be."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    email = forms.EmailField(label=gettext_lazy("E-mail address"), max_length=254)


class EndForm(forms.Form):
    """The last day of a membership, and why it ends."""

    last_on = day_field(gettext_lazy("Last day"))
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=500)
