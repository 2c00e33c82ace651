"""Agreements in the words of the pages: where they stand, what a version says, what it alters."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from django.utils.translation import get_language, gettext

from daumoi.accounts.selectors import names_of
from daumoi.audit import purposes
from daumoi.console.choosing_area import area_name
from daumoi.console.presentation import kind_title
from daumoi.console.tags import day, number
from daumoi.core.database import Connection
from daumoi.exchange.preview import fields_given
from daumoi.exchange.terms import Terms, members
from daumoi.kinds.registry import KINDS
from daumoi.organisations.registry import EVERY_KIND

_MEMBER = "member:"
UNITS = {86_400: "days", 3_600: "hours", 60: "minutes", 1: "seconds"}
"""Seconds of each unit in which a delay is written, the largest first."""


class Said(NamedTuple):
    """One thing that a version says."""

    member: str
    title: str
    text: str
    items: tuple[str, ...] = ()


class Change(NamedTuple):
    """One thing that a version says otherwise than the one before."""

    title: str
    before: str
    after: str


def state_words(state: str) -> str:
    """Say where an agreement or a version stands."""
    return {
        "draft": gettext("draft"),
        "proposed": gettext("waits for approvals"),
        "in_force": gettext("in force"),
        "refused": gettext("refused"),
        "replaced": gettext("replaced"),
        "suspended": gettext("suspended for now"),
        "ended": gettext("ended"),
    }[state]


def state_colour(state: str) -> str:
    """Name the class of a state's badge."""
    return {
        "in_force": "bg-green-lt",
        "suspended": "bg-red-lt",
        "draft": "bg-yellow-lt",
        "proposed": "bg-yellow-lt",
    }.get(state, "")


def identity_words(mode: str) -> str:
    """Say what a receiver sees of people."""
    return {
        "given": gettext("with identity"),
        "pseudonym": gettext("by pseudonyms of its own"),
        "none": gettext("nobody is shown"),
    }[mode]


def kinds_words(terms: Terms) -> str:
    """Name the kinds."""
    if EVERY_KIND in terms.kinds:
        return gettext("every kind, also later ones")
    return ", ".join(kind_title(name) for name in terms.kinds)


def area_words(terms: Terms) -> list[str]:
    """Name the areas; one line where none is named."""
    if not terms.areas:
        return [gettext("nationwide, records without an area too")]
    return [area_name(area.scheme, area.code) for area in terms.areas]


def areas_short(terms: Terms) -> str:
    """Name the first areas and count the others."""
    named = area_words(terms)
    shown = ", ".join(named[:2])
    if len(named) > 2:
        return gettext("%(areas)s and %(more)s more") % {"areas": shown, "more": len(named) - 2}
    return shown


def delay_words(delay_s: int) -> str:
    """Say after how long records are given; more than one of a unit, so that its word fits."""
    if not delay_s:
        return gettext("at once")
    size = next((size for size in UNITS if delay_s % size == 0 and delay_s > size), 1)
    words = {86_400: gettext("days"), 3_600: gettext("hours"), 60: gettext("minutes"), 1: gettext("seconds")}
    return f"{number(delay_s // size)} {words[size]}"


def unit_of(delay_s: int) -> int:
    """Return the largest unit, in seconds, that a delay is a whole number of."""
    return next(size for size in UNITS if delay_s % size == 0)


def validity_words(first: date | None, last: date | None) -> str:
    """Say on which days something holds."""
    if first is None and last is None:
        return gettext("until it is ended")
    if last is None:
        return gettext("from %(first)s on") % {"first": day(first)}
    if first is None:
        return gettext("until %(last)s") % {"last": day(last)}
    return f"{day(first)} – {day(last)}"


def quota_words(records: int | None) -> str:
    """Say how many records may go out in a day."""
    return gettext("no limit") if records is None else gettext("%(records)s a day") % {"records": number(records)}


def purpose_words(code: str) -> str:
    """Return a purpose's title; one of no list goes by its code."""
    found = purposes.title(code)
    if found is None:
        return code
    return found.en if get_language() == "en" else found.vi


def field_lines(terms: Terms) -> list[str]:
    """Say which fields are given of each kind whose fields are chosen."""
    lines = []
    for kind, kept in terms.fields.items():
        if kind in KINDS and terms.covers_kind(kind):
            lines.append(f"{kind_title(kind)}: {', '.join(kept) if kept else gettext('none')}")
    return lines


def said(terms: Terms) -> list[Said]:
    """Put all that terms say into words, in the order of the form."""
    named, chosen = area_words(terms), field_lines(terms)
    return [
        Said("kinds", gettext("Kinds"), kinds_words(terms)),
        Said("areas", gettext("Areas"), named[0] if len(named) == 1 else "", tuple(named) if len(named) > 1 else ()),
        Said("identity", gettext("Identity of people"), identity_words(terms.identity)),
        Said("fields", gettext("Fields"), "" if chosen else gettext("all of each kind"), tuple(chosen)),
        Said("location", gettext("Coordinates"), gettext("given") if terms.location else gettext("not given")),
        Said("purpose", gettext("Purpose"), purpose_words(terms.purpose)),
        Said("legal_basis", gettext("Legal basis"), terms.legal_basis or "–"),
        Said("delay_s", gettext("Delay"), delay_words(terms.delay_s)),
        Said("valid_from", gettext("Valid"), validity_words(terms.valid_from, terms.valid_to)),
        Said("records_per_day", gettext("Quota"), quota_words(terms.records_per_day)),
    ]


def changes(before: Terms, after: Terms) -> list[Change]:
    """Say what a version alters against another; fields that a kind gains or loses are named one by one."""
    found = []
    for old, new in zip(said(before), said(after), strict=True):
        if old.member == "fields":
            found += _field_changes(before, after)
        elif (old.text, old.items) != (new.text, new.items):
            found.append(Change(new.title, old.text or "; ".join(old.items), new.text or "; ".join(new.items)))
    return found


def _field_changes(before: Terms, after: Terms) -> list[Change]:
    found = []
    for kind in KINDS:
        if not (before.covers_kind(kind) and after.covers_kind(kind)):
            continue
        was, now = (terms.fields.get(kind, members(kind)) for terms in (before, after))
        if set(was) != set(now):
            lost, gained = [name for name in was if name not in now], [name for name in now if name not in was]
            found.append(
                Change(gettext("Fields: %(kind)s") % {"kind": kind_title(kind)}, ", ".join(lost), ", ".join(gained))
            )
    return found


def given_fields(terms: Terms, kind: str) -> str:
    """Name the fields that really reach the receiver, by the identity mode too."""
    return ", ".join(fields_given(terms, kind)) or gettext("none")


def who(connection: Connection, actors: Iterable[str | None]) -> dict[str, str]:
    """Return the names of those who made steps, as the audit log calls them, in words."""
    called = {each for each in actors if each}
    ids = {each: int(each[len(_MEMBER) :]) for each in called if each.removeprefix(_MEMBER).isdecimal()}
    names = names_of(connection, ids.values()) if ids else {}
    found = {each: names.get(ids[each], each) if each in ids else each for each in called}
    return found | {"operator": gettext("the hub's operator")}
