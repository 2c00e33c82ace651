"""What a sharing agreement says: which records, which of their fields, what of people, why, how long, how many."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, inspect

from daumoi.areas import selectors as areas
from daumoi.audit import purposes
from daumoi.kinds.registry import KINDS
from daumoi.log.identity_change import KIND_NAME as IDENTITY_CHANGE
from daumoi.organisations.registry import EVERY_KIND

IdentityMode = Literal["given", "pseudonym", "none"]
DELAY_MAX_S = 31 * 86_400
RECORDS_MAX = 10**12
AREAS_MAX = 500


class TermsFault(ValueError):
    """The terms cannot be agreed on; the text says which and what to do, `member` which of them it is about."""

    def __init__(self, text: str, *, member: str = "") -> None:
        """Say what is wrong with a member of the terms; empty: with their form as a whole."""
        super().__init__(text)
        self.member = member


class AreaRef(Struct, frozen=True, forbid_unknown_fields=True):
    """An area as people and systems name it."""

    scheme: str
    code: str


class Terms(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What one version gives.

    `identity`: people with their identities (`given`), by a pseudonym of this receiver, or not at all (`none`: then
    numbers and ids are the receiver's own too). Days are of Viet Nam, both included.
    """

    kinds: tuple[str, ...]
    """Names of kinds; '*' is every kind, also later ones."""
    areas: tuple[AreaRef, ...] = ()
    """Records whose area lies wholly in one of them; empty: all records, those without an area too."""
    fields: Mapping[str, tuple[str, ...]] = {}
    """By kind: the members of `data` that are given. One that is not named gives all that the identity mode allows."""
    location: bool = True
    """Whether coordinates are given."""
    identity: IdentityMode
    purpose: str
    legal_basis: Annotated[str, Meta(max_length=2000)] = ""
    delay_s: Annotated[int, Meta(ge=0, le=DELAY_MAX_S)] = 0
    """Seconds from receipt until a record is given."""
    valid_from: date | None = None
    valid_to: date | None = None
    records_per_day: Annotated[int, Meta(ge=1, le=RECORDS_MAX)] | None = None

    @property
    def gives_identity(self) -> bool:
        """Tell whether the reader sees identities, personal fields and refs as sent."""
        return self.identity == "given"

    def covers_kind(self, kind: str) -> bool:
        """Tell whether the kind is given at all. Changes of people go along wherever people are named."""
        if kind == IDENTITY_CHANGE:
            return self.identity != "none"
        return EVERY_KIND in self.kinds or kind in self.kinds

    def is_valid(self, on: date) -> bool:
        """Tell whether the agreement holds on a day of Viet Nam."""
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on <= self.valid_to)


def parse(written: str | bytes) -> Terms:
    """Read terms as they are stored or sent (JSON); raises TermsFault."""
    try:
        return msgspec.json.decode(written, type=Terms)
    except msgspec.DecodeError as fault:
        raise TermsFault(_shape(fault)) from None


def _shape(fault: msgspec.DecodeError) -> str:
    place = str(fault).rpartition(" - at ")[2].strip("`$") if " - at " in str(fault) else ""
    return f"The terms have not the right form{f' at {place}' if place else ''}. docs/agreements.md has an example."


def written(terms: Terms) -> str:
    """Write terms as they are stored."""
    return msgspec.json.encode(terms).decode()


def check(terms: Terms, *, on: date) -> None:
    """Raise TermsFault where something named does not exist, or nothing would ever be given.

    `on` is the day in Viet Nam: the purpose has to be one of the audit's list on it.
    """
    known = {*KINDS, IDENTITY_CHANGE, EVERY_KIND}
    if not terms.kinds:
        raise TermsFault("Name at least one kind, or * for every kind.", member="kinds")
    if unknown := sorted(set(terms.kinds) - known):
        raise TermsFault(f"No kind is called {', '.join(unknown)}. Kinds: {', '.join(sorted(known))}.", member="kinds")
    if len(terms.areas) > AREAS_MAX:
        raise TermsFault(f"At most {AREAS_MAX} areas; name wider ones.", member="areas")
    for area in terms.areas:
        if areas.find(area.scheme, area.code) is None:
            raise TermsFault(
                f"No area {area.code} is known in the scheme {area.scheme}. Look it up under Areas.", member="areas"
            )
    for kind, names in terms.fields.items():
        _check_fields(kind, names)
    if terms.valid_from and terms.valid_to and terms.valid_to < terms.valid_from:
        raise TermsFault("The last day lies before the first.", member="valid_to")
    try:
        purposes.purpose(terms.purpose, on=on)
    except purposes.UnknownPurpose as fault:
        raise TermsFault(str(fault), member="purpose") from None


def _check_fields(kind: str, names: tuple[str, ...]) -> None:
    if kind not in KINDS:
        raise TermsFault(f"Fields are named for {kind}, which is no kind.", member="fields")
    known = members(kind)
    if unknown := sorted(set(names) - set(known)):
        raise TermsFault(f"{kind} has no field {', '.join(unknown)}. Fields: {', '.join(known)}.", member="fields")


def members(kind: str) -> tuple[str, ...]:
    """Name the members of a kind's `data`, in the order of the contract."""
    envelope = inspect.type_info(KINDS[kind].wire)
    assert isinstance(envelope, inspect.StructType)
    data = next(field.type for field in envelope.fields if field.encode_name == "data")
    options = data.types if isinstance(data, inspect.UnionType) else (data,)
    return tuple(
        field.encode_name for option in options if isinstance(option, inspect.StructType) for field in option.fields
    )
