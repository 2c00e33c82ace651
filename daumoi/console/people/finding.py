"""Find a person: for a purpose, by a number, a phone, or a name with a birth date. What is asked is in no address."""

from __future__ import annotations

from typing import Any, NamedTuple

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from daumoi.console import purpose
from daumoi.console.access import StaffRequest, hub_of, needs
from daumoi.console.people.identities import ClaimShown, claims_shown, iso_birth
from daumoi.console.people.looking import look_of
from daumoi.console.purpose import Stated
from daumoi.linkage.selectors import NameAndBirth, Number, Phone, Question, find
from daumoi.organisations import registry
from daumoi.organisations.registry import Registry
from daumoi.people.finding import NotSearchable

WAYS = ("number", "phone", "name")
_TEXT = forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"})
_BIRTH_FAULT = gettext_lazy("Give it as dd/mm/yyyy, mm/yyyy or yyyy.")


class SeekForm(forms.Form):
    """Whom somebody seeks, in one of three ways."""

    by = forms.ChoiceField(choices=[(way, way) for way in WAYS])
    number = forms.CharField(max_length=40, required=False, widget=_TEXT)
    country = forms.RegexField(r"^[A-Za-z]{2}$", required=False, widget=_TEXT)
    system = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)
    phone = forms.CharField(max_length=40, required=False, widget=_TEXT)
    name = forms.CharField(max_length=200, required=False, widget=_TEXT)
    birth = forms.CharField(max_length=12, required=False, widget=_TEXT)

    def __init__(self, data: Any = None, *, systems: Registry) -> None:
        """Offer the systems whose own numbers may be meant."""
        super().__init__(data)
        named = sorted((one.name, one.id) for one in systems.systems.values())
        self.fields["system"].choices = [("", "–"), *((number, name) for name, number in named)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Ask for what the chosen way needs."""
        data: dict[str, Any] = super().clean() or {}
        needed = {"number": ["number"], "phone": ["phone"], "name": ["name", "birth"]}.get(data.get("by", ""), [])
        for field in needed:
            if not data.get(field) and field not in self.errors:
                self.add_error(field, gettext("This is needed."))
        if data.get("by") == "name" and data.get("birth") and iso_birth(data["birth"]) is None:
            self.add_error("birth", str(_BIRTH_FAULT))
        return data

    def question(self) -> Question:
        """Return what is asked."""
        data = self.cleaned_data
        if data["by"] == "phone":
            return Phone(data["phone"])
        if data["by"] == "name":
            return NameAndBirth(data["name"], iso_birth(data["birth"]) or "")
        return Number(data["number"], (data["country"] or "").upper() or None, data["system"])


class PersonFound(NamedTuple):
    """One person as the answer shows them: masked."""

    person: int
    claims: list[ClaimShown]
    matched: bool


class Answer(NamedTuple):
    """Who was found."""

    people: list[PersonFound]
    more: bool


@never_cache
@needs("person.find")
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: StaffRequest) -> HttpResponse:
    """Ask for the purpose, then whom somebody seeks, and show who was found within the scope."""
    why = purpose.stated(request)
    context: dict[str, Any] = {"why": why, "crumbs": [(gettext("Find a person"), "")]}
    if why is None:
        context["purpose_form"] = purpose.form(request)
        context["asked_in_vain"] = request.method == "POST"
        return render(request, "console/people/find.html", context)
    with hub_of(request).pool.connection() as connection:
        systems = registry.load(connection)
    form = SeekForm(request.POST if request.method == "POST" else None, systems=systems)
    context |= {"form": form, "may_compare": request.standing.scope.may("person.merge.view")}
    status = 200
    if request.method == "POST":
        answer = _answer(request, why, form, systems) if form.is_valid() else None
        context["answer"] = answer
        status = 200 if answer is not None else 422
    return render(request, "console/people/find.html", context, status=status)


def _answer(request: StaffRequest, why: Stated, form: SeekForm, systems: Registry) -> Answer | None:
    try:
        found = find(request.scope, hub_of(request), look=look_of(request, why), question=form.question())
    except NotSearchable:
        field = {"number": "number", "phone": "phone"}.get(form.cleaned_data["by"], "name")
        form.add_error(field, gettext("Nobody could be found by this. Compare it with the paper."))
        return None
    people = [
        PersonFound(one.person, claims_shown(one.origins, systems, whole=False, matched=one.matched), bool(one.matched))
        for one in found.people
    ]
    return Answer(people, found.more)
