"""What a well-formed record must still satisfy: instants, code lists, areas, identities, a ref that is not personal.

Everything found is a fault with a code and a pointer, or a doubt that stops nothing. Instants are set to UTC on
the way, so that equal instants have equal content.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from msgspec import Struct

from daumoi.areas import selectors as areas
from daumoi.core.clock import VIET_NAM_TIME
from daumoi.intake.identities import identity_doubts, identity_faults, is_personal_ref
from daumoi.kinds.codes import is_known
from daumoi.kinds.envelope import Envelope
from daumoi.kinds.faults import Fault, below, fault
from daumoi.kinds.fields import Area, Identity
from daumoi.kinds.kind import Kind
from daumoi.kinds.plan import Care, in_years, steps
from daumoi.kinds.schema import required_members
from daumoi.people.identifiers import Keyed, keyed

AHEAD = timedelta(hours=24)
"""How far after its receipt an event may lie (contract, section 1): clocks of devices are wrong by hours."""


class Person(Struct, gc=False):
    """An identity found in a record."""

    pointer: str
    identity: Identity
    keys: Keyed


class Examined(Struct, gc=False):
    """What was found in one record."""

    now: datetime
    latest: datetime  # what happened after it has not happened yet
    at: datetime | None = None  # when it happened, in UTC
    faults: list[Fault] = []
    warnings: list[Fault] = []
    people: list[Person] = []

    @property
    def day(self) -> date:
        """The local day on which the event lies, or the present one where the record does not tell."""
        return (self.at or self.now).astimezone(VIET_NAM_TIME).date()


def examine(kind: Kind, record: Envelope, now: datetime, latest: datetime | None = None) -> Examined:
    """Check a record against everything that is not in its types; sets its instants to UTC.

    `latest` is `now` plus AHEAD; who examines many records works it out once.
    """
    found = Examined(now, latest or now + AHEAD)
    if record.op != "withdraw":
        for name in _required(kind):
            if getattr(record, name) is None:
                found.faults.append(fault("missing_field", f"/{name}"))
    _look_into(record, "", found)
    for person in found.people:
        if is_personal_ref(record.ref, person.identity):
            found.faults.append(fault("ref_is_personal", "/ref"))
            break
    return found


@cache
def _required(kind: Kind) -> tuple[str, ...]:
    return tuple(required_members(kind))


_Look = Callable[["_Spot", Any, str, Any, Examined], None]


class _Spot(NamedTuple):
    """One field to look at: what is asked of it, and whether structs with more such fields lie below."""

    attribute: str
    pointer: str
    look: _Look | None
    list_name: str
    deeper: bool
    many: bool


@cache
def _spots(wire: type[Struct]) -> tuple[_Spot, ...]:
    return tuple(
        _Spot(
            step.attribute,
            step.pointer,
            _LOOKS[step.care] if step.care else None,
            step.list_name,
            step.inner is not None,
            step.many,
        )
        for step in steps(wire)
    )


def _look_into(holder: Any, base: str, found: Examined) -> None:
    """Look at every field of a struct that needs care, and into the structs below it."""
    for spot in _spots(holder.__class__):
        attribute, pointer, look, _, deeper, many = spot
        value = getattr(holder, attribute)
        if not value:
            continue
        if not many:
            if look is not None:
                look(spot, value, base + pointer, holder, found)
            if deeper:
                _look_into(value, base + pointer, found)
            continue
        for at, member in enumerate(value):
            place = f"{base}{pointer}/{at}"
            if look is not None:
                look(spot, member, place, holder, found)
            if deeper:
                _look_into(member, place, found)


def _instant(spot: _Spot, value: datetime, pointer: str, holder: Any, found: Examined) -> None:
    try:
        instant = value.astimezone(UTC)
    except OverflowError:
        found.faults.append(fault("instant_out_of_range", pointer))
        return
    is_event = pointer == "/occurred_at"
    if not in_years(instant) or (is_event and instant > found.latest):
        found.faults.append(fault("instant_out_of_range", pointer))
        return
    setattr(holder, spot.attribute, instant)
    if is_event:
        found.at = instant


def _day(_spot: _Spot, value: date, pointer: str, _holder: Any, found: Examined) -> None:
    if not in_years(value):
        found.faults.append(fault("bad_date", pointer))


def _area(_spot: _Spot, value: Area, pointer: str, _holder: Any, found: Examined) -> None:
    if areas.find(value.scheme, value.code) is None:
        found.faults.append(fault("unknown_area", f"{pointer}/code"))


def _code(spot: _Spot, value: str, pointer: str, _holder: Any, found: Examined) -> None:
    if spot.list_name == "country":
        if areas.country(value) is None:
            found.faults.append(fault("not_in_list", pointer, "A code of ISO 3166-1 is expected."))
    elif not is_known(spot.list_name, value, found.day):
        found.faults.append(fault("unknown_code", pointer, f"List: {spot.list_name}."))


def _answers(spot: _Spot, value: dict[str, bool], pointer: str, _holder: Any, found: Examined) -> None:
    on = found.day
    for code in value:
        if not is_known(spot.list_name, code, on):
            found.faults.append(fault("unknown_code", below(pointer, code), f"List: {spot.list_name}."))


def _identity(_spot: _Spot, value: Identity, pointer: str, _holder: Any, found: Examined) -> None:
    keys = keyed(value)
    faults = identity_faults(value, keys, pointer)
    found.people.append(Person(pointer, value, keys))
    if faults:
        found.faults += faults
    else:
        found.warnings += identity_doubts(value, keys, pointer)


_LOOKS: dict[Care, _Look] = {
    Care.INSTANT: _instant,
    Care.DAY: _day,
    Care.AREA: _area,
    Care.CODE: _code,
    Care.ANSWERS: _answers,
    Care.IDENTITY: _identity,
}
