"""Forms of agreements: what a version says, and for a new one who gives and who receives."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from django import forms
from django.http import HttpRequest, QueryDict
from django.utils.translation import get_language, gettext, gettext_lazy

from daumoi.audit import purposes
from daumoi.console.choosing_area import AreasChoice, several
from daumoi.console.day_field import day_field
from daumoi.console.exchange import wording
from daumoi.console.exchange.agreements import Names
from daumoi.console.presentation import kind_title
from daumoi.exchange.lifecycle import NAME_MAX
from daumoi.exchange.preview import personal_members
from daumoi.exchange.terms import DELAY_MAX_S, RECORDS_MAX, AreaRef, Terms, TermsFault, members
from daumoi.kinds.registry import ALL, KINDS
from daumoi.log.identity_change import KIND_NAME as IDENTITY_CHANGE
from daumoi.organisations.registry import EVERY_KIND

_NOT_OFFERED = frozenset({"break_glass", "administration"})
"""Purposes of the hub itself, for which nothing is shared."""


def _kinds() -> list[tuple[str, str]]:
    every = (EVERY_KIND, gettext("every kind, also later ones"))
    return [
        every,
        *((kind.name, kind_title(kind.name)) for kind in ALL),
        (IDENTITY_CHANGE, kind_title(IDENTITY_CHANGE)),
    ]


def _identities() -> list[tuple[str, str]]:
    return [(mode, wording.identity_words(mode)) for mode in ("pseudonym", "none", "given")]


def _units() -> list[tuple[str, str]]:
    words = {86_400: gettext("days"), 3_600: gettext("hours"), 60: gettext("minutes"), 1: gettext("seconds")}
    return [(str(size), words[size]) for size in (60, 3_600, 86_400, 1)]


class FieldTick(NamedTuple):
    """A field of a kind that may be given."""

    name: str
    is_personal: bool
    is_ticked: bool


class KindTicks(NamedTuple):
    """A kind of the form: whether it is given, and which of its fields."""

    value: str
    title: str
    is_ticked: bool
    fields: list[FieldTick]

    @property
    def ticked(self) -> int:
        """How many fields are ticked."""
        return sum(each.is_ticked for each in self.fields)


class TermsForm(forms.Form):
    """What a version says. Areas and fields stand beside it (`AreasChoice`, `KindTicks`)."""

    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("Kinds"),
        choices=_kinds,
        error_messages={"required": gettext_lazy("Choose at least one kind.")},
    )
    identity = forms.ChoiceField(label=gettext_lazy("Identity of people"), choices=_identities)
    location = forms.BooleanField(label=gettext_lazy("Coordinates are given"), required=False)
    purpose = forms.ChoiceField(label=gettext_lazy("Purpose"))
    legal_basis = forms.CharField(
        label=gettext_lazy("Legal basis"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": gettext_lazy("Name the article, decision or minutes that the sharing rests on.")},
    )
    delay = forms.IntegerField(label=gettext_lazy("Delay from receipt"), min_value=0, required=False)
    delay_unit = forms.TypedChoiceField(label=gettext_lazy("Unit of the delay"), choices=_units, coerce=int)
    valid_from = day_field(gettext_lazy("First day, if there is one"), required=False)
    valid_to = day_field(gettext_lazy("Last day, if there is one"), required=False)
    records_per_day = forms.IntegerField(
        label=gettext_lazy("Records a day at most, if there is a limit"),
        min_value=1,
        max_value=RECORDS_MAX,
        required=False,
    )

    def __init__(self, *args: Any, on: date, **more: Any) -> None:
        """Offer the purposes of a day (of Viet Nam)."""
        super().__init__(*args, **more)
        self.fields["purpose"].choices = [  # type: ignore[attr-defined]
            ("", gettext("Choose a purpose")),
            *(
                (each.code, each.en if get_language() == "en" else each.vi)
                for each in purposes.purposes(on)
                if each.code not in _NOT_OFFERED
            ),
        ]

    def clean(self) -> dict[str, Any]:
        """Refuse an end before the beginning, and a delay that is longer than a month."""
        data: dict[str, Any] = super().clean() or {}
        first, last = data.get("valid_from"), data.get("valid_to")
        if first and last and last < first:
            self.add_error("valid_to", gettext("The last day lies before the first one."))
        if (data.get("delay") or 0) * data.get("delay_unit", 1) > DELAY_MAX_S:
            self.add_error("delay", gettext("Records are given after 31 days at the latest."))
        return data

    def terms(self, areas: AreasChoice, fields: Mapping[str, tuple[str, ...]]) -> Terms:
        """Return what is agreed on; the form is valid."""
        given = self.cleaned_data
        return Terms(
            kinds=tuple(given["kinds"]),
            areas=tuple(AreaRef(unit.scheme, unit.code) for unit in areas.chosen),
            fields=dict(fields),
            location=given["location"],
            identity=given["identity"],
            purpose=given["purpose"],
            legal_basis=given["legal_basis"].strip(),
            delay_s=(given["delay"] or 0) * given["delay_unit"],
            valid_from=given["valid_from"],
            valid_to=given["valid_to"],
            records_per_day=given["records_per_day"],
        )

    def take(self, fault: TermsFault) -> None:
        """Set a fault of the terms beside the field that it is about."""
        words = {
            "kinds": gettext("Choose kinds of the list alone."),
            "areas": gettext("At most 500 units, each of the list. Choose wider ones."),
            "fields": gettext("One of the fields is none of its kind. Choose them again."),
            "valid_to": gettext("The last day lies before the first one."),
            "purpose": gettext("Choose a purpose that is valid today."),
            "name": gettext("An agreement has a name of 1 to 200 characters."),
            "legal_basis": gettext("Name the article, decision or minutes that the sharing rests on."),
        }
        about = fault.member if fault.member in self.fields else None
        self.add_error(about, words.get(fault.member, gettext("This cannot be agreed on. Look through the form.")))


class AgreementForm(TermsForm):
    """A new agreement: who receives, whose records, and what its first version says."""

    name = forms.CharField(label=gettext_lazy("Name of the agreement"), max_length=NAME_MAX)
    receiver = forms.TypedChoiceField(label=gettext_lazy("Receiver"), coerce=int)
    provider = forms.TypedChoiceField(label=gettext_lazy("Provider"), coerce=int, required=False, empty_value=None)

    field_order = ("name", "receiver", "provider")

    def __init__(self, *args: Any, on: date, known: Names, **more: Any) -> None:
        """Offer the systems and organisations that there are."""
        super().__init__(*args, on=on, **more)
        systems = sorted(known.systems.systems.values(), key=lambda each: each.name.casefold())
        self.fields["receiver"].choices = [  # type: ignore[attr-defined]
            ("", gettext("Choose a system")),
            *((each.id, f"{each.name} ({each.code})") for each in systems),
        ]
        self.fields["provider"].choices = [  # type: ignore[attr-defined]
            ("", known.provider(None)),
            *known.organisations.items(),
        ]


def initial_of(terms: Terms) -> dict[str, Any]:
    """Fill a form with what a version says."""
    size = wording.unit_of(terms.delay_s) if terms.delay_s else 60
    return {
        "kinds": list(terms.kinds),
        "identity": terms.identity,
        "location": terms.location,
        "purpose": terms.purpose,
        "legal_basis": terms.legal_basis,
        "delay": terms.delay_s // size,
        "delay_unit": size,
        "valid_from": terms.valid_from,
        "valid_to": terms.valid_to,
        "records_per_day": terms.records_per_day,
    }


def kept(data: QueryDict) -> dict[str, Any]:
    """Return what was filled in already, when only a unit was looked for."""
    found: dict[str, Any] = {name: data.get(name) for name in AgreementForm.base_fields if name in data}
    return found | {"kinds": data.getlist("kinds"), "location": "location" in data}


def areas_of(request: HttpRequest, terms: Terms | None) -> AreasChoice:
    """Read the units of a form that was sent, else those of a version."""
    if request.method == "POST":
        return several(request.POST.get("area_text", ""), request.POST.getlist("areas"))
    return several("", [f"{area.scheme}/{area.code}" for area in terms.areas] if terms else [])


def ticks_of(request: HttpRequest, terms: Terms | None) -> list[KindTicks]:
    """Read which kinds and fields are ticked: in a form that was sent, else in a version; all of a new one."""
    is_sent = request.method == "POST"
    chosen = set(request.POST.getlist("kinds")) if is_sent else set(terms.kinds if terms else ())
    found = []
    for value, title in _kinds():
        fields: list[FieldTick] = []
        if value in KINDS:
            every, personal = members(value), personal_members(value)
            named = (
                request.POST.getlist(f"field_{value}") if is_sent else (terms.fields if terms else {}).get(value, every)
            )
            fields = [FieldTick(name, name in personal, name in named) for name in every]
        found.append(KindTicks(value, title, value in chosen, fields))
    return found


def fields_of(ticks: list[KindTicks], before: Terms | None) -> dict[str, tuple[str, ...]]:
    """Return the fields by kind as terms name them: a kind that gives all stays unnamed, unless it was named before."""
    every = any(each.value == EVERY_KIND and each.is_ticked for each in ticks)
    found = {}
    for kind in ticks:
        was_named = before is not None and kind.value in before.fields
        if kind.fields and (every or kind.is_ticked) and (kind.ticked < len(kind.fields) or was_named):
            found[kind.value] = tuple(each.name for each in kind.fields if each.is_ticked)
    return found
