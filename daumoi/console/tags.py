"""Template tags: numbers and times as the reader's language writes them, and addresses of our own files."""

from datetime import datetime
from functools import lru_cache
from hashlib import blake2b

from django import template
from django.utils.translation import get_language

from daumoi.console.settings import STATIC_FOLDER
from daumoi.log.selectors import VIET_NAM

register = template.Library()


@register.filter
def number(value: int) -> str:
    """Write a whole number: 1.234.567 in Vietnamese, 1,234,567 in English."""
    grouped = f"{value:,}"
    return grouped if get_language() == "en" else grouped.replace(",", ".")


@register.filter
def moment(at: datetime) -> str:
    """Write an instant as dd/mm/yyyy HH:MM:SS of UTC+7, in both languages (design, section 8)."""
    return at.astimezone(VIET_NAM).strftime("%d/%m/%Y %H:%M:%S")


@register.filter
def machine_moment(at: datetime) -> str:
    """Write an instant for the `datetime` attribute of an element."""
    return at.astimezone(VIET_NAM).isoformat(timespec="seconds")


@register.simple_tag
@lru_cache(maxsize=32)
def asset(name: str) -> str:
    """Return the address of a file of `static/console/`, with a digest so that a new release is fetched anew."""
    digest = blake2b((STATIC_FOLDER / f"console/{name}").read_bytes(), digest_size=6).hexdigest()
    return f"/static/console/{name}?v={digest}"
