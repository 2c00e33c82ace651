"""Template tags: numbers and times as the reader's language writes them, and addresses of our own files."""

from datetime import date, datetime
from functools import lru_cache
from hashlib import blake2b

from django import template
from django.forms import BoundField, CheckboxInput, Select
from django.utils.html import format_html
from django.utils.translation import get_language

from daumoi.console.settings import STATIC_FOLDER
from daumoi.core.clock import VIET_NAM_TIME

register = template.Library()


@register.filter
def number(value: int) -> str:
    """Write a whole number: 1.234.567 in Vietnamese, 1,234,567 in English."""
    grouped = f"{value:,}"
    return grouped if get_language() == "en" else grouped.replace(",", ".")


@register.filter
def moment(at: datetime) -> str:
    """Write an instant as dd/mm/yyyy HH:MM:SS of UTC+7, in both languages (design, section 8)."""
    return at.astimezone(VIET_NAM_TIME).strftime("%d/%m/%Y %H:%M:%S")


@register.filter
def machine_moment(at: datetime) -> str:
    """Write an instant for the `datetime` attribute of an element."""
    return at.astimezone(VIET_NAM_TIME).isoformat(timespec="seconds")


@register.simple_tag
@lru_cache(maxsize=32)
def asset(name: str) -> str:
    """Return the address of a file of `static/console/`, with a digest so that a new release is fetched anew."""
    digest = blake2b((STATIC_FOLDER / f"console/{name}").read_bytes(), digest_size=6).hexdigest()
    return f"/static/console/{name}?v={digest}"


@register.simple_tag
@lru_cache(maxsize=32)
def built(name: str) -> str:
    """Return the address of a file that `make frontend` builds; without a digest while it is not built."""
    file = STATIC_FOLDER / f"built/{name}"
    digest = blake2b(file.read_bytes(), digest_size=6).hexdigest() if file.exists() else "0"
    return f"/static/built/{name}?v={digest}"


@register.simple_tag
def icon(name: str) -> str:
    """Draw an icon of `static/console/icons.svg`; the words beside it say what it means."""
    drawing = '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>'
    return format_html(drawing, _icons(), name)


@lru_cache(maxsize=1)
def _icons() -> str:
    return str(asset("icons.svg"))


@register.filter
def control(field: BoundField) -> str:
    """Draw a field's control with the classes of the shell, tied to its help and faults for a screen reader."""
    widget = field.field.widget
    css = "form-select" if isinstance(widget, Select) else "form-control"
    if isinstance(widget, CheckboxInput):
        css = "form-check-input"
    attrs: dict[str, str | bool] = {"class": css}
    field.field.widget.attrs.pop("placeholder", None)  # the label says it, and stays
    if field.errors:
        attrs |= {"class": f"{css} is-invalid", "aria-invalid": "true"}
        attrs["aria-describedby"] = f"{field.id_for_label}_fault"
    return field.as_widget(attrs=attrs)


@register.filter
def choice(field: BoundField) -> str:
    """Draw a field of choices as `control` draws the others."""
    attrs: dict[str, str | bool] = {"class": "form-select"}
    if field.errors:
        attrs |= {"class": "form-select is-invalid", "aria-invalid": "true"}
        attrs["aria-describedby"] = f"{field.id_for_label}_fault"
    return field.as_widget(attrs=attrs)


@register.filter
def day(value: date | None) -> str:
    """Write a day as dd/mm/yyyy, in both languages."""
    return f"{value:%d/%m/%Y}" if value else ""
