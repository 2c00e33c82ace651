"""A field for a day, dd/mm/yyyy in both languages: a browser's own field writes as its machine is set."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy

FORMAT = "%d/%m/%Y"
_FORMATS = [FORMAT, "%Y-%m-%d"]


def day_field(label: Any, *, required: bool = True) -> forms.DateField:
    """Make the field; it also takes yyyy-mm-dd, for addresses that are written by hand."""
    widget = forms.DateInput(attrs={"inputmode": "numeric", "maxlength": 10, "autocomplete": "off"}, format=FORMAT)
    return forms.DateField(
        label=format_lazy("{label} ({form})", label=label, form=gettext_lazy("dd/mm/yyyy")),
        required=required,
        widget=widget,
        input_formats=_FORMATS,
        error_messages={"invalid": gettext_lazy("Write the day as dd/mm/yyyy, such as 29/12/2021.")},
    )
