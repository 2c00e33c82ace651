"""What a well-formed record must still satisfy: instants, code lists, areas, identities, a ref that is not personal.

Everything found is a fault with a code and a pointer, or a doubt that stops nothing. Instants are set to UTC on
the way, so that equal instants have equal content.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from msgspec import Struct

from daumoi.areas import selectors as areas
from daumoi.intake.identities import as_claimed, identity_doubts, identity_faults, is_personal_ref
from daumoi.kinds.codes import is_known
from daumoi.kinds.envelope import Envelope
from daumoi.kinds.faults import Fault, below, fault
from daumoi.kinds.fields import Identity
from daumoi.kinds.kind import Kind
from daumoi.kinds.plan import Care, Found, in_years, walk
from daumoi.kinds.schema import required_members
from daumoi.people.identifiers import Claimed

AHEAD = timedelta(hours=24)
"""How far after its receipt an event may lie (contract, section 1): clocks of devices are wrong by hours."""

LOCAL = timezone(timedelta(hours=7))
"""Viet Nam keeps UTC+7 all year; dates of events are local calendar days."""


class Examined:
    """What was found in one record."""

    __slots__ = ("faults", "people", "warnings")

    def __init__(self) -> None:
        """Begin with nothing found."""
        self.faults: list[Fault] = []
        self.warnings: list[Fault] = []
        self.people: list[tuple[str, Claimed]] = []  # pointer, identity


def examine(kind: Kind, record: Envelope, now: datetime) -> Examined:
    """Check a record against everything that is not in its types; sets its instants to UTC."""
    found = Examined()
    found.faults += _missing(kind, record)
    on = now.astimezone(LOCAL).date()
    for item in walk(record):
        if item.care is Care.INSTANT:
            problem = _instant(item, now)
            if problem:
                found.faults.append(problem)
            elif item.pointer == "/occurred_at":
                on = record.occurred_at.astimezone(LOCAL).date()  # type: ignore[union-attr]
        elif item.care is Care.DAY:
            if not in_years(item.value):
                found.faults.append(fault("bad_date", item.pointer))
        elif item.care is Care.AREA:
            if areas.find(item.value.scheme, item.value.code) is None:
                found.faults.append(fault("unknown_area", f"{item.pointer}/code"))
        elif item.care is Care.IDENTITY:
            _identity(item, found)
        else:
            found.faults += _codes(item, on)
    _ref(record, found)
    return found


def _missing(kind: Kind, record: Struct) -> Iterator[Fault]:
    if record.op == "withdraw":  # type: ignore[attr-defined]
        return
    for name in required_members(kind):
        if getattr(record, name) is None:
            yield fault("missing_field", f"/{name}")


def _instant(item: Found, now: datetime) -> Fault | None:
    try:
        instant = item.value.astimezone(UTC)
    except OverflowError:
        return fault("instant_out_of_range", item.pointer)
    if not in_years(instant) or (item.pointer == "/occurred_at" and instant > now + AHEAD):
        return fault("instant_out_of_range", item.pointer)
    setattr(item.holder, item.attribute, instant)
    return None


def _codes(item: Found, on: date) -> Iterator[Fault]:
    if item.list_name == "country":
        if areas.country(item.value) is None:
            yield fault("not_in_list", item.pointer, "A code of ISO 3166-1 is expected.")
    elif item.care is Care.ANSWERS:
        for code in item.value:
            if not is_known(item.list_name, code, on):
                yield fault("unknown_code", below(item.pointer, code), f"List: {item.list_name}.")
    elif not is_known(item.list_name, item.value, on):
        yield fault("unknown_code", item.pointer, f"List: {item.list_name}.")


def _identity(item: Found, found: Examined) -> None:
    identity: Identity = item.value
    faults = identity_faults(identity, item.pointer)
    found.faults += faults
    claimed = as_claimed(identity)
    found.people.append((item.pointer, claimed))
    if not faults:
        found.warnings += identity_doubts(claimed, item.pointer)


def _ref(record: Any, found: Examined) -> None:
    if any(is_personal_ref(record.ref, claimed) for _, claimed in found.people):
        found.faults.append(fault("ref_is_personal", "/ref"))
